"""Contingencies: proof, witness or unknown; cascades day by day; the expectation against brute force."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from dataclasses import replace

import pytest

from resilience.domain.contingency import (
    CascadeRisk,
    Outcome,
    Scenario,
    cascade,
    contingency,
    critical_people,
    expected_uncovered,
    fatal_groups,
    level_of,
    pair_losses,
)
from resilience.domain.covering import Loss, cover, without
from resilience.domain.levels import Level, Measured, Unknown
from schedules.domain.margins import Pool, Scope, margins
from schedules.domain.margins.posts import Post, SessionPosts
from schedules.domain.margins.report import MarginReport
from schedules.domain.problem import Policy, Session
from schedules.domain.roster import Roster, Slot
from tests.resilience.domain.world import THURSDAY, attendings, demand, ids, problem, roster

FRIDAY = THURSDAY + dt.timedelta(days=1)
THREE = attendings(3, credentials={"f1": ("ICU",), "f2": ("ICU",), "f3": ("ICU",)})
SICK = Scenario("single_absence", frozenset({"f1"}), THURSDAY, THURSDAY)


ALL_THREE = ids(THREE)


def icu(eligible=ALL_THREE, minimum=1, **fields):
    return demand("ICU", frozenset(eligible), minimum, **fields)


AT_WORK = roster(f1="ICU ADM", f2="ADM ADM", f3="RES ADM")


def places(changes):
    return {(change.slot.person, change.slot.session): change.after for change in changes}


def test_safe_with_the_smallest_witness():
    found = contingency(problem(THREE, icu()), AT_WORK, SICK)

    assert (found.outcome, places(found.witness)) == (Outcome.SAFE, {("f2", Session.AM): "ICU"})


def test_an_absence_makes_it_fatal_with_its_certificate():
    two_lost = Scenario("dual_absence", frozenset({"f1", "f2"}), THURSDAY, THURSDAY)

    found = contingency(problem(THREE, icu(minimum=2)), AT_WORK, two_lost)

    assert (found.outcome, found.uncovered) == (Outcome.FATAL, 1)
    assert found.certificates[0].certificate == (
        "Thu 12 Mar 2026 AM: ICU attending needs 2; only 1 available person can do it."
    )


def test_a_missing_credential_makes_it_fatal():
    assert contingency(problem(THREE, icu({"f1"})), AT_WORK, SICK).uncovered == 1


def test_more_demand_makes_it_fatal():
    found = [contingency(problem(THREE, icu(minimum=minimum)), AT_WORK, SICK).uncovered for minimum in (2, 3, 4)]

    assert found == [0, 1, 2]


def most_filled(posts: list[frozenset[str]], people: frozenset[str]) -> int:
    """Posts that can be filled at once, by trying everything."""
    if not posts:
        return 0
    first, rest = posts[0], posts[1:]
    taken = (1 + most_filled(rest, people - {person}) for person in first & people)
    return max((most_filled(rest, people), *taken))


@pytest.mark.parametrize("seed", range(150))
def test_with_dates_of_their_own_it_opens_what_trying_everything_leaves_open(seed):
    dice = random.Random(seed)
    people = attendings(4)
    week = [THURSDAY + dt.timedelta(days=offset) for offset in range(5)]
    asked = [
        demand(code, frozenset(dice.sample(sorted(ids(people)), dice.randint(1, 4))), dice.randint(1, 2), day=day)
        for day in week
        for code in ("ICU", "FMIT")
        if dice.random() < 0.7
    ]
    cells = {
        slot: code for day in week for slot, code in roster(day, **dict.fromkeys(ids(people), "ADM ADM")).cells.items()
    }
    losses = []
    for person in dice.sample(sorted(ids(people)), dice.randint(1, 3)):
        first = dice.randrange(5)
        losses.append(Loss(person, week[first], week[dice.randrange(first, 5)]))
    scenario = Scenario.of("deployment", losses)

    found = contingency(problem(people, *asked, end=week[-1]), Roster(cells), scenario)

    opened = 0
    for day in scenario.days:
        there = ids(people) - {loss.person for loss in losses if loss.start <= day <= loss.end}
        posts = [item.eligible for item in asked if item.day == day for _ in range(item.minimum)]
        opened += len(posts) - most_filled(posts, frozenset(there))
    assert (found.uncovered, found.outcome is Outcome.FATAL) == (opened, opened > 0)


def test_who_is_gone_on_other_dates_can_step_in_and_a_loss_outside_the_dates_is_left_out():
    days = [THURSDAY, FRIDAY]
    cells = {
        slot: code for day in days for slot, code in roster(day, f1="ICU ADM", f2="ADM ADM", f3="LEC ADM").cells.items()
    }
    world = problem(THREE, *(icu(minimum=2, day=day) for day in days), end=FRIDAY)
    after = FRIDAY + dt.timedelta(days=1)
    one_each = Scenario.of("dual_absence", [Loss("f1", THURSDAY, THURSDAY), Loss("f2", FRIDAY, FRIDAY)])
    together = Scenario("dual_absence", frozenset({"f1", "f2"}), THURSDAY, FRIDAY)
    inside = Scenario.of("dual_absence", [Loss("f1", THURSDAY, after), Loss("f2", after, after)]).within(
        THURSDAY, FRIDAY
    )

    found = [contingency(world, Roster(cells), scenario).uncovered for scenario in (one_each, together)]

    assert found == [0, 2]
    assert inside == Scenario("dual_absence", frozenset({"f1"}), THURSDAY, FRIDAY)


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        (Scenario("x", frozenset({"nobody"}), THURSDAY, THURSDAY), "The scenario names people"),
        (Scenario("x", frozenset({"f1"}), FRIDAY, FRIDAY), "The scenario lies outside"),
    ],
)
def test_a_scenario_that_cannot_be_judged_is_unknown(scenario, reason):
    found = contingency(problem(THREE, icu()), AT_WORK, scenario)

    assert found.outcome is Outcome.UNKNOWN
    assert found.reason.startswith(reason)


def test_without_demand_it_is_unknown():
    assert contingency(problem(THREE), AT_WORK, SICK).outcome is Outcome.UNKNOWN


def test_a_witness_that_would_break_a_rule_is_no_witness():
    # Only f2 could take the ICU and f2's cell is locked: refilling finds nobody, so no proof and no roster.
    locked = Roster(AT_WORK.cells, locked=frozenset({Slot("f2", THURSDAY, Session.AM)}))

    found = contingency(problem(THREE, icu({"f1", "f2"})), locked, SICK)

    assert (found.outcome, level_of([found])) == (Outcome.UNKNOWN, Level.UNKNOWN)


def test_level_of_nothing_is_unknown():
    assert level_of([]) is Level.UNKNOWN


def test_moves_a_chain_of_people_where_no_single_one_can_step_in():
    # f1 leaves the ICU, which only f2 could take; f2 leads the team, which f3 can.
    posts = (icu({"f1", "f2"}), demand("FMIT", ids(THREE)))
    at_work = roster(f1="ICU ADM", f2="FMIT ADM", f3="ADM ADM")

    found = cover(*without(problem(THREE, *posts), at_work, SICK.losses))

    assert (places(found.changes), found.open, found.moved) == (
        {("f2", Session.AM): "ICU", ("f3", Session.AM): "FMIT"},
        (),
        frozenset({"f2", "f3"}),
    )


def test_idle_pool_moves_nobody_from_a_post():
    posts = (icu({"f1", "f2"}), demand("FMIT", ids(THREE)))
    at_work = roster(f1="ICU ADM", f2="FMIT ADM", f3="ADM ADM")

    found = cover(*without(problem(THREE, *posts), at_work, SICK.losses), pool=Pool.IDLE)

    assert [(post.label, post.missing) for post in found.open] == [("ICU attending", 1)]


def test_a_replacement_goes_on_with_what_they_took_over():
    posts = (icu(), icu(session=Session.PM))
    at_work = roster(f1="ICU ICU", f2="ADM RES", f3="RES ADM")

    found = cover(*without(problem(THREE, *posts), at_work, SICK.losses))

    assert len(found.moved) == 1


def test_a_call_brings_its_day_after():
    days = roster(f1="ADM ADM CALL", f2="ADM ADM").cells | roster(FRIDAY, f1="PCAT OFF", f2="ADM ADM").cells
    call = demand("CALL", ids(THREE), session=Session.NIGHT)

    found = cover(*without(problem(THREE, call, end=FRIDAY), Roster(days), SICK.losses))

    assert places(found.changes) == {
        ("f2", Session.NIGHT): "CALL",
        ("f2", Session.AM): "PCAT",
        ("f2", Session.PM): "DO",
    }
    assert found.roster.at("f1", FRIDAY, Session.AM) == "AT"


def test_n1_and_n2():
    report = margins(problem(THREE, icu({"f1"}), demand("FMIT", frozenset({"f2", "f3"}))), AT_WORK)

    assert critical_people(report) == (("f1", 1),)
    assert fatal_groups(report) == ((("f2", "f3"), 1),)
    assert pair_losses(report) == {frozenset(pair): 1 for pair in (("f1", "f2"), ("f1", "f3"), ("f2", "f3"))}


def test_a_cascade_exhausts_those_who_take_turns():
    # ICU takes 8 h a day; with a limit of 16 h a week each replacement lasts two days. Whoever has worked less steps
    # in: f2, f3, f2, f3, then nobody is left.
    days = [THURSDAY + dt.timedelta(days=n) for n in range(6)]
    cells = {}
    for day in days:
        cells |= roster(day, f1="ICU ICU", f2="OFF OFF", f3="OFF OFF").cells
    posts = [icu(day=day, session=half) for day in days for half in (Session.AM, Session.PM)]
    world = problem(THREE, *posts, end=days[-1])
    tired = replace(world, policy=Policy(weekly_hours_limit=16))

    found = cascade(tired, Roster(cells), Scenario("deployment", frozenset({"f1"}), days[0], days[-1]))

    assert [(item.day.day, item.dropped) for item in found.days if item.dropped] == [(14, ("f2",)), (15, ("f3",))]
    assert (found.first_open, found.risk) == (days[4], CascadeRisk.MEDIUM)


def test_nobody_drops_out_of_a_short_absence():
    found = cascade(problem(THREE, icu()), AT_WORK, SICK)

    assert (found.dropped, found.first_open, found.risk) == ((), None, CascadeRisk.LOW)


def test_expected_loss_by_hand():
    # One post, two people, each absent half of the time: open when both are gone, 1/4 a day, 7 in 28 days.
    report = margins(problem(THREE, icu({"f1", "f2"})), AT_WORK)

    assert expected_uncovered(report, Measured(0.5)) == Measured(7.0)
    assert expected_uncovered(report, Measured(0.0)) == Measured(0.0)


def test_expected_loss_is_unknown_without_rate_or_demand():
    report = margins(problem(THREE), AT_WORK)

    assert expected_uncovered(report, Unknown("No absences recorded.")) == Unknown("No absences recorded.")
    assert isinstance(expected_uncovered(report, Measured(0.1)), Unknown)


def test_expected_loss_equals_the_sum_over_all_losses():
    for seed in range(60):
        dice = random.Random(seed)
        people = tuple(f"p{n}" for n in range(dice.randint(2, 5)))
        posts = tuple(
            Post(str(n), dice.randint(1, 2), pool, pool, frozenset({Scope.SAFETY}))
            for n in range(dice.randint(1, 3))
            for pool in [frozenset(dice.sample(people, dice.randint(1, len(people))))]
        )
        rate = dice.choice((0.1, 0.4))
        report = MarginReport(people, (SessionPosts(THURSDAY, Session.AM, posts),))
        total = 0.0
        for size in range(len(people) + 1):
            for lost in itertools.combinations(people, size):
                short = max(
                    sum(p.needed for p in chosen) - len(frozenset().union(*(p.anyone for p in chosen)) - set(lost))
                    for count in range(1, len(posts) + 1)
                    for chosen in itertools.combinations(posts, count)
                )
                total += max(0, short) * rate**size * (1 - rate) ** (len(people) - size)

        assert expected_uncovered(report, Measured(rate)) == Measured(pytest.approx(total * 28)), seed


def test_a_week_that_the_schedule_made_long_wears_nobody_out():
    week = tuple(THURSDAY + dt.timedelta(days=offset) for offset in range(7))
    able = {"f1", "f2"}
    world = problem(THREE, *(icu(able, day=day) for day in week), end=week[-1], policy=Policy(weekly_hours_limit=28))
    busy = Roster(
        {
            slot: code
            for day in week
            for slot, code in roster(day, f1="ICU ADM", f2="OFF OFF", f3="OFF OFF").cells.items()
        }
    )

    alone = cascade(world, busy, Scenario("none", frozenset(), THURSDAY, week[-1]))
    strained = cascade(world, busy, Scenario("single_absence", frozenset({"f1"}), THURSDAY, week[-1]))

    assert (alone.dropped, alone.risk) == ((), CascadeRisk.LOW)
    # Seven mornings of four hours: the only other one who can take them reaches 28 hours on the last day.
    assert (strained.dropped, strained.days[-1].dropped) == (("f2",), ("f2",))


def test_a_witness_answers_only_for_what_the_others_can_change():
    """The call of the eve is over, and no roster of the others takes it back from who is on leave."""
    eve = THURSDAY - dt.timedelta(days=1)
    world = problem(THREE, icu(), demand("CALL", ALL_THREE, day=eve, session=Session.NIGHT))
    on_call = Roster(AT_WORK.cells, context={Slot("f1", eve, Session.NIGHT): "CALL"})

    assert contingency(world, on_call, SICK).outcome is Outcome.SAFE
