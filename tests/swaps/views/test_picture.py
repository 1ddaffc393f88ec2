"""The picture of two weeks: what is shown on which day, and what has an outline."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules.domain.problem import Session
from schedules.enums import ScheduleStatus
from swaps.views.picture import Changed, Strip, strips
from tests.factories import program

FRIDAY = dt.date(2026, 3, 13)
DAY = dt.timedelta(days=1)


def _codes(strip: Strip, person: int, side: str) -> list[list[str]]:
    return [[square.code for square in day] for day in getattr(strip.people[person], side).days]


@pytest.fixture
def pair(db: None):
    giver, taker = program.faculty(name="Giver"), program.faculty(name="Taker")
    version = program.schedule(FRIDAY, FRIDAY + 20 * DAY, status=ScheduleStatus.PUBLISHED)
    halves = (Session.AM, Session.PM)
    program.assignments(version, [(giver, FRIDAY, session, "FMIT") for session in halves])
    program.assignments(version, [(giver, FRIDAY, Session.NIGHT, "CALL")])
    program.assignments(version, [(taker, FRIDAY, Session.AM, "AT"), (taker, FRIDAY, Session.PM, "C")])
    return giver, taker


def test_a_day_of_the_same_is_one_square_and_a_night_that_goes_leaves_a_gap(pair):
    giver, taker = pair
    changes = {
        (giver.pk, FRIDAY, "AM"): Changed("FMIT", "OFF"),
        (giver.pk, FRIDAY, "PM"): Changed("FMIT", "OFF"),
        (giver.pk, FRIDAY, "NIGHT"): Changed("CALL", ""),
        (taker.pk, FRIDAY, "AM"): Changed("AT", "FMIT"),
        (taker.pk, FRIDAY, "NIGHT"): Changed("", "CALL"),
    }

    (strip,) = strips([giver, taker], [(FRIDAY, FRIDAY)], changes)

    assert (_codes(strip, 0, "before"), _codes(strip, 0, "after")) == ([["FMIT", "CALL"]], [["OFF", "–"]])
    assert (_codes(strip, 1, "before"), _codes(strip, 1, "after")) == ([["AT", "C"]], [["FMIT", "C", "CALL"]])


def test_what_the_swap_changes_has_an_outline_after_it_alone(pair):
    giver, taker = pair

    (strip,) = strips([giver, taker], [(FRIDAY, FRIDAY)], {(taker.pk, FRIDAY, "AM"): Changed("AT", "FMIT")})

    def outlined(side: str) -> list[bool]:
        return ["moved" in square.css for square in getattr(strip.people[1], side).days[0]]

    assert (outlined("before"), outlined("after")) == ([False, False], [True, False])
    assert [(shown.name, shown.changes) for shown in strip.people] == [("Giver", 0), ("Taker", 1)]


def test_each_week_begins_a_strip_and_the_day_after_it_stays_with_it(pair):
    giver, taker = pair
    after = FRIDAY + 14 * DAY
    weeks = [(FRIDAY, FRIDAY + 6 * DAY), (FRIDAY + 7 * DAY, FRIDAY + 13 * DAY)]

    shown = strips([giver, taker], weeks, {(giver.pk, after, "AM"): Changed("", "PC")})

    assert [(strip.days[0], strip.days[-1]) for strip in shown] == [
        (FRIDAY, FRIDAY + 6 * DAY),
        (FRIDAY + 7 * DAY, after),
    ]


def test_without_days_there_is_no_picture(pair):
    assert strips(list(pair), [], {}) == []
