"""How a run fails: step, reason, health and what the database really holds of it; and the sweeper for dead workers."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import transaction
from django_q.models import OrmQ

from backups.services import fresh_backup
from common.services import presence
from schedules.enums import BreakerState, RunStatus
from schedules.models import Assignment, Breaker, GenerationRun
from schedules.services.runs import notices
from schedules.services.runs.request import UNCLAIMED_STATUSES, ring
from schedules.services.transitions import Fenced, RunConflict, move
from schedules.signals import run_failed

HELD_STATUSES = (RunStatus.PREFLIGHT, RunStatus.BACKING_UP, RunStatus.SOLVING, RunStatus.VALIDATING)
UNHEARD = dt.timedelta(minutes=2)
"""A run that nobody claimed for so long, with nothing in the queue, is rung for again."""


def draft_id(run: GenerationRun) -> uuid.UUID:
    """The key of the one draft that this run may write: known before it exists, so that it can be looked for."""
    return uuid.uuid5(run.pk, "draft")


def partial_assignments(run: GenerationRun) -> int:
    """Rows of an unfinished draft of this run that the database holds: counted, not assumed."""
    return Assignment.objects.filter(schedule_id=draft_id(run)).count()


@transaction.atomic
def fail(run: GenerationRun, reason: str, *, at: dt.datetime, fence: uuid.UUID | None = None) -> GenerationRun:
    """End a run FAILED with its step, reason, health and the rows counted; tell those who decide. Raises Fenced."""
    step = GenerationRun.objects.values_list("status", flat=True).get(pk=run.pk)
    failed = move(
        run,
        RunStatus.FAILED,
        at=at,
        why=reason,
        fence=fence,
        claim=None,
        failed_step=step,
        reason=reason,
        finished_at=at,
        result={"health": health(), "partial_assignments": partial_assignments(run)},
    )
    transaction.on_commit(lambda: run_failed.send(sender=GenerationRun, run=failed.pk, step=step))
    notices.failed(failed, at=at)
    return failed


def health() -> dict[str, Any]:
    """What retrying would need, as it is at this moment."""
    breaker = Breaker.objects.filter(pk=1).first()
    backup = fresh_backup()
    return {
        "database": "connected",
        "worker": "running" if presence.running(presence.SOLVER) else "stopped",
        "breaker": breaker.state if breaker else BreakerState.CLOSED.value,
        "backup": backup.file if backup else None,
    }


def sweep(at: dt.datetime) -> list[GenerationRun]:
    """Fail the runs whose worker is gone (their lock is free), and ring again for runs that nobody heard."""
    failed = []
    for run in GenerationRun.objects.filter(status__in=HELD_STATUSES, claim__isnull=False):
        with transaction.atomic():
            if not presence.nobody_holds_run(run.pk):
                continue
            step = RunStatus(run.status).label.lower()
            reason = f"The worker died while {step}. Nothing was written. Retry when health is green."
            try:
                # The claim as it was read: a run that was let go or ended in between is nobody's to fail.
                failed.append(fail(run, reason, at=at, fence=run.claim))
            except (Fenced, RunConflict):
                continue
    _ring_again(at)
    return failed


def _ring_again(at: dt.datetime) -> None:
    waiting = GenerationRun.objects.filter(
        status__in=UNCLAIMED_STATUSES, claim__isnull=True, updated_at__lt=at - UNHEARD
    )
    if not OrmQ.objects.filter(key=presence.SOLVER).exists():
        for run in waiting:
            ring(run)
