"""Levels: their order, and that the unknown is never green."""

from __future__ import annotations

import pytest

from resilience.domain.levels import Level, worst


def test_levels_are_ordered():
    assert Level.GREEN < Level.YELLOW < Level.ORANGE < Level.RED < Level.BLACK


def test_unknown_is_no_pass_and_counts_as_yellow():
    assert not Level.UNKNOWN.passes
    assert Level.UNKNOWN.alarm is Level.YELLOW


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], Level.UNKNOWN),
        ([Level.GREEN, Level.GREEN], Level.GREEN),
        ([Level.GREEN, Level.UNKNOWN], Level.UNKNOWN),
        ([Level.UNKNOWN, Level.YELLOW], Level.YELLOW),
        ([Level.GREEN, Level.BLACK, Level.GREEN], Level.BLACK),
    ],
)
def test_worst(levels, expected):
    assert worst(levels) is expected


def test_one_step_down_skips_unknown():
    down = [level.one_lower for level in (Level.BLACK, Level.RED, Level.ORANGE, Level.YELLOW, Level.GREEN)]
    assert down == [Level.RED, Level.ORANGE, Level.YELLOW, Level.GREEN, Level.GREEN]
