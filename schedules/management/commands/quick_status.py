"""manage.py quick_status: seven lines on where production stands; UNKNOWN where nothing measures it yet."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from schedules.enums import ComplianceStatus, RunStatus, ScheduleStatus
from schedules.models import Absence, Breaker, ComplianceEvent, GenerationRun, Schedule
from schedules.services.validation import validate

HORIZON = dt.timedelta(days=27)
UNKNOWN = "UNKNOWN"


class Command(BaseCommand):
    help = "Prints the seven lines of the quick status."

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        pending = (
            Absence.objects.filter(status="REQUESTED").count()
            + GenerationRun.objects.filter(status=RunStatus.AWAITING_CONFIRMATION).count()
        )
        drafts = Schedule.objects.filter(status=ScheduleStatus.DRAFT).count()
        alerts = ComplianceEvent.objects.filter(status=ComplianceStatus.OPEN).count() + _open_breakers()
        lines = (
            f"PRODUCTION STATUS: {UNKNOWN}",
            f"Utilization: {UNKNOWN} (threshold 80 %)",
            f"Defense level: {UNKNOWN}",
            f"Coverage: {_coverage(today)} ({today} to {today + HORIZON})",
            f"Pending decisions: {pending}",
            f"Active alerts: {alerts}",
            f"Next action: {_next_action(pending, drafts, alerts)}",
        )
        self.stdout.write("\n".join(lines))


def _coverage(today: dt.date) -> str:
    covered = Schedule.objects.filter(
        status=ScheduleStatus.PUBLISHED, start_date__lte=today + HORIZON, end_date__gte=today
    )
    if not covered.exists():
        return UNKNOWN
    rate = validate(today, today + HORIZON).coverage_rate
    return UNKNOWN if rate is None else f"{rate:.1%}"


def _open_breakers() -> int:
    return Breaker.objects.filter(state="OPEN").count()


def _next_action(pending: int, drafts: int, alerts: int) -> str:
    if alerts:
        return "look at the open compliance events"
    if pending:
        return "decide the pending requests"
    return "compare and publish the drafts" if drafts else "none"
