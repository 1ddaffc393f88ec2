"""Verifying a backup: the file is what was written, and it really restores to the counted rows."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from backups.enums import BackupState, VerifyMethod
from backups.models import Backup
from backups.services import files
from backups.services.scratch import NoPlaceToRestore, RestoreFailed, row_counts, schema_version, scratch_restore
from common.errors import DomainError


class NoSuchBackup(DomainError):
    """The backup was deleted."""

    code = "backup_deleted"


def verify(backup: Backup, *, by: User | None, at: dt.datetime) -> Backup:
    """Prove a backup: whole gzip file, the dump's closing line, SHA-256, and a scratch restore with equal row counts.

    Returns it VERIFIED, or BROKEN with the reason. `BACKUP_VERIFY=checksum` leaves out the scratch restore and the row
    says so. A file without stored facts (found in the folder) gets them from this first restore.

    Raises NoSuchBackup, and NoPlaceToRestore where the server could not take a copy: the file stays what it was.
    """
    if backup.state == BackupState.DELETED:
        raise NoSuchBackup(f"{backup.file} was deleted; choose another backup.")
    method = VerifyMethod(settings.BACKUP_VERIFY)
    facts: dict[str, object] = {}
    reason = ""
    try:
        digest, size = files.examine(files.path_of(backup.file))
        if backup.sha256 and digest != backup.sha256:
            raise files.FileBroken("the file was altered: its SHA-256 is not the stored one")
        facts = {"sha256": digest, "size_bytes": size}
        if method == VerifyMethod.RESTORE or not backup.row_counts:
            method = VerifyMethod.RESTORE
            facts |= prove_by_restore(backup)
    except NoPlaceToRestore:
        raise
    except (files.FileBroken, RestoreFailed) as error:
        reason = str(error)
    return _store(backup, method, facts, reason)


def prove_by_restore(backup: Backup) -> dict[str, object]:
    """Restore the file and compare row counts; returns them where it had none. Raises FileBroken, RestoreFailed."""
    with scratch_restore(backup) as copy:
        found = row_counts(copy)
        if not backup.row_counts:
            version = ".".join(map(str, divmod(copy.info.server_version, 10000)))
            return {"row_counts": found, "schema_version": schema_version(copy), "postgres_version": version}
    different = sorted(
        table for table in found.keys() | backup.row_counts.keys() if found.get(table) != backup.row_counts.get(table)
    )
    if different:
        first = different[0]
        raise files.FileBroken(
            f"the restored copy differs in {len(different)} tables; {first} has {found.get(first, 'no')} rows"
            f" instead of {backup.row_counts.get(first, 'none')}"
        )
    return {}


@transaction.atomic
def _store(backup: Backup, method: VerifyMethod, facts: dict[str, object], reason: str) -> Backup:
    row = Backup.objects.select_for_update().get(pk=backup.pk)
    if row.state == BackupState.DELETED:
        # Pruned while it was proven.
        return row
    for name, value in facts.items():
        setattr(row, name, value)
    row.state = BackupState.BROKEN if reason else BackupState.VERIFIED
    row.state_reason = reason[:500]
    row.verify_method = "" if reason else method
    row.verified_at = None if reason else Now()
    row.proof_asked_at = None
    row.save()
    row.refresh_from_db()
    return row
