"""What may be asked of the solver, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from schedules.domain.problem import Date, Demand, PersonId, Session
from schedules.domain.roster import Roster, Slot
from schedules.domain.score import Term


class Algorithm(StrEnum):
    CP_SAT = "cp_sat"
    GREEDY = "greedy"


class StopKind(StrEnum):
    """STOP keeps the best roster found so far, ABORT keeps nothing."""

    STOP = "STOP"
    ABORT = "ABORT"


class Outcome(StrEnum):
    OPTIMAL = "OPTIMAL"
    """Proven best within `relative_gap`."""
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"
    TIMED_OUT = "TIMED_OUT"
    """No roster was found in time."""
    ABORTED = "ABORTED"


@dataclass(frozen=True, slots=True)
class Options:
    """How to solve. `timeout_seconds` is wall time; `relative_gap` 0.01 = proven within one percent of the best."""

    seed: int = 0
    timeout_seconds: float = 120
    workers: int = 8
    relative_gap: float = 0.01
    frozen: frozenset[PersonId] = frozenset()
    """People whose cells stay as they are in the base roster."""
    hint: Roster | None = None
    """Where to start looking, e.g. the published schedule."""
    repair: bool = False
    """Count every cell that differs from `hint` (REPAIR_CHANGE)."""
    algorithm: Algorithm = Algorithm.CP_SAT


@dataclass(frozen=True, slots=True)
class Progress:
    """State of a running search; objective and bound are None before the first roster."""

    elapsed: float
    solutions: int
    objective: int | None = None
    bound: float | None = None
    filled: int | None = None
    """Demand units filled by the best roster so far."""
    demanded: int = 0

    @property
    def gap(self) -> float | None:
        return relative_gap(self.objective, self.bound)


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A demand left below its minimum, and why nobody of those who may fill it does."""

    demand: Demand
    missing: int
    reasons: Mapping[PersonId, str]


@dataclass(frozen=True, slots=True)
class Statement:
    """One instance of a hard rule in the model: what it is about."""

    rule: str
    people: tuple[PersonId, ...]
    start: Date
    end: Date
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A hard rule's instance that the data make impossible, with the arithmetic that proves it."""

    statement: Statement
    limit: int
    possible: int
    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Statements that cannot hold together; leaving out any one of them would let the others hold."""

    statements: tuple[Statement, ...]
    helps: tuple[str, ...] = ()
    """Changes of the data that would resolve it, as sentences."""
    minimal: bool = True


@dataclass(frozen=True, slots=True)
class Sample:
    """A point of the search's curve."""

    elapsed: float
    objective: int
    bound: float


@dataclass(frozen=True, slots=True)
class Replacement:
    """Consecutive dates without a present FMIT attending, and who takes them."""

    start: Date
    end: Date
    planned: PersonId | None
    person: PersonId


@dataclass(frozen=True, slots=True)
class Solution:
    """The answer. `roster` is None unless the outcome is OPTIMAL or FEASIBLE."""

    outcome: Outcome
    roster: Roster | None
    objective: int | None = None
    bound: float | None = None
    wall_seconds: float = 0
    first_solution_seconds: float | None = None
    free_decisions: int = 0
    terms: Mapping[str, Term] = field(default_factory=dict)
    unfilled: tuple[Unfilled, ...] = ()
    preferences_respected: float | None = None
    """Share 0..1 of the half-days that preferences speak of; None where there are none."""
    relaxed: tuple[Relaxed, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    amendments: Mapping[Slot, str] = field(default_factory=dict)
    """Cells after the range that its last call or FMIT day obliges: PCAT and DO, or PC."""
    unassigned: tuple[Slot, ...] = ()
    """Half-days left OFF only because nothing was found for them."""
    seed: int = 0
    workers: int = 0
    curve: tuple[Sample, ...] = ()

    @property
    def gap(self) -> float | None:
        return relative_gap(self.objective, self.bound)

    @property
    def absolute_gap(self) -> float | None:
        if self.objective is None or self.bound is None:
            return None
        return max(0.0, self.objective - self.bound)


def relative_gap(objective: int | None, bound: float | None) -> float | None:
    """(objective - bound) / objective, 0 where both are 0."""
    if objective is None or bound is None:
        return None
    return max(0.0, objective - bound) / max(1, abs(objective))
