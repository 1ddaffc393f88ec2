"""Own weeks, candidates and exchanges, and what is kept in memory of the ground that they are looked for on."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from common.errors import Invalid
from swaps import services
from swaps.models import SwapPolicy
from swaps.services import ground
from tests.factories import program
from tests.factories.swaps import EARLY, FRIDAYS

pytestmark = pytest.mark.django_db
A_DAY = dt.timedelta(days=1)


def test_own_weeks_are_those_with_duty_that_have_not_begun(world):
    weeks = services.own_weeks(world.attending["A"], at=EARLY)

    led = [(week.start, week.end, dict(week.activities)["FMIT"]) for week in weeks if week.leads_fmit]
    assert led == [(FRIDAYS[1], FRIDAYS[1] + 6 * A_DAY, 14)]
    assert all(week.start > EARLY.date() and week.activities for week in weeks)
    begun = services.own_weeks(world.attending["A"], at=EARLY + 21 * A_DAY)
    assert FRIDAYS[1] not in [week.start for week in begun]


def test_a_week_that_is_asked_for_says_so(world, waiting):
    weeks = {week.start: week.is_open for week in services.own_weeks(world.attending["A"], at=EARLY)}

    assert weeks[FRIDAYS[1]] is True
    assert {open_ for start, open_ in weeks.items() if start != FRIDAYS[1]} <= {False}


def test_candidates_are_colleagues_who_pass_the_best_first(world):
    program.absence(world.attending["E"], FRIDAYS[1] + A_DAY)

    found = services.candidates(world.attending["A"], week=FRIDAYS[1] + 3 * A_DAY, at=EARLY)

    people = [item.person for item in found]
    assert str(world.attending["E"].pk) not in people
    assert str(world.attending["B"].pk) in people
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    assert all(item.assessment.passes_tier_one for item in found)


def test_exchanges_are_the_partners_own_inpatient_weeks(world):
    found = services.exchanges(world.attending["A"], week=FRIDAYS[1], partner=world.attending["C"], at=EARLY)

    assert [item.target_week for item in found] == [FRIDAYS[3]]


def test_a_week_out_of_reach_is_refused(world):
    with pytest.raises(Invalid):
        services.candidates(world.attending["A"], week=dt.date(2030, 1, 1), at=EARLY)


def test_the_ground_is_kept_until_anything_it_depends_on_changes(world):
    days = (FRIDAYS[1], FRIDAYS[1] + 6 * A_DAY)
    first = ground.around(days)
    assert ground.around(days) is first

    program.absence(world.attending["B"], FRIDAYS[1])
    second = ground.around(days)
    with program.open_gate():
        row = world.schedule.assignments.first()
        row.locked = True
        row.save()
    third = ground.around(days)

    assert second is not first
    assert str(world.attending["B"].pk) in {leave.person for leave in second.problem.absences}
    assert (len(second.roster.locked), len(third.roster.locked)) == (0, 1)


def test_the_ground_is_another_one_while_somebody_else_writes(world):
    """Who began earlier may commit later: their smaller history id is not the newest one."""
    calm = ground.version()
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")

    busy = ground.version()
    other.close()

    assert busy != calm


def test_only_what_a_person_locked_is_locked_not_what_was_swapped(world, executed):
    assert ground.around((FRIDAYS[1],)).roster.locked == frozenset()


def test_a_shorter_reach_of_the_policy_refuses_at_once(world, order):
    SwapPolicy.objects.create(days_ahead=10)

    found = services.validate(order("A", "B", target=2), by=world.user["A"], at=EARLY)

    assert [item.code for item in found.findings] == ["TOO_FAR"]
