"""Backups and proofs that somebody asks for: done by a worker where one lives, else while the asker waits."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django_q.tasks import async_task

from accounts.models import User
from backups.enums import NOT_MADE_YET, BackupKind, BackupState
from backups.models import Backup
from backups.services.creating import create, make, reserve
from backups.services.verifying import NoSuchBackup, verify
from common.services import presence

PATIENCE = dt.timedelta(minutes=15)
"""After this a proof that was asked for and not answered counts as lost with its worker."""


def workers_live() -> bool:
    """Whether somebody works on the queue of backups at this moment."""
    return presence.running(presence.DEFAULT) > 0


def request_backup(*, kind: BackupKind, label: str = "", by: User | None, at: dt.datetime) -> Backup:
    """A backup made by a worker: QUEUED now, its row tells the end. Without a worker it is made here, VERIFIED.

    Raises Invalid for a bad label, and BackupFailed where it is made here.
    """
    return _queued(kind, label, by=by, at=at) if workers_live() else create(kind=kind, label=label, by=by, at=at)


def request_proof(backup: Backup, *, by: User | None, at: dt.datetime) -> Backup:
    """A proof by a worker: `proof_asked_at` is set until it is answered. Without a worker it is proven here.

    Raises NoSuchBackup.
    """
    return _asked(backup, at=at) if workers_live() else verify(backup, by=by, at=at)


def make_queued(pk: UUID | str, *, at: dt.datetime) -> Backup | None:
    """What a worker does with a queued backup; None where it is not waiting any more: a task may come twice."""
    # Its proof is asked for as well: between the dump and the proof the row says UNVERIFIED and is at work still.
    waiting = Backup.objects.filter(pk=pk, state=BackupState.QUEUED)
    if not waiting.update(state=BackupState.CREATING, proof_asked_at=at):
        return None
    backup = Backup.objects.select_related("created_by").get(pk=pk)
    return make(backup, by=backup.created_by, at=at)


def prove_asked(pk: UUID | str, *, at: dt.datetime) -> Backup | None:
    """What a worker does with a proof that was asked for; None where it was answered already."""
    backup = Backup.objects.filter(pk=pk, proof_asked_at__isnull=False).first()
    if backup is None:
        return None
    try:
        return verify(backup, by=None, at=at)
    finally:
        Backup.objects.filter(pk=pk).update(proof_asked_at=None)


def is_at_work(backup: Backup, *, at: dt.datetime) -> bool:
    """Whether a worker has something to do for it still: making it, or proving it again."""
    if backup.state in NOT_MADE_YET:
        return True
    return backup.proof_asked_at is not None and at < backup.proof_asked_at + PATIENCE


@transaction.atomic
def _queued(kind: BackupKind, label: str, *, by: User | None, at: dt.datetime) -> Backup:
    backup = reserve(kind, label, state=BackupState.QUEUED, by=by, at=at)
    _ring("backups.tasks.make", backup)
    return backup


@transaction.atomic
def _asked(backup: Backup, *, at: dt.datetime) -> Backup:
    row = Backup.objects.select_for_update().get(pk=backup.pk)
    if row.state == BackupState.DELETED:
        raise NoSuchBackup(f"{row.file} was deleted; choose another backup.")
    row.proof_asked_at = at
    row.save(update_fields=["proof_asked_at"])
    _ring("backups.tasks.prove", row)
    return row


def _ring(task: str, backup: Backup) -> None:
    async_task(task, str(backup.pk), q_options={"task_name": f"backup {backup.pk}"})
