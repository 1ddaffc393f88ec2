"""Every soft rule with its count, and the total."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schedules.domain.problem import Problem
from schedules.domain.roster import Roster
from schedules.domain.score.calls import call_before_leave, call_equity, call_spacing
from schedules.domain.score.faculty import faculty_minimum, split_days
from schedules.domain.score.half_days import clinic_comfort, margin, safety, soft_demand
from schedules.domain.score.preferences import preference
from schedules.domain.score.residents import long_runs, pattern_counts, short_rests, weekend_equity


@dataclass(frozen=True, slots=True)
class Term:
    """One soft rule: how often it is missed, and points per unit."""

    count: int
    weight: int

    @property
    def points(self) -> int:
        return self.count * self.weight


@dataclass(frozen=True, slots=True)
class Score:
    """Every soft rule's term; lower is better."""

    terms: Mapping[str, Term]

    @property
    def total(self) -> int:
        return sum(term.points for term in self.terms.values())


def score(problem: Problem, roster: Roster, *, reference: Roster | None = None) -> Score:
    """Count every soft rule from the roster alone.

    `reference` is the roster to stay close to (REPAIR_CHANGE); without one nothing is counted for it.
    """
    counts = {code: count(problem, roster) for code, count in COUNTS.items()}
    counts["REPAIR_CHANGE"] = _changes(problem, roster, reference) if reference else 0
    weights = problem.policy.weights
    return Score({code: Term(count, weights.get(code, 0)) for code, count in counts.items()})


def _changes(problem: Problem, roster: Roster, reference: Roster) -> int:
    """REPAIR_CHANGE: slots of the range that hold something else than in the reference."""
    slots = set(roster.cells) | {slot for slot in reference.cells if problem.covers(slot.day)}
    return sum(roster.cells.get(slot) != reference.cells.get(slot) for slot in slots)


COUNTS: Mapping[str, Callable[[Problem, Roster], int]] = {
    "DEMAND_MIN": soft_demand,
    "PATTERN_MOVED": lambda problem, roster: pattern_counts(problem, roster)[0],
    "PATTERN_DROPPED": lambda problem, roster: pattern_counts(problem, roster)[1],
    "FACULTY_WEEK_MIN": faculty_minimum,
    "CALL_EQUITY": call_equity,
    "CALL_SPACING": call_spacing,
    "CALL_BEFORE_LEAVE": call_before_leave,
    "WEEKEND_EQUITY": weekend_equity,
    "FULL_DAYS": split_days,
    "PREFERENCE": preference,
    "N1_MARGIN": margin,
    "N1_SAFETY": safety,
    "CLINIC_COMFORT": clinic_comfort,
    "REST_8": short_rests,
    "DAY_FREE_IN_7": long_runs,
}
"""Every soft rule and how it is counted; REPAIR_CHANGE needs a reference and stands apart."""
