"""Utilization: worked by hand, its bottleneck against brute force, and no wait without measured arrivals."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from resilience.domain.levels import Level, Measured, Unknown
from resilience.domain.utilization import (
    Arrivals,
    Utilization,
    band,
    by_closure,
    by_subsets,
    margin_level,
    utilization,
    waiting_days,
)
from schedules.domain.margins import margins
from schedules.domain.problem import Absence
from tests.resilience.domain.world import THURSDAY, attendings, demand, ids, problem, roster

TEN = attendings(10)


def ten(*demands, **fields):
    codes = {person.id: "ADM ADM" for person in TEN}
    return utilization(margins(problem(TEN, *demands, **fields), roster(**codes)))


def test_rate_buffer_and_safe_maximum():
    found = ten(demand("FMIT", ids(TEN), 6))

    assert (found.demanded, found.available, found.rate) == (6, 10, Measured(Fraction(6, 10)))
    assert (found.buffer, found.safe_maximum, found.level) == (2, 8, Level.GREEN)


def test_an_absence_takes_one_person():
    found = ten(demand("FMIT", ids(TEN), 6), absences=(Absence("f1", THURSDAY, THURSDAY, "SICK"),))

    assert (found.rate, found.safe_maximum, found.buffer) == (Measured(Fraction(6, 9)), 7, 1)


def test_a_lost_credential_tightens_the_bottleneck_and_not_the_rate():
    before = ten(demand("FMIT", ids(TEN), 1), demand("ICU", ids(TEN), 6))
    after = ten(demand("FMIT", ids(TEN), 1), demand("ICU", ids(TEN[:8]), 6))

    assert before.rate == after.rate == Measured(Fraction(7, 10))
    assert (before.bottleneck.rate, after.bottleneck.rate) == (Fraction(7, 10), Fraction(6, 8))
    assert [post.label for post in after.bottleneck.posts] == ["ICU attending"]


def test_one_more_demanded_moves_the_rate_by_a_tenth():
    found = ten(demand("FMIT", ids(TEN), 7))

    assert (found.rate, found.buffer, found.level) == (Measured(Fraction(7, 10)), 1, Level.YELLOW)


def test_a_small_pool_is_judged_by_its_margin():
    found = ten(demand("FMIT", ids(TEN), 1), demand("ICU", frozenset({"f1", "f2"}), 1))

    assert (found.rate, found.bottleneck.margin, found.level) == (Measured(Fraction(1, 5)), 1, Level.YELLOW)


def test_what_nobody_can_do_is_the_bottleneck():
    found = ten(demand("FMIT", ids(TEN), 6), demand("ICU", frozenset(), 1))

    assert (found.bottleneck.rate, found.bottleneck.margin, found.level) == (None, -1, Level.RED)


def test_without_demand_it_is_unknown():
    found = ten()

    assert isinstance(found.rate, Unknown)
    assert (found.bottleneck, found.level) == (None, Level.UNKNOWN)


def test_without_people_the_rate_is_unknown_and_the_level_red():
    found = Utilization(1, 0, 0, -1, ten(demand("ICU", frozenset())).bottleneck)

    assert found.rate == Unknown("Nobody is available for what is demanded.")
    assert found.level is Level.RED


@pytest.mark.parametrize(
    ("rate", "level"),
    [
        ("0.6999", Level.GREEN),
        ("0.70", Level.YELLOW),
        ("0.7999", Level.YELLOW),
        ("0.80", Level.ORANGE),
        ("0.8999", Level.ORANGE),
        ("0.90", Level.RED),
        ("0.9499", Level.RED),
        ("0.95", Level.BLACK),
        ("1.5", Level.BLACK),
    ],
)
def test_bands(rate, level):
    assert band(Fraction(rate)) is level


def test_margin_levels():
    assert [margin_level(k) for k in (3, 2, 1, 0, -1)] == [
        Level.GREEN,
        Level.GREEN,
        Level.YELLOW,
        Level.ORANGE,
        Level.RED,
    ]


def test_closure_equals_all_subsets():
    for seed in range(300):
        dice = random.Random(seed)
        people = [f"p{n}" for n in range(dice.randint(2, 9))]
        pools = {
            frozenset(dice.sample(people, dice.randint(1, len(people)))): dice.randint(1, 4)
            for _ in range(dice.randint(1, 6))
        }

        def rate(found, pools=pools):
            return Fraction(sum(need for pool, need in pools.items() if pool <= found), len(found))

        assert rate(by_closure(pools)) == rate(by_subsets(pools)), seed


def test_waiting_by_erlang_c():
    # M/M/1 at load 1/2 waits as long as one piece of work takes: 0.5/(1-0.5) * 1 day.
    assert waiting_days(Measured(Arrivals(0.5, 1)), 1) == Measured(1.0)
    # M/M/2 at load 1: chance to wait 1/3, then 1/(2-1) day.
    assert waiting_days(Measured(Arrivals(1, 1)), 2) == Measured(pytest.approx(1 / 3))


def test_no_wait_is_invented():
    assert waiting_days(Unknown("Arrivals are not recorded."), 3) == Unknown("Arrivals are not recorded.")
    assert isinstance(waiting_days(Measured(Arrivals(2, 1)), 2), Unknown)
    assert isinstance(waiting_days(Measured(Arrivals(1, 1)), 0), Unknown)
