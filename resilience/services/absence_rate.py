"""How often people have really been away: from the table of absences, never from an assumption."""

from __future__ import annotations

import datetime as dt

from resilience.domain.levels import Measured, Reading, Unknown
from resilience.services.world import Basis
from schedules.domain.problem import ONE_DAY
from schedules.enums import AbsenceStatus
from schedules.models import Absence, Person

LEAST_DAYS = 28
"""Days of records below which a rate would be chance."""


def observed(found: Basis) -> Reading[float]:
    """Share of person-days (active people, all kinds of approved absence) of the past on which people were away.

    The past is the policy's days before today, from the first absence on record at the earliest.
    """
    last = found.today - ONE_DAY
    rows = Absence.objects.filter(status=AbsenceStatus.APPROVED, person__is_active=True, start_date__lte=last)
    first_ever = rows.order_by("start_date").values_list("start_date", flat=True).first()
    if first_ever is None:
        return Unknown("No absence of the past is on record.")
    first = max(first_ever, found.today - found.policy.absence_history_days * ONE_DAY)
    days = (last - first).days + 1
    if days < LEAST_DAYS:
        return Unknown(f"Absences are on record for {days} days only; {LEAST_DAYS} are needed for a rate.")
    people = Person.objects.filter(is_active=True).count()
    spans: dict[object, set[dt.date]] = {}
    for person, start, end in rows.filter(end_date__gte=first).values_list("person_id", "start_date", "end_date"):
        begin, finish = max(start, first), min(end, last)
        away = spans.setdefault(person, set())
        away.update(begin + offset * ONE_DAY for offset in range((finish - begin).days + 1))
    return Measured(sum(map(len, spans.values())) / (people * days))
