"""Covering within the rules: by days, and person by person where one rule bars the obvious choice."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

import pytest

from resilience.domain import fallbacks, shedding
from resilience.domain.contingency import Scenario
from resilience.domain.covering import cover_lawfully, hard_findings, new_hard, without
from resilience.domain.covering.flow import cheapest
from schedules.domain.problem import DutyLimits, Person, Problem, Role, Session, WorkKind
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import check
from tests.resilience.domain.world import THURSDAY, demand, ids, problem, roster

FRIDAY = THURSDAY + dt.timedelta(days=1)


def attending(name: str) -> Person:
    return Person(name, name, Role.FACULTY, duty=DutyLimits("Core", {}, {WorkKind.SUPERVISION: 5}))


def test_a_call_whose_holder_is_missed_the_day_after_is_covered_with_that_day():
    """Whoever takes the night is off the next afternoon; the other one then takes over their post."""
    people = (attending("f1"), attending("f2"))
    world = problem(
        people,
        demand("CALL", ids(people), session=Session.NIGHT),
        demand("FMIT", ids(people), day=FRIDAY, session=Session.PM),
        end=FRIDAY,
    )
    cells = {
        **roster(f1="ADM ADM", f2="ADM ADM").cells,
        **roster(FRIDAY, f1="ADM FMIT", f2="ADM ADM").cells,
    }
    before = Roster(cells)

    found = cover_lawfully(check(world, before), world, before)

    after = found.roster
    callers = [slot.person for slot, code in after if code == "CALL"]
    attendings = [slot.person for slot, code in after if code == "FMIT"]
    assert (found.open, len(callers), len(attendings)) == ((), 1, 1)
    assert callers != attendings


def any_week(dice: random.Random) -> tuple[Problem, Roster]:
    """Four attendings through a made-up week from Thursday: units, calls and inpatient days, some of them unfilled."""
    people = tuple(
        replace(attending(f"f{number}"), credentials={"ICU": None} if dice.random() < 0.7 else {})
        for number in range(1, 5)
    )
    week = tuple(THURSDAY + dt.timedelta(days=offset) for offset in range(7))
    able = frozenset(person.id for person in people if person.credentials)
    demands = [
        asked
        for day in week
        for asked, chance in (
            (demand("ICU", able, day=day), 0.6),
            (demand("FMIT", ids(people), day=day, session=Session.PM), 0.5),
            (demand("CALL", ids(people), day=day, session=Session.NIGHT), 0.5),
        )
        if dice.random() < chance and asked.eligible
    ]
    work = ("ADM", "ADM", "RES", "LEC", "C", "OFF", "ICU", "FMIT")
    cells = {
        Slot(person.id, day, session): dice.choice(work)
        for person in people
        for day in week
        for session in (Session.AM, Session.PM)
    }
    calls = {Slot(dice.choice(people).id, day, Session.NIGHT): "CALL" for day in week if dice.random() < 0.3}
    return problem(people, *demands, end=week[-1]), Roster({**cells, **calls})


@pytest.mark.parametrize("seed", range(40))
def test_no_plan_and_no_shedding_breaks_a_rule_that_was_kept(seed):
    dice = random.Random(seed)
    world, before = any_week(dice)
    lost = frozenset(dice.sample([person.id for person in world.people], dice.choice((1, 2))))
    scenario = Scenario("absence", lost, world.start, world.end)

    planned = fallbacks.plan(world, before, scenario)
    shed = shedding.simulate(world, before)

    assert hard_findings(world, before).hard == check(world, before).hard
    reduced, left = without(world, before, scenario.losses)
    after_plan = fallbacks.activate(before, planned, on=world.start)
    after_shedding = shedding.execute(before, shed)
    assert new_hard(check(reduced, left), check(reduced, after_plan)) == ()
    assert new_hard(check(world, before), check(world, after_shedding)) == ()
    assert shedding.restore(after_shedding, shed).cells == before.cells
    assert after_plan.digest() == planned.result


@pytest.mark.parametrize("seed", range(200))
def test_a_session_is_filled_as_far_and_as_cheaply_as_a_flow_of_another_hand_says(seed):
    import networkx as nx

    dice = random.Random(seed)
    needed = [dice.randint(1, 3) for _ in range(dice.randint(1, 5))]
    people = [f"p{number}" for number in range(dice.randint(1, 9))]
    costs = {
        (post, person): dice.choice((0, 50, 101, 103, 106))
        for post in range(len(needed))
        for person in people
        if dice.random() < 0.5
    }
    graph = nx.DiGraph()
    graph.add_nodes_from(("source", "sink"))
    graph.add_edges_from((post, "sink", {"capacity": count}) for post, count in enumerate(needed))
    for (post, person), cost in costs.items():
        graph.add_edge("source", person, capacity=1)
        graph.add_edge(person, post, capacity=1, weight=cost)
    theirs = nx.max_flow_min_cost(graph, "source", "sink")

    found = cheapest(needed, costs)

    assert len(found) == sum(theirs["source"].values())
    assert sum(costs[pair] for pair in found) == nx.cost_of_flow(graph, theirs)
    assert len({person for _, person in found}) == len(found)
    assert all(sum(index == post for index, _ in found) <= count for post, count in enumerate(needed))
