"""What waits for a person, whoever knows of it: apps above register their own kinds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.urls import reverse

from accounts.permissions import Permission
from schedules.enums import AbsenceStatus, RunStatus, ScheduleStatus
from schedules.models import Absence, GenerationRun, Schedule


@dataclass(frozen=True, slots=True)
class PendingDecision:
    """One thing that waits for a person. `due` None = no deadline."""

    key: str
    """Unique over all kinds, e.g. ``absence:<id>``."""
    kind: str
    title: str
    """Without names of people: it is shown on the staff dashboard and in reports."""
    url: str
    due: dt.datetime | None = None
    permission: Permission | None = None
    """Whose word it waits for, where one right says so."""


Provider = Callable[[dt.datetime], Iterable[PendingDecision]]

_providers: list[Provider] = []


def decision_provider(function: Provider) -> Provider:
    """Register a function that names what waits at a moment. Used in `receivers` of the app that knows it."""
    if function not in _providers:
        _providers.append(function)
    return function


def pending_decisions(at: dt.datetime) -> list[PendingDecision]:
    """Everything that waits, by due time, what has none last. Reads only."""
    return _sorted(item for provider in _providers for item in provider(at))


def decisions_above(at: dt.datetime) -> list[PendingDecision]:
    """Those that apps above know of, in the same order: the dashboard lists its own with more to say. Reads only."""
    return _sorted(item for provider in _providers if provider is not own_decisions for item in provider(at))


def _sorted(found: Iterable[PendingDecision]) -> list[PendingDecision]:
    return sorted(found, key=lambda item: (item.due is None, item.due.timestamp() if item.due else 0, item.key))


@decision_provider
def own_decisions(at: dt.datetime) -> list[PendingDecision]:
    """Absences asked for (due when they begin), generations that wait for a yes, drafts nobody decided."""
    zone = at.tzinfo or dt.UTC
    absences = Absence.objects.filter(status=AbsenceStatus.REQUESTED).order_by("start_date")
    runs = GenerationRun.objects.filter(status=RunStatus.AWAITING_CONFIRMATION).order_by("created_at")
    drafts = Schedule.objects.filter(status=ScheduleStatus.DRAFT, stale_since__isnull=True).order_by("start_date")
    return [
        *(
            PendingDecision(
                f"absence:{pk}",
                "absence",
                f"Absence from {start} to {end}",
                reverse("absences"),
                dt.datetime.combine(start, dt.time(), tzinfo=zone),
            )
            for pk, start, end in absences.values_list("pk", "start_date", "end_date")
        ),
        *(
            PendingDecision(f"generation:{pk}", "generation", "A generation to confirm", reverse("run", args=[pk]))
            for pk in runs.values_list("pk", flat=True)
        ),
        *(
            PendingDecision(
                f"draft:{pk}",
                "draft",
                f"Draft of {start} to {end}",
                f"{reverse('schedule')}?version={pk}&start={start}",
            )
            for pk, start, end in drafts.values_list("pk", "start_date", "end_date")
        ),
    ]
