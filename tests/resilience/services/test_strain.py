"""The eight signs of strain of one resident, each counted by hand from the published cells."""

from __future__ import annotations

import datetime as dt

import pytest

from resilience.domain.homeostasis import Indicator
from resilience.domain.levels import Measured, Unknown
from resilience.models import ResiliencePolicy
from resilience.services import strain
from resilience.services.tools import analyze_homeostasis_tool
from resilience.services.world import load
from schedules.domain.problem import Session, days_between
from schedules.enums import ScheduleStatus
from tests.factories import program
from tests.factories.resilience import MONDAY, MORNING, policy, watched_ward

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
FORTNIGHT = MONDAY + 13 * DAY


def measured(lines, *, end=FORTNIGHT):
    """Signs of a resident whose days are written as "AM PM NIGHT", from Monday on; days not written are off."""
    program.standard_activities()
    program.policy()
    person = program.resident(2)
    program.block_assignment(person, program.block(), program.rotation())
    version = program.schedule(MONDAY, end, status=ScheduleStatus.PUBLISHED)
    written = dict(zip(days_between(MONDAY, end), lines, strict=False))
    rows = [
        (person, day, session, code)
        for day in days_between(MONDAY, end)
        for session, code in zip(Session, written.get(day, "OFF OFF").split(), strict=False)
        if code != "-"
    ]
    program.assignments(version, rows)
    found = strain.signs(load(MONDAY, end), str(person.pk), {})
    return {sign: reading.value for sign, reading in found.items() if isinstance(reading, Measured)}


def test_a_plain_week_of_clinic():
    found = measured(["C C"] * 5)

    assert found == {
        Indicator.HOURS: 50,
        Indicator.NIGHTS: 0,
        Indicator.WEEKENDS: 0,
        Indicator.STREAK: 5,
        Indicator.QUICK_RETURNS: 0,
        Indicator.SHORT_NOTICE: 0,
        Indicator.FREE_DAY_GAP: 5,
        Indicator.FLIPS: 0,
    }


def test_hours_are_the_worst_seven_days_wherever_they_begin():
    # Wednesday to Tuesday: seven days of twelve hours.
    found = measured(["OFF OFF", "OFF OFF", *["FMIT FMIT"] * 7])

    assert (found[Indicator.HOURS], found[Indicator.STREAK], found[Indicator.WEEKENDS]) == (84, 7, 1)


def test_nights_touch_the_next_date_and_flip_the_clock():
    # Two days of clinic, two nights, one day of clinic: out of the days into the nights and back.
    found = measured(["C C", "C C", "OFF OFF NF", "OFF OFF NF", "OFF OFF", "C C"])

    assert (found[Indicator.NIGHTS], found[Indicator.FLIPS]) == (2, 2)
    assert (found[Indicator.STREAK], found[Indicator.FREE_DAY_GAP]) == (4, 6)


def test_less_than_eleven_hours_between_duties_is_a_quick_return():
    # A night ends at six; the morning of the date after next begins at seven, that of the next one is too soon.
    found = measured(["OFF OFF NF", "- C", "C C"])

    assert found[Indicator.QUICK_RETURNS] == 1


def test_hours_of_less_than_a_week_are_unknown():
    program.standard_activities()
    program.policy()
    person = program.faculty()
    version = program.schedule(MONDAY, MONDAY + DAY, status=ScheduleStatus.PUBLISHED)
    program.assignments(version, [(person, MONDAY, "AM", "ADM")])

    found = strain.signs(load(MONDAY, MONDAY + DAY), str(person.pk), {})

    assert found[Indicator.HOURS] == Unknown("Less than a week is published.")


def test_people_over_the_policys_limits_are_named():
    limits = {sign.name.lower(): 1000.0 for sign in Indicator} | {"streak": 4, "free_day_gap": 4, "hours": 49}
    made = watched_ward(strain_limits=limits)

    strained = analyze_homeostasis_tool(at=MORNING).strained

    assert sorted(item.person.name for item in strained) == sorted(person.name for person in made.people.values())
    assert {item.count for item in strained} == {3}
    assert strained[0].over == ("hours", "streak of worked days", "days since a free day")


def test_a_sign_without_a_limit_is_unknown_and_never_green():
    watched_ward()
    policy(strain_limits={"hours": 80})

    answer = analyze_homeostasis_tool(at=MORNING)

    assert (answer.strain_unknown, answer.level.passes) == (4, False)
    assert ResiliencePolicy.objects.get().strained_from == 3


def test_changes_at_short_notice_are_read_from_the_history():
    made = watched_ward()
    changed_at = MORNING - dt.timedelta(hours=1)

    def change(offset):
        row = made.schedule.assignments.get(person=made["B"], date=MONDAY + offset * DAY, session="AM")
        row._history_date, row.locked = changed_at, not row.locked
        with program.open_gate():
            row.save()

    change(3)
    change(3)
    change(4)

    found = strain.changed_at_short_notice(load(MONDAY, MONDAY + 6 * DAY), at=MORNING)
    assert dict(found) == {made.id("B"): 1}
