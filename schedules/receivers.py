"""What schedules do on news: protect backups of open rollbacks, end the runs of a restored database, plan sweeping."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models.signals import post_migrate
from django.dispatch import receiver

from backups.services import protector
from backups.signals import database_restored
from common.services import timetable
from schedules.enums import OPEN_RUN_STATUSES
from schedules.models import GenerationRun, Publication

ROLLBACK_OPEN = dt.timedelta(hours=24)
CALENDAR = {
    "sweep generation runs": timetable.every(1, "schedules.tasks.sweep_runs"),
    # Before the nightly backup, which then holds nothing of it.
    "clear what has expired": timetable.by_cron("15 2 * * *", "schedules.tasks.clear_expired"),
}


@protector
def backups_of_open_rollbacks(at: dt.datetime) -> set[str]:
    """Files that a rollback within its 24 hours may need."""
    recent = Publication.objects.filter(published_at__gt=at - ROLLBACK_OPEN, rolled_back_at__isnull=True)
    return set(recent.exclude(backup_file="").values_list("backup_file", flat=True))


@receiver(database_restored)
def end_open_runs(sender: Any, *, at: dt.datetime, reason: str, **kwargs: Any) -> None:
    """The runs of the restored moment have no worker any more."""
    # Imported when needed: the run services load the solver, which most processes never do.
    from schedules.services.runs.failure import fail

    for run in GenerationRun.objects.filter(status__in=OPEN_RUN_STATUSES):
        fail(run, reason[0].upper() + reason[1:] + ".", at=at)


@receiver(post_migrate)
def fill_calendar(sender: Any, using: str, **kwargs: Any) -> None:
    """Sweep each minute wherever a task cluster runs (`manage.py cluster` does more often); tidy each night."""
    if sender.name == "schedules":
        timetable.plan(using, CALENDAR)
