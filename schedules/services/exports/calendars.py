"""A person's published duties as an iCalendar feed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import icalendar
from django.utils import timezone

from schedules import models
from schedules.domain.codes import LEAVE_CODE
from schedules.domain.problem import Category, Date, Session
from schedules.enums import ScheduleStatus

NOON = dt.time(12)
NIGHT_BEGINS = dt.time(18)

_SHOWN_OFF = frozenset({LEAVE_CODE})
"""Time off worth an entry; weekends and other days off are the empty days of a calendar."""


@dataclass(frozen=True, slots=True)
class _Duty:
    """One entry: a session, or AM and PM of one activity in one."""

    day: Date
    session: Session
    code: str
    name: str
    hours_before_noon: float
    hours_after: float
    category: Category
    changed_at: dt.datetime

    @property
    def is_timed(self) -> bool:
        return self.hours_before_noon + self.hours_after > 0

    def times(self, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
        """Start and end on the clock: AM ends and PM begins at noon, NIGHT begins at 18:00."""
        anchor = NIGHT_BEGINS if self.session is Session.NIGHT else NOON
        moment = dt.datetime.combine(self.day, anchor, tzinfo=zone)
        return moment - dt.timedelta(hours=self.hours_before_noon), moment + dt.timedelta(hours=self.hours_after)


def calendar_of(person: models.Person, *, start: dt.date, end: dt.date) -> bytes:
    """iCalendar (UTF-8) of the person's published duties from `start` to `end`, in the program's time zone.

    An entry's UID is made of person, date and session: it stays the same when the schedule is published anew, so
    calendars update entries instead of doubling them. AM and PM of one activity are one entry; off-site duty and
    leave, which have no hours here, are all-day entries.
    """
    policy = models.ProgramPolicy.objects.filter(pk=1).first() or models.ProgramPolicy()
    zone = timezone.get_default_timezone()
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Residency scheduler//Schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"{policy.program_name}: {person.name}")
    calendar.add("x-wr-timezone", timezone.get_default_timezone_name())
    calendar.add("refresh-interval", dt.timedelta(hours=4), parameters={"VALUE": "DURATION"})
    for duty in _merged(_duties(person, start, end)):
        calendar.add_component(_event(duty, person, zone))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _duties(person: models.Person, start: dt.date, end: dt.date) -> Iterator[_Duty]:
    rows = (
        models.Assignment.objects.filter(
            person=person, date__gte=start, date__lte=end, schedule__status=ScheduleStatus.PUBLISHED
        )
        .select_related("activity")
        .order_by("date", "session")
    )
    for row in rows:
        activity, session = row.activity, Session(row.session)
        if activity.category == Category.OFF and activity.code not in _SHOWN_OFF:
            continue
        hours = {Session.AM: activity.am_hours, Session.PM: activity.pm_hours, Session.NIGHT: activity.night_hours}
        before = float(hours[session]) if session is Session.AM else 0.0
        after = float(hours[session]) if session is not Session.AM else 0.0
        category = Category(activity.category)
        yield _Duty(row.date, session, activity.code, activity.name, before, after, category, row.updated_at)


def _merged(duties: Iterator[_Duty]) -> Iterator[_Duty]:
    """AM and PM of one date and activity as one; rows come with AM, NIGHT and PM in the order of the alphabet."""
    by_slot = {(duty.day, duty.session): duty for duty in duties}
    for (day, session), duty in by_slot.items():
        morning, afternoon = by_slot.get((day, Session.AM)), by_slot.get((day, Session.PM))
        whole = morning is not None and afternoon is not None and morning.code == afternoon.code
        if session is Session.PM and whole:
            continue
        if session is Session.AM and whole and afternoon is not None:
            yield _Duty(
                day,
                session,
                duty.code,
                duty.name,
                duty.hours_before_noon,
                afternoon.hours_after,
                duty.category,
                max(duty.changed_at, afternoon.changed_at),
            )
        else:
            yield duty


def _event(duty: _Duty, person: models.Person, zone: dt.tzinfo) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{person.pk}-{duty.day:%Y%m%d}-{duty.session.value}@residency-scheduler")
    event.add("dtstamp", duty.changed_at)
    event.add("last-modified", duty.changed_at)
    event.add("summary", f"{duty.code} {duty.name}")
    event.add("categories", [duty.category.value])
    if duty.is_timed:
        begins, ends = duty.times(zone)
        event.add("dtstart", begins)
        event.add("dtend", ends)
    else:
        event.add("dtstart", duty.day)
        event.add("dtend", duty.day + dt.timedelta(days=1))
    is_off = duty.category is Category.OFF
    event.add("transp", "TRANSPARENT" if is_off else "OPAQUE")
    return event
