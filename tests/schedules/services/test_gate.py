"""The gate: no door, no shell and no SQL writes a schedule without a fresh verified backup."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from backups.enums import BackupState
from backups.models import Backup, BackupPolicy
from backups.services import files
from common.errors import DomainError
from common.models import GateClosed, HistoryBypassed, bulk_create_with_history, guarded_writes_allowed
from common.services import maintenance
from schedules.enums import BreakerState
from schedules.models import Assignment, BlockAssignment, Breaker, Schedule
from schedules.services.gate import open_gate
from tests.factories import program
from tests.factories.backups import verified_backup

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 12)
YESTERDAY = dt.date(2026, 3, 11)
GATED_TABLES = ["schedules_assignment", "schedules_blockassignment", "schedules_schedule"]


def _schedule() -> Schedule:
    return Schedule(start_date=DAY, end_date=DAY)


def test_a_single_edit_passes_with_a_fresh_backup_and_leaves_user_and_reason(coordinator):
    backup = verified_backup()

    with open_gate(operation="edit", by=coordinator, at=AT, reason="moved a clinic") as used:
        row = _schedule()
        row.save()

    assert used == backup
    assert [(h.history_user, h.history_change_reason) for h in row.history.all()] == [(coordinator, "moved a clinic")]


def test_a_single_edit_without_a_fresh_backup_makes_one():
    with open_gate(operation="edit", by=None, at=AT, reason="x", label="edit-7") as used:
        _schedule().save()

    assert (used.state, used.file) == ("VERIFIED", "residency_scheduler_pre-edit-7_20260301_020000.sql.gz")
    assert files.path_of(used.file).stat().st_mode & 0o777 == 0o600


def test_publishing_makes_a_backup_of_its_own_although_a_fresh_one_exists():
    fresh = verified_backup()

    with open_gate(operation="publish", by=None, at=AT, reason="x", label="publish-block-10") as used:
        pass

    assert used != fresh
    assert used.label == "publish-block-10"


@pytest.mark.parametrize("model", [Assignment, BlockAssignment, Schedule])
def test_rows_refuse_every_write_outside_the_gate(model):
    with pytest.raises(GateClosed):
        model().save()
    with pytest.raises(GateClosed):
        model().delete()
    with pytest.raises(GateClosed):
        model.objects.all().delete()
    with pytest.raises(GateClosed):
        bulk_create_with_history([model()], by=None, reason="x")
    with pytest.raises(HistoryBypassed):
        model.objects.update(id=None)
    with pytest.raises(HistoryBypassed):
        model.objects.bulk_create([model()])


@pytest.mark.parametrize("table", GATED_TABLES)
@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"],
)
def test_raw_sql_is_refused(table, statement):
    with pytest.raises(ProgrammingError, match="needs a verified backup"), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({}, True),
        ({"age": dt.timedelta(minutes=119)}, True),
        ({"age": dt.timedelta(minutes=121)}, False),
        ({"age": dt.timedelta(minutes=-5)}, False),
        ({"state": BackupState.UNVERIFIED}, False),
        ({"state": BackupState.BROKEN}, False),
        ({"state": BackupState.DELETED, "deleted_at": AT}, False),
    ],
)
def test_the_trigger_takes_only_verified_present_fresh_backups(fields, allowed):
    backup = verified_backup(**fields)

    assert _database_accepts(str(backup.pk)) is allowed


def test_the_trigger_follows_the_policy_s_minutes():
    BackupPolicy.objects.create(fresh_minutes=10)

    assert _database_accepts(str(verified_backup(age=dt.timedelta(minutes=11)).pk)) is False
    assert _database_accepts(str(verified_backup(age=dt.timedelta(minutes=9)).pk)) is True


@pytest.mark.parametrize("claimed", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_the_trigger_refuses_a_claim_of_nothing(claimed):
    assert _database_accepts(claimed) is False


def _database_accepts(backup_id: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('scheduler.backup_id', %s, true)", [backup_id])
            cursor.execute("DELETE FROM schedules_assignment")
            transaction.set_rollback(True)
    except ProgrammingError:
        return False
    return True


def test_the_mark_ends_with_the_gate():
    verified_backup()
    with open_gate(operation="edit", by=None, at=AT, reason="x"):
        pass

    with pytest.raises(ProgrammingError), guarded_writes_allowed():
        _schedule().save()


def test_an_altered_file_closes_the_gate_and_shows_as_broken():
    backup = verified_backup()
    files.path_of(backup.file).write_bytes(b"short")

    with open_gate(operation="edit", by=None, at=AT, reason="x") as used:
        pass

    backup.refresh_from_db()
    assert (backup.state, used == backup) == (BackupState.BROKEN, False)


def test_a_failed_operation_writes_nothing_and_keeps_the_backup():
    with pytest.raises(IntegrityError), open_gate(operation="publish", by=None, at=AT, reason="x"):
        bulk_create_with_history([_schedule(), Schedule(start_date=DAY, end_date=YESTERDAY)], by=None, reason="x")

    assert (Schedule.objects.count(), Backup.objects.filter(state="VERIFIED").count()) == (0, 1)


def test_the_gate_opens_no_second_time_inside_a_transaction():
    verified_backup()

    with (
        transaction.atomic(),
        pytest.raises(RuntimeError, match="durable"),
        open_gate(operation="edit", by=None, at=AT, reason="x"),
    ):
        pass


@pytest.mark.parametrize(
    ("breaker", "refused"),
    [
        ({"state": BreakerState.OPEN}, True),
        ({"state": BreakerState.OPEN, "override_until": AT - dt.timedelta(seconds=1)}, True),
        ({"state": BreakerState.OPEN, "override_until": AT + dt.timedelta(seconds=1)}, False),
        ({"state": BreakerState.HALF_OPEN}, False),
        ({"state": BreakerState.CLOSED}, False),
    ],
)
def test_the_breaker_bars_every_change(breaker, refused):
    verified_backup()
    Breaker.objects.create(cause="two supervisors missing", **breaker)

    seen = None
    try:
        with open_gate(operation="edit", by=None, at=AT, reason="x"):
            pass
    except DomainError as error:
        seen = (error.status, error.code)

    assert seen == ((423, "breaker_open") if refused else None)


def test_the_gate_is_closed_during_maintenance():
    verified_backup()

    with (
        maintenance.on("restoring"),
        pytest.raises(maintenance.UnderMaintenance),
        open_gate(operation="edit", by=None, at=AT, reason="x"),
    ):
        pass


def test_deleting_a_person_with_a_rotation_is_refused_by_the_database():
    person = program.resident()
    program.block_assignment(person, program.block(), program.rotation())

    with pytest.raises(ProgrammingError, match="needs a verified backup"):
        person.delete()
