"""Restoring: a new database beside the live one, proven, then the two names swapped in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import psycopg
import structlog
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.utils import load_backend
from django.utils import timezone
from psycopg import sql

from accounts.models import User
from backups.enums import BackupKind, BackupState
from backups.models import Backup, RestoreLog
from backups.services import files, notices
from backups.services.catalogue import rebuild_catalogue
from backups.services.creating import create
from backups.services.programs import admin_connection, connect
from backups.services.scratch import (
    RestoreFailed,
    applied_migrations,
    drop_database,
    live_database,
    restore_into,
    row_counts,
    scratch_database,
    try_lock,
)
from backups.signals import database_restored
from common.errors import DomainError, NotFound
from common.services import maintenance

_log = structlog.get_logger(__name__)
_ALIAS = "restored_copy"
_ATTEMPTS = 5


class ConfirmationNeeded(DomainError):
    """The file name was not typed."""

    code = "confirmation_required"


class RestoreRunning(DomainError):
    """Another restore is at work."""

    code = "restore_running"


class NewerSchema(DomainError):
    """The dump comes from a newer version of this application."""

    code = "newer_schema"
    status = 422


def restore(backup: Backup, *, by: User | None, at: dt.datetime, reason: str, confirm: str) -> RestoreLog:
    """Replace the live database by the backup's; returns the log row that the restored database holds.

    Safety backup -> scratch copy -> equal row counts -> migrated if older -> maintenance on -> both names swapped in
    one transaction -> reconnected and healthy -> maintenance off. The old database stays as `<name>_before_<time>`.
    A failure at any step leaves the live database untouched.

    Raises ConfirmationNeeded, RestoreRunning, RestoreFailed (with `step`), NewerSchema.
    """
    if confirm != backup.file:
        raise ConfirmationNeeded(f"Type the file name {backup.file} to restore it; nothing was changed.")
    log = RestoreLog(file=backup.file, started_at=at, by_username=by.username if by else "", reason=reason)
    try:
        with _alone():
            return _restore(backup, log, by=by, at=at)
    except RestoreRunning:
        raise
    except (DomainError, psycopg.Error, DatabaseError, OSError) as error:
        raise _failed(log, error, at=at) from error


def finish_interrupted(at: dt.datetime) -> list[RestoreLog]:
    """Finish the restores whose process was killed after the swap: only a swap brings an unfinished log row here."""
    return [_finish(log, at=at) for log in RestoreLog.objects.filter(succeeded__isnull=True)]


def settle(at: dt.datetime) -> None:
    """At start and every night: finish what a killed restore left, and list what lies in the backup folder."""
    if not finish_interrupted(at):
        rebuild_catalogue(at)


def drop_old_database(name: str, *, confirm: str) -> None:
    """Drop a database that a restore kept. Raises ConfirmationNeeded and NotFound."""
    if name not in old_databases():
        raise NotFound(f"{name} is no database that a restore kept.")
    if confirm != name:
        raise ConfirmationNeeded(f"Type the name {name} to drop it; nothing was changed.")
    with admin_connection() as admin:
        drop_database(admin, name)


def old_databases() -> list[str]:
    """The databases that restores kept, newest first."""
    with admin_connection() as admin:
        found = admin.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1 DESC",
            [f"{live_database()}_before_"],
        ).fetchall()
    return [str(name) for (name,) in found]


def _restore(backup: Backup, log: RestoreLog, *, by: User | None, at: dt.datetime) -> RestoreLog:
    with _step(log, "check the file"):
        _check_file(backup)
    with _step(log, "safety backup"):
        log.row_counts_before = _live_counts()
        if log.row_counts_before:
            log.safety_backup = create(kind=BackupKind.PRE_OPERATION, label="restore", by=by, at=at).file
    with scratch_database() as copy:
        with _step(log, "restore into a new database"):
            restore_into(copy, files.path_of(backup.file))
        with _step(log, "verify the row counts"):
            log.row_counts_after = _proven_counts(copy, backup)
        with _step(log, "bring the schema up to date"):
            _migrate(copy)
        with maintenance.on(f"restoring {backup.file}"):
            log.old_database = f"{live_database()}_before_{timezone.localtime(at):%Y%m%d_%H%M%S}"
            with _step(log, "write the log into the new database"):
                _write_logs(copy, log)
            with _step(log, "swap the databases"):
                _swap(new=copy, old=log.old_database)
            with _step(log, "check the health of the restored database"):
                _check_health_or_swap_back(copy, log.old_database)
    return _finish(RestoreLog.objects.get(pk=log.pk), at=at)


@contextmanager
def _alone() -> Iterator[None]:
    """One restore at a time: of two that swap by turns, the later would put the earlier one's result aside unseen."""
    with admin_connection() as admin:
        if not try_lock(admin, f"restore of {live_database()}"):
            raise RestoreRunning(
                "Another restore is at work. Look at the database when it has ended, then decide again."
            )
        yield


@contextmanager
def _step(log: RestoreLog, name: str) -> Iterator[None]:
    """The name stays in the log when something inside fails."""
    log.step = name
    yield


def _check_file(backup: Backup) -> None:
    if backup.state == BackupState.DELETED:
        raise RestoreFailed("The backup was deleted.")
    try:
        digest, _ = files.examine(files.path_of(backup.file))
    except files.FileBroken as error:
        raise RestoreFailed(f"The backup is broken: {error}.") from error
    if backup.sha256 and digest != backup.sha256:
        raise RestoreFailed("The backup is broken: the file was altered.")


def _live_counts() -> dict[str, int]:
    """Rows of the live database; {} where it cannot be read, which makes a safety backup impossible."""
    try:
        with connect() as live:
            return row_counts(live)
    except psycopg.Error:
        return {}


