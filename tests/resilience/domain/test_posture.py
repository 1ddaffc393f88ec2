"""Posture: every threshold at its boundary from both sides, rising, coming down, overriding."""

from __future__ import annotations

import datetime as dt

import pytest

from resilience.domain.levels import Level, Measured, Unknown
from resilience.domain.posture import Metric, evaluate, lower, overridden

NOON = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
CALM = {
    Metric.UTILIZATION: 0.5,
    Metric.COVERAGE: 1.0,
    Metric.MARGIN_ALL: 2,
    Metric.MARGIN_SAFETY: 2,
    Metric.UNFILLED_HARD: 0,
    Metric.HARD_DUTY_HOURS: 0,
    Metric.PENDING_DECISIONS: 0,
    Metric.READINESS: 1,
}


def readings(**changes):
    return {metric: Measured(value) for metric, value in (CALM | {Metric[k]: v for k, v in changes.items()}).items()}


def run(*steps):
    """Evaluations as (hours after noon, readings), in a row."""
    posture = None
    for hours, values in steps:
        posture = evaluate(posture, values, at=NOON + hours * HOUR)
    return posture


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, Level.GREEN),
        ({"UTILIZATION": 0.6999}, Level.GREEN),
        ({"UTILIZATION": 0.70}, Level.YELLOW),
        ({"UTILIZATION": 0.7999}, Level.YELLOW),
        ({"UTILIZATION": 0.80}, Level.ORANGE),
        ({"UTILIZATION": 0.8999}, Level.ORANGE),
        ({"UTILIZATION": 0.90}, Level.RED),
        ({"UTILIZATION": 0.95}, Level.RED),
        ({"UTILIZATION": 0.95, "MARGIN_SAFETY": 1}, Level.RED),
        ({"UTILIZATION": 0.9499, "MARGIN_SAFETY": 0}, Level.RED),
        ({"UTILIZATION": 0.95, "MARGIN_SAFETY": 0}, Level.BLACK),
        ({"COVERAGE": 0.95}, Level.GREEN),
        ({"COVERAGE": 0.9499}, Level.YELLOW),
        ({"COVERAGE": 0.90}, Level.YELLOW),
        ({"COVERAGE": 0.8999}, Level.ORANGE),
        ({"COVERAGE": 0.80}, Level.ORANGE),
        ({"COVERAGE": 0.7999}, Level.RED),
        ({"COVERAGE": 0.70}, Level.RED),
        ({"COVERAGE": 0.6999}, Level.BLACK),
        ({"MARGIN_ALL": 1}, Level.YELLOW),
        ({"MARGIN_ALL": 0}, Level.ORANGE),
        ({"MARGIN_ALL": -1}, Level.RED),
        ({"MARGIN_SAFETY": 1}, Level.YELLOW),
        ({"MARGIN_SAFETY": 0}, Level.ORANGE),
        ({"MARGIN_SAFETY": -1}, Level.BLACK),
        ({"UNFILLED_HARD": 1}, Level.YELLOW),
        ({"HARD_DUTY_HOURS": 1}, Level.RED),
        ({"PENDING_DECISIONS": 7}, Level.GREEN),
        ({"PENDING_DECISIONS": 8}, Level.YELLOW),
        ({"PENDING_DECISIONS": 12}, Level.YELLOW),
        ({"PENDING_DECISIONS": 13}, Level.ORANGE),
        ({"READINESS": 2}, Level.GREEN),
        ({"READINESS": 3}, Level.YELLOW),
        ({"READINESS": 4}, Level.ORANGE),
    ],
)
def test_every_threshold_from_both_sides(changes, level):
    assert run((0, readings(**changes))).level is level


@pytest.mark.parametrize("metric", list(Metric))
def test_anything_unknown_is_yellow_at_once(metric):
    unknown = readings() | {metric: Unknown("The task has not run.")}

    posture = run((0, readings()), (1, unknown))

    assert (posture.level, posture.unknown) == (Level.YELLOW, {metric: "The task has not run."})


def test_nothing_measured_is_yellow():
    assert run((0, {})).level is Level.YELLOW


