"""What news opens an incident, and of which severity."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from django.db import transaction

from resilience.domain.incidents import TARGETS
from resilience.domain.levels import Level
from resilience.enums import BreakerCause, DocumentKind, IncidentKind, TimelineEvent
from resilience.models import Document, Incident, PostureRecord
from resilience.services import documents, timeline
from resilience.services.incidents.opening import Finding, open_incident, raise_severity
from resilience.services.incidents.watching import watch

POSTURE, BREAKER = "posture", "breaker"
TRIPS: Mapping[str, Level] = {
    BreakerCause.SAFETY_MARGIN: Level.RED,
    BreakerCause.HARD_VIOLATION: Level.ORANGE,
    BreakerCause.STALE_DATA: Level.ORANGE,
    BreakerCause.BY_HAND: Level.ORANGE,
}


def posture_reached(record: PostureRecord, after: str) -> None:
    """YELLOW or worse opens the posture's incident or raises it; what is better lowers it or is noted."""
    level = Level[after]
    if level in TARGETS:
        triggers = [str(item) for item in record.triggers]
        made = open_incident(
            Finding(
                kind=IncidentKind.POSTURE,
                cause=POSTURE,
                severity=level,
                title=f"The posture is {after}",
                summary="; ".join(triggers) or record.reason,
                metric="posture",
                value=after,
                threshold="GREEN",
            ),
            at=record.at,
        )
        _lower(made, level, at=record.at)
    elif level is Level.GREEN:
        _gone(at=record.at)


def breaker_opened(cause: str, detail: str, *, at: dt.datetime) -> Incident:
    """A trip of the schedule circuit breaker."""
    return open_incident(
        Finding(
            kind=IncidentKind.BREAKER,
            cause=BREAKER,
            severity=TRIPS[cause],
            title="The schedule circuit breaker is open",
            summary=detail,
            metric="circuit breaker",
            value=BreakerCause(cause).label,
            threshold="closed",
        ),
        at=at,
    )


@transaction.atomic
def breaker_overridden(*, at: dt.datetime) -> Document:
    """Two persons let ordinary changes through: a memorandum for record is drafted from their reason."""
    found = _open_of(BREAKER)
    if found is not None:
        timeline.note(found, TimelineEvent.ACTION, at=at, text="The breaker was overridden by two persons.")
    return documents.draft(DocumentKind.MFR, by=None, at=at, incident=found)


@transaction.atomic
def breaker_closed(*, at: dt.datetime) -> None:
    """The breaker closed after its clear time: its incident is watched until it has recovered."""
    found = _open_of(BREAKER)
    if found is not None:
        watch(found, "The breaker is closed again.", at=at)


def rollback_failed(swap: uuid.UUID, rows: int, *, at: dt.datetime) -> Incident:
    """A swap could not be taken back."""
    return open_incident(
        Finding(
            kind=IncidentKind.ROLLBACK,
            cause=f"rollback:{swap}",
            severity=Level.ORANGE,
            title="A swap could not be rolled back",
            summary=f"{rows} rows were changed between the swap and its roll back.",
            metric="rows changed meanwhile",
            value=str(rows),
            threshold="0",
        ),
        at=at,
    )


def generation_failed(run: uuid.UUID, step: str, *, at: dt.datetime) -> Incident:
    """A generation ended FAILED."""
    return open_incident(
        Finding(
            kind=IncidentKind.RUN,
            cause=f"run:{run}",
            severity=Level.YELLOW,
            title="A generation failed",
            summary=f"It failed at: {step}." if step else "It failed.",
            metric="failed step",
            value=step,
        ),
        at=at,
    )


@transaction.atomic
def _lower(incident: Incident, level: Level, *, at: dt.datetime) -> None:
    """The table says less than before; RED and BLACK are left by a person's word on the posture itself."""
    row = timeline.lock(incident)
    if row.is_open and level < Level[row.severity]:
        raise_severity(row, level, by=None, at=at, reason=f"The posture is {level.name}.")


@transaction.atomic
def _gone(*, at: dt.datetime) -> None:
    found = _open_of(POSTURE)
    if found is not None:
        watch(found, "Nothing asks for more than GREEN any more.", at=at)


def _open_of(cause: str) -> Incident | None:
    return Incident.objects.open().select_for_update().filter(cause=cause).first()
