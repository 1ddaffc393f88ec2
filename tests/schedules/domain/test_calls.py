"""Calls are counted by kind of night, and nights only for those who could have taken them."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules.domain.calls import NightKind, night_kind, takes_call, tally
from schedules.domain.problem import CallTally, Person, Role

SUN, MON, TUE, WED, THU, FRI, SAT = (dt.date(2026, 3, day) for day in range(8, 15))


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (SUN, NightKind.SUNDAY),
        (MON, NightKind.WEEKDAY),
        (THU, NightKind.WEEKDAY),
        (FRI, None),
        (SAT, None),
    ],
)
def test_the_kind_of_a_night(day, kind):
    assert night_kind(day, frozenset()) is kind


def test_a_holiday_is_a_kind_of_its_own_but_not_on_the_attendings_nights():
    holidays = frozenset({SUN, FRI})

    assert (night_kind(SUN, holidays), night_kind(FRI, holidays)) == (NightKind.HOLIDAY, None)


@pytest.mark.parametrize(
    ("fields", "takes"),
    [({}, True), ({"adjunct": True}, False), ({"excluded_from_call": True}, False)],
)
def test_who_takes_call(fields, takes):
    assert takes_call(Person("f", "F", Role.FACULTY, **fields)) is takes
    assert not takes_call(Person("r", "R", Role.RESIDENT, 1))


def test_calls_and_nights_available_are_counted():
    people = [Person(key, key, Role.FACULTY) for key in ("busy", "away", "ward")]

    found = tally(
        people,
        {SUN: "busy", MON: "busy", WED: "ward", FRI: "ward"},
        holidays=frozenset({WED}),
        away={"away": frozenset({TUE})},
        attending={SUN: "ward", MON: "ward"},
    )

    assert found == {
        "busy": CallTally(sunday=1, weekday=1, sunday_available=1, weekday_available=1, holiday_available=1),
        # Off on Tuesday, so not free for Monday night.
        "away": CallTally(sunday_available=1, holiday_available=1),
        "ward": CallTally(holiday=1, holiday_available=1),
    }