def test_a_certificate_escalates_at_once():
    assert run((0, readings()), (1, readings(MARGIN_SAFETY=-1))).level is Level.BLACK


def test_a_rate_escalates_with_the_second_evaluation():
    high = readings(UTILIZATION=0.92)

    assert run((0, readings()), (1, high)).level is Level.GREEN
    assert run((0, readings()), (1, high), (2, high)).level is Level.RED
    assert run((0, readings()), (1, high), (2, readings()), (3, high)).level is Level.GREEN


def test_a_rate_that_jumps_is_confirmed_only_as_far_as_it_was_seen_twice():
    assert run((0, readings()), (1, readings(COVERAGE=0.93)), (2, readings(COVERAGE=0.75))).level is Level.YELLOW


def test_comes_down_one_step_after_three_clear_evaluations_and_a_day():
    orange = (0, readings(MARGIN_SAFETY=0))
    calm = readings()

    assert run(orange, (1, calm), (2, calm), (24, calm)).level is Level.ORANGE
    assert run(orange, (1, calm), (25, calm)).level is Level.ORANGE
    assert run(orange, (1, calm), (2, calm), (25, calm)).level is Level.YELLOW
    assert run(orange, (1, calm), (2, calm), (25, calm), (26, calm), (49, calm)).level is Level.YELLOW
    assert run(orange, (1, calm), (2, calm), (25, calm), (26, calm), (49, calm), (50, calm)).level is Level.GREEN


def test_one_evaluation_that_is_not_clear_starts_anew():
    calm, bad = readings(), readings(MARGIN_SAFETY=0)

    assert run((0, bad), (1, calm), (2, calm), (3, bad), (25, calm), (26, calm), (27, calm)).level is Level.ORANGE


def test_unknown_is_no_clear_evaluation():
    unknown = readings() | {Metric.MARGIN_SAFETY: Unknown("Stale.")}

    assert run((0, readings(MARGIN_SAFETY=0)), (1, unknown), (2, unknown), (30, unknown)).level is Level.ORANGE


def test_red_waits_for_a_person():
    calm = readings()
    posture = run((0, readings(HARD_DUTY_HOURS=1)), (1, calm), (2, calm), (25, calm))

    assert (posture.level, posture.may_lower(NOON + 25 * HOUR)) == (Level.RED, True)
    assert lower(posture, at=NOON + 25 * HOUR).level is Level.ORANGE


def test_nobody_lowers_before_time():
    posture = run((0, readings(HARD_DUTY_HOURS=1)), (1, readings()))

    with pytest.raises(ValueError, match="3 clear evaluations"):
        lower(posture, at=NOON + 2 * HOUR)


def test_an_override_holds_until_its_end():
    posture = overridden(
        run((0, readings(COVERAGE=0.93))), Level.GREEN, by="pd", reason="Closed.", at=NOON, until=NOON + 24 * HOUR
    )

    assert posture.shown(NOON + 23 * HOUR) is Level.GREEN
    assert posture.shown(NOON + 24 * HOUR) is Level.YELLOW


def test_a_graver_posture_ends_an_override():
    yellow = run((0, readings(COVERAGE=0.93)))
    quiet = overridden(yellow, Level.GREEN, by="pd", reason="Closed.", at=NOON, until=NOON + 24 * HOUR)

    after = evaluate(quiet, readings(MARGIN_SAFETY=-1), at=NOON + HOUR)

    assert after.shown(NOON + HOUR) is Level.BLACK


@pytest.mark.parametrize(
    ("level", "reason", "hours", "message"),
    [
        (Level.UNKNOWN, "r", 1, "choose a color"),
        (Level.GREEN, " ", 1, "reason"),
        (Level.GREEN, "r", 24.01, "within 24 hours"),
        (Level.GREEN, "r", 0, "within 24 hours"),
    ],
)
def test_an_override_is_refused(level, reason, hours, message):
    with pytest.raises(ValueError, match=message):
        overridden(run((0, readings())), level, by="pd", reason=reason, at=NOON, until=NOON + hours * HOUR)
