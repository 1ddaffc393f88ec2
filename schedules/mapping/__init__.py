"""From rows to the pure core's data and back: the only place where the two meet."""

from schedules.mapping.fingerprint import fingerprint
from schedules.mapping.problems import EDGE_DAYS, load_policy, load_problem
from schedules.mapping.rosters import Mark, Which, load_marks, load_roster, to_assignment_rows

__all__ = [
    "EDGE_DAYS",
    "Mark",
    "Which",
    "fingerprint",
    "load_marks",
    "load_policy",
    "load_problem",
    "load_roster",
    "to_assignment_rows",
]