def _proven_counts(copy: str, backup: Backup) -> dict[str, int]:
    with connect(copy) as database:
        found = row_counts(database)
    if backup.row_counts and found != backup.row_counts:
        tables = found.keys() | backup.row_counts.keys()
        different = sorted(name for name in tables if found.get(name) != backup.row_counts.get(name))
        raise RestoreFailed(
            f"The row counts of {len(different)} tables differ from the backup's, first {different[0]}."
        )
    return found


def _migrate(copy: str) -> None:
    """Bring an older dump to this version's schema. Raises NewerSchema for one that knows migrations we do not."""
    with connect(copy) as database:
        applied = applied_migrations(database)
    ours = MigrationLoader(None, ignore_no_migrations=True)
    replaced = {key for migration in ours.disk_migrations.values() for key in migration.replaces}
    unknown = sorted(applied - ours.disk_migrations.keys() - replaced)
    if unknown:
        app, name = unknown[0]
        raise NewerSchema(
            f"The backup comes from a newer version of this application (it has {app} {name}). Install that one first."
        )
    if ours.disk_migrations.keys() - applied:
        with _alias(copy):
            call_command("migrate", database=_ALIAS, interactive=False, verbosity=0)


@contextmanager
def _alias(copy: str) -> Iterator[None]:
    """The scratch copy as a database of Django's, for what only Django can do to it."""
    settings = deepcopy(connection.settings_dict) | {"NAME": copy, "CONN_MAX_AGE": 0}
    # Of this thread alone, and unknown to the settings: nobody else can come upon it.
    connections[_ALIAS] = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, _ALIAS)
    try:
        yield
    finally:
        connections[_ALIAS].close()
        del connections[_ALIAS]


def _write_logs(copy: str, log: RestoreLog) -> None:
    """The log of this restore and of every earlier one the live database knows."""
    try:
        earlier = list(RestoreLog.objects.all())
    except (DatabaseError, InterfaceError):
        earlier = []
    with _alias(copy):
        for row in (*earlier, log):
            row.save(using=_ALIAS)
        waiting = Backup.objects.using(_ALIAS).filter(state=BackupState.QUEUED)
        waiting.update(state=BackupState.BROKEN, state_reason="the database was restored before it was made")
        with connections[_ALIAS].cursor() as cursor:
            # Tasks of the past must not be done again, and the planner needs to know the new tables.
            cursor.execute("DELETE FROM django_q_ormq")
            cursor.execute("ANALYZE")
    log._state.db = None


def _swap(*, new: str, old: str) -> None:
    """Rename live to `old` and `new` to live, both or neither; every connection to them is ended first."""
    live = live_database()
    connections.close_all()
    with admin_connection() as admin:
        for attempt in range(1, _ATTEMPTS + 1):
            # Not the server's own workers: only a superuser may end autovacuum, and the renaming does it anyway.
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = ANY(%s) AND backend_type = 'client backend'",
                [[live, new]],
            )
            try:
                with admin.transaction():
                    for before, after in ((live, old), (new, live)):
                        admin.execute(
                            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                                sql.Identifier(before), sql.Identifier(after)
                            )
                        )
                return
            except psycopg.errors.ObjectInUse:
                if attempt == _ATTEMPTS:
                    raise RestoreFailed("Other programs keep reconnecting to the database. Stop them first.") from None


def _check_health_or_swap_back(copy: str, old: str) -> None:
    try:
        connection.close()
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations")
        RestoreLog.objects.count()
    except (DatabaseError, InterfaceError) as error:
        # `copy` names the restored one again, so that the scratch database's end drops it.
        _swap(new=old, old=copy)
        raise RestoreFailed("The restored database does not answer as it should; the old one is live again.") from error


def _finish(stored: RestoreLog, *, at: dt.datetime) -> RestoreLog:
    stored.step, stored.succeeded, stored.finished_at = "done", True, timezone.now()
    stored.save()
    rebuild_catalogue(at)
    reason = f"the database was restored from {stored.file}"
    for _, answer in database_restored.send_robust(sender=RestoreLog, file=stored.file, at=at, reason=reason):
        # The swap is done and stands; what an app above could not clean up is for the log, not a failed restore.
        if isinstance(answer, Exception):
            _log.error("after_restore_failed", failure=type(answer).__name__)
    _log.info("database_restored", file=stored.file, old_database=stored.old_database)
    return stored


def _failed(log: RestoreLog, error: Exception, *, at: dt.datetime) -> DomainError:
    """Write the failure down where there is a database to write to, tell those who decide, and say it."""
    why = error.detail if isinstance(error, DomainError) else _sentence(error)
    log.succeeded, log.detail, log.finished_at, log.old_database = False, why, timezone.now(), ""
    _log.error("restore_failed", file=log.file, step=log.step)
    try:
        log.save(force_insert=True)
        notices.tell(
            kind="RESTORE_FAILED",
            title=f"The restore of {log.file} failed",
            body=f"Step: {log.step}. {why} The database is as it was.",
            at=at,
        )
    except (DatabaseError, InterfaceError):
        _log.exception("restore_failure_not_recorded")
    if isinstance(error, NewerSchema):
        return NewerSchema(error.detail, step=log.step)
    return RestoreFailed(
        f"The restore stopped at the step \u201c{log.step}\u201d. {why} The live database is as it was.", step=log.step
    )


def _sentence(error: Exception) -> str:
    if isinstance(error, psycopg.Error):
        return f"The database server said: {error.diag.message_primary or type(error).__name__}."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return f"{type(error).__name__}."
