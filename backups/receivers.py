"""What backups do after migrations: put their nightly and weekly work on the task queue's calendar."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models.signals import post_migrate
from django.dispatch import receiver

CALENDAR = {
    "nightly backup": ("backups.tasks.nightly", "30 2 * * *"),
    "weekly proof of all backups": ("backups.tasks.reverify", "0 4 * * 0"),
}


@receiver(post_migrate)
def fill_calendar(sender: Any, using: str, **kwargs: Any) -> None:
    """Add what is missing; times that an administrator changed stay."""
    if sender.name != "backups":
        return
    from django_q.models import Schedule

    with connections[using].cursor() as cursor:
        if Schedule._meta.db_table not in connections[using].introspection.table_names(cursor):
            return
    for name, (function, cron) in CALENDAR.items():
        Schedule.objects.using(using).get_or_create(
            name=name, defaults={"func": function, "cron": cron, "schedule_type": Schedule.CRON}
        )
