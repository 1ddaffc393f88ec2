"""What the task queue does by the clock: each app puts its own work on it after migrations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import connections


def plan(using: str, work: Mapping[str, Mapping[str, Any]]) -> None:
    """Add what is missing, by name; times that an administrator changed stay.

    Each entry has the fields of a planned task (`func` and when); nothing happens where the queue has no table yet.
    """
    from django_q.models import Schedule

    with connections[using].cursor() as cursor:
        if Schedule._meta.db_table not in connections[using].introspection.table_names(cursor):
            return
    for name, fields in work.items():
        Schedule.objects.using(using).get_or_create(name=name, defaults=dict(fields))


def every(minutes: int, function: str) -> dict[str, Any]:
    """A function, by its dotted name, each so many minutes."""
    return {"func": function, "schedule_type": "I", "minutes": minutes}


def by_cron(times: str, function: str) -> dict[str, Any]:
    """A function at the times of a cron expression, in the program's time."""
    return {"func": function, "schedule_type": "C", "cron": times}


def daily(first: dt.datetime, function: str) -> dict[str, Any]:
    """A function once a day, from an instant on."""
    return {"func": function, "schedule_type": "D", "next_run": first}
