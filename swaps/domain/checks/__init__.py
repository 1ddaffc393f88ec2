"""The checks of a swap: the rule table before and after, and the other rows of the check table, a function each."""

from swaps.domain.checks.assessing import assess, assess_tier_one
from swaps.domain.checks.case import Untouched
from swaps.domain.checks.coverage import is_gap, open_posts
from swaps.domain.checks.rules import wrong_where_written

__all__ = [
    "Untouched",
    "assess",
    "assess_tier_one",
    "is_gap",
    "open_posts",
    "wrong_where_written",
]
