"""The swap week of a date: Friday to Thursday where the person leads FMIT, else Monday to Sunday (policy)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from schedules.domain.codes import FMIT_CODE
from schedules.domain.problem import HALF_DAYS, SESSIONS, Date, PersonId, Problem, days_between
from schedules.domain.roster import Roster
from swaps.domain.tables import SwapPolicy

DAYS_PER_WEEK = 7


def week_of(day: Date, *, starts_on: int) -> tuple[Date, ...]:
    """The seven dates around `day` that begin on the weekday `starts_on` (Monday 0)."""
    first = day - dt.timedelta(days=(day.weekday() - starts_on) % DAYS_PER_WEEK)
    return tuple(days_between(first, first + dt.timedelta(days=DAYS_PER_WEEK - 1)))


def leads(roster: Roster, person: PersonId, day: Date) -> bool:
    """Whether the person holds FMIT on any half-day of the date."""
    return any(roster.at(person, day, session) == FMIT_CODE for session in HALF_DAYS)


def swap_week(roster: Roster, person: PersonId, day: Date, policy: SwapPolicy) -> tuple[Date, ...]:
    """The week that the person swaps with `day`: the FMIT week where they lead on any date of it."""
    week = week_of(day, starts_on=policy.fmit_week_starts_on)
    if any(leads(roster, person, other) for other in week):
        return week
    return week_of(day, starts_on=policy.other_week_starts_on)


def hours(problem: Problem, roster: Roster, person: PersonId, days: Iterable[Date]) -> float:
    """Scheduled hours of the dates plus those logged beside them: the x of x/80; for faculty reported, not judged."""
    wanted = set(days)
    held = ((roster.at(person, day, session), session) for day in wanted for session in SESSIONS)
    scheduled = sum(
        problem.activities[code].hours(session)
        for code, session in held
        if code is not None and problem.activities[code].is_duty
    )
    return scheduled + sum(log.hours for log in problem.duty_logs if log.person == person and log.day in wanted)
