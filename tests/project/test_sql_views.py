"""The views that procedures read by SQL: what is in them, and that nothing can be written through them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import OperationalError, connection, transaction

from schedules.domain.problem import Session
from schedules.enums import ScheduleStatus
from tests.factories import program, swaps

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 3, 12)


def rows(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def columns(view: str) -> list[str]:
    found = rows(
        f"SELECT column_name FROM information_schema.columns WHERE table_name = '{view}' ORDER BY ordinal_position"
    )
    return [str(name) for (name,) in found]


def test_people_are_all_people_without_their_addresses():
    program.resident(2, name="Ida", email="ida@example.org")
    program.faculty(name="Otto", duty=program.duty(name="Core"), faculty_role="Associate Director", is_active=False)

    assert rows("SELECT name, role, pgy_level, faculty_role, duty, is_active FROM people ORDER BY name") == [
        ("Ida", "RESIDENT", 2, "", None, True),
        ("Otto", "FACULTY", None, "Associate Director", "Core", False),
    ]
    assert columns("people") == ["id", "name", "role", "pgy_level", "faculty_role", "duty", "is_active"]


def test_assignments_are_those_of_published_schedules():
    person, rotation = program.resident(name="Ida"), program.rotation(name="Clinic")
    shown = program.schedule(DAY, DAY, status=ScheduleStatus.PUBLISHED)
    row = program.assignments(shown, [(person, DAY, Session.AM, "C")])[0]
    with program.open_gate():
        row.rotation = rotation
        row.save()
    program.assignments(program.schedule(DAY, DAY), [(person, DAY, Session.AM, "LEC")])

    assert rows("SELECT * FROM assignments WHERE date >= '2026-03-12'") == [
        (row.pk, shown.pk, person.pk, "Ida", DAY, "AM", "C", "Clinic", "MANUAL", False)
    ]
    assert columns("assignments") == [
        *("id", "schedule", "person", "person_name", "date", "session", "activity", "rotation", "source", "locked"),
    ]


def test_swap_records_are_the_facts_of_the_report_without_a_reason():
    giver, taker = program.faculty(name="Ada"), program.faculty(name="Ben")
    swap = swaps.executed(giver, taker, transaction_id=7, reason_code="medical", rationale="Get well.")

    assert rows("SELECT * FROM swap_records") == [
        (
            *(swap.pk, "ABSORB", "EXECUTED", None, swaps.EARLY, giver.pk, "Ada", swaps.FRIDAYS[1], taker.pk, "Ben"),
            *(None, "", swaps.EARLY, 7, swaps.EARLY + dt.timedelta(hours=24), None),
        )
    ]
    assert columns("swap_records") == [
        *("request_id", "type", "status", "requested_by", "requested_at", "source_faculty_id", "source_faculty"),
        *("source_week", "target_faculty_id", "target_faculty", "target_week", "error_code", "executed_at"),
        *("transaction_id", "rollback_eligible_until", "rolled_back_at"),
    ]


@pytest.mark.parametrize("view", ["people", "assignments", "swap_records"])
def test_nothing_is_written_through_them(view):
    with pytest.raises(OperationalError, match="cannot delete from view"), transaction.atomic():
        rows(f"DELETE FROM {view}")
