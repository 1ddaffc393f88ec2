"""Fair shares: how much of something to even out each person should have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from schedules.domain.calls import NightKind, night_kind, takes_call
from schedules.domain.pattern import RESTED, resident_base
from schedules.domain.problem import ONE_DAY, SESSIONS, CallTally, Date, PersonId, Problem, Weekday
from schedules.domain.roster import Slot


@dataclass(frozen=True, slots=True)
class FairShare:
    """A person's calls of one kind so far, and the whole numbers around the fair share at the end of the range."""

    so_far: int
    low: int
    high: int

    def cost(self, new: int) -> int:
        """Triangular: the first call beyond the share costs 1, the second 2, ..."""
        over, under = max(0, self.so_far + new - self.high), max(0, self.low - self.so_far - new)
        return over * (over + 1) // 2 + under * (under + 1) // 2


def fair_shares(problem: Problem) -> Mapping[tuple[PersonId, NightKind], FairShare]:
    """Who should have how many Sunday, Monday to Thursday and holiday calls by the end of the range.

    People absent on fewer than `equity_absence_days` of the year so far share equally, the others by the nights
    they were available for. Only kinds with a night in the range are named.
    """
    pool = [person for person in problem.faculty if takes_call(person)]
    nights = {kind: [day for day in problem.days if night_kind(day, problem.holidays) is kind] for kind in NightKind}
    shares: dict[tuple[PersonId, NightKind], FairShare] = {}
    for kind, days in nights.items():
        if not days or not pool:
            continue
        history = {person.id: problem.call_history.get(person.id, CallTally()) for person in pool}
        before = {person: getattr(tally, kind.value) for person, tally in history.items()}
        free = {
            person: getattr(tally, f"{kind.value}_available") + sum(_available(problem, person, day) for day in days)
            for person, tally in history.items()
        }
        most = max(free.values())
        weight = {person: most if _eligible_all_year(problem, person) else free[person] for person in free}
        total, parts = sum(before.values()) + len(days), max(1, sum(weight.values()))
        for person in free:
            low, rest = divmod(total * weight[person], parts)
            shares[person, kind] = FairShare(before[person], low, low + (rest > 0))
    return shares


def _available(problem: Problem, person: PersonId, day: Date) -> bool:
    absent = problem.is_absent(person, day) or problem.is_absent(person, day + ONE_DAY)
    return not absent and problem.fmit_attending.get(day) != person


def _eligible_all_year(problem: Problem, person: PersonId) -> bool:
    before = problem.call_history.get(person, CallTally()).absent_days
    absent = before + sum(problem.is_absent(person, day) for day in problem.days)
    return absent < problem.policy.equity_absence_days


def weekend_shares(problem: Problem) -> Mapping[PersonId, FairShare]:
    """The fair number of weekend duty days of residents whose pattern has any.

    The mean of the PGY level after one day in seven off; nobody is asked for more than the own pattern allows.
    """
    base = resident_base(problem)
    planned: dict[int | None, dict[PersonId, int]] = defaultdict(dict)
    for person in problem.residents:
        codes = [
            {base.get(Slot(person.id, day, session)) for session in SESSIONS} - {None} for day in weekend_days(problem)
        ]
        worked = sum(any(problem.activities[code].is_duty for code in day if code) for day in codes)
        if any(problem.activities[code].category in RESTED for day in codes for code in day if code):
            planned[person.pgy_level][person.id] = worked
    shares: dict[PersonId, FairShare] = {}
    for group in planned.values():
        low, rest = divmod(sum(group.values()) * 6, 7 * len(group))
        for who, own in group.items():
            shares[who] = FairShare(0, min(low, own * 6 // 7), low + (rest > 0))
    return shares


def weekend_days(problem: Problem) -> tuple[Date, ...]:
    return tuple(day for day in problem.days if day.weekday() >= Weekday.SAT)
