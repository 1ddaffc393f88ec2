"""What the whole installation can be put through: maintenance mode, too many requests, workers that live or not."""
