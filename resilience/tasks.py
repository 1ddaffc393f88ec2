"""What the task queue calls: one service call, nothing more. The rows are the truth, not the queue."""

from __future__ import annotations

import datetime as dt
import uuid

from django.core.cache import cache
from django.utils import timezone
from django_q.tasks import async_task

from resilience.enums import ImpactName
from resilience.models import Incident
from resilience.services import fallbacks, incidents, posture
from resilience.services.days import touched
from schedules.models import Absence

RUNG_SECONDS = 60
"""At most so long a bell counts as rung: a worker that died with it holds nobody up for longer."""


def evaluate_days(start: str = "", end: str = "") -> None:
    """Evaluate after a committed change of these dates; '' = of any date."""
    at = timezone.now()
    today = timezone.localdate(at)
    first = dt.date.fromisoformat(start) if start else today
    last = dt.date.fromisoformat(end) if end else first + dt.timedelta(days=366)
    incidents.look_at_watch(at=at)
    incidents.look_at_reported(max(first, today), max(last, today), at=at)
    posture.evaluate(at=at, touched=touched(max(first, today), max(last, today)))
    fallbacks.refresh(at=at)


def heartbeat() -> None:
    """Evaluate though nothing was heard of: time passes, and news can be lost. The nightly run where it is overdue."""
    cache.delete("resilience-heartbeat-rung")
    at = timezone.now()
    incidents.look_at_watch(at=at)
    if posture.is_full_due(at=at):
        nightly()
    else:
        posture.evaluate(at=at)


def nightly() -> None:
    """Evaluate every half-day, then make the plans anew."""
    at = timezone.now()
    posture.evaluate_fully(at=at)
    ring_for_fallbacks()
    incidents.look_at_violations(at=at)


def recompute_fallbacks(first: int = 0) -> None:
    """Make some plans anew and ask for the next ones: whatever was rung meanwhile comes before them."""
    following = fallbacks.recompute_part(at=timezone.now(), first=first)
    if following is not None:
        ring_for_fallbacks(following)


def analyse_incident(incident_id: str) -> None:
    """Analyse an incident that was opened or has changed; one that is over is left alone."""
    found = Incident.objects.filter(pk=uuid.UUID(incident_id)).first()
    if found is not None:
        incidents.analyse(found, at=timezone.now())


def look_at_absence(absence_id: str) -> None:
    """Say what an absence does to the program; HIGH impact raises the posture, and one taken back lets it go."""
    found = Absence.objects.filter(pk=uuid.UUID(absence_id)).first()
    seen = incidents.look_at_absence(found, at=timezone.now()) if found is not None else None
    if seen is None or seen.impact == ImpactName.HIGH:
        ring_for_heartbeat()


def look_at_violations() -> None:
    """Look for violations in what is published now."""
    incidents.look_at_violations(at=timezone.now())


def sweep_incidents() -> None:
    """Times that passed, reports that are due, approvals that lapsed."""
    cache.delete("resilience-sweep-rung")
    incidents.sweep(timezone.now())


def ring_for_heartbeat() -> None:
    """Ask the queue for a heartbeat, unless one waits there already."""
    if cache.add("resilience-heartbeat-rung", True, RUNG_SECONDS):
        async_task("resilience.tasks.heartbeat", q_options={"task_name": "resilience heartbeat"})


def ring_for_days(start: dt.date | None, end: dt.date | None) -> None:
    """Ask the queue to evaluate the dates of a change; None = any date."""
    dates = [day.isoformat() if day else "" for day in (start, end)]
    async_task("resilience.tasks.evaluate_days", *dates, q_options={"task_name": "resilience evaluation"})


def ring_for_fallbacks(first: int = 0) -> None:
    """Ask the queue to make the plans anew, from the first-th on."""
    async_task("resilience.tasks.recompute_fallbacks", first, q_options={"task_name": "resilience fallbacks"})


def ring_for_absence(absence_id: uuid.UUID) -> None:
    """Ask the queue to look at an absence."""
    async_task("resilience.tasks.look_at_absence", str(absence_id), q_options={"task_name": "absence analysis"})


def ring_for_violations() -> None:
    """Ask the queue to look at what is published."""
    async_task("resilience.tasks.look_at_violations", q_options={"task_name": "violations"})


def ring_for_sweep() -> None:
    """Ask the queue for a sweep, unless one waits there already."""
    if cache.add("resilience-sweep-rung", True, RUNG_SECONDS):
        async_task("resilience.tasks.sweep_incidents", q_options={"task_name": "sweep incidents"})
