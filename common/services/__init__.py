"""What the whole installation can be put through: maintenance, too many requests, workers that live, a warm start."""
