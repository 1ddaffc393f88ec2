"""Partners and weeks that really pass tier 1, and their scores."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules.domain.problem import Preference, PreferenceScope, Session
from swaps.domain.candidates import WEIGHTS, Answers, Component, Search, alternatives, candidates, weeks_in_exchange
from swaps.domain.checks import Untouched
from swaps.domain.findings import SwapFacts
from swaps.domain.tables import SwapPolicy
from tests.factories.rosters import attending, day, world

FACTS = SwapFacts(at=dt.datetime.combine(day(-60), dt.time(), dt.UTC))
PEOPLE = tuple(attending(number) for number in range(1, 7))
WEEK = {"1-2": "FMIT FMIT CALL", "3-7": "FMIT FMIT", "8": "PC PC"}
LATER = {"15-16": "FMIT FMIT CALL", "17-21": "FMIT FMIT", "22": "PC PC"}


def searched(plan, *, leave=None, wishes=(), answers=None, people=PEOPLE):
    problem, roster = world(people, {"F1": WEEK, **plan}, leave=leave, wishes=wishes)
    return Search(Untouched(problem, roster), "F1", FACTS, SwapPolicy(), answers or {})


def test_the_weights_are_those_of_the_specification():
    assert {part.value: weight for part, weight in WEIGHTS.items()} == {
        "preference": 0.35,
        "date_closeness": 0.20,
        "workload_balance": 0.15,
        "history": 0.15,
        "availability_slack": 0.15,
    }


def test_only_partners_who_pass_tier_one_are_named():
    """F4 leads the two weeks after: with this one three in a row."""
    two_more = {"8-9 15-16": "FMIT FMIT CALL", "10-14 17-21": "FMIT FMIT", "22": "PC PC"}
    found = searched({"F4": two_more}, leave={"F2": "4", "F3": "7"})

    people = [item.person for item in candidates(found, day(3))]

    assert people == ["F5", "F6"]


def test_each_component_by_hand():
    wishes = [
        Preference("F2", PreferenceScope.WEEK, 3, start=day(1), end=day(7)),
        Preference("F3", PreferenceScope.WEEK, -3, start=day(1), end=day(7)),
    ]
    found = searched(
        {"F2": LATER, "F3": {"4-7": "AT AT"}},
        wishes=wishes,
        answers={"F2": Answers(3, 4)},
        people=PEOPLE[:3],
    )

    best, other = candidates(found, day(1))

    assert best.person == "F2"
    assert best.parts == {
        Component.PREFERENCE: 1.0,
        Component.DATE_CLOSENESS: pytest.approx(1 - 14 / 84),
        Component.WORKLOAD_BALANCE: 0.0,
        Component.HISTORY: 0.75,
        Component.AVAILABILITY_SLACK: 1.0,
    }
    assert best.score == pytest.approx(0.35 + 0.2 * 70 / 84 + 0 + 0.15 * 0.75 + 0.15, abs=1e-6)
    assert other.parts == {
        Component.PREFERENCE: 0.0,
        Component.DATE_CLOSENESS: 0.0,
        Component.WORKLOAD_BALANCE: 1.0,
        Component.HISTORY: 0.5,
        Component.AVAILABILITY_SLACK: 0.5,
    }


def test_weeks_in_exchange_are_the_partners_own():
    found = searched({"F2": LATER})

    assert [(item.person, item.target_week) for item in weeks_in_exchange(found, "F2", day(1))] == [("F2", day(15))]


def test_three_alternatives_each_really_checked():
    found = searched({"F2": LATER}, leave={"F2": "4"})

    offered = alternatives(found, day(1), taker="F2", target=None)

    assert [item.person for item in offered] == ["F3", "F4", "F5"]
    assert all(item.assessment.passes_tier_one for item in offered)


def test_single_sessions_are_offered_to_other_partners_as_they_are():
    found, morning = searched({}, leave={"F2": "4", "F3": "4"}), ((day(4), Session.AM),)

    offered = alternatives(found, day(1), taker="F2", target=None, places=morning)

    assert [item.person for item in offered] == ["F4", "F5", "F6"]
    assert {item.exchange.request.giver_places for item in offered} == {morning}
