"""Incidents: the table of moves, targets, approvers, impact and recovery."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import pytest

from resilience.domain.incidents import (
    MOVES,
    SHEDDING_APPROVERS,
    TARGETS,
    Approver,
    Impact,
    IncidentState,
    Recovery,
    absence_impact,
    fallback_approvers,
    may_move,
)
from resilience.domain.levels import Level, Measured, Unknown
from resilience.domain.shedding import ShedLevel

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
NOT_RUN = Unknown("Not run.")
WELL = Recovery(Measured(True), Measured(True), Measured(0), Measured(1), Measured(24 * HOUR), Measured(True))


def test_every_state_has_its_moves_and_the_ordinary_way_leads_through():
    way = [state for state in IncidentState if state not in (IncidentState.FALSE_ALARM, IncidentState.MERGED)]

    assert MOVES.keys() == set(IncidentState)
    assert all(may_move(before, after) for before, after in pairwise(way))


def test_no_way_leads_past_review_or_out_of_the_end():
    assert not may_move(IncidentState.RECOVERED, IncidentState.CLOSED)
    assert not may_move(IncidentState.DETECTED, IncidentState.RESPONDING)
    assert not any(MOVES[end] for end in (IncidentState.CLOSED, IncidentState.FALSE_ALARM, IncidentState.MERGED))


@pytest.mark.parametrize(
    ("level", "detected", "analysed", "responded", "acknowledged", "update", "sitrep"),
    [
        (Level.YELLOW, 5, 10, 60, 60, 1440, None),
        (Level.ORANGE, 1, 5, 30, 15, 240, None),
        (Level.RED, 0, 2, 15, 5, 60, 240),
        (Level.BLACK, 0, 1, 0, 0, 30, 60),
    ],
)
def test_targets(level, detected, analysed, responded, acknowledged, update, sitrep):
    found = TARGETS[level]

    times = (found.detected, found.analysed, found.responded, found.acknowledged, found.update_every)
    assert [time / MINUTE for time in times] == [detected, analysed, responded, acknowledged, update]
    assert found.sitrep_every == (None if sitrep is None else sitrep * MINUTE)


def test_approvers_of_shedding():
    names = {level.name: sorted(SHEDDING_APPROVERS[level]) for level in ShedLevel}

    assert names == {
        "YELLOW": ["COORDINATOR"],
        "ORANGE": ["PROGRAM_DIRECTOR"],
        "RED": ["CLINICAL_LEAD", "PROGRAM_DIRECTOR"],
        "BLACK": ["PROGRAM_DIRECTOR", "SECOND_AUTHORITY"],
        "CRITICAL": ["PROGRAM_DIRECTOR", "SECOND_AUTHORITY"],
    }


def test_approver_of_a_fallback():
    coordinator, director = {Approver.COORDINATOR}, {Approver.PROGRAM_DIRECTOR}

    assert [fallback_approvers(level) for level in (Level.UNKNOWN, Level.ORANGE, Level.RED, Level.BLACK)] == [
        coordinator,
        coordinator,
        director,
        director,
    ]


@pytest.mark.parametrize(
    ("margin_all", "margin_safety", "idle", "impact"),
    [
        (Measured(0), Measured(1), Measured(True), Impact.LOW),
        (Measured(0), Measured(1), Measured(False), Impact.MEDIUM),
        (Measured(-1), Measured(1), Measured(True), Impact.HIGH),
        (Measured(0), Measured(0), Measured(True), Impact.HIGH),
        (NOT_RUN, Measured(0), NOT_RUN, Impact.HIGH),
        (Measured(0), NOT_RUN, Measured(True), Impact.UNKNOWN),
        (Measured(0), Measured(1), NOT_RUN, Impact.UNKNOWN),
    ],
)
def test_impact_of_an_absence(margin_all, margin_safety, idle, impact):
    assert absence_impact(margin_all, margin_safety, idle) is impact


def test_recovered_when_everything_is_good():
    assert WELL.missing == ()


@pytest.mark.parametrize(
    ("field", "bad", "sentence"),
    [
        ("loops_in_band", Measured(False), "Every homeostasis loop in band."),
        ("equilibrium_sustainable", NOT_RUN, "A sustainable equilibrium: unknown. Not run."),
        ("safety_gaps_7_days", Measured(1), "No safety gap for 7 days."),
        ("margin_safety_14_days", Measured(0), "k*(safety) of 1 for 14 days."),
        ("calm_for", Measured(24 * HOUR - MINUTE), "YELLOW or better for 24 hours."),
        ("shed_items_settled", Measured(False), "Shed items restored or dated."),
    ],
)
def test_one_missing_condition_is_no_recovery(field, bad, sentence):
    assert replace(WELL, **{field: bad}).missing == (sentence,)
