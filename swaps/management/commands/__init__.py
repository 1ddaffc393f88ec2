"""Commands of swaps."""
