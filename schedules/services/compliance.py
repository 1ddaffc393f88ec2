"""The append-only record of violations in published schedules: opened when seen, closed by what ends them."""

from __future__ import annotations

import datetime as dt

from schedules.domain.rules.report import Report
from schedules.enums import ComplianceStatus
from schedules.models import ComplianceEvent, Schedule
from schedules.services.validation import validate


def reconcile(schedule: Schedule, report: Report, *, at: dt.datetime, reason: str = "corrected") -> None:
    """Open an event for every counted violation of a published schedule that has none, close those that are gone."""
    found = {violation.key: violation for violation in report.counted}
    known = {event.key: event for event in _open(schedule)}
    for key, event in known.items():
        if key not in found:
            _close(event, at=at, reason=reason)
    for key, violation in found.items():
        if key not in known:
            ComplianceEvent.objects.create(
                schedule=schedule,
                rule=violation.rule,
                severity=violation.severity.value,
                key=key,
                people=list(violation.people),
                start_date=violation.start,
                end_date=violation.end,
                measured=violation.measured,
                limit=violation.limit,
                message=violation.message,
                unavoidable=violation.unavoidable,
                seen_at=at,
            )


def judge_anew(schedule: Schedule, *, at: dt.datetime, reason: str) -> None:
    """Judge a published schedule by the rows it holds now and bring its events up to date."""
    reconcile(
        schedule, validate(schedule.start_date, schedule.end_date, schedule=schedule).report, at=at, reason=reason
    )


def close_all(schedule: Schedule, *, at: dt.datetime, reason: str) -> None:
    """The schedule is no longer current: its open events end with that reason."""
    for event in _open(schedule):
        _close(event, at=at, reason=reason)


def _open(schedule: Schedule) -> list[ComplianceEvent]:
    return list(ComplianceEvent.objects.filter(schedule=schedule, status=ComplianceStatus.OPEN))


def _close(event: ComplianceEvent, *, at: dt.datetime, reason: str) -> None:
    event.status, event.closed_at, event.closed_reason = ComplianceStatus.CLOSED, at, reason[:300]
    event.save()
