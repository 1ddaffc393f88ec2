"""Making and verifying backups, and every way in which it fails, by really failing."""

from __future__ import annotations

import datetime as dt
import fcntl
import gzip
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, connections

from accounts.enums import Role
from accounts.models import Notification
from backups import services
from backups.enums import BackupKind, BackupState, VerifyMethod
from backups.models import Backup
from backups.services import files, scratch
from backups.services.programs import ProgramMissing, admin_connection, find_program
from common.postgres import server
from tests.factories import accounts, program
from tests.factories.backups import verified_backup
from tests.factories.readers import dead_ends

AT = dt.datetime(2026, 3, 1, 22, 0, 5, tzinfo=dt.UTC)


def _create(**fields) -> Backup:
    return services.create(**{"kind": BackupKind.REGULAR, "by": None, "at": AT} | fields)


def _files() -> list[str]:
    folder = Path(django_settings.BACKUP_DIR)
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.usefixtures("own_database")
def test_a_backup_is_a_private_file_with_sidecar_and_proven_counts():
    program.resident()

    made = _create(kind=BackupKind.PRE_OPERATION, label="block-10")

    path = files.path_of(made.file)
    assert (made.state, made.verify_method, made.row_counts["schedules_person"]) == ("VERIFIED", "restore", 1)
    assert _files() == [
        "residency_scheduler_pre-block-10_20260301_120005.sql.gz",
        "residency_scheduler_pre-block-10_20260301_120005.sql.gz.json",
    ]
    assert (path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    sidecar = files.read_sidecar(path)
    assert (sidecar["sha256"], sidecar["row_counts"]) == (made.sha256, made.row_counts)
    assert sidecar["schema_version"]["schedules"] == made.schema_version["schedules"]
    assert files.examine(path) == (made.sha256, made.size_bytes)


@pytest.mark.django_db
def test_two_backups_of_one_second_do_not_overwrite_each_other():
    assert [_create().file, _create().file] == [
        "residency_scheduler_20260301_120005.sql.gz",
        "residency_scheduler_20260301_120006.sql.gz",
    ]


@pytest.mark.usefixtures("own_database")
def test_two_that_ask_at_once_both_get_a_verified_backup():
    made: list[Backup] = []

    def ask() -> None:
        made.append(_create())
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted((b.file, b.state) for b in made) == [
        ("residency_scheduler_20260301_120005.sql.gz", "VERIFIED"),
        ("residency_scheduler_20260301_120006.sql.gz", "VERIFIED"),
    ]
    assert _scratch_databases() == []


@pytest.mark.django_db
def test_checksum_leaves_out_the_restore_and_says_so(settings):
    settings.BACKUP_VERIFY = "checksum"

    assert _create().verify_method == VerifyMethod.CHECKSUM


@pytest.mark.django_db
def test_what_a_killed_proof_left_is_swept_without_another_proof_too(settings):
    settings.BACKUP_VERIFY = "checksum"
    with admin_connection() as admin:
        scratch.create_database(admin, f"{connection.settings_dict['NAME']}_scratch_killed")

    _create()

    assert _scratch_databases() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.unlink(), "the file is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "the file is truncated"),
        (
            lambda path: path.write_bytes(gzip.compress(b"x" + gzip.decompress(path.read_bytes()))),
            "the file was altered: its SHA-256 is not the stored one",
        ),
    ],
)
def test_a_damaged_file_shows_as_broken_and_opens_no_gate(damage, reason):
    made = _create()
    damage(files.path_of(made.file))

    checked = services.verify(made, by=None, at=AT)

    assert (checked.state, checked.state_reason, checked.verified_at) == ("BROKEN", reason, None)
    assert services.fresh_backup() is None


@pytest.mark.django_db
def test_a_dump_that_restores_to_other_counts_is_broken():
    made = _create()
    path = files.path_of(made.file)
    lines = gzip.decompress(path.read_bytes()).split(b"\n")
    first_row = next(n for n, line in enumerate(lines) if line.startswith(b"COPY public.django_migrations")) + 1
    path.write_bytes(gzip.compress(b"\n".join(lines[:first_row] + lines[first_row + 1 :])))
    Backup.objects.filter(pk=made.pk).update(sha256=files.examine(path)[0])
    rows = made.row_counts["django_migrations"]

    checked = services.verify(Backup.objects.get(pk=made.pk), by=None, at=AT)

    assert checked.state == BackupState.BROKEN
    assert checked.state_reason == (
        f"the restored copy differs in 1 tables; django_migrations has {rows - 1} rows instead of {rows}"
    )
    assert _scratch_databases() == []


