"""How good a roster is: every soft rule's count, weight and points. The solver's objective is this total exactly."""

from schedules.domain.score.calls import NEAR_FMIT_COST, SPACING_COST, is_fmit_pair, near_days
from schedules.domain.score.counting import COUNTS, Score, Term, score
from schedules.domain.score.faculty import forced_shortage, is_ordinary, open_half_days
from schedules.domain.score.half_days import call_nights
from schedules.domain.score.preferences import fits_preference, preferences_respected, preferred_slots
from schedules.domain.score.residents import pattern_counts, run_ends
from schedules.domain.score.shares import FairShare, fair_shares, weekend_days, weekend_shares

__all__ = [
    "COUNTS",
    "NEAR_FMIT_COST",
    "SPACING_COST",
    "FairShare",
    "Score",
    "Term",
    "call_nights",
    "fair_shares",
    "fits_preference",
    "forced_shortage",
    "is_fmit_pair",
    "is_ordinary",
    "near_days",
    "open_half_days",
    "pattern_counts",
    "preferences_respected",
    "preferred_slots",
    "run_ends",
    "score",
    "weekend_days",
    "weekend_shares",
]
