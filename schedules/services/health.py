"""Whether the system itself can do its work: database, worker, fresh backup."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django_q.status import Stat

from backups.models import BackupPolicy
from backups.services import newest_verified
from schedules.signals import health_looked_at


def check(at: dt.datetime) -> dict[str, Any]:
    """Assess, and let the apps above look: this process lives though the workers may not. Never raises."""
    found = assess(at)
    if found["database"] == "connected":
        # A listener that fails is logged; the answer is given all the same.
        health_looked_at.send_robust(sender=None, at=at)
    return found


def assess(at: dt.datetime) -> dict[str, Any]:
    """`healthy`; `degraded` without a worker or without a fresh backup; `unhealthy` without a database.

    `backup_age_seconds` None = none verified. Never raises: without a database it says so.
    """
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        age, fresh = _backup_age(at)
        worker = "running" if Stat.get_all() else "stopped"
    except DatabaseError:
        return _answer("unhealthy", database="disconnected", worker="unknown", age=None)
    status = "healthy" if worker == "running" and fresh else "degraded"
    return _answer(status, database="connected", worker=worker, age=age)


def _answer(status: str, *, database: str, worker: str, age: int | None) -> dict[str, Any]:
    return {
        "status": status,
        "database": database,
        "worker": worker,
        "backup_age_seconds": age,
        "version": settings.APP_VERSION,
    }


def _backup_age(at: dt.datetime) -> tuple[int | None, bool]:
    """Seconds since the newest verified backup was made, and whether the gate would still take it."""
    newest = newest_verified()
    if newest is None:
        return None, False
    policy = BackupPolicy.objects.first() or BackupPolicy()
    age = int((at - newest.created_at).total_seconds())
    return age, age < policy.fresh_minutes * 60
