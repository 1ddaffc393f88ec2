"""The queue's calendar and what it calls."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command
from django_q.models import Schedule

from backups import tasks
from backups.enums import BackupState
from backups.models import Backup
from backups.services import files
from common.services import maintenance
from tests.factories.backups import verified_backup

pytestmark = pytest.mark.django_db


def test_migrating_fills_the_calendar_once_and_keeps_what_somebody_changed():
    Schedule.objects.all().delete()
    call_command("migrate", verbosity=0)
    Schedule.objects.filter(name="nightly backup").update(cron="0 1 * * *")

    call_command("migrate", verbosity=0)

    assert sorted(Schedule.objects.filter(schedule_type=Schedule.CRON).values_list("name", "func", "cron")) == [
        ("clear what has expired", "schedules.tasks.clear_expired", "15 2 * * *"),
        ("nightly backup", "backups.tasks.nightly", "0 1 * * *"),
        ("weekly proof of all backups", "backups.tasks.reverify", "0 4 * * 0"),
    ]


def test_the_night_makes_a_regular_verified_backup():
    file = tasks.nightly()

    assert list(Backup.objects.values_list("file", "kind", "state")) == [(file, "REGULAR", "VERIFIED")]


def test_the_week_finds_the_file_that_was_altered(settings):
    settings.BACKUP_VERIFY = "checksum"
    sound, altered = (verified_backup(row_counts={"schedules_person": 0}) for _ in range(2))
    path = files.path_of(altered.file)
    path.write_bytes(path.read_bytes()[:-4] + b"oops")

    assert tasks.reverify() == [altered.file]
    sound.refresh_from_db()
    assert sound.state == BackupState.VERIFIED


def test_the_week_begins_with_the_longest_unproven(settings):
    settings.BACKUP_VERIFY = "checksum"
    proven = [verified_backup(age=dt.timedelta(days=days)) for days in (1, 3, 2)]
    for backup in proven:
        files.path_of(backup.file).unlink()

    assert tasks.reverify() == [proven[1].file, proven[2].file, proven[0].file]


@pytest.mark.parametrize("task", [tasks.nightly, tasks.reverify, lambda: tasks.make("any"), lambda: tasks.prove("any")])
def test_workers_pause_during_maintenance(task):
    with maintenance.on("restoring"), pytest.raises(maintenance.UnderMaintenance):
        task()
