"""Retention: which files may be proposed for deletion, and deleting exactly the confirmed ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import structlog
from django.db import transaction

from accounts.models import User
from backups.enums import NOT_MADE_YET, BackupKind, BackupState
from backups.models import Backup
from backups.services import files
from backups.services.gating import policy, shown
from common.errors import DomainError

_log = structlog.get_logger(__name__)

Protector = Callable[[dt.datetime], set[str]]
_protectors: list[Protector] = []


class NotPrunable(DomainError):
    """A file of the list may not (or no longer) be deleted."""

    code = "not_prunable"


def protector(function: Protector) -> Protector:
    """Register a function that names the files an app above may still need at a moment; they are never proposed."""
    _protectors.append(function)
    return function


def prunable(at: dt.datetime) -> list[Backup]:
    """Backups that retention proposes for deletion, oldest first.

    Never a sacred one, the first one, one that is protected, one younger than the policy's days, or so many that fewer
    verified backups than the policy's minimum would remain; only those count whose file is there unchanged.
    """
    rules = policy()
    listed = Backup.objects.exclude(state__in=[BackupState.DELETED, *NOT_MADE_YET]).order_by("created_at")
    present = [shown(row) for row in listed]
    first = [row.file for row in present if row.state != BackupState.BROKEN][:1]
    kept = {name for protect in _protectors for name in protect(at)} | set(first)
    border = at - dt.timedelta(days=rules.retention_days)
    proposed = [
        row for row in present if row.kind != BackupKind.SACRED and row.file not in kept and row.created_at < border
    ]
    spare = sum(row.state == BackupState.VERIFIED for row in present) - rules.minimum_kept
    while sum(row.state == BackupState.VERIFIED for row in proposed) > max(spare, 0):
        proposed.remove(next(row for row in reversed(proposed) if row.state == BackupState.VERIFIED))
    return proposed


@transaction.atomic
def prune(names: Iterable[str], *, by: User | None, at: dt.datetime) -> list[Backup]:
    """Delete exactly the named files, all of which must be proposed at this moment; returns their rows.

    Raises NotPrunable (nothing deleted) when one of them is not proposed, or none is named.
    """
    wanted = set(names)
    proposed = {row.file: row for row in prunable(at)}
    refused = sorted(wanted - proposed.keys())
    if refused or not wanted:
        first = f"{refused[0]} may not be deleted" if refused else "No file was chosen"
        raise NotPrunable(f"{first}. Look at the list again; nothing was deleted.", files=refused)
    deleted = [row for name, row in proposed.items() if name in wanted]
    for row in deleted:
        row.state, row.deleted_at, row.deleted_by = BackupState.DELETED, at, by
        row.save()
    transaction.on_commit(lambda: _unlink(deleted))
    return deleted


def _unlink(rows: Iterable[Backup]) -> None:
    for row in rows:
        path = files.path_of(row.file)
        path.unlink(missing_ok=True)
        files.sidecar_of(path).unlink(missing_ok=True)
        _log.info("backup_deleted", file=row.file)
