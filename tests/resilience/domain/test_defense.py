"""Levels of defense at their boundaries, and barriers by their own evidence."""

from __future__ import annotations

import pytest

from resilience.domain.defense import BarrierState, Defense, Evidence, current_defense, matrix
from resilience.domain.levels import Level, Measured, Unknown

YES, NO, NOT_KNOWN = Measured(True), Measured(False), Unknown("Never run.")


@pytest.mark.parametrize(
    ("coverage", "defense"),
    [
        (1.0, Defense.PREVENTION),
        (0.95, Defense.PREVENTION),
        (0.9499, Defense.CONTROL),
        (0.90, Defense.CONTROL),
        (0.8999, Defense.SAFETY_SYSTEMS),
        (0.80, Defense.SAFETY_SYSTEMS),
        (0.7999, Defense.CONTAINMENT),
        (0.70, Defense.CONTAINMENT),
        (0.6999, Defense.EMERGENCY),
    ],
)
def test_current_level_by_coverage(coverage, defense):
    assert current_defense(Measured(coverage)) == Measured(defense)


@pytest.mark.parametrize(
    ("evidence", "state"),
    [
        ([], BarrierState.UNKNOWN),
        ([YES, YES], BarrierState.READY),
        ([YES, NOT_KNOWN], BarrierState.UNKNOWN),
        ([YES, NO], BarrierState.DEGRADED),
        ([NO, NOT_KNOWN], BarrierState.DEGRADED),
        ([NO, NO], BarrierState.FAILED),
    ],
)
def test_a_barrier_stands_on_its_own_evidence(evidence, state):
    found = matrix(Measured(1.0), [Evidence(Defense.CONTAINMENT, "plans", holds) for holds in evidence])

    assert found.barriers[3].state is state


def test_barriers_up_to_the_current_level_are_active():
    found = matrix(Measured(0.92), [Evidence(level, "works", YES) for level in Defense])

    assert [barrier.state.value for barrier in found.barriers] == ["ACTIVE", "ACTIVE", "READY", "READY", "READY"]
    assert (found.current, found.level) == (Measured(Defense.CONTROL), Level.YELLOW)


def test_unknown_coverage_is_never_green():
    found = matrix(Unknown("No schedule is published."), [Evidence(level, "works", YES) for level in Defense])

    assert (found.current, found.level) == (Unknown("No schedule is published."), Level.UNKNOWN)


def test_label():
    assert Defense.CONTROL.label == "2 - CONTROL"
