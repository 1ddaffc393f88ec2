"""Swaps of weeks, sessions and calls between people: so far their pure core."""
