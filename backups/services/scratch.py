"""Scratch databases: a dump restored beside the live database, looked at, and dropped whatever happens."""

from __future__ import annotations

import gzip
import re
import secrets
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
import structlog
from django.conf import settings
from django.db import connection
from psycopg import sql

from backups.models import Backup
from backups.services.files import path_of
from backups.services.programs import admin_connection, command, connect
from common.errors import DomainError

_log = structlog.get_logger(__name__)
_CHUNK = 1 << 20
_ERROR_LINE = re.compile(r"(?:ERROR|FATAL):\s*(?:([0-9A-Z]{5}): )?(.+)")
_SERVER_AT_FAULT = ("08", "53", "57", "58")
"""Classes of SQLSTATE: connection, resources (a full disk), an administrator's intervention, the system itself."""
_SCRIPT_ERROR = 3
"""psql's exit code for an error in what it was given; any other is a lost connection, or its own."""
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"


class RestoreFailed(DomainError):
    """A dump could not be restored; the live database is as it was."""

    code = "restore_failed"


class NoPlaceToRestore(RestoreFailed):
    """The server could not take a copy (no right, disk full, stopped): this says nothing about the file."""


def live_database() -> str:
    return str(connection.settings_dict["NAME"])


@contextmanager
def scratch_restore(backup: Backup) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a scratch database that holds the backup's dump. Raises RestoreFailed."""
    with scratch_database() as name:
        restore_into(name, path_of(backup.file))
        with connect(name) as copy:
            yield copy


@contextmanager
def working_copy(backup: Backup) -> Iterator[None]:
    """Inside, everything reads and writes a scratch copy of the backup, with backup files in a folder of its own.

    Only for a process that does nothing else meanwhile: the connection itself is led elsewhere. Nothing of the copy
    stays. Raises RestoreFailed.
    """
    live, folder = live_database(), settings.BACKUP_DIR
    with scratch_database() as name, tempfile.TemporaryDirectory(prefix="copy-") as files:
        restore_into(name, path_of(backup.file))
        connection.close()
        connection.settings_dict["NAME"], settings.BACKUP_DIR = name, Path(files)
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"], settings.BACKUP_DIR = live, folder


@contextmanager
def scratch_database() -> Iterator[str]:
    """An empty database of our own, dropped at the end. A killed owner's leftovers are swept by the next one."""
    with admin_connection() as admin:
        _sweep(admin)
        name = f"{live_database()}_scratch_{secrets.token_hex(4)}"
        try_lock(admin, name)
        create_database(admin, name)
        try:
            yield name
        finally:
            drop_database(admin, name)


def sweep_leftovers() -> None:
    """Drop what killed owners left, for callers that make no scratch database themselves. Never raises.

    An account that may not look at other databases has made none either.
    """
    try:
        with admin_connection() as admin:
            _sweep(admin)
    except psycopg.Error as error:
        _log.warning("scratch_sweep_failed", failure=type(error).__name__)


def create_database(admin: psycopg.Connection[Any], name: str) -> None:
    """A new empty database. Raises NoPlaceToRestore with the server's reason (no right, disk full)."""
    try:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise NoPlaceToRestore(f"A new database could not be made: {error.diag.message_primary or error}.") from error


def drop_database(admin: psycopg.Connection[Any], name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def try_lock(admin: psycopg.Connection[Any], name: str) -> bool:
    """Take the lock of a name for this connection's life; False where a living process has it."""
    taken = admin.execute(_LOCK, [name]).fetchone()
    return bool(taken and taken[0])


def _sweep(admin: psycopg.Connection[Any]) -> None:
    """Drop the scratch databases whose owner is gone: its session lock is free."""
    prefix = f"{live_database()}_scratch_"
    found = admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]).fetchall()
    for (name,) in found:
        if try_lock(admin, name):
            drop_database(admin, name)
            admin.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def restore_into(database: str, path: Path) -> None:
    """Stream a gzipped plain dump through psql, all or nothing.

    Raises RestoreFailed with the first error's line; NoPlaceToRestore where the server is at fault and not the file.
    """
    options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose")
    line, environment = command("psql", database, *options)
    # A half-written copy is thrown away anyway: nothing here needs to reach the disk before it is swapped in.
    environment = {**environment, "PGOPTIONS": "-c synchronous_commit=off"}
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, env=environment
        )
        assert process.stdin is not None  # noqa: S101
        reason = _feed(path, process.stdin)
        code = process.wait()
        if code or reason:
            errors.seek(0)
            raise _failure(code, errors.read(), reason)


def _failure(code: int, said: str, reason: str) -> RestoreFailed:
    """What psql's exit code and errors mean, and our own `reason` where the file could not be read."""
    # Only the error's own line: what follows it may quote rows.
    found = _ERROR_LINE.search(said)
    state, sentence = found.groups() if found else ("", reason or "psql failed")
    is_file_at_fault = bool(reason) or (code == _SCRIPT_ERROR and (state or "")[:2] not in _SERVER_AT_FAULT)
    kind = RestoreFailed if is_file_at_fault else NoPlaceToRestore
    return kind(f"The dump could not be restored: {sentence}.")


def _feed(path: Path, sink: IO[bytes]) -> str:
    try:
        with gzip.open(path) as dump, sink:
            while chunk := dump.read(_CHUNK):
                sink.write(chunk)
    except (BrokenPipeError, ConnectionResetError):
        return ""
    except (OSError, EOFError, zlib.error):
        return "the file cannot be read to its end"
    return ""


def row_counts(database: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows of every table, by name; those outside `public` with their schema."""
    tables = database.execute(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
    ).fetchall()
    if not tables:
        return {}
    counting = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, count(*) FROM {}").format(
            sql.Literal(table if schema == "public" else f"{schema}.{table}"), sql.Identifier(schema, table)
        )
        for schema, table in tables
    )
    return {str(name): int(count) for name, count in database.execute(counting)}


def applied_migrations(database: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    """(app, migration) that a database has had; empty for one that Django never saw."""
    known = database.execute("SELECT to_regclass('public.django_migrations')").fetchone()
    if known is None or known[0] is None:
        return set()
    return {(str(app), str(name)) for app, name in database.execute("SELECT app, name FROM django_migrations")}


def schema_version(database: psycopg.Connection[Any]) -> dict[str, str]:
    """Latest migration of every app."""
    latest: dict[str, str] = {}
    for app, name in sorted(applied_migrations(database)):
        latest[app] = name
    return latest