@pytest.mark.django_db
def test_a_dump_with_a_wrong_statement_is_broken_and_no_scratch_database_stays():
    made = _create()
    path = files.path_of(made.file)
    path.write_bytes(gzip.compress(b"SELECT no_such_function();\n" + gzip.decompress(path.read_bytes())))
    Backup.objects.filter(pk=made.pk).update(sha256=files.examine(path)[0])

    checked = services.verify(Backup.objects.get(pk=made.pk), by=None, at=AT)

    assert checked.state_reason == "The dump could not be restored: function no_such_function() does not exist."
    assert _scratch_databases() == []


@pytest.mark.django_db
def test_a_server_without_room_for_a_copy_condemns_no_file():
    made = _create()
    path = files.path_of(made.file)
    full = b"DO $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$;\n"
    path.write_bytes(gzip.compress(full + gzip.decompress(path.read_bytes())))
    Backup.objects.filter(pk=made.pk).update(sha256=files.examine(path)[0])

    with pytest.raises(services.RestoreFailed, match="The dump could not be restored: no space left on device"):
        services.verify(Backup.objects.get(pk=made.pk), by=None, at=AT)

    made.refresh_from_db()
    assert (made.state, _scratch_databases()) == ("VERIFIED", [])


@pytest.mark.django_db
def test_one_that_is_pruned_while_it_is_proven_stays_deleted():
    made = _create()
    Backup.objects.filter(pk=made.pk).update(state="DELETED", deleted_at=AT)
    made.state = BackupState.VERIFIED

    assert services.verify(made, by=None, at=AT).state == BackupState.DELETED


@pytest.mark.django_db
def test_a_full_disk_leaves_no_half_file_and_a_clear_sentence(tmp_path, settings):
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = os.geteuid() == 0 and _mount_tiny(folder)
    settings.BACKUP_DIR = folder
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        if not mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
        with pytest.raises(services.BackupFailed) as refused:
            _create()
        left = _files()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)

    assert ("full" if mounted else "larger") in refused.value.detail
    assert left == []
    assert Backup.objects.get().state == BackupState.BROKEN
    assert services.fresh_backup() is None


def _mount_tiny(folder: Path) -> bool:
    line = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    return subprocess.run(line, check=False, capture_output=True).returncode == 0


@pytest.mark.django_db
def test_a_folder_that_cannot_be_used_says_so_and_the_second_failure_tells_those_who_decide(tmp_path, settings):
    (tmp_path / "file").touch()
    settings.BACKUP_DIR = tmp_path / "file" / "backups"
    director, admin = accounts.user(Role.PROGRAM_DIRECTOR), accounts.user(Role.ADMINISTRATOR)
    accounts.user(Role.COORDINATOR)

    with pytest.raises(services.BackupFailed, match="The backup folder cannot be used"):
        _create()
    after_one = Notification.objects.count()
    with pytest.raises(services.BackupFailed):
        _create()

    assert after_one == 0
    assert {note.user for note in Notification.objects.filter(kind="BACKUP_FAILED")} == {director, admin}
    assert dead_ends() == set()


@pytest.mark.django_db
def test_a_success_between_two_failures_keeps_quiet(tmp_path, settings):
    accounts.user(Role.PROGRAM_DIRECTOR)
    good = settings.BACKUP_DIR
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", good, tmp_path / "file"):
        settings.BACKUP_DIR = folder
        if folder == good:
            _create()
        else:
            with pytest.raises(services.BackupFailed):
                _create()

    assert Notification.objects.count() == 0


@pytest.fixture
def open_folder():
    """Not below pytest's folder: another run that starts closes that one to the server's user."""
    with tempfile.TemporaryDirectory(prefix="scheduler-") as folder:
        yield Path(folder)


def test_a_stopped_server_gives_a_clear_sentence_and_no_file(open_folder, django_db_blocker, monkeypatch):
    data_dir = open_folder / "pg"
    server.start(data_dir, durable=False)
    server.stop(data_dir)
    options = connection.settings_dict["OPTIONS"] | {"data_dir": str(data_dir), "autostart": False}
    with django_db_blocker.unblock():
        connections.close_all()
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)

        with pytest.raises(services.BackupFailed) as refused:
            _create()

    assert refused.value.detail == ("No backup could be made. The database does not answer. Start it and try again.")
    assert _files() == []


def test_a_missing_program_is_named_with_what_to_install():
    with pytest.raises(ProgramMissing) as refused:
        find_program("pg_dump", server_major=99)

    assert refused.value.detail.startswith(
        "The database server is PostgreSQL 99, but no pg_dump of that version was found"
    )
    assert "postgresql-client-99" in refused.value.detail


