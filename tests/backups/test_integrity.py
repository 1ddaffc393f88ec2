"""The integrity check sees what the application itself could never have written."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from backups import services
from common.models import bulk_delete_with_history
from tests.factories import program
from tests.factories.backups import database_clock, verified_backup

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def _behind_the_back(statement: str, *values: object) -> None:
    """As a disk fault or a superuser would: without triggers and link checks."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values or None)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_sound_database_has_no_problems():
    program.tiny_program()
    verified_backup(row_counts={"schedules_person": 1})

    assert services.check_integrity(AT).problems == ()


def test_links_to_nothing_are_found():
    person = program.resident()
    program.absence(person, dt.date(2026, 3, 12))
    _behind_the_back("DELETE FROM schedules_person WHERE id = %s", person.pk)

    [problem] = services.check_integrity(AT).problems

    assert problem.startswith("1 rows of schedules_absence point at rows that do not exist")


def test_rows_lost_without_history_are_found():
    program.resident()
    verified_backup(row_counts={"schedules_person": 3})

    [problem] = services.check_integrity(AT).problems

    assert problem.startswith("schedules_person lost 2 rows since residency_scheduler_")


def test_rows_deleted_with_history_are_no_loss():
    at = database_clock()
    program.resident()
    by_row, in_bulk = program.resident(), program.resident()
    verified_backup(row_counts={"schedules_person": 3, "schedules_historicalperson": 3})
    by_row.delete()
    # A request begins before the backup that it asks for, and signs with its own time.
    bulk_delete_with_history([in_bulk], by=None, reason="cleared", at=at)

    assert services.check_integrity(AT).ok is True


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("ALTER TABLE schedules_assignment DISABLE TRIGGER scheduler_gate", "is switched off"),
        ("DROP TRIGGER scheduler_gate ON schedules_assignment", "is missing"),
    ],
)
def test_a_trigger_that_does_not_work_is_found(statement, fault):
    with connection.cursor() as cursor:
        cursor.execute(statement)

    assert services.check_integrity(AT).problems == (f"The gate's trigger on schedules_assignment {fault}.",)


def test_a_constraint_that_was_never_validated_is_found():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE schedules_person ADD CONSTRAINT unsure CHECK (name <> '') NOT VALID")

    assert services.check_integrity(AT).problems == ("Constraint or index unsure of schedules_person is not valid.",)


def test_the_command_fails_on_a_problem():
    verified_backup(row_counts={"schedules_person": 3})

    with pytest.raises(CommandError, match="schedules_person lost 3 rows"):
        call_command("check_integrity")
