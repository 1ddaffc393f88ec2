"""When an escalated case must be answered, who gets it next, and when it is overdue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from schedules.domain.problem import ONE_DAY, Date
from swaps.domain.tables import ESCALATION, Level, SwapPolicy


def deadline(level: Level, at: dt.datetime, *, policy: SwapPolicy, holidays: Collection[Date] = ()) -> dt.datetime:
    """The last instant for an answer to a case that reaches `level` at `at` (aware, in the program's time zone).

    The coordinator's 4 hours are working hours; the others' are hours of the clock.
    """
    row = ESCALATION[level]
    length: dt.timedelta = getattr(policy, row.time)
    if not row.business:
        return (at.astimezone(dt.UTC) + length).astimezone(at.tzinfo)
    return add_working_time(at, length, policy=policy, holidays=holidays)


def add_working_time(
    at: dt.datetime, length: dt.timedelta, *, policy: SwapPolicy, holidays: Collection[Date] = ()
) -> dt.datetime:
    """The instant after so much of the program's working time; ends on a day, never at the next one's opening.

    Raises ValueError where the policy has no working time at all.
    """
    if not policy.working_days or policy.opens_at >= policy.closes_at:
        raise ValueError("The policy has no working hours: set working days, and a closing time after the opening.")
    left, day = length, at.date()
    while True:
        opens = dt.datetime.combine(day, policy.opens_at, at.tzinfo)
        closes = dt.datetime.combine(day, policy.closes_at, at.tzinfo)
        if day.weekday() in policy.working_days and day not in holidays and at < closes:
            start = max(at, opens)
            if left <= closes - start:
                return start + left
            left -= closes - start
        day += ONE_DAY


def is_overdue(due: dt.datetime, at: dt.datetime) -> bool:
    """The deadline itself is still in time."""
    return at > due


def next_level(level: Level) -> Level | None:
    """Who gets a case that `level` left unanswered; None where nobody is above."""
    return ESCALATION[level].next_level
