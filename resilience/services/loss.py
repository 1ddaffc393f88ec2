"""Who is gone when: the loss that an incident is about, each person on the days of their own absence."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.utils import timezone

from resilience.domain.contingency import Scenario
from resilience.domain.covering import Loss
from resilience.enums import FallbackScenario, IncidentKind
from resilience.models import Incident
from resilience.services.world import load_policy
from schedules.domain.problem import ONE_DAY
from schedules.enums import AbsenceKind, AbsenceStatus
from schedules.models import Absence

SCENARIOS = {1: FallbackScenario.SINGLE_ABSENCE, 2: FallbackScenario.DUAL_ABSENCE}
"""By the number of people who are missing; more are a deployment."""
AT_ONCE = frozenset({AbsenceKind.SICK, AbsenceKind.EMERGENCY})
"""Kinds of absence that are reckoned with when reported; every other kind when it is granted."""


def reckoned_with() -> Q:
    """The absences that count: granted, or of a kind that counts when it is reported."""
    return Q(status=AbsenceStatus.APPROVED) | Q(status=AbsenceStatus.REQUESTED, kind__in=AT_ONCE)


def scenario_name(count: int) -> FallbackScenario:
    """The scenario that so many missing people make."""
    return SCENARIOS.get(count, FallbackScenario.DEPLOYMENT)


def loss_of(incident: Incident, *, at: dt.datetime) -> Scenario | None:
    """The people whom the incident misses, each gone on the days of their own absence, from today on.

    Whoever an absence incident names without an absence any more is back. Of another incident they are gone on all its
    dates, and on those of the horizon where it names none. None where nobody is gone any more.
    """
    today = timezone.localdate(at)
    start = max(incident.start_date or today, today)
    end = incident.end_date or today + (load_policy().horizon_days - 1) * ONE_DAY
    if not incident.people or end < start:
        return None
    rows = Absence.objects.filter(
        reckoned_with(), person_id__in=incident.people, start_date__lte=end, end_date__gte=start
    ).values_list("person_id", "start_date", "end_date")
    gone = {Loss(str(person), max(first, start), min(last, end)) for person, first, last in rows}
    if incident.kind != IncidentKind.ABSENCE:
        known = {loss.person for loss in gone}
        gone |= {Loss(person, start, end) for person in incident.people if person not in known}
    return Scenario.of(scenario_name(len({loss.person for loss in gone})).value, gone) if gone else None
