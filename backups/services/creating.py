"""Making a backup: one snapshot dumped, named, hashed and proven, or nothing left behind."""

from __future__ import annotations

import datetime as dt
import errno
import gzip
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from psycopg import IsolationLevel

from accounts.models import User
from backups.enums import BackupKind, BackupState
from backups.models import Backup
from backups.services import files, notices, remote
from backups.services.files import BackupFailed
from backups.services.programs import command, connect
from backups.services.scratch import row_counts, schema_version, sweep_leftovers
from backups.services.verifying import verify
from common.errors import DomainError

_log = structlog.get_logger(__name__)
_CHUNK = 1 << 20
_COMPRESSION = 5  # of zlib's 9: half the time of 9 for 3 % more bytes


_HINTS = {
    errno.ENOSPC: "The disk of the backup folder is full. Free some space",
    errno.EDQUOT: "The disk quota of the backup folder is used up. Free some space",
    errno.EFBIG: "The file grew larger than this account may write. Raise the limit",
    errno.EACCES: "The backup folder may not be written. Give this account the right",
    errno.EROFS: "The disk of the backup folder is read-only. Make it writable",
}


@dataclass(frozen=True)
class Snapshot:
    """One moment of the database, as seen by the dump and by the row counts alike."""

    key: str
    taken_at: dt.datetime
    server_version: str
    row_counts: dict[str, int]
    schema_version: dict[str, str]


def create(*, kind: BackupKind, label: str = "", by: User | None, at: dt.datetime) -> Backup:
    """Dump what is committed at this moment, verify the file, and copy it to the object store if one is set.

    `at` gives the file its name; the age of a backup is counted from the snapshot by the database's own clock.
    Raises BackupFailed (nothing usable was made, no half file left, the row says why) and Invalid for a bad label.
    """
    try:
        backup = reserve(kind, label, state=BackupState.CREATING, by=by, at=at)
    except (OperationalError, InterfaceError) as error:
        raise BackupFailed("No backup could be made. The database does not answer. Start it and try again.") from error
    return make(backup, by=by, at=at)


def make(backup: Backup, *, by: User | None, at: dt.datetime) -> Backup:
    """Dump, verify and copy a backup whose row is reserved. Raises BackupFailed; its row says why."""
    try:
        folder = files.folder()
        files.remove_leftovers()
        sweep_leftovers()
        dump_to_file(backup, folder / backup.file)
        backup.save()
        verified = verify(backup, by=by, at=at)
    except (DomainError, OSError, psycopg.Error, DatabaseError, subprocess.SubprocessError) as error:
        raise _failed(backup, error, at=at) from error
    if verified.state != BackupState.VERIFIED:
        raise _failed(verified, BackupFailed(verified.state_reason), at=at)
    _log.info("backup_made", file=verified.file, kind=verified.kind, size=verified.size_bytes)
    return remote.copy(verified, at=at)


def reserve(kind: BackupKind, label: str, *, state: BackupState, by: User | None, at: dt.datetime) -> Backup:
    """A row with a name that nothing else has; the unique column settles two that ask at once."""

    def taken(name: str) -> bool:
        return files.path_of(name).exists() or Backup.objects.filter(file=name).exists()

    while True:
        name = files.free_name(kind, label, at, taken=taken)
        try:
            with transaction.atomic():
                return Backup.objects.create(
                    file=name, kind=kind, label=label, state=state, created_at=_database_clock(), created_by=by
                )
        except IntegrityError:
            continue


def _database_clock() -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: dt.datetime = cursor.fetchone()[0]
    return moment


