"""The pure core of resilience: what can be computed from a problem, a roster and their margins, without Django."""
