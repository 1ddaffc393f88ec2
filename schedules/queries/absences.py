"""What the absence pages show: the list, the month, and what an approval would touch."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from schedules.domain.codes import CALL_CODE
from schedules.enums import AbsenceStatus
from schedules.models import Absence
from schedules.queries.duties import Duty, person_days

SHOWN_PER_DAY = 3


@dataclass(frozen=True)
class Impact:
    """Published duties of the person in the days asked for, and who else is away then."""

    duties: list[Duty]
    others: list[Absence]
    own: list[Absence]
    """Other absences of the same person that overlap, asked for or approved."""

    @property
    def calls(self) -> int:
        return sum(duty.code == CALL_CODE for duty in self.duties)


def impact_of(absence: Absence) -> Impact:
    """What an approval touches. Free half-days and leave already on the schedule are no duties."""
    days = person_days(absence.person, absence.start_date, absence.end_date)
    others = (
        Absence.objects.filter(
            status=AbsenceStatus.APPROVED, start_date__lte=absence.end_date, end_date__gte=absence.start_date
        )
        .exclude(person=absence.person)
        .select_related("person")
    )
    own = (
        Absence.objects.filter(
            person=absence.person,
            status__in=(AbsenceStatus.APPROVED, AbsenceStatus.REQUESTED),
            start_date__lte=absence.end_date,
            end_date__gte=absence.start_date,
        )
        .exclude(pk=absence.pk)
        .order_by("start_date")
    )
    duties = [duty for day in days for duty in day.duties if not duty.is_free]
    return Impact(duties, list(others), list(own))


def opening_month(absences: QuerySet[Absence], today: dt.date) -> dt.date:
    """First day of the month to open: this one if something lies in it, else the next with an absence, else the last.

    Before what was already decided comes what waits for a decision: the data may lie in another year than today.
    """
    month = today.replace(day=1)
    live = absences.filter(status__in=(AbsenceStatus.APPROVED, AbsenceStatus.REQUESTED))
    ahead = live.filter(end_date__gte=month).order_by("start_date").first()
    waiting = live.filter(status=AbsenceStatus.REQUESTED).order_by("-start_date").first()
    found = ahead or waiting or live.order_by("-start_date").first()
    return month if found is None else _first_day(found, month)


def _first_day(absence: Absence, month: dt.date) -> dt.date:
    """The absence's first month, or `month` where the absence goes on in it."""
    return month if absence.start_date < month <= absence.end_date else absence.start_date.replace(day=1)


def month_weeks(absences: QuerySet[Absence], month: dt.date, today: dt.date) -> list[list[dict[str, Any]]]:
    """Weeks of the month, Monday to Sunday, with at most three absences named per day."""
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    first, last = weeks[0][0], weeks[-1][-1]
    shown = list(
        absences.filter(
            start_date__lte=last, end_date__gte=first, status__in=(AbsenceStatus.APPROVED, AbsenceStatus.REQUESTED)
        ).select_related("person")
    )
    return [[_month_day(day, shown, month, today) for day in week] for week in weeks]


def _month_day(day: dt.date, shown: list[Absence], month: dt.date, today: dt.date) -> dict[str, Any]:
    here = [absence for absence in shown if absence.start_date <= day <= absence.end_date]
    marks = [("closed", day.weekday() >= 5), ("other", day.month != month.month), ("today", day == today)]
    return {
        "date": day,
        "css": " ".join(name for name, on in marks if on),
        "absences": here[:SHOWN_PER_DAY],
        "more": max(0, len(here) - SHOWN_PER_DAY),
    }
