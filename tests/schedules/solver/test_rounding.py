"""Rounding a row: cuts that every whole solution obeys, and that take away fractions."""

from __future__ import annotations

import math
from itertools import product

from schedules.solver.rounding import around, cuts, rounded, worth_rounding

SUPERVISORS, LEAVING, JOINING = 0, 1, 2
ENDS = [(0, 4), (0, 1), (0, 1)]
SEVEN_QUARTERS = (7, math.inf, {SUPERVISORS: 4, LEAVING: 1, JOINING: -2})
"""Four units per supervisor carry seven, one less if somebody leaves, two more if somebody joins."""


def solutions():
    lower, _, terms = SEVEN_QUARTERS
    return [values for values in product(range(5), (0, 1), (0, 1)) if _sum(terms, values) >= lower]


def _sum(terms, values) -> float:
    return sum(factor * values[variable] for variable, factor in terms.items())


def test_fraction_is_cut_off_and_every_solution_stays() -> None:
    point = [1.75, 0.0, 0.0]

    (cut,) = cuts([SEVEN_QUARTERS], point, ENDS)

    lower, upper, terms = cut
    assert _sum(terms, point) < lower
    assert upper == math.inf
    assert [values for values in solutions() if _sum(terms, values) < lower] == []


def test_rounding_about_a_point_counts_from_the_nearer_ends() -> None:
    terms = SEVEN_QUARTERS[2]

    assert rounded(terms, 7, 4, [2, 0, 0], ENDS) == (6, math.inf, {SUPERVISORS: 3, LEAVING: 1, JOINING: -1})
    assert rounded(terms, 7, 4, [2, 0, 1], ENDS) == (2, math.inf, {SUPERVISORS: 1, LEAVING: 1, JOINING: -1})
    assert rounded(terms, 8, 4, [2, 0, 0], ENDS) is None


def test_row_with_an_upper_end_is_rounded_as_its_opposite() -> None:
    lower, _, terms = SEVEN_QUARTERS
    opposite = (-math.inf, -lower, {variable: -factor for variable, factor in terms.items()})

    assert list(around([opposite], [2, 0, 0], ENDS)) == list(around([SEVEN_QUARTERS], [2, 0, 0], ENDS))
    assert list(cuts([opposite], [1.75, 0, 0], ENDS)) == list(cuts([SEVEN_QUARTERS], [1.75, 0, 0], ENDS))


def test_whole_point_is_not_cut_and_rows_of_ones_are_not_worth_it() -> None:
    assert list(cuts([SEVEN_QUARTERS], [2, 0, 0], ENDS)) == []
    assert worth_rounding([SEVEN_QUARTERS, (1, math.inf, {0: 1, 1: -1})]) == [SEVEN_QUARTERS]
