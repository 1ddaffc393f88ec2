"""Exact N-k margins by Hall's theorem: how many people every session of a roster could lose."""

from schedules.domain.margins.hall import Hall, MaskPost, Totals, analyse, totals, uncovered
from schedules.domain.margins.posts import Pool, Post, PostReader, Scope, SessionPosts, supervisors_needed
from schedules.domain.margins.report import Losses, MarginReport, SessionMargin, margins

__all__ = [
    "Hall",
    "Losses",
    "MarginReport",
    "MaskPost",
    "Pool",
    "Post",
    "PostReader",
    "Scope",
    "SessionMargin",
    "SessionPosts",
    "Totals",
    "analyse",
    "margins",
    "supervisors_needed",
    "totals",
    "uncovered",
]
