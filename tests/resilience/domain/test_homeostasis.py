"""Homeostasis: bands at their boundaries, one side only, averages by hand, strain never guessed."""

from __future__ import annotations

import pytest

from resilience.domain.homeostasis import (
    IN_BAND_NOW,
    Band,
    Indicator,
    Loop,
    LoopState,
    average,
    level_of,
    loops,
    strain,
)
from resilience.domain.levels import Level, Measured, Unknown

GOOD = {Loop.COVERAGE: [1.0], Loop.UTILIZATION: [0.5], Loop.STABILITY: [1.0], Loop.COMPLIANCE: [1.0]}
SPREAD = Band(2.0, 1.0, high_is_bad=True)


def state(loop, *values):
    return next(item.state for item in loops({loop: values}, spread=SPREAD) if item.loop is loop)


@pytest.mark.parametrize(
    ("loop", "inside", "outside"),
    [
        (Loop.COVERAGE, 0.90, 0.8999),
        (Loop.UTILIZATION, 0.85, 0.8501),
        (Loop.STABILITY, 0.90, 0.8999),
        (Loop.COMPLIANCE, 1.0, 0.9999),
        (Loop.WORKLOAD_SPREAD, 3.0, 3.0001),
    ],
)
def test_bands_at_their_boundaries(loop, inside, outside):
    assert (state(loop, inside), state(loop, outside)) == (LoopState.IN_BAND, LoopState.OUT_OF_BAND)


def test_the_good_side_has_no_limit():
    assert (state(Loop.COVERAGE, 1.0), state(Loop.UTILIZATION, 0.1)) == (LoopState.IN_BAND, LoopState.IN_BAND)


def test_average_and_trend_by_hand():
    # 1.0, then 1.0 + 0.3 * (0.8 - 1.0) = 0.94: inside by the average, outside by the newest value.
    (found, *_) = loops({Loop.COVERAGE: [1.0, 0.8]})

    assert average([1.0, 0.8]) == pytest.approx(0.94)
    assert (found.state, found.value, found.trend) == (LoopState.DRIFTING, Measured(0.8), Measured(pytest.approx(-0.2)))


def test_a_loop_that_came_back_is_in_band_again_while_its_average_remembers():
    # 1.0 + 0.3 * (0.0 - 1.0) = 0.7, then 0.7 + 0.3 * (1.0 - 0.7) = 0.79.
    (found, *_) = loops({Loop.COVERAGE: [1.0, 0.0, 1.0]})

    assert (found.state, found.average) == (LoopState.RETURNING, Measured(pytest.approx(0.79)))
    assert (found.state in IN_BAND_NOW, level_of([found])) == (True, Level.YELLOW)


def test_all_in_band_is_green_and_a_missing_band_is_not():
    everything = GOOD | {Loop.WORKLOAD_SPREAD: [1.0]}

    assert level_of(loops(everything, spread=SPREAD)) is Level.GREEN
    assert level_of(loops(everything)) is Level.UNKNOWN
    assert level_of(loops(GOOD, spread=SPREAD)) is Level.UNKNOWN


def test_strain_counts_what_is_over_the_limit():
    limits = dict.fromkeys(Indicator, 2.0)
    measured = dict.fromkeys(Indicator, Measured(2.0)) | {Indicator.NIGHTS: Measured(3.0)}

    found = strain(measured, limits)

    assert (found.over, found.count) == ((Indicator.NIGHTS,), Measured(1))


def test_strain_without_all_signs_is_unknown():
    limits = dict.fromkeys(Indicator, 2.0)
    measured = dict.fromkeys(Indicator, Measured(3.0)) | {Indicator.FLIPS: Unknown("No schedule.")}

    found = strain(measured, limits)

    assert found.unknown == (Indicator.FLIPS,)
    assert found.count == Unknown("Not measured: changes between day and night. At least 7 over the limit.")
