"""What is counted of calls: CALL_EQUITY, CALL_SPACING, CALL_BEFORE_LEAVE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schedules.domain.calls import FMIT_NIGHTS, night_kind
from schedules.domain.codes import CALL_CODE, FMIT_CODE
from schedules.domain.problem import ONE_DAY, Date, PersonId, Problem, Session, Weekday
from schedules.domain.roster import Roster
from schedules.domain.score.shares import fair_shares

SPACING_COST: Mapping[int, int] = {1: 3, 2: 2, 3: 1}
"""CALL_SPACING: cost of two calls of one person by the nights between their dates."""

NEAR_FMIT_DAYS = 3

NEAR_FMIT_COST = 3
"""CALL_SPACING: a Sunday to Thursday call at most so many days before or after the own FMIT duty."""


def call_equity(problem: Problem, roster: Roster) -> int:
    """CALL_EQUITY: triangular distance of every person's calls from the fair share, by kind of night."""
    return sum(
        share.cost(
            sum(on_call(roster, person, day) for day in problem.days if night_kind(day, problem.holidays) is kind)
        )
        for (person, kind), share in fair_shares(problem).items()
    )


def call_spacing(problem: Problem, roster: Roster) -> int:
    """CALL_SPACING: pairs of calls 1 to 3 nights apart, and calls within 3 days of the own FMIT duty.

    The Friday and Saturday of one FMIT week are no pair.
    """
    cost = 0
    for person in problem.faculty:
        for day in problem.days:
            if not on_call(roster, person.id, day):
                continue
            cost += sum(
                price
                for apart, price in SPACING_COST.items()
                if on_call(roster, person.id, day - apart * ONE_DAY) and not is_fmit_pair(day, apart)
            )
            if day.weekday() not in FMIT_NIGHTS:
                cost += NEAR_FMIT_COST * any(_leads(roster, person.id, near) for near in near_days(day))
    return cost


def is_fmit_pair(day: Date, apart: int) -> bool:
    """Whether the nights `day` and `apart` before it are the Friday and Saturday of one FMIT week."""
    return apart == 1 and day.weekday() == Weekday.SAT


def near_days(day: Date) -> Iterator[Date]:
    for offset in range(-NEAR_FMIT_DAYS, NEAR_FMIT_DAYS + 1):
        if offset:
            yield day + offset * ONE_DAY


def call_before_leave(problem: Problem, roster: Roster) -> int:
    """CALL_BEFORE_LEAVE: Saturday calls of somebody absent on the Sunday."""
    return sum(
        on_call(roster, person.id, day) and problem.is_absent(person.id, day + ONE_DAY)
        for person in problem.faculty
        for day in problem.days
        if day.weekday() == Weekday.SAT
    )


def on_call(roster: Roster, person: PersonId, day: Date) -> bool:
    return roster.at(person, day, Session.NIGHT) == CALL_CODE


def _leads(roster: Roster, person: PersonId, day: Date) -> bool:
    return roster.at(person, day, Session.AM) == FMIT_CODE
