"""Equilibrium: the day of exhaustion by hand."""

from __future__ import annotations

import datetime as dt

from resilience.domain.covering import Loss, without
from resilience.domain.equilibrium import Equilibrium, equilibrium
from resilience.domain.levels import Measured, Unknown
from schedules.domain.margins import margins
from schedules.domain.roster import Roster
from tests.resilience.domain.world import THURSDAY, attendings, demand, ids, problem, roster

THREE = attendings(3)
EVERYBODY = ids(THREE)
DAYS = [THURSDAY + dt.timedelta(days=n) for n in range(8)]


def after(lost, *, eligible=EVERYBODY, minimum=1, budget=3, ordinary=3):
    cells = {}
    for day in DAYS:
        cells |= roster(day, f1="ADM ADM", f2="ADM ADM", f3="ADM ADM").cells
    posts = [demand("FMIT", eligible, minimum, day=day) for day in DAYS]
    world = problem(THREE, *posts, end=DAYS[-1])
    losses = [Loss(person, DAYS[0], until) for person, until in lost.items()]
    report = margins(*without(world, Roster(cells), losses))
    people = [person.id for person in THREE]
    return equilibrium(report, dict.fromkeys(people, budget), dict.fromkeys(people, ordinary))


def test_nobody_lost_lasts():
    found = after({})

    assert found == Measured(Equilibrium(8, None, 0))
    assert found.value.sustainable


def test_an_absence_takes_three_days():
    assert after({"f1": DAYS[-1]}) == Measured(Equilibrium(6, DAYS[6], 0))


def test_who_is_back_carries_again():
    # Three sessions each: six for the two others, and from the fifth day on three for the first.
    assert after({"f1": DAYS[3]}) == Measured(Equilibrium(8, None, 0))


def test_a_lost_credential_takes_three_more():
    assert after({"f1": DAYS[-1]}, eligible=frozenset({"f1", "f2"})) == Measured(Equilibrium(3, DAYS[3], 0))


def test_twice_the_demand_halves_it():
    assert after({"f1": DAYS[-1]}, minimum=2) == Measured(Equilibrium(3, DAYS[3], 0))


def test_work_beyond_the_ordinary_share_is_owed():
    found = after({"f1": DAYS[-1]}, budget=4, ordinary=2)

    assert found == Measured(Equilibrium(8, None, 4))
    assert not found.value.sustainable


def test_nobody_left_is_exhausted_at_once():
    assert after(dict.fromkeys(EVERYBODY, DAYS[-1])) == Measured(Equilibrium(0, DAYS[0], 0))


def test_without_demand_it_is_unknown():
    report = margins(problem(THREE), roster(f1="ADM ADM"))

    assert isinstance(equilibrium(report, {}, {}), Unknown)
