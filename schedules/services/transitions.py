"""The one place where a generation run changes its status."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from common.errors import DomainError
from common.models import signed
from schedules.enums import RUN_TRANSITIONS, RunStatus
from schedules.models import GenerationRun

OVERLAP_CONSTRAINT = "one_generation_at_a_time_per_range"


class RunConflict(DomainError):
    """The run is not in a state that allows this."""

    code = "run_state"


class OverlappingRun(DomainError):
    """Another generation works on overlapping dates."""

    code = "overlapping_run"


class Fenced(Exception):
    """The worker no longer holds the run: somebody declared it dead or ended it. It must write nothing."""


def move(
    run: GenerationRun,
    to: RunStatus,
    *,
    at: dt.datetime,
    by: User | None = None,
    why: str = "",
    fence: uuid.UUID | None = None,
    **fields: Any,
) -> GenerationRun:
    """Change the status by the transition table, with history; `fields` are written with it.

    With `fence` (a claim), only the worker that holds the run may do it. Raises Fenced, RunConflict, and
    OverlappingRun where the new status would bar another run that is already at work on these dates.
    """
    try:
        with transaction.atomic():
            locked = GenerationRun.objects.select_for_update().get(pk=run.pk)
            if fence is not None and locked.claim != fence:
                raise Fenced(f"run {run.pk} is held by another worker")
            if to not in RUN_TRANSITIONS[RunStatus(locked.status)]:
                raise RunConflict(
                    f"This generation is {locked.get_status_display().lower()}; it cannot become {to.label.lower()}.",
                    status=locked.status,
                )
            locked.status = to
            return save(locked, at=at, by=by, why=why or to.label, **fields)
    except IntegrityError as error:
        raise translated(error) from error


def save(run: GenerationRun, *, at: dt.datetime, by: User | None, why: str, **fields: Any) -> GenerationRun:
    """Write fields of a locked run, with history."""
    for name, value in fields.items():
        setattr(run, name, value)
    signed(run, by=by, at=at, reason=why).save()
    return run


def translated(error: IntegrityError) -> Exception:
    """The refusal that a constraint of the run table stands for; the error itself where it is none of ours."""
    if OVERLAP_CONSTRAINT in str(error):
        return OverlappingRun(
            "Another generation is at work on some of these dates. Wait for it to end, or stop it, then try again."
        )
    return error
