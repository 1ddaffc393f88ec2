"""Fallbacks: the fewest changes, bound to one schedule, refused once it changed."""

from __future__ import annotations

import datetime as dt

import pytest

from resilience.domain.contingency import Scenario
from resilience.domain.covering import OpenPost
from resilience.domain.fallbacks import PlanStatus, activate, plan, scenarios
from schedules.domain.coverage import Filled
from schedules.domain.margins import margins
from schedules.domain.problem import Person, Role, Session
from schedules.domain.roster import Slot
from tests.resilience.domain.world import THURSDAY, attendings, demand, problem, roster

FRIDAY = THURSDAY + dt.timedelta(days=1)
FOUR = attendings(4, credentials={"f1": ("ICU",), "f2": ("ICU",)})
AT_WORK = roster(f1="ICU OFF", f2="FMIT OFF", f3="RES OFF", f4="ADM OFF")
ICU = demand("ICU", frozenset({"f1", "f2"}))
FMIT = demand("FMIT", frozenset({"f2", "f3"}))
RESIDENTS = tuple(Person(name, name, Role.RESIDENT, 2) for name in ("r1", "r2"))
SICK = Scenario("single_absence", frozenset({"f1"}), THURSDAY, THURSDAY)


def test_the_plan_moves_the_fewest_people():
    found = plan(problem(FOUR, ICU, FMIT), AT_WORK, SICK)

    taken = {change.slot.person: change.after for change in found.changes if change.slot.session is Session.AM}
    assert taken == {"f1": "LV", "f2": "ICU", "f3": "FMIT"}
    assert (found.moved, found.coverage, found.open, found.unresolved) == (
        frozenset({"f2", "f3"}),
        Filled(2, 2),
        (),
        (),
    )


def test_a_credential_saves_a_move():
    both = attendings(4, credentials={"f1": ("ICU",), "f2": ("ICU",), "f4": ("ICU",)})

    found = plan(problem(both, demand("ICU", frozenset({"f1", "f2", "f4"})), FMIT), AT_WORK, SICK)

    assert found.moved == frozenset({"f4"})


def test_an_absence_more_leaves_a_post_open():
    two = Scenario("dual_absence", frozenset({"f1", "f3"}), THURSDAY, THURSDAY)

    found = plan(problem(FOUR, ICU, FMIT), AT_WORK, two)

    assert (found.coverage, sum(post.missing for post in found.open)) == (Filled(1, 2), 1)
    assert {finding.rule for finding in found.unresolved} == {"DEMAND_MIN"}


def test_more_demand_leaves_a_post_open():
    found = plan(problem(FOUR, ICU, demand("FMIT", frozenset({"f2", "f3"}), 2)), AT_WORK, SICK)

    assert (found.coverage, [post.missing for post in found.open]) == (Filled(2, 3), [1])


def test_a_resident_team_that_falls_short_is_listed_and_left_to_people():
    """r2 could be moved from a lecture, and is not: who stands in on a team is for those who teach to say."""
    team = demand("FMIT", frozenset({"r1", "r2"}))
    at_work = roster(f2="FMIT OFF", r1="FMIT OFF", r2="LEC OFF")
    sick = Scenario("single_absence", frozenset({"r1"}), THURSDAY, THURSDAY)

    found = plan(problem((*FOUR, *RESIDENTS), FMIT, team), at_work, sick)

    assert (found.coverage, found.open) == (Filled(1, 2), (OpenPost(THURSDAY, Session.AM, "FMIT", 1),))
    assert found.moved == frozenset()


def test_activation_gives_the_roster_that_was_shown():
    found = plan(problem(FOUR, ICU, FMIT), AT_WORK, SICK)

    assert activate(AT_WORK, found, on=THURSDAY).digest() == found.result


def test_a_changed_schedule_makes_it_stale_and_time_expires_it():
    found = plan(problem(FOUR, ICU, FMIT), AT_WORK, SICK)
    changed = AT_WORK.with_changes({Slot("f4", THURSDAY, Session.AM): "RES"})

    assert found.status(AT_WORK.digest(), THURSDAY) is PlanStatus.VALID
    assert found.status(changed.digest(), THURSDAY) is PlanStatus.STALE
    assert found.status(AT_WORK.digest(), FRIDAY) is PlanStatus.EXPIRED
    with pytest.raises(ValueError, match="This plan is stale"):
        activate(changed, found, on=THURSDAY)
    with pytest.raises(ValueError, match="This plan is expired"):
        activate(AT_WORK, found, on=FRIDAY)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (Scenario("x", frozenset({"nobody"}), THURSDAY, THURSDAY), "not in this schedule"),
        (Scenario("x", frozenset({"f1"}), FRIDAY, FRIDAY), "outside the schedule"),
    ],
)
def test_a_scenario_that_cannot_be_planned_is_refused(scenario, message):
    with pytest.raises(ValueError, match=message):
        plan(problem(FOUR, ICU, FMIT), AT_WORK, scenario)


def test_plans_are_kept_for_each_person_each_fatal_pair_and_cohort():
    report = margins(problem(FOUR, ICU), AT_WORK)

    found = list(scenarios(report, THURSDAY, THURSDAY, cohorts={"deployment": ["f1", "f2", "f3"], "pcs_season": []}))

    assert [(item.name, sorted(item.lost)) for item in found] == [
        ("single_absence", ["f1"]),
        ("single_absence", ["f2"]),
        ("single_absence", ["f3"]),
        ("single_absence", ["f4"]),
        ("dual_absence", ["f1", "f2"]),
        ("deployment", ["f1", "f2", "f3"]),
    ]
