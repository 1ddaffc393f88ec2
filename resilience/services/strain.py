"""The eight signs of schedule strain of each person, from the published cells and the record of their changes."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from resilience.domain.homeostasis import Indicator, Strain, strain
from resilience.domain.levels import Measured, Reading, Unknown
from resilience.services.world import World
from schedules.domain.problem import ONE_DAY, SESSIONS, PersonId, Session
from schedules.domain.timeline import Duty, duty, duty_periods, rests, runs
from schedules.enums import ScheduleStatus
from schedules.models import Assignment

QUICK_RETURN_HOURS = 11.0
"""Less rest than this between two duty periods is a quick return (the European working-time directive's daily rest)."""
SHORT_NOTICE = dt.timedelta(days=3)
WEEK = 7


def of_everybody(world: World, *, at: dt.datetime, limits: Mapping[str, float]) -> Mapping[PersonId, Strain]:
    """Every scheduled person's signs against the program's limits; a sign without a limit is unknown."""
    known = {indicator: limits[indicator.name.lower()] for indicator in Indicator if indicator.name.lower() in limits}
    short_notice = changed_at_short_notice(world, at=at)
    scheduled = {slot.person for slot in world.published.cells}
    return {
        person.id: strain(signs(world, person.id, short_notice), known)
        for person in world.problem.people
        if person.id in scheduled
    }


def signs(world: World, person: PersonId, short_notice: Mapping[PersonId, int]) -> Mapping[Indicator, Reading[float]]:
    """What is measured of one person over the world's days."""
    days = world.problem.days
    duties = [item for day in days for session in SESSIONS for item in [_duty(world, person, day, session)] if item]
    worked = sorted({item.day for item in duties})
    periods = list(duty_periods(duties, merge_gap_hours=world.problem.policy.merge_gap_hours))
    enough = len(days) >= WEEK
    too_short = Unknown("Less than a week is published.")
    return {
        Indicator.HOURS: Measured(_most_weekly_hours(duties, days)) if enough else too_short,
        Indicator.NIGHTS: Measured(float(sum(item.session is Session.NIGHT for item in duties))),
        Indicator.WEEKENDS: Measured(float(len({_saturday(day) for day in worked if day.weekday() >= 5}))),
        Indicator.STREAK: Measured(float(max(map(len, runs(worked)), default=0))),
        Indicator.QUICK_RETURNS: Measured(float(sum(rest.hours < QUICK_RETURN_HOURS for rest in rests(periods)))),
        Indicator.SHORT_NOTICE: Measured(float(short_notice.get(person, 0))),
        Indicator.FREE_DAY_GAP: Measured(float(max(map(len, runs(_busy(duties))), default=0))),
        Indicator.FLIPS: Measured(float(_flips(duties))),
    }


def _duty(world: World, person: PersonId, day: dt.date, session: Session) -> Duty | None:
    code = world.roster.at(person, day, session)
    return duty(world.problem.activities[code], day, session) if code else None


def _most_weekly_hours(duties: Sequence[Duty], days: Sequence[dt.date]) -> float:
    """The most hours within any seven consecutive dates."""
    hours: dict[dt.date, float] = defaultdict(float)
    for item in duties:
        hours[item.day] += (item.end - item.start) / 60
    windows = (days[first : first + WEEK] for first in range(len(days) - WEEK + 1))
    return max((sum(hours[day] for day in window) for window in windows), default=0.0)


def _saturday(day: dt.date) -> dt.date:
    return day - (day.weekday() - 5) * ONE_DAY


def _busy(duties: Sequence[Duty]) -> list[dt.date]:
    """Dates with any minute of duty, nights that end in them included."""
    touched = {dt.date.fromordinal(minute // 1440) for item in duties for minute in (item.start, item.end - 1)}
    return sorted(touched)


def _flips(duties: Sequence[Duty]) -> int:
    """Changes between days of work and nights of work, from one date of work to the next."""
    by_day: dict[dt.date, bool] = {}
    for item in duties:
        by_day[item.day] = by_day.get(item.day, False) or item.session is Session.NIGHT
    return sum(before != after for before, after in pairwise(by_day[day] for day in sorted(by_day)))


def changed_at_short_notice(world: World, *, at: dt.datetime) -> Counter[PersonId]:
    """Cells of each person that were changed within three days of their date, over the last four weeks."""
    history = Assignment.history.model.objects.filter(  # type: ignore[attr-defined]
        schedule__status=ScheduleStatus.PUBLISHED,
        history_type__in="~-",
        history_date__gt=at - 28 * ONE_DAY,
        history_date__lte=at,
    )
    found: Counter[PersonId] = Counter()
    cells = history.values_list("person_id", "date", "session", "history_date").order_by("history_date")
    seen: set[tuple[object, dt.date, str]] = set()
    for person, day, session, changed_at in cells:
        place = (person, day, session)
        if place not in seen and day - changed_at.date() <= SHORT_NOTICE:
            seen.add(place)
            found[str(person)] += 1
    return found