def test_a_killed_creation_leaves_nothing_that_counts(own_database, process_environment):
    process = subprocess.Popen(
        [sys.executable, "manage.py", "backup"],
        env=process_environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait_for(lambda: any(name.endswith(".part") for name in _files()))
    process.send_signal(signal.SIGKILL)
    process.wait()
    # A child that is just being started holds the killed writer's lock, too, until it is pg_dump.
    _wait_for(_nobody_writes)

    killed = [name for name in _files() if name.endswith(".sql.gz")]
    next_one = _create()
    services.rebuild_catalogue(AT)

    assert killed == []
    assert services.fresh_backup() == next_one
    assert _files() == [next_one.file, f"{next_one.file}.json"]
    states = set(Backup.objects.exclude(pk=next_one.pk).values_list("state", "state_reason"))
    assert states == {("BROKEN", "the file is missing")}


def _nobody_writes() -> bool:
    [part] = files.folder().glob(".*.part")
    with part.open("rb") as left, suppress(BlockingIOError):
        fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _wait_for(seen) -> None:
    end = time.monotonic() + 120
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.001)


def _scratch_databases() -> list[str]:
    with admin_connection() as admin:
        found = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", ["%\\_scratch\\_%"]).fetchall()
    mine = f"{connection.settings_dict['NAME']}_scratch_"
    return [name for (name,) in found if name.startswith(mine)]


@pytest.mark.django_db
def test_the_copy_in_the_object_store_follows_the_verification(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "backups": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    }

    made = _create()

    assert made.remote_copied_at == AT
    assert sorted(path.name for path in tmp_path.iterdir()) == [made.file, f"{made.file}.json"]


@pytest.mark.django_db
def test_losing_the_copy_is_a_warning(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.STORAGES = settings.STORAGES | {
        "backups": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "file" / "x")},
        }
    }

    made = _create()

    assert (made.state, made.remote_copied_at) == (BackupState.VERIFIED, None)
    assert "copy to the object store failed" in made.state_reason


@pytest.mark.django_db
def test_files_without_a_row_are_listed_unverified_and_can_be_proven():
    made = _create()
    Backup.objects.all().delete()

    listed = services.rebuild_catalogue(AT)

    assert [(b.file, b.state, b.sha256) for b in listed] == [(made.file, "UNVERIFIED", made.sha256)]
    assert services.fresh_backup() is None
    assert services.verify(listed[0], by=None, at=AT).state == BackupState.VERIFIED


@pytest.mark.django_db
def test_a_file_without_sidecar_gets_its_facts_from_the_restore():
    made = _create()
    files.sidecar_of(files.path_of(made.file)).unlink()
    Backup.objects.all().delete()
    services.rebuild_catalogue(AT)

    proven = services.verify(services.find(made.file), by=None, at=AT)

    assert (proven.state, proven.sha256, proven.row_counts) == ("VERIFIED", made.sha256, made.row_counts)


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "found"), [(119, True), (121, False), (-2, False)])
def test_fresh_is_younger_than_the_policy_s_minutes_and_not_of_the_future(minutes, found):
    verified_backup(age=dt.timedelta(minutes=minutes))

    assert (services.fresh_backup() is not None) is found


@pytest.mark.django_db
def test_a_file_that_was_copied_or_touched_is_the_same_one():
    moved = verified_backup(age=dt.timedelta(minutes=5))
    files.path_of(moved.file).touch()

    assert (services.mark_broken_files(), services.fresh_backup()) == (0, moved)


@pytest.mark.django_db
def test_a_file_that_was_altered_opens_no_gate_whatever_its_time_stamp_says():
    forged = verified_backup()
    path = files.path_of(forged.file)
    content, seen = bytearray(path.read_bytes()), path.stat()
    content[20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))

    assert services.fresh_backup() is None


@pytest.mark.django_db
def test_what_lies_in_the_folder_cannot_stop_the_start_nor_make_a_sacred_file_an_ordinary_one():
    sacred = files.folder() / "residency_scheduler_SACRED_20250701.sql.gz"
    sacred.write_bytes(gzip.compress(b"-- a dump"))
    files.sidecar_of(sacred).write_text('{"kind": "REGULAR"}')
    (files.folder() / "residency_scheduler_20251332_000000.sql.gz").touch()
    (files.folder() / "residency_scheduler_20250702_000000.sql.gz").mkdir()

    services.rebuild_catalogue(AT)

    assert list(Backup.objects.values_list("file", "kind")) == [(sacred.name, "SACRED")]


@pytest.mark.django_db
def test_the_commands_make_prove_and_list(capsys):
    call_command("backup", "--label", "block-10")
    file = Backup.objects.get().file
    call_command("verify_backup", file)
    call_command("backup", "--sacred")

    assert Backup.objects.filter(kind=BackupKind.SACRED).count() == 1
    assert f"{file} is verified" in capsys.readouterr().out
