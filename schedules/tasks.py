"""What the task queue calls: ids in, one service call, nothing more. The rows are the truth, not the queue."""

from __future__ import annotations

import uuid

from django.utils import timezone

from schedules.services import runs


def execute_run(run_id: str) -> None:
    """Work on a generation run; a second ring finds nothing to claim."""
    runs.execute(uuid.UUID(run_id))


def sweep_runs() -> None:
    """Mark runs whose worker died FAILED, and ring again for those that nobody heard."""
    runs.sweep(timezone.now())
