"""Readiness: bands at their boundaries, the lowest measured area, and the unknown never green."""

from __future__ import annotations

import pytest

from resilience.domain.levels import Level, Measured, Unknown
from resilience.domain.readiness import Area, rating, readiness
from schedules.domain.coverage import Filled

FULL = Measured(Filled(10, 10))


@pytest.mark.parametrize(
    ("filled", "expected"), [(1000, 1), (900, 1), (899, 2), (800, 2), (799, 3), (700, 3), (699, 4), (0, 4)]
)
def test_bands(filled, expected):
    assert rating(Measured(Filled(filled, 1000))) == Measured(expected)


def test_nothing_asked_for_is_unknown():
    assert rating(Measured(Filled(0, 0))) == Unknown("Nothing is asked for in this area.")


@pytest.mark.parametrize(
    ("filled", "overall", "level"),
    [(10, 1, Level.GREEN), (8, 2, Level.GREEN), (7, 3, Level.YELLOW), (6, 4, Level.ORANGE)],
)
def test_overall_is_the_lowest_area(filled, overall, level):
    found = readiness({Area.P: FULL, Area.S: Measured(Filled(filled, 10)), Area.T: FULL})

    assert (found.overall, found.level) == (Measured(overall), level)


def test_an_unmeasured_area_is_never_green():
    found = readiness({Area.P: FULL, Area.S: FULL})

    assert (found.overall, found.level) == (Measured(1), Level.UNKNOWN)


def test_nothing_measured_is_unknown():
    found = readiness({})

    assert (found.overall, found.level) == (Unknown("No area of readiness was measured."), Level.UNKNOWN)