def dump_to_file(backup: Backup, path: Path) -> None:
    """Snapshot -> pg_dump -> gzip -> temporary name -> fsync -> final name -> sidecar; puts the facts into `backup`.

    Saves nothing: the backup before a migration has no row yet. Raises BackupFailed, OSError, psycopg.Error.
    """
    with files.half_written(path) as (part, raw):
        with _snapshot() as snapshot:
            _stream(snapshot, raw)
        try:
            digest, size = files.examine(part)
        except files.FileBroken as error:
            raise BackupFailed(f"The dump is not whole: {error}.") from error
        os.link(part, path)  # unlike a rename, refuses to replace a file that is there
    backup.created_at = snapshot.taken_at
    backup.sha256, backup.size_bytes = digest, size
    backup.row_counts, backup.schema_version = snapshot.row_counts, snapshot.schema_version
    backup.postgres_version, backup.app_version = snapshot.server_version, settings.APP_VERSION
    backup.state = BackupState.UNVERIFIED
    files.write_sidecar(path, _facts(backup))
    files.sync_folder(path.parent)


def _facts(backup: Backup) -> dict[str, object]:
    fields = (
        "kind",
        "label",
        "row_counts",
        "schema_version",
        "postgres_version",
        "app_version",
        "sha256",
        "size_bytes",
    )
    return {name: getattr(backup, name) for name in fields} | {"created_at": backup.created_at.isoformat()}


@contextmanager
def _snapshot() -> Iterator[Snapshot]:
    with connect(autocommit=False) as database:
        database.isolation_level = IsolationLevel.REPEATABLE_READ
        database.read_only = True
        row = database.execute(
            "SELECT pg_export_snapshot(), clock_timestamp(), current_setting('server_version')"
        ).fetchone()
        assert row is not None  # noqa: S101
        yield Snapshot(
            key=row[0],
            taken_at=row[1],
            server_version=str(row[2]).split()[0],
            row_counts=row_counts(database),
            schema_version=schema_version(database),
        )


def _stream(snapshot: Snapshot, raw: IO[bytes]) -> None:
    options = (
        "--format=plain",
        "--no-owner",
        "--no-privileges",
        "--lock-wait-timeout=30s",
        f"--snapshot={snapshot.key}",
    )
    line, environment = command("pg_dump", str(connection.settings_dict["NAME"]), *options)
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment
        )
        try:
            assert process.stdout is not None  # noqa: S101
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=_COMPRESSION, mtime=0) as zipped:
                while chunk := process.stdout.read(_CHUNK):
                    zipped.write(chunk)
            raw.flush()
            os.fsync(raw.fileno())
        except BaseException:
            process.kill()
            raise
        finally:
            process.stdout.close()  # type: ignore[union-attr]
            code = process.wait()
        if code:
            errors.seek(0)
            said = errors.read().strip().splitlines()
            raise BackupFailed(f"pg_dump failed: {said[0] if said else f'exit code {code}'}.")


def _failed(backup: Backup, error: Exception, *, at: dt.datetime) -> BackupFailed:
    """Leave no file of a failed backup, say why in its row, and tell those who decide after the second in a row."""
    reason = _sentence(error)
    path = files.path_of(backup.file)
    if backup.sha256:  # only then is the file of that name ours
        for leftover in (path, files.sidecar_of(path)):
            with suppress(OSError):
                leftover.unlink()
    failure = BackupFailed(f"No backup could be made. {reason}", file=backup.file)
    _log.error("backup_failed", file=backup.file, failure=type(error).__name__)
    try:
        backup.state, backup.state_reason = BackupState.BROKEN, reason[:500]
        backup.verified_at = backup.proof_asked_at = None
        backup.size_bytes, backup.sha256 = 0, ""
        backup.save()
        notices.after_failure(backup, at=at)
    except (DatabaseError, InterfaceError):
        # The database itself may be what failed; the refusal below still reaches the caller.
        _log.exception("backup_failure_not_recorded")
    return failure


def _sentence(error: Exception) -> str:
    if isinstance(error, DomainError):
        return error.detail
    if isinstance(error, OSError) and error.strerror:
        return f"{_HINTS.get(error.errno or 0, error.strerror)} and try again."
    if isinstance(error, (psycopg.Error, DatabaseError)):
        return "The database did not answer. Look at its state and try again."
    return f"{type(error).__name__}."
