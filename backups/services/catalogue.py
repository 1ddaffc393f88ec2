"""The catalogue: the rows of backups brought in line with the folder and its sidecars."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.db import transaction
from django.utils.dateparse import parse_datetime

from backups.enums import BackupState
from backups.models import Backup
from backups.services import files
from backups.services.gating import mark_broken_files
from common.errors import NotFound

_FACTS = ("row_counts", "schema_version", "postgres_version", "app_version", "sha256", "size_bytes")


@transaction.atomic
def rebuild_catalogue(at: dt.datetime) -> list[Backup]:
    """List what lies in the folder: files without a finished row become UNVERIFIED, rows without their file BROKEN.

    Run after a restore (the restored rows are those of another time) and at start. Returns the rows made or changed.
    """
    mark_broken_files()
    rows = {row.file: row for row in Backup.objects.select_for_update()}
    changed = []
    for path in sorted(filter(Path.is_file, files.folder().glob(f"{files.PREFIX}_*.sql.gz"))):
        row = rows.get(path.name) or read_file(path.name)
        if row is not None and (row._state.adding or row.state in {BackupState.CREATING, BackupState.DELETED}):
            _take_facts(row, path)
            row.save()
            changed.append(row)
    present = {path.name for path in files.folder().iterdir()}
    for row in rows.values():
        if row.file not in present and row.state in {BackupState.CREATING, BackupState.UNVERIFIED}:
            row.state, row.state_reason = BackupState.BROKEN, "the file is missing"
            row.save()
            changed.append(row)
    return changed


def find(file: str) -> Backup:
    """The backup of a file name: its row, else unsaved what name and sidecar say. Raises NotFound."""
    try:
        with transaction.atomic():
            known = Backup.objects.filter(file=file).first()
    except Exception:
        # An unreadable database is one of the reasons for which a person restores.
        known = None
    found = known or (read_file(file) if files.path_of(file).is_file() else None)
    if found is None:
        raise NotFound(f"There is no backup {file}. Choose one of the list.")
    return found


def read_file(name: str) -> Backup | None:
    """An unsaved, UNVERIFIED row from a file's name and sidecar; None where the name is no backup's.

    Kind and label are what the name says: nobody makes a sacred file an ordinary one by its sidecar.
    """
    read = files.read_name(name)
    if read is None:
        return None
    kind, label, moment = read
    row = Backup(file=name, kind=kind, label=label, created_at=moment)
    _take_facts(row, files.path_of(name))
    return row


def _take_facts(row: Backup, path: Path) -> None:
    facts = files.read_sidecar(path)
    for name in _FACTS:
        if name in facts:
            setattr(row, name, facts[name])
    if not row.size_bytes:
        row.size_bytes = path.stat().st_size
    row.created_at = parse_datetime(str(facts.get("created_at", ""))) or row.created_at
    row.state, row.state_reason = BackupState.UNVERIFIED, "found in the folder"
    row.deleted_at = row.deleted_by = None
