"""Deadlines of escalated cases."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from swaps.domain.deadlines import add_working_time, deadline, is_overdue, next_level
from swaps.domain.tables import Level, SwapPolicy

ZONE = ZoneInfo("Pacific/Honolulu")
POLICY = SwapPolicy()


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-03-12T09:00", "2026-03-12T13:00"),
        ("2026-03-12T06:00", "2026-03-12T12:00"),
        ("2026-03-12T13:00", "2026-03-12T17:00"),
        ("2026-03-12T15:00", "2026-03-13T10:00"),
        ("2026-03-13T16:00", "2026-03-16T11:00"),
        ("2026-03-14T09:00", "2026-03-16T12:00"),
        ("2026-03-12T17:00", "2026-03-13T12:00"),
    ],
)
def test_the_coordinator_answers_within_four_working_hours(asked, due):
    assert deadline(Level.COORDINATOR, at(asked), policy=POLICY) == at(due)


def test_a_holiday_is_no_working_day():
    assert deadline(Level.COORDINATOR, at("2026-03-12T16:00"), policy=POLICY, holidays=[dt.date(2026, 3, 13)]) == at(
        "2026-03-16T11:00"
    )


def test_the_others_answer_by_the_clock_also_across_a_change_of_the_clock():
    before = dt.datetime(2026, 3, 7, 12, tzinfo=ZoneInfo("America/New_York"))

    due = deadline(Level.PROGRAM_DIRECTOR, before, policy=POLICY)

    assert due.astimezone(dt.UTC) - before.astimezone(dt.UTC) == dt.timedelta(hours=24)
    assert deadline(Level.ARCHITECT, at("2026-03-13T16:00"), policy=POLICY) == at("2026-03-15T16:00")


def test_the_deadline_itself_is_in_time():
    due = at("2026-03-12T13:00")

    assert not is_overdue(due, due)
    assert is_overdue(due, due + dt.timedelta(seconds=1))


def test_a_late_case_goes_to_the_program_director_and_there_it_stays():
    assert [next_level(level) for level in Level] == [Level.PROGRAM_DIRECTOR, Level.PROGRAM_DIRECTOR, None]


def test_a_policy_without_working_hours_is_refused():
    with pytest.raises(ValueError, match="no working hours"):
        add_working_time(at("2026-03-12T09:00"), dt.timedelta(hours=1), policy=SwapPolicy(working_days=frozenset()))
