"""Posture, contingencies, shedding, fallbacks and incidents: what to do when people are missing."""
