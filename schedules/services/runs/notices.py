"""Whom a run's end is told, and when it is told as an escalation to the program director and the administrators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import ROLE_TABLE, Permission
from accounts.services import notify
from schedules.enums import RunStatus
from schedules.models import GenerationRun
from schedules.services.validation import Validation

DECIDERS = (Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR)
_CONFIRMERS = [role for role, permissions in ROLE_TABLE.items() if Permission.CONFIRM_RUN in permissions]


def draft_ready(run: GenerationRun, judged: Validation, *, at: dt.datetime) -> None:
    """Tell who asked; more violations in a block than the policy's limit for discarding: the deciders too."""
    summary = judged.acceptance.summary
    _tell(_asker(run), run, kind="DRAFT_READY", title=f"Draft ready: {_range(run)}", body=summary, at=at)
    if judged.most_violations > judged.problem.policy.discard_violations:
        _escalate(run, title=f"Many violations in the draft {_range(run)}", body=summary, at=at)


def waiting(run: GenerationRun, *, at: dt.datetime) -> None:
    """The run waits for a yes: tell who said one before, or, where nobody did, everybody who may."""
    people = [run.confirmed_by] if run.confirmed_by else User.objects.filter(is_active=True, role__in=_CONFIRMERS)
    _tell(people, run, kind="CONFIRMATION_NEEDED", title=f"Please confirm: {_range(run)}", body=_waiting(run), at=at)


def _waiting(run: GenerationRun) -> str:
    asker = run.requested_by
    return run.reason or f"{asker.get_username() if asker else 'Somebody'} asks for this generation."


def timed_out(run: GenerationRun, *, at: dt.datetime) -> None:
    """Tell who asked that nothing was found, and what to do."""
    _tell(_asker(run), run, kind="RUN_FAILED", title=f"No schedule was found: {_range(run)}", body=run.reason, at=at)


def infeasible(run: GenerationRun, *, at: dt.datetime) -> None:
    """No schedule can satisfy the data: somebody has to change them."""
    _tell(_asker(run), run, kind="RUN_FAILED", title=f"No schedule is possible: {_range(run)}", body=run.reason, at=at)
    _escalate(run, title=f"No schedule is possible for {_range(run)}", body=run.reason, at=at)


def failed(run: GenerationRun, *, at: dt.datetime) -> None:
    """Tell who asked; a second failure of the range or a second failed backup in a row goes to the deciders."""
    _tell(_asker(run), run, kind="RUN_FAILED", title=f"Generation failed: {_range(run)}", body=run.reason, at=at)
    if run.failed_step == RunStatus.BACKING_UP and _failed_before(run, Q(), step=RunStatus.BACKING_UP):
        _escalate(run, title="Two backups for a generation failed in a row", body=run.reason, at=at)
    elif _failed_before(run, Q(start_date=run.start_date, end_date=run.end_date)):
        _escalate(run, title=f"Two generations of {_range(run)} failed", body=run.reason, at=at)


def _failed_before(run: GenerationRun, which: Q, *, step: str = "") -> bool:
    """Whether the run before this one (among `which`) failed too, in the same step if one is named."""
    before = GenerationRun.objects.filter(which, finished_at__isnull=False).exclude(pk=run.pk).order_by("-finished_at")
    last = before.exclude(status=RunStatus.CANCELLED).first()
    return last is not None and last.status == RunStatus.FAILED and (not step or last.failed_step == step)


def _escalate(run: GenerationRun, *, title: str, body: str, at: dt.datetime) -> None:
    deciders = User.objects.filter(is_active=True, role__in=DECIDERS)
    _tell(deciders, run, kind="ESCALATION", title=title, body=body, at=at)


def _asker(run: GenerationRun) -> list[User]:
    return [user for user in (run.confirmed_by or run.requested_by,) if user is not None]


def _tell(users: Iterable[User], run: GenerationRun, *, kind: str, title: str, body: str, at: dt.datetime) -> None:
    notify(users, kind=kind, title=title, body=body, url=f"/generate/{run.pk}", at=at)


def _range(run: GenerationRun) -> str:
    return f"{run.start_date} to {run.end_date}"
