"""What the gate asks of backups: a fresh one, and the transaction that carries its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from accounts.models import User
from backups.enums import BackupKind, BackupState
from backups.models import Backup, BackupPolicy
from backups.services import files
from backups.services.creating import create
from common.errors import DomainError
from common.models import guarded_writes_allowed, history_of

_LOCK_KEY = 7_316_204
_PATIENCE = "15s"
_CLOCK_STEP = dt.timedelta(minutes=1)
"""How far ahead of the database's clock a backup may seem to be; the triggers allow the same."""


class GateBusy(DomainError):
    """Another write holds the gate."""

    code = "gate_busy"


class NoFreshBackup(DomainError):
    """Nothing verified is young enough to open the gate, and the caller is not one to have a backup made on the way."""

    code = "no_fresh_backup"


def policy() -> BackupPolicy:
    """The policy's record, or its defaults before anybody stored one."""
    return BackupPolicy.objects.filter(pk=1).first() or BackupPolicy()


def fresh_backup() -> Backup | None:
    """The newest verified backup that opens the gate at this moment, its file being there unchanged; else None.

    Freshness is a fact of the database's clock, the same one that the triggers ask.
    """
    limit = dt.timedelta(minutes=policy().fresh_minutes)
    verified = Backup.objects.filter(state=BackupState.VERIFIED).order_by("-created_at")
    # One that claims to come from the future opens nothing: the clock was put back, or its name is a lie.
    for backup in verified.filter(created_at__gt=Now() - limit, created_at__lte=Now() + _CLOCK_STEP):
        if shown(backup).state == BackupState.VERIFIED and not files.altered(backup.file, sha256=backup.sha256):
            return backup
    return None


def require_fresh() -> Backup:
    """The fresh backup, for callers that begin nothing without one. Raises NoFreshBackup."""
    found = fresh_backup()
    if found is None:
        raise NoFreshBackup(
            "There is no fresh verified backup, so nothing was begun. Make one first (POST /api/v1/backups, the page "
            "Backups, or manage.py backup), then call again."
        )
    return found


def ensure_fresh(*, label: str, by: User | None, at: dt.datetime) -> Backup:
    """A fresh verified backup: the newest one, else one made and verified now under the label. Raises BackupFailed."""
    mark_broken_files()
    return fresh_backup() or create(kind=BackupKind.PRE_OPERATION, label=label, by=by, at=at)


def shown(backup: Backup) -> Backup:
    """The row as its file is at this moment: BROKEN, unsaved, where a verified one is missing, truncated or altered.

    For whoever only looks; the gate, the nightly task and every verification write what they find.
    """
    if backup.state == BackupState.VERIFIED:
        reason = files.changed_since(
            backup.file, size=backup.size_bytes, sha256=backup.sha256, verified_at=backup.verified_at
        )
        if reason:
            backup.state, backup.state_reason = BackupState.BROKEN, reason
    return backup


def newest_verified() -> Backup | None:
    """The newest verified backup whose file is there unchanged, however old; for pages and monitors."""
    rows = Backup.objects.filter(state=BackupState.VERIFIED).order_by("-created_at").defer("row_counts")
    return next((row for row in map(shown, rows) if row.state == BackupState.VERIFIED), None)


def mark_broken_files() -> int:
    """Record every verified backup whose file is missing, truncated or altered as BROKEN; returns how many."""
    verified = map(shown, Backup.objects.filter(state=BackupState.VERIFIED))
    broken = [backup for backup in verified if backup.state == BackupState.BROKEN]
    for backup in broken:
        backup.save(update_fields=["state", "state_reason"])
    return len(broken)


@contextmanager
def guard(backup: Backup, *, reason: str, by: User | None) -> Iterator[None]:
    """One transaction in which gated tables may be written: the backup's id for the triggers, one writer at a time.

    Every history row written inside carries `reason` and `by`. It may not be opened inside another transaction: the
    backup would not belong to the state before it. Raises GateBusy when another writer keeps it for 15 seconds.
    """
    with transaction.atomic(durable=True), history_of(by=by, reason=reason), guarded_writes_allowed():
        _take_lock()
        _mark_transaction(str(backup.pk))
        yield
        _mark_transaction("")


def _take_lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_PATIENCE])
        try:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_KEY])
        except OperationalError as error:
            raise GateBusy("Another change of the schedule is being written. Try again in a moment.") from error
        cursor.execute("SELECT set_config('lock_timeout', '0', true)")


def _mark_transaction(backup_id: str) -> None:
    """Local to the transaction; taken back at its end for a caller whose transaction goes on (a test's)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('scheduler.backup_id', %s, true)", [backup_id])
