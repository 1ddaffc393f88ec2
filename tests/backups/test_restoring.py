"""Restoring by swapping databases: it works, and a failure at any step leaves the live database as it was."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

from accounts.enums import Role
from accounts.models import Notification
from backups import services
from backups.enums import BackupKind
from backups.models import Backup, RestoreLog
from backups.services import files, scratch
from backups.services.programs import admin_connection, connect
from common.services import maintenance
from schedules.enums import RunStatus
from schedules.models import GenerationRun, Person
from tests.factories import accounts, program

AT = dt.datetime(2026, 3, 1, 22, 0, 5, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("own_database", "quick_backups")


def _backup() -> Backup:
    return services.create(kind=BackupKind.REGULAR, by=None, at=AT)


def _restore(backup: Backup, **fields) -> RestoreLog:
    return services.restore(backup, **{"by": None, "at": LATER, "reason": "tried it", "confirm": backup.file} | fields)


def _databases(own: str) -> list[str]:
    with admin_connection() as admin:
        found = admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1", [own])
        return [name.removeprefix(own) for (name,) in found.fetchall()]


def test_the_restored_database_is_that_of_the_backup_and_the_old_one_is_kept(own_database, settings):
    settings.BACKUP_VERIFY = "restore"
    director = accounts.user(Role.PROGRAM_DIRECTOR)
    program.resident(name="Kept")
    backup = _backup()
    program.resident(name="Came later")

    log = _restore(backup, by=director)

    assert list(Person.objects.values_list("name", flat=True)) == ["Kept"]
    assert (log.succeeded, log.step, log.by_username, log.reason) == (True, "done", director.username, "tried it")
    assert list(RestoreLog.objects.values_list("file", "succeeded")) == [(backup.file, True)]
    assert (log.row_counts_before["schedules_person"], log.row_counts_after["schedules_person"]) == (2, 1)
    assert _databases(own_database) == ["", "_before_20260301_130005"]
    with connect(log.old_database) as old:
        assert old.execute("SELECT count(*) FROM schedules_person").fetchone() == (2,)
    assert maintenance.is_on() is False


def test_afterwards_files_count_as_unverified_and_the_safety_backup_is_among_them():
    backup = _backup()

    log = _restore(backup)

    assert log.safety_backup == "residency_scheduler_pre-restore_20260301_130005.sql.gz"
    assert sorted(Backup.objects.values_list("file", "state")) == [
        (backup.file, "UNVERIFIED"),
        (log.safety_backup, "UNVERIFIED"),
    ]


def test_open_runs_and_what_waited_for_workers_end():
    day = dt.date(2026, 3, 12)
    GenerationRun(start_date=day, end_date=day, status=RunStatus.SOLVING).save()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_q_ormq (key, payload, lock) VALUES ('default', 'x', now())")
    waiting = Backup.objects.create(file="waits.sql.gz", kind="REGULAR", state="QUEUED", created_at=AT)
    backup = _backup()

    _restore(backup)

    run = GenerationRun.objects.get()
    assert (run.status, run.reason) == (RunStatus.FAILED, f"The database was restored from {backup.file}.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_q_ormq WHERE payload = 'x'")
        assert cursor.fetchone() == (0,)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.state_reason) == ("BROKEN", "the database was restored before it was made")


def test_an_earlier_restore_s_log_survives_the_next_one():
    backup = _backup()
    _restore(backup)
    Backup.objects.get(file=backup.file)

    _restore(services.find(backup.file), at=LATER + dt.timedelta(hours=1))

    assert RestoreLog.objects.count() == 2


def test_without_the_typed_name_or_beside_another_restore_nothing_happens(own_database):
    backup = _backup()

    with pytest.raises(services.ConfirmationNeeded):
        _restore(backup, confirm="yes")
    with admin_connection() as other:
        scratch.try_lock(other, f"restore of {own_database}")
        with pytest.raises(services.RestoreRunning):
            _restore(backup)

    assert (_databases(own_database), RestoreLog.objects.count()) == ([""], 0)


def _refused(backup: Backup) -> services.RestoreFailed:
    program.resident(name="Live")
    with pytest.raises(services.RestoreFailed) as refused:
        _restore(backup)
    assert list(Person.objects.values_list("name", flat=True)) == ["Live"]
    assert maintenance.is_on() is False
    return refused.value


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:-9])])
def test_a_broken_file_stops_at_the_first_step_and_tells_those_who_decide(own_database, damage):
    accounts.user(Role.ADMINISTRATOR)
    backup = _backup()
    damage(files.path_of(backup.file))

    error = _refused(backup)

    assert error.extra == {"step": "check the file"}
    assert list(RestoreLog.objects.values_list("step", "succeeded")) == [("check the file", False)]
    assert Notification.objects.get().kind == "RESTORE_FAILED"
    assert _databases(own_database) == [""]


def _rewrite(backup: Backup, change) -> Backup:
    """Alter the dump so that only what it restores to gives it away."""
    path = files.path_of(backup.file)
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))
    backup.sha256 = files.examine(path)[0]
    backup.save()
    return backup


def test_a_dump_that_does_not_run_stops_before_anything_is_swapped(own_database):
    backup = _rewrite(_backup(), lambda dump: dump.replace(b"CREATE TABLE", b"CREATE TABEL", 1))

    error = _refused(backup)

    assert error.extra == {"step": "restore into a new database"}
    assert "syntax error" in error.detail
    assert _databases(own_database) == [""]


def test_other_row_counts_stop_before_anything_is_swapped(own_database):
    backup = _rewrite(_backup(), lambda dump: dump.replace(b"\\.\n", b"\\.\nDELETE FROM public.auth_permission;\n", 1))
    Backup.objects.filter(pk=backup.pk).update(row_counts=backup.row_counts | {"schedules_person": 7})
    backup.refresh_from_db()

    error = _refused(backup)

    assert error.extra == {"step": "verify the row counts"}
    assert _databases(own_database) == [""]


def test_a_full_backup_folder_stops_at_the_safety_backup(own_database, settings, tmp_path):
    backup = _backup()
    source, settings.BACKUP_DIR = files.path_of(backup.file), tmp_path
    (tmp_path / backup.file).symlink_to(source)
    tmp_path.chmod(0o700)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    try:
        error = _refused(backup)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert error.extra == {"step": "safety backup"}
    assert _databases(own_database) == [""]


def test_a_newer_schema_is_refused(own_database):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('schedules', '9999_future', now())")
    backup = _backup()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name = '9999_future'")
    program.resident(name="Live")

    with pytest.raises(services.NewerSchema, match="newer version of this application"):
        _restore(backup)

    assert (Person.objects.count(), _databases(own_database)) == (1, [""])


def test_an_older_schema_is_migrated_in_the_copy():
    call_command("migrate", "token_blacklist", "0012", verbosity=0)
    backup = _backup()
    call_command("migrate", verbosity=0)

    _restore(backup)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'token_blacklist' AND name LIKE '0013%'")
        assert cursor.fetchone() == (1,)


def test_a_connection_that_somebody_holds_is_ended():
    backup = _backup()
    held = connect(autocommit=False)
    held.execute("SELECT count(*) FROM schedules_person")

    log = _restore(backup)

    assert log.succeeded is True
    with pytest.raises(psycopg.OperationalError):
        held.execute("SELECT 1")
    held.close()


def test_a_killed_restore_leaves_the_live_database_and_the_next_one_sweeps(own_database, process_environment, settings):
    settings.BACKUP_VERIFY = "restore"
    program.resident(name="Live")
    backup = _backup()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "restore_backup", backup.file, "--yes"],
        env=process_environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # Two scratch databases come one after the other: the safety backup's proof, then the copy itself.
    _wait_for(lambda: Backup.objects.filter(label="restore", state="VERIFIED").exists())
    _wait_for(lambda: len(_databases(own_database)) > 1)
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert list(Person.objects.values_list("name", flat=True)) == ["Live"]
    assert maintenance.is_on() is False
    services.create(kind=BackupKind.REGULAR, by=None, at=LATER)
    assert _databases(own_database) == [""]


def _wait_for(seen) -> None:
    end = time.monotonic() + 120
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_restore_killed_after_the_swap_is_finished_at_the_next_start():
    backup = _backup()
    log = _restore(backup)
    RestoreLog.objects.filter(pk=log.pk).update(succeeded=None, step="swap the databases")

    finished = services.finish_interrupted(LATER)

    assert [(row.pk, row.succeeded) for row in finished] == [(log.pk, True)]


def test_a_database_without_readable_tables_is_restored_without_a_safety_backup():
    program.resident(name="Kept")
    backup = _backup()
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")

    log = _restore(services.find(backup.file))

    assert (log.succeeded, log.safety_backup) == (True, "")
    assert list(Person.objects.values_list("name", flat=True)) == ["Kept"]


def test_only_a_kept_database_is_dropped_and_only_after_its_name(own_database):
    log = _restore(_backup())

    with pytest.raises(services.ConfirmationNeeded):
        services.drop_old_database(log.old_database, confirm="yes")
    with pytest.raises(Exception, match="is no database that a restore kept"):
        services.drop_old_database(own_database, confirm=own_database)
    services.drop_old_database(log.old_database, confirm=log.old_database)

    assert _databases(own_database) == [""]


def test_maintenance_ends_with_the_process_that_was_killed_and_is_seen_by_all_others():
    code = (
        "import sys; from common.services import maintenance as m\nwith m.on('x'): print(flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", code],
        env=dict(os.environ) | {"DEBUG": "1", "DATA_DIR": str(django_settings.DATA_DIR)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        holder.stdout.readline()
        seen = maintenance.is_on()
        holder.kill()

    assert (seen, maintenance.flag().exists(), maintenance.is_on()) == (True, True, False)


def test_pages_and_programs_are_told_to_wait_during_maintenance(client):
    with maintenance.on("restoring"):
        page, answer = client.get("/"), client.get("/api/v1/people")

    assert (page.status_code, page["Retry-After"]) == (503, "30")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "maintenance", "30")


def test_pending_migrations_on_a_database_with_people_make_a_proven_backup_first(capsys):
    call_command("migrate", "token_blacklist", "0012", verbosity=0)
    program.resident()

    call_command("migrate", verbosity=0)

    [name] = [path.name for path in Path(django_settings.BACKUP_DIR).glob("*pre-migration*.gz")]
    assert f"Backup before the migration: {name}" in capsys.readouterr().out
    assert Backup.objects.get(file=name).state == "UNVERIFIED"


def test_a_migration_without_a_possible_backup_is_refused(settings, tmp_path):
    call_command("migrate", "token_blacklist", "0012", verbosity=0)
    program.resident()
    (tmp_path / "file").touch()
    settings.BACKUP_DIR = tmp_path / "file"

    with pytest.raises(Exception, match="Nothing was migrated"):
        call_command("migrate", verbosity=0)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'token_blacklist' AND name LIKE '0013%'")
        assert cursor.fetchone() == (0,)
