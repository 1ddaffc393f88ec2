"""Cuts for the linear relaxation: what a single row says of whole numbers, and not of fractions.

Supervisors are whole, their residents' load is in quarters: the relaxation pays for a quarter of a supervisor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

Row = tuple[float, float, Mapping[int, int]]
"""Lower and upper end, and the variables' coefficients."""
Ends = Sequence[tuple[int, int]]
"""Every variable's least and greatest value."""

DEEP = 0.01
"""A cut is worth its row where the point lies so far beyond it (Euclidean distance)."""


def cuts(rows: Iterable[Row], values: Sequence[float], ends: Ends) -> Iterator[Row]:
    """The deepest cut of each row at a point that is no solution; none where none is deep."""
    for row in rows:
        found = max(_candidates(row, values, ends), key=lambda cut: _depth(cut, values), default=None)
        if found is not None and _depth(found, values) > DEEP:
            yield found


def around(rows: Iterable[Row], values: Sequence[float], ends: Ends) -> Iterator[Row]:
    """A cut of each row about a solution: by its largest coefficient, which is what most of the row comes in."""
    for row in rows:
        largest = max(map(abs, row[2].values()))
        for terms, least in _sides(row):
            cut = rounded(terms, least, largest, values, ends)
            if cut is not None:
                yield cut


def worth_rounding(rows: Iterable[Row]) -> list[Row]:
    """The rows that have a coefficient to divide by."""
    return [row for row in rows if any(abs(factor) > 1 for factor in row[2].values())]


def _sides(row: Row) -> Iterator[tuple[Mapping[int, int], int]]:
    """The row as "terms >= least", once for each end."""
    lower, upper, terms = row
    if math.isfinite(lower):
        yield terms, round(lower)
    if math.isfinite(upper):
        yield {variable: -factor for variable, factor in terms.items()}, -round(upper)


def _candidates(row: Row, values: Sequence[float], ends: Ends) -> Iterator[Row]:
    for terms, least in _sides(row):
        for divisor in sorted({abs(factor) for factor in terms.values()} - {0, 1}):
            cut = rounded(terms, least, divisor, values, ends)
            if cut is not None:
                yield cut


def rounded(terms: Mapping[int, int], least: int, divisor: int, values: Sequence[float], ends: Ends) -> Row | None:
    """The mixed-integer rounding of "terms >= least" over a divisor; None where that divides without a remainder.

    Every variable is counted from the end of its range that is nearer to the point (Marchand and Wolsey 2001).
    """
    above = {variable for variable in terms if 2 * values[variable] > sum(ends[variable])}
    rest = least - sum(factor * ends[variable][variable in above] for variable, factor in terms.items())
    share = rest % divisor
    if not share:
        return None
    found: dict[int, int] = {}
    end = -(-rest // divisor) * share
    for variable, factor in terms.items():
        sign = -1 if variable in above else 1
        whole, part = divmod(sign * factor, divisor)
        price = sign * (whole * share + min(share, part))
        if price:
            found[variable] = price
            end += price * ends[variable][variable in above]
    return (end, math.inf, found) if found else None


def _depth(cut: Row, values: Sequence[float]) -> float:
    """How far the point is on the wrong side of the cut."""
    lower, _, terms = cut
    missing = lower - sum(factor * values[variable] for variable, factor in terms.items())
    return missing / math.sqrt(sum(factor * factor for factor in terms.values()))
