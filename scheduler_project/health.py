"""GET /health: whether the system can do its work, for monitors and for people; needs no login and no database."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.status import Stat

from backups.models import BackupPolicy
from backups.services import newest_verified


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """`healthy`; `degraded` without a worker or without a fresh backup; `unhealthy` (503) without a database."""
    state = assess(timezone.now())
    return JsonResponse(state, status=503 if state["status"] == "unhealthy" else 200)


def assess(at: dt.datetime) -> dict[str, Any]:
    """The facts behind the answer, as the API gives them; `backup_age_seconds` null = none verified."""
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
