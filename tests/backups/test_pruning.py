"""Retention: what is proposed, what never is, and deleting exactly the confirmed list."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from backups import services
from backups.enums import BackupKind, BackupState
from backups.models import BackupPolicy
from backups.services import files
from backups.services.pruning import _protectors
from schedules.models import Publication
from tests.factories import program
from tests.factories.backups import database_clock, verified_backup

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 12)


def _days(number: float) -> dt.timedelta:
    return dt.timedelta(days=number)


def _proposed() -> list[str]:
    return [row.file for row in services.prunable(database_clock())]


def test_files_older_than_the_policy_s_days_are_proposed_but_never_the_first():
    verified_backup(age=_days(60))
    old = verified_backup(age=_days(31))
    verified_backup(age=_days(29))
    verified_backup()

    assert _proposed() == [old.file]


def test_a_sacred_one_is_never_proposed():
    verified_backup(age=_days(60))
    verified_backup(age=_days(50), kind=BackupKind.SACRED)
    verified_backup()
    verified_backup()

    assert _proposed() == []


@pytest.mark.parametrize(("minimum", "proposed"), [(2, 2), (3, 1), (4, 0)])
def test_never_fewer_than_the_minimum_remain(minimum, proposed):
    BackupPolicy.objects.create(minimum_kept=minimum)
    for days in (60, 50, 40):
        verified_backup(age=_days(days))
    verified_backup()

    assert len(_proposed()) == proposed


def test_broken_ones_and_those_whose_file_is_gone_do_not_count_as_remaining():
    verified_backup(age=_days(60))
    verified_backup(age=_days(50))
    verified_backup(age=_days(2), state=BackupState.BROKEN, verified_at=None)
    files.path_of(verified_backup(age=_days(1)).file).unlink()

    assert _proposed() == []


def test_the_first_one_is_the_first_that_can_be_restored():
    failed = verified_backup(age=_days(70), state=BackupState.BROKEN, verified_at=None)
    for days in (60, 2, 1):
        verified_backup(age=_days(days))

    assert _proposed() == [failed.file]


@pytest.mark.parametrize(
    ("published_hours_ago", "rolled_back", "proposed"), [(23, False, False), (25, False, True), (23, True, True)]
)
def test_what_an_open_rollback_may_need_is_never_proposed(published_hours_ago, rolled_back, proposed):
    now = database_clock()
    verified_backup(age=_days(60))
    needed = verified_backup(age=_days(40))
    verified_backup()
    verified_backup()
    Publication(
        schedule=program.schedule(DAY, DAY),
        published_at=now - dt.timedelta(hours=published_hours_ago),
        backup_file=needed.file,
        rolled_back_at=now if rolled_back else None,
    ).save()

    assert (needed.file in _proposed()) is proposed


def test_apps_above_register_what_they_need():
    assert [function.__name__ for function in _protectors] == ["backups_of_open_rollbacks"]


def test_pruning_deletes_exactly_the_confirmed_files(django_capture_on_commit_callbacks, director):
    verified_backup(age=_days(60))
    gone, kept = verified_backup(age=_days(50)), verified_backup(age=_days(40))
    verified_backup()
    at = database_clock()

    with django_capture_on_commit_callbacks(execute=True):
        deleted = services.prune([gone.file], by=director, at=at)

    gone.refresh_from_db()
    assert [row.file for row in deleted] == [gone.file]
    assert (gone.state, gone.deleted_at, gone.deleted_by) == (BackupState.DELETED, at, director)
    assert (files.path_of(gone.file).exists(), files.path_of(kept.file).exists()) == (False, True)


@pytest.mark.parametrize("chosen", ["none", "young", "unknown"])
def test_a_list_with_anything_else_deletes_nothing(chosen):
    verified_backup(age=_days(60))
    old, young = verified_backup(age=_days(50)), verified_backup()
    verified_backup()
    names = {"none": [], "young": [old.file, young.file], "unknown": [old.file, "../../etc/passwd"]}[chosen]

    with pytest.raises(services.NotPrunable, match="nothing was deleted"):
        services.prune(names, by=None, at=database_clock())

    assert files.path_of(old.file).exists()


def test_the_command_asks_and_refuses_another_answer(monkeypatch):
    verified_backup(age=_days(60))
    old = verified_backup(age=_days(50))
    verified_backup()
    verified_backup()
    monkeypatch.setattr("builtins.input", lambda prompt: "no")

    with pytest.raises(CommandError, match="nothing was deleted"):
        call_command("prune_backups")

    assert files.path_of(old.file).exists()
