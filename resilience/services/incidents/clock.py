"""What has to be done by when: targets set by severity, kept, missed, or overtaken by a stricter severity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from resilience.domain.incidents import TARGETS, Targets
from resilience.domain.levels import Level
from resilience.enums import OPEN_APPROVALS, TargetStep
from resilience.models import Approval, Incident, IncidentTarget


@dataclass(frozen=True, slots=True)
class TargetTime:
    """One target as pages and reports show it; `met` None = not decided yet, or overtaken."""

    step: str
    label: str
    severity: str
    due_at: dt.datetime
    done_at: dt.datetime | None
    met: bool | None


def times(incident: Incident, *, at: dt.datetime) -> tuple[TargetTime, ...]:
    """Every target, the earliest first; those that another severity overtook are left out."""
    rows = incident.targets.filter(dropped_at__isnull=True)
    return tuple(
        TargetTime(row.step, row.get_step_display(), row.severity, row.due_at, row.done_at, row.is_met(at))
        for row in rows
    )


def begin(incident: Incident, *, at: dt.datetime) -> None:
    """Set the targets of a new incident; that it was detected is done already."""
    for step, due in _first_targets(TARGETS[Level[incident.severity]]):
        starts = incident.happened_at if step is TargetStep.DETECTED else at
        done = incident.detected_at if step is TargetStep.DETECTED else None
        IncidentTarget.objects.create(
            incident=incident,
            step=step,
            severity=incident.severity,
            starts_at=starts,
            due_at=starts + due,
            done_at=done,
        )


def restart(incident: Incident, *, at: dt.datetime) -> None:
    """Set what is still to be done anew by the severity that holds now; counted from this moment."""
    wanted = dict(_first_targets(TARGETS[Level[incident.severity]]))
    open_rows = list(_open(incident))
    IncidentTarget.objects.filter(pk__in=[row.pk for row in open_rows]).update(dropped_at=at)
    still = {TargetStep(row.step) for row in open_rows} | {TargetStep.SITREP, TargetStep.UPDATE}
    for step, due in wanted.items():
        if step in still:
            IncidentTarget.objects.create(
                incident=incident, step=step, severity=incident.severity, starts_at=at, due_at=at + due
            )


def done(incident: Incident, step: TargetStep, *, at: dt.datetime) -> None:
    """Note that a step is done; updates and situation reports are due again after their interval."""
    row = _open(incident).filter(step=step).first()
    if row is not None:
        row.done_at = at
        row.save(update_fields=["done_at"])
    every = _interval(TARGETS[Level[incident.severity]], step)
    if every is not None and incident.is_open:
        IncidentTarget.objects.create(
            incident=incident, step=step, severity=incident.severity, starts_at=at, due_at=at + every
        )


def stop(incident: Incident, *, at: dt.datetime) -> None:
    """Drop what is not due any more once an incident is over."""
    _open(incident).update(dropped_at=at)


def overdue(at: dt.datetime) -> Iterator[IncidentTarget]:
    """Targets past their time of which nobody was told yet."""
    rows = IncidentTarget.objects.filter(
        due_at__lt=at, done_at__isnull=True, dropped_at__isnull=True, missed_at__isnull=True
    )
    yield from rows.select_related("incident").order_by("due_at")


def sitreps_due(at: dt.datetime) -> Iterator[IncidentTarget]:
    """Situation reports that the system writes by itself now."""
    rows = IncidentTarget.objects.filter(
        step=TargetStep.SITREP, due_at__lte=at, done_at__isnull=True, dropped_at__isnull=True
    )
    yield from rows.select_related("incident").order_by("due_at")


def is_anything_due(at: dt.datetime, /) -> bool:
    """Whether a sweep would find something to do, in two cheap queries."""
    late = IncidentTarget.objects.filter(
        due_at__lte=at, done_at__isnull=True, dropped_at__isnull=True, missed_at__isnull=True
    )
    return late.exists() or Approval.objects.filter(state__in=OPEN_APPROVALS, expires_at__lte=at).exists()


def _first_targets(targets: Targets) -> Iterator[tuple[TargetStep, dt.timedelta]]:
    yield TargetStep.DETECTED, targets.detected
    yield TargetStep.ANALYSED, targets.analysed
    yield TargetStep.RESPONDED, targets.responded
    yield TargetStep.ACKNOWLEDGED, targets.acknowledged
    yield TargetStep.UPDATE, targets.update_every
    if targets.sitrep_every is not None:
        yield TargetStep.SITREP, targets.sitrep_every


def _interval(targets: Targets, step: TargetStep) -> dt.timedelta | None:
    return {TargetStep.UPDATE: targets.update_every, TargetStep.SITREP: targets.sitrep_every}.get(step)


def _open(incident: Incident) -> QuerySet[IncidentTarget]:
    return IncidentTarget.objects.filter(incident=incident, done_at__isnull=True, dropped_at__isnull=True)
