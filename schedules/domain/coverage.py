"""How much of the demand is filled, and how many half-days of the scheduled people hold an assignment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from schedules.domain.problem import HALF_DAYS, ActivityCode, Date, PersonId, Problem, Session
from schedules.domain.roster import Roster, Slot


@dataclass(frozen=True, slots=True)
class Filled:
    """Units of demand: people asked for, and of those the ones that are there."""

    filled: int = 0
    demanded: int = 0

    @property
    def rate(self) -> float | None:
        """0..1; None without demand: nothing was asked, so nothing was covered."""
        return self.filled / self.demanded if self.demanded else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The domain's section 3. Utilization is a different thing and lives elsewhere."""

    demand: Filled
    by_activity: Mapping[ActivityCode, Filled] = field(default_factory=dict)
    by_session: Mapping[tuple[Date, Session], Filled] = field(default_factory=dict)
    assigned_half_days: int = 0
    """`total_blocks_assigned`: person-half-days that hold an assignment."""
    half_days: int = 0
    """`total_blocks`: all AM and PM sessions of the people scheduled on each date of the range."""

    @property
    def rate(self) -> float | None:
        """`coverage_rate`: filled units / demanded units; a demand for 2 filled by 1 has half of its units."""
        return self.demand.rate

    @property
    def assigned_rate(self) -> float | None:
        return self.assigned_half_days / self.half_days if self.half_days else None


def coverage(problem: Problem, roster: Roster, *, unassigned: Set[Slot] = frozenset()) -> Coverage:
    """Measure the roster of the problem's range.

    A demand's units are its minimum (without a minimum it asks for nothing); more people than that add nothing.
    `unassigned` are half-days left OFF only because nothing was found: they hold no assignment.
    """
    by_activity: dict[ActivityCode, Counter[str]] = defaultdict(Counter)
    by_session: dict[tuple[Date, Session], Counter[str]] = defaultdict(Counter)
    holders = _holders(problem, roster)
    for demand in problem.demands:
        if demand.minimum <= 0 or not problem.covers(demand.day):
            continue
        held = holders.get((demand.day, demand.session, demand.activity), set())
        units = Counter(demanded=demand.minimum, filled=min(demand.minimum, len(held & demand.eligible)))
        by_activity[demand.activity].update(units)
        by_session[demand.day, demand.session].update(units)
    total = sum(by_activity.values(), Counter[str]())
    assigned, half_days = _half_days(problem, roster, unassigned)
    return Coverage(
        demand=Filled(total["filled"], total["demanded"]),
        by_activity={code: Filled(units["filled"], units["demanded"]) for code, units in by_activity.items()},
        by_session={place: Filled(units["filled"], units["demanded"]) for place, units in by_session.items()},
        assigned_half_days=assigned,
        half_days=half_days,
    )


def _holders(problem: Problem, roster: Roster) -> Mapping[tuple[Date, Session, ActivityCode], set[PersonId]]:
    asked = {demand.activity for demand in problem.demands}
    holders: dict[tuple[Date, Session, ActivityCode], set[PersonId]] = defaultdict(set)
    for slot, code in roster.cells.items():
        if code in asked:
            holders[slot.day, slot.session, code].add(slot.person)
    return holders


def _half_days(problem: Problem, roster: Roster, unassigned: Set[Slot]) -> tuple[int, int]:
    """Half-days with an assignment, and all: faculty every day, residents where a block assignment covers the day."""
    faculty = {person.id for person in problem.faculty}
    placed = problem.assignment_of
    days = len(problem.days)
    resident_days = sum((person.id, day) in placed for person in problem.residents for day in problem.days)
    assigned = sum(
        slot.session in HALF_DAYS
        and problem.covers(slot.day)
        and (slot.person in faculty or (slot.person, slot.day) in placed)
        and slot not in unassigned
        for slot in roster.cells
    )
    return assigned, len(HALF_DAYS) * (len(faculty) * days + resident_days)
