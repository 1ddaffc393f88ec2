"""Hubs and trainings: ranked by what is left open, gains computed by hand."""

from __future__ import annotations

from resilience.domain.hubs import Training, hubs, trainings
from schedules.domain.margins import margins
from schedules.domain.problem import Absence
from tests.resilience.domain.world import THURSDAY, attendings, demand, problem, roster

FOUR = attendings(4)
AT_WORK = roster(**{person.id: "ADM ADM" for person in FOUR})


def report(*demands, **fields):
    return margins(problem(FOUR, *demands, **fields), AT_WORK)


def ranking(found):
    return [(hub.person, hub.uncovered, hub.fatal_sessions, hub.degree) for hub in hubs(found)]


ICU = demand("ICU", frozenset({"f1"}))
FMIT = demand("FMIT", frozenset({"f2", "f3"}))


def test_ranked_by_uncovered_then_by_fatal_groups():
    assert ranking(report(ICU, FMIT)) == [("f1", 1, 0, 1), ("f2", 0, 1, 1), ("f3", 0, 1, 1)]


def test_an_absence_makes_the_other_one_critical():
    found = report(ICU, FMIT, absences=(Absence("f3", THURSDAY, THURSDAY, "SICK"),))

    assert ranking(found) == [("f1", 1, 0, 1), ("f2", 1, 0, 1)]


def test_a_credential_takes_the_hub_away():
    found = report(demand("ICU", frozenset({"f1", "f4"})), FMIT)

    assert [hub.uncovered for hub in hubs(found)] == [0, 0, 0, 0]


def test_more_demand_makes_both_critical():
    found = report(ICU, demand("FMIT", frozenset({"f2", "f3"}), 2))

    assert [(hub.person, hub.uncovered) for hub in hubs(found)] == [("f1", 1), ("f2", 1), ("f3", 1)]


def test_who_joins_two_posts_lies_between_them():
    found = {hub.person: hub.betweenness for hub in hubs(report(demand("ICU", frozenset({"f1", "f2"})), FMIT))}

    assert found["f2"] > found["f1"] == found["f3"] == 0.0


def test_training_gives_the_exact_gain():
    # f2 or f3 learning the ICU lifts k* from 0 to 1: three people then share two posts.
    assert trainings(report(ICU, FMIT)) == (
        Training("f2", "ICU attending", 0, 1, 1, 0),
        Training("f3", "ICU attending", 0, 1, 1, 0),
    )


def test_without_demand_there_is_nothing_to_rank():
    assert (hubs(report()), trainings(report())) == ((), ())
