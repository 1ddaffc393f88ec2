"""How often people have really been away, and how often unplanned: from the table of absences, never assumed."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from resilience.domain.levels import Measured, Reading, Unknown
from resilience.domain.utilization import Arrivals
from resilience.services.world import Basis
from schedules.domain.problem import ONE_DAY
from schedules.enums import AbsenceKind, AbsenceStatus
from schedules.models import Absence, Person

UNPLANNED = (AbsenceKind.SICK, AbsenceKind.EMERGENCY)
"""Absences that nobody could plan around: each asks for somebody to step in."""
LEAST_DAYS = 28
"""Days of records below which a rate would be chance."""


def arrivals(found: Basis) -> Reading[Arrivals]:
    """Requests for somebody to step in: unplanned absences that began in the past, and how long they lasted.

    The past is that of `observed`. Unknown below 28 days of records, or where none of them was unplanned.
    """
    past = _past(found)
    if isinstance(past, Unknown):
        return past
    first, last, rows = past.value
    spans = rows.filter(kind__in=UNPLANNED, start_date__gte=first).values_list("start_date", "end_date")
    lengths = [(end - start).days + 1 for start, end in spans]
    if not lengths:
        return Unknown("No sick or emergency absence of the past is on record, so arrivals are not measured.")
    return Measured(Arrivals(len(lengths) / ((last - first).days + 1), sum(lengths) / len(lengths)))


def observed(found: Basis) -> Reading[float]:
    """Share of person-days (active people, all kinds of approved absence) of the past on which people were away.

    The past is the policy's days before today, from the first absence on record at the earliest.
    """
    past = _past(found)
    if isinstance(past, Unknown):
        return past
    first, last, rows = past.value
    days = (last - first).days + 1
    people = Person.objects.filter(is_active=True).count()
    spans: dict[object, set[dt.date]] = {}
    for person, start, end in rows.filter(end_date__gte=first).values_list("person_id", "start_date", "end_date"):
        begin, finish = max(start, first), min(end, last)
        away = spans.setdefault(person, set())
        away.update(begin + offset * ONE_DAY for offset in range((finish - begin).days + 1))
    return Measured(sum(map(len, spans.values())) / (people * days))


def _past(found: Basis) -> Reading[tuple[dt.date, dt.date, QuerySet[Absence]]]:
    """First and last day of the records, and the approved absences of active people that began by then."""
    last = found.today - ONE_DAY
    rows = Absence.objects.filter(status=AbsenceStatus.APPROVED, person__is_active=True, start_date__lte=last)
    first_ever = rows.order_by("start_date").values_list("start_date", flat=True).first()
    if first_ever is None:
        return Unknown("No absence of the past is on record.")
    first = max(first_ever, found.today - found.policy.absence_history_days * ONE_DAY)
    days = (last - first).days + 1
    if days < LEAST_DAYS:
        return Unknown(f"Absences are on record for {days} days only; {LEAST_DAYS} are needed for a rate.")
    return Measured((first, last, rows))
