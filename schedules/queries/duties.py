"""One person's published days: duties, free days, hours per week, calls."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Sum

from schedules.domain.codes import LEAVE_CODE
from schedules.domain.problem import Category, Session, days_between
from schedules.domain.timeline import MINUTES_PER_HOUR, clock
from schedules.enums import AbsenceStatus, ScheduleStatus
from schedules.models import Absence, Assignment, DutyLog, Holiday, Person


@dataclass(frozen=True)
class Duty:
    """One published assignment with its clock times (AM ends at noon, PM begins then, NIGHT at 18:00)."""

    date: dt.date
    session: str
    code: str
    name: str
    category: str
    css: str
    hours: Decimal

    @property
    def is_free(self) -> bool:
        return self.category == Category.OFF

    @property
    def when(self) -> str:
        """``AM``, ``PM``, ``Night``; empty for a whole day."""
        return {"DAY": "", "NIGHT": "Night"}.get(self.session, self.session)

    @property
    def times(self) -> str:
        """``07:00-12:00``; empty where the activity has no hours here."""
        if not self.hours or self.session == "DAY":
            return ""
        ends = clock(self.date, Session(self.session), round(self.hours * MINUTES_PER_HOUR))
        return "–".join(f"{minute // MINUTES_PER_HOUR % 24:02}:{minute % MINUTES_PER_HOUR:02}" for minute in ends)


@dataclass(frozen=True)
class PersonDay:
    """A date with what the person does on it."""

    date: dt.date
    duties: list[Duty]
    holiday: str
    on_leave: bool

    @property
    def is_free(self) -> bool:
        return bool(self.duties) and all(duty.is_free for duty in self.duties)

    @property
    def hours(self) -> Decimal:
        return sum((duty.hours for duty in self.duties), Decimal(0))

    @property
    def shown(self) -> list[Duty]:
        """The duties, a morning and an afternoon of the same as one."""
        if len(self.duties) < 2 or self.duties[0].code != self.duties[1].code or self.duties[1].session != Session.PM:
            return self.duties
        return [replace(self.duties[0], session="DAY"), *self.duties[2:]]


@dataclass(frozen=True)
class Week:
    """Monday to Sunday: scheduled hours and hours logged outside the schedule."""

    start: dt.date
    scheduled: Decimal
    logged: Decimal
    is_complete: bool

    @property
    def end(self) -> dt.date:
        return self.start + dt.timedelta(days=6)

    @property
    def hours(self) -> Decimal:
        return self.scheduled + self.logged


def person_days(person: Person, start: dt.date, end: dt.date) -> list[PersonDay]:
    """Published days of a person, `start`..`end` inclusive; three queries."""
    rows = (
        Assignment.objects.filter(person=person, date__range=(start, end), schedule__status=ScheduleStatus.PUBLISHED)
        .select_related("activity")
        .order_by("date")
    )
    holidays = dict(Holiday.objects.filter(date__range=(start, end)).values_list("date", "name"))
    leave = [
        (absence.start_date, absence.end_date)
        for absence in Absence.objects.filter(
            person=person, status=AbsenceStatus.APPROVED, start_date__lte=end, end_date__gte=start
        )
    ]
    duties: dict[dt.date, list[Duty]] = {}
    for row in rows:
        duties.setdefault(row.date, []).append(_duty(row))
    order = {session.value: n for n, session in enumerate(Session)}
    return [
        PersonDay(
            date=day,
            duties=sorted(duties.get(day, []), key=lambda duty: order[duty.session]),
            holiday=holidays.get(day, ""),
            on_leave=any(first <= day <= last for first, last in leave),
        )
        for day in days_between(start, end)
    ]


def _duty(row: Assignment) -> Duty:
    activity = row.activity
    hours = {"AM": activity.am_hours, "PM": activity.pm_hours, "NIGHT": activity.night_hours}[row.session]
    css = "k-leave" if activity.code == LEAVE_CODE else f"k-{activity.category}"
    if activity.colour:
        css += f" a-{activity.pk.hex[:8]}"
    return Duty(row.date, row.session, activity.code, activity.name, activity.category, css, hours)


def weeks_of(person: Person, days: list[PersonDay]) -> list[Week]:
    """Hours per calendar week of the days given; a week without seven published days is marked incomplete."""
    logs: dict[dt.date, Decimal] = dict(
        DutyLog.objects.filter(person=person, date__range=(days[0].date, days[-1].date))
        .order_by()
        .values_list("date")
        .annotate(total=Sum("hours"))
    )
    weeks: dict[dt.date, list[PersonDay]] = {}
    for day in days:
        weeks.setdefault(day.date - dt.timedelta(days=day.date.weekday()), []).append(day)
    return [
        Week(
            start=monday,
            scheduled=sum((day.hours for day in week), Decimal(0)),
            logged=sum((logs.get(day.date, Decimal(0)) for day in week), Decimal(0)),
            is_complete=sum(bool(day.duties) for day in week) == 7,
        )
        for monday, week in weeks.items()
    ]
