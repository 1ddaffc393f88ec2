"""What resilience does on news from below: evaluate what a change touched, keep time, let its policy be edited."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import connections
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from accounts.permissions import Permission
from backups.signals import database_restored
from resilience.models import PostureState, ResiliencePolicy
from resilience.services.figures import dashboard_figures
from schedules.enums import AbsenceStatus
from schedules.models import Schedule
from schedules.services import drills, program
from schedules.services.figures import figure_provider
from schedules.signals import (
    absence_changed,
    assignments_changed,
    program_changed,
    schedule_published,
    workers_look_up,
)

HEARTBEAT = "resilience heartbeat"
NIGHTLY = "resilience nightly"
NIGHTLY_HOUR = 2

drills.join("resilience.services.drilling")
figure_provider(dashboard_figures)
program.allow_editing(ResiliencePolicy, program.EditRule(Permission.EDIT_POLICY))


@receiver(absence_changed)
def evaluate_absence(sender: Any, *, before: str, after: str, start: dt.date, end: dt.date, **kwargs: Any) -> None:
    """Only approved absences move margins: one that becomes or stops being one."""
    from resilience import tasks

    if AbsenceStatus.APPROVED in (before, after):
        tasks.ring_for_days(start, end)
    else:
        tasks.ring_for_heartbeat()


@receiver(assignments_changed)
@receiver(program_changed)
def evaluate_dates(sender: Any, *, start: dt.date | None, end: dt.date | None, **kwargs: Any) -> None:
    """Margins of the touched dates are computed anew."""
    from resilience import tasks

    tasks.ring_for_days(start, end)


@receiver(schedule_published)
def evaluate_published(sender: Any, *, schedule: uuid.UUID, replaced: list[uuid.UUID], **kwargs: Any) -> None:
    """Another version is current: its dates and those it replaced are computed anew, and so are the plans."""
    from resilience import tasks

    spans = Schedule.objects.filter(pk__in=[schedule, *replaced]).values_list("start_date", "end_date")
    if spans:
        tasks.ring_for_days(min(start for start, _ in spans), max(end for _, end in spans))
        tasks.ring_for_fallbacks()


@receiver(database_restored)
def evaluate_restored(sender: Any, **kwargs: Any) -> None:
    """Everything may be different from what the stored margins say."""
    from resilience import tasks

    tasks.ring_for_days(None, None)


@receiver(workers_look_up)
def keep_time(sender: Any, *, at: dt.datetime, **kwargs: Any) -> None:
    """A heartbeat within seconds of its time wherever `manage.py cluster` runs."""
    from resilience import tasks
    from resilience.services.world import load_policy

    state = PostureState.objects.filter(pk=1).only("evaluated_at").first()
    if state is None or (at - state.evaluated_at).total_seconds() >= load_policy().heartbeat_seconds:
        tasks.ring_for_heartbeat()


@receiver(post_migrate)
def fill_calendar(sender: Any, using: str, **kwargs: Any) -> None:
    """A heartbeat every five minutes and a full evaluation every night wherever a task cluster runs at all."""
    if sender.name != "resilience":
        return
    from django.utils import timezone
    from django_q.models import Schedule as Plan

    with connections[using].cursor() as cursor:
        if Plan._meta.db_table not in connections[using].introspection.table_names(cursor):
            return
    tonight = timezone.localtime().replace(hour=NIGHTLY_HOUR, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
    Plan.objects.using(using).get_or_create(
        name=HEARTBEAT,
        defaults={"func": "resilience.tasks.heartbeat", "schedule_type": Plan.MINUTES, "minutes": 5},
    )
    Plan.objects.using(using).get_or_create(
        name=NIGHTLY,
        defaults={"func": "resilience.tasks.nightly", "schedule_type": Plan.DAILY, "next_run": tonight},
    )
