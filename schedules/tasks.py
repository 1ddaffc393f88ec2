"""What the task queue calls: ids in, one service call, nothing more. The rows are the truth, not the queue."""

from __future__ import annotations

import uuid

from django.utils import timezone

import accounts.services
from schedules.services import confirmation, runs


def execute_run(run_id: str) -> None:
    """Work on a generation run; a second ring finds nothing to claim."""
    runs.execute(uuid.UUID(run_id))


def sweep_runs() -> None:
    """Mark runs whose worker died FAILED, and ring again for those that nobody heard."""
    runs.sweep(timezone.now())


def clear_expired() -> int:
    """Delete sessions, tokens and confirmations that open nothing any more; returns how many rows went."""
    at = timezone.now()
    return accounts.services.clear_expired(at=at) + confirmation.clear_expired(at=at)
