"""Refilling posts: who steps in where, with the fewest changed assignments, session by session in the order of time."""

from resilience.domain.covering.cover import Cover, cover
from resilience.domain.covering.lawful import cover_lawfully, hard_findings, lawfully, new_hard
from resilience.domain.covering.losses import Loss, without
from resilience.domain.covering.refilling import Barred, OpenPost, refill, unfilled, with_day_after

__all__ = [
    "Barred",
    "Cover",
    "Loss",
    "OpenPost",
    "cover",
    "cover_lawfully",
    "hard_findings",
    "lawfully",
    "new_hard",
    "refill",
    "unfilled",
    "with_day_after",
    "without",
]
