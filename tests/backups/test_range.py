"""Partial restore: the published rows of a date range come back from a backup, through the gate, and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest

from backups import services
from backups.enums import BackupKind
from common.errors import Invalid
from common.models import bulk_update_with_history
from schedules.domain.problem import Session
from schedules.models import Activity, Assignment, Schedule
from schedules.services.restoring import RangeNotRestorable, restore_range
from schedules.signals import rows_restored
from tests.factories import program

AT = dt.datetime(2026, 3, 1, 22, 0, 5, tzinfo=dt.UTC)
FIRST, SECOND, THIRD = (dt.date(2026, 3, day) for day in (12, 13, 14))

pytestmark = pytest.mark.usefixtures("own_database", "quick_backups")


def _published():
    tiny = program.tiny_program()
    schedule = program.schedule(FIRST, THIRD, status="PUBLISHED")
    person = tiny.faculty[3]
    rows = program.assignments(
        schedule,
        [
            (person, FIRST, Session.NIGHT, "CALL"),
            (person, SECOND, Session.AM, "PCAT"),
            (person, SECOND, Session.PM, "DO"),
            (person, THIRD, Session.AM, "W"),
        ],
    )
    return schedule, person, rows, services.create(kind=BackupKind.REGULAR, by=None, at=AT)


def _cells(schedule: Schedule) -> list[tuple[int, str, str]]:
    rows = Assignment.objects.filter(schedule=schedule).order_by("date", "session").select_related("activity")
    return [(row.date.day, row.session, row.activity.code) for row in rows]


def test_a_range_comes_back_with_its_calls_and_the_rest_stays():
    schedule, person, rows, backup = _published()
    clinic = Activity.objects.get(code="C")
    with program.open_gate():
        rows[0].delete()
        for row in rows[1:]:
            row.activity = clinic
        bulk_update_with_history(rows[1:], ["activity"], by=None, reason="a mistake")
    program.assignments(schedule, [(person, SECOND, Session.NIGHT, "CALL")])
    heard = []

    def hear(sender, *, schedule, **kwargs):
        heard.append(schedule)

    rows_restored.connect(hear)
    done = restore_range(backup, FIRST, SECOND, by=None, at=AT)
    rows_restored.disconnect(hear)

    assert done == {"created": 1, "changed": 2, "deleted": 1}
    assert _cells(schedule) == [(12, "NIGHT", "CALL"), (13, "AM", "PCAT"), (13, "PM", "DO"), (14, "AM", "C")]
    assert (Schedule.objects.get().version, heard) == (2, [schedule.pk])
    assert "violations" in Schedule.objects.get().validation
    restored = Assignment.history.filter(history_change_reason=f"restore {backup.file}", history_date=AT)
    assert sorted(restored.values_list("session", "history_type")) == [
        ("AM", "~"),
        ("NIGHT", "+"),
        ("NIGHT", "-"),
        ("PM", "~"),
    ]


def test_what_is_the_same_already_is_left_alone():
    _, _, rows, backup = _published()

    done = restore_range(backup, FIRST, THIRD, by=None, at=AT)

    assert done == {"created": 0, "changed": 0, "deleted": 0}
    assert (Schedule.objects.get().version, rows[0].history.count()) == (1, 1)


def test_dates_that_the_backup_does_not_hold_are_refused():
    *_, backup = _published()

    with pytest.raises(RangeNotRestorable, match="holds no published assignments"):
        restore_range(backup, dt.date(2026, 5, 1), dt.date(2026, 5, 2), by=None, at=AT)
    with pytest.raises(Invalid):
        restore_range(backup, SECOND, FIRST, by=None, at=AT)
