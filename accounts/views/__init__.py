"""Pages of signing in, one's own profile and messages, and the tokens of agents."""
