"""What the workers see to by themselves: analyses that did not come, times that passed, reports that are due."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from resilience.domain.incidents import IncidentState
from resilience.enums import OPEN_INCIDENTS, DocumentKind, TargetStep, TimelineEvent
from resilience.models import Incident, IncidentTarget
from resilience.services import approvals, documents, timeline
from resilience.services.incidents import clock
from resilience.services.incidents.ending import note_recovery, recovery
from resilience.services.incidents.health import look_at_health
from resilience.services.incidents.opening import ask_for_analysis, tell

ANALYSIS_PATIENCE = dt.timedelta(seconds=60)
"""After so long the queue is asked once more for an analysis that did not come."""
MOST_FAILURES = 3
RECOVERY_EVERY = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Swept:
    """How much was done."""

    asked_again: int
    missed: int
    reports: int
    approvals: int


def sweep(at: dt.datetime) -> Swept:
    """One round; each deed in a transaction of its own, so that one that fails holds up no other."""
    look_at_health(at=at)
    asked = sum(_ask_again(row, at=at) for row in _unanalysed(at))
    reports = sum(_write_report(target, at=at) for target in list(clock.sitreps_due(at)))
    missed = sum(_miss(target, at=at) for target in list(clock.overdue(at)))
    _look_at_recovery(at)
    return Swept(asked, missed, reports, approvals.sweep(at))


def _look_at_recovery(at: dt.datetime) -> None:
    """What stands in the way of recovery, once an hour; the same for every incident that is watched."""
    watched = Incident.objects.filter(state=IncidentState.MONITORING.value)
    due = list(watched.filter(Q(recovery_checked_at=None) | Q(recovery_checked_at__lte=at - RECOVERY_EVERY)))
    if not due:
        return
    missing = list(recovery(at=at).missing)
    for row in due:
        note_recovery(row, missing, at=at)


def _unanalysed(at: dt.datetime) -> list[Incident]:
    waiting = Q(analysed_at__isnull=True) | Q(analysed_at__lt=F("analysis_asked_at"))
    rows = Incident.objects.filter(
        waiting, state__in=OPEN_INCIDENTS, analysis_failures__lt=MOST_FAILURES, analysis_asked_at__isnull=False
    )
    return list(rows.filter(analysis_asked_at__lte=at - ANALYSIS_PATIENCE))


@transaction.atomic
def _ask_again(incident: Incident, *, at: dt.datetime) -> int:
    row = timeline.lock(incident)
    row.analysis_failures += 1
    Incident._base_manager.filter(pk=row.pk).update(analysis_failures=row.analysis_failures)
    if row.analysis_failures >= MOST_FAILURES:
        text = "The analysis did not come three times: what it would say is unknown. Look at the log of the workers."
        timeline.note(row, TimelineEvent.ANALYSIS_FAILED, at=at, text=text)
        tell(row, title=f"Incident {row.number} could not be analysed", at=at, upward=True)
        return 0
    ask_for_analysis(row, at=at)
    return 1


@transaction.atomic
def _miss(target: IncidentTarget, *, at: dt.datetime) -> int:
    """Write it down once, and tell upward."""
    row = timeline.lock(target.incident)
    fresh = IncidentTarget.objects.select_for_update().get(pk=target.pk)
    if fresh.missed_at is not None or fresh.done_at is not None or fresh.dropped_at is not None or not row.is_open:
        return 0
    fresh.missed_at = at
    fresh.save(update_fields=["missed_at"])
    label = TargetStep(fresh.step).label.lower()
    due = timezone.localtime(fresh.due_at)
    timeline.note(row, TimelineEvent.MISSED, at=at, text=f"Overdue: {label} by {due:%d %b %H:%M}.")
    tell(row, title=f"Overdue at incident {row.number}: {label}", at=at, upward=True)
    return 1


@transaction.atomic
def _write_report(target: IncidentTarget, *, at: dt.datetime) -> int:
    """The situation report that is due, drafted for people to review and sign."""
    row = timeline.lock(target.incident)
    if not row.is_open:
        return 0
    documents.draft(DocumentKind.SITREP, by=None, at=at, incident=row)
    clock.done(row, TargetStep.SITREP, at=at)
    return 1
