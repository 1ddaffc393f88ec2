"""What the task queue calls: one service call, nothing more. The rows are the truth, not the queue."""

from __future__ import annotations

from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from django_q.tasks import async_task

from swaps import services
from swaps.models import SwapRecord

RUNG = "swaps-sweep-rung"
RUNG_SECONDS = 60
"""At most so long the bell counts as rung: a worker that died with it holds nobody up for longer."""


def sweep_swaps() -> None:
    """Let consents lapse, remind, move cases up, monitor what was executed."""
    cache.delete(RUNG)
    services.sweep(timezone.now())


def judge_versions(swap: UUID | str) -> None:
    """Judge the published versions that hold a swap's dates by the rows they hold now."""
    services.judge_versions(SwapRecord.objects.get(pk=swap), at=timezone.now())


def ring_judging(swap: UUID) -> None:
    """Ask the queue to judge the versions of a swap anew."""
    async_task("swaps.tasks.judge_versions", str(swap), q_options={"task_name": "judge swapped versions"})


def ring() -> None:
    """Ask the queue for a sweep, unless one waits there already."""
    if cache.add(RUNG, True, RUNG_SECONDS):
        async_task("swaps.tasks.sweep_swaps", q_options={"task_name": "sweep swaps"})
