"""Making rosters: CP-SAT model, quick heuristic, explanation of the impossible, and the year block by block."""

from schedules.solver.explain import explain
from schedules.solver.options import (
    Algorithm,
    Conflict,
    Options,
    Outcome,
    Progress,
    Relaxed,
    Replacement,
    Sample,
    Solution,
    Statement,
    StopKind,
    Unfilled,
)
from schedules.solver.solve import greedy, solve

__all__ = [
    "Algorithm",
    "Conflict",
    "Options",
    "Outcome",
    "Progress",
    "Relaxed",
    "Replacement",
    "Sample",
    "Solution",
    "Statement",
    "StopKind",
    "Unfilled",
    "explain",
    "greedy",
    "solve",
]
