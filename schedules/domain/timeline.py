"""Clock times of duty: intervals, duty periods, rests and free days, in minutes since 0001-01-01 00:00."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from schedules.domain.problem import Activity, Date, Session

MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR
NOON = 12 * MINUTES_PER_HOUR
EVENING = 18 * MINUTES_PER_HOUR

TOLERANCE = 1e-6
"""Hours are sums of decimals; nothing shorter than this counts as over a limit."""


class Duty(NamedTuple):
    """One session of duty; `day` is the date on which it begins, also for a night."""

    start: int
    end: int
    day: Date
    session: Session
    activity: Activity


class DutyPeriod(NamedTuple):
    """Duties with less than the merge gap between them: one stretch of continuous assignment."""

    start: int
    end: int
    duties: tuple[Duty, ...]

    @property
    def hours(self) -> float:
        """From the first minute to the last, short gaps included."""
        return (self.end - self.start) / MINUTES_PER_HOUR

    @property
    def first(self) -> Date:
        return self.duties[0].day

    @property
    def last(self) -> Date:
        return self.duties[-1].day


class Rest(NamedTuple):
    """The time between two duty periods that follow each other."""

    before: DutyPeriod
    after: DutyPeriod

    @property
    def hours(self) -> float:
        return (self.after.start - self.before.end) / MINUTES_PER_HOUR


def midnight(day: Date) -> int:
    """00:00 of a date."""
    return day.toordinal() * MINUTES_PER_DAY


def duty(activity: Activity, day: Date, session: Session) -> Duty | None:
    """When a session of the activity is worked; None for time off, off-site duty and sessions without hours."""
    minutes = round(activity.hours(session) * MINUTES_PER_HOUR)
    if minutes <= 0 or not activity.is_duty:
        return None
    return Duty(*clock(day, session, minutes), day, session, activity)


class DutyClock:
    """`duty` for thousands of sessions: when an activity's session is worked is the same on every date."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Session], tuple[int, int] | None] = {}

    def duty(self, activity: Activity, day: Date, session: Session) -> Duty | None:
        key = activity.code, session
        if key not in self._known:
            found, base = duty(activity, day, session), midnight(day)
            self._known[key] = None if found is None else (found.start - base, found.end - base)
        span = self._known[key]
        if span is None:
            return None
        base = day.toordinal() * MINUTES_PER_DAY
        return Duty(base + span[0], base + span[1], day, session, activity)


def clock(day: Date, session: Session, minutes: int) -> tuple[int, int]:
    """Begin and end of so many minutes in a session.

    AM of h hours is [12:00-h, 12:00), PM [12:00, 12:00+h), NIGHT [18:00, 18:00+h), in the program's time zone.
    """
    base = midnight(day)
    if session is Session.AM:
        return base + NOON - minutes, base + NOON
    start = base + (NOON if session is Session.PM else EVENING)
    return start, start + minutes


def duty_periods(duties: Iterable[Duty], *, merge_gap_hours: float) -> Iterator[DutyPeriod]:
    """Group one person's duties (in order of time) into periods: less than the gap apart is one period."""
    merge = merge_gap_hours * MINUTES_PER_HOUR
    open_: list[Duty] = []
    end = 0
    for item in duties:
        if open_ and item.start - end >= merge:
            yield DutyPeriod(open_[0].start, end, tuple(open_))
            open_ = []
        end = max(end, item.end) if open_ else item.end
        open_.append(item)
    if open_:
        yield DutyPeriod(open_[0].start, end, tuple(open_))


def rests(periods: Sequence[DutyPeriod]) -> Iterator[Rest]:
    for before, after in pairwise(periods):
        yield Rest(before, after)


def free_days(duties: Iterable[Duty], *, first: Date, last: Date, leave: Collection[Date]) -> int:
    """Continuous 24-hour days without duty from 00:00 of `first` to 24:00 of `last` (ACGME CPR VI.F.2.c of 2023).

    Every gap between duties gives floor((gap - 24 h for each leave day wholly inside it) / 24 h).
    `duties` are in order of time and may begin before `first` (a night that runs into it).
    """
    opens, closes = midnight(first), midnight(last) + MINUTES_PER_DAY
    absent = [midnight(day) for day in leave]
    free = 0
    cursor = opens
    for item in duties:
        if item.start >= closes:
            break
        if item.start > cursor:
            free += _whole_days(cursor, item.start, absent)
        cursor = max(cursor, item.end)
    if closes > cursor:
        free += _whole_days(cursor, closes, absent)
    return free


def _whole_days(start: int, end: int, absent: Iterable[int]) -> int:
    days = (end - start) // MINUTES_PER_DAY
    if days <= 0:
        return 0
    on_leave = sum(start <= day and day + MINUTES_PER_DAY <= end for day in absent)
    return max(0, (end - start - on_leave * MINUTES_PER_DAY) // MINUTES_PER_DAY)


def runs(days: Iterable[Date]) -> Iterator[tuple[Date, ...]]:
    """Maximal runs of consecutive dates; `days` in ascending order."""
    run: list[Date] = []
    for day in days:
        if run and day.toordinal() != run[-1].toordinal() + 1:
            yield tuple(run)
            run = []
        run.append(day)
    if run:
        yield tuple(run)
