"""The integrity check sees what the application itself could never have written."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from backups import services
from tests.factories import program
from tests.factories.backups import verified_backup

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
    kept, deleted = program.resident(), program.resident()
    assert kept != deleted
    verified_backup(row_counts={"schedules_person": 2})
    deleted.delete()

    assert services.check_integrity(AT).ok is True


def test_a_trigger_switched_off_is_found():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE schedules_assignment DISABLE TRIGGER scheduler_gate")

    assert services.check_integrity(AT).problems == ("The gate's trigger on schedules_assignment is switched off.",)


def test_a_constraint_that_was_never_validated_is_found():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE schedules_person ADD CONSTRAINT unsure CHECK (name <> '') NOT VALID")

    assert services.check_integrity(AT).problems == ("Constraint or index unsure of schedules_person is not valid.",)


def test_the_command_fails_on_a_problem():
    verified_backup(row_counts={"schedules_person": 3})

    with pytest.raises(CommandError, match="schedules_person lost 3 rows"):
        call_command("check_integrity")
