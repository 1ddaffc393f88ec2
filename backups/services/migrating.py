"""The backup before a migration: it may not depend on the tables that the migration changes."""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import connection

from backups.enums import BackupKind, BackupState
from backups.models import Backup
from backups.services import files
from backups.services.creating import dump_to_file
from backups.services.files import BackupFailed
from backups.services.verifying import prove_by_restore

_log = structlog.get_logger(__name__)
_PEOPLE = "schedules_person"


def back_up_before_migration(at: dt.datetime) -> str:
    """Dump and prove the database before its schema changes, without writing to it; returns the file's name.

    The catalogue lists the file afterwards (`rebuild_catalogue`). Raises BackupFailed, RestoreFailed.
    """
    folder = files.folder()
    name = files.free_name(BackupKind.PRE_OPERATION, "migration", at, taken=lambda name: (folder / name).exists())
    unlisted = Backup(file=name, kind=BackupKind.PRE_OPERATION, label="migration", state=BackupState.UNVERIFIED)
    try:
        dump_to_file(unlisted, folder / name)
        prove_by_restore(unlisted)
    except files.FileBroken as error:
        (folder / name).unlink(missing_ok=True)
        raise BackupFailed(f"No backup could be made before the migration: {error}.") from error
    _log.info("backup_made", file=name, kind="pre-migration", size=unlisted.size_bytes)
    return name


def holds_people() -> bool:
    """Whether there is anything to lose. The table is named, not imported: it belongs to an app above."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [_PEOPLE])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(f"SELECT EXISTS (SELECT FROM {_PEOPLE})")  # noqa: S608
        return bool(cursor.fetchone()[0])
