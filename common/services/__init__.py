"""What the whole installation can be put through: maintenance mode, and too many requests."""
