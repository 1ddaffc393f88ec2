"""What backups do after migrations: put their nightly and weekly work on the task queue's calendar."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_migrate
from django.dispatch import receiver

from common.services import timetable

CALENDAR = {
    "nightly backup": timetable.by_cron("30 2 * * *", "backups.tasks.nightly"),
    "weekly proof of all backups": timetable.by_cron("0 4 * * 0", "backups.tasks.reverify"),
}


@receiver(post_migrate)
def fill_calendar(sender: Any, using: str, **kwargs: Any) -> None:
    """Add what is missing; times that an administrator changed stay."""
    if sender.name == "backups":
        timetable.plan(using, CALENDAR)
