"""The parts' bounds: below every legal roster, whatever the number of threads; no price is counted twice."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from schedules.domain.pattern import base_roster
from schedules.domain.score import score
from schedules.solver import Options, solve
from schedules.solver.objective import minimise
from schedules.solver.parts import Bounding, days_off
from schedules.solver.solve import stated_board
from tests.schedules.solver.small_worlds import dislike, month, week

WORLDS = {
    "week": week,
    "month": month,
    "month with wishes": lambda: month(wishes=[dislike("F1", 3, -2), dislike("R1", 5, -1)]),
}


def bounded(problem, threads: int = 1):
    board = stated_board(problem, base=base_roster(problem))
    minimise(board)
    bounding = Bounding(board, 0, time.monotonic() + 60, threads)
    found = [future.result() for future in bounding.begin()]
    bounding.end()
    return bounding, found


@pytest.mark.parametrize("name", WORLDS)
def test_sum_of_the_parts_is_at_most_what_a_legal_roster_costs(name: str) -> None:
    problem = WORLDS[name]()
    bounding, found = bounded(problem)

    solution = solve(problem, base=base_roster(problem), options=Options(timeout_seconds=10, workers=2))

    assert solution.roster is not None
    assert bounding.total(found) <= score(problem, solution.roster).total


def test_parts_bound_a_month_within_a_few_points() -> None:
    problem = month()
    bounding, found = bounded(problem)

    solution = solve(problem, base=base_roster(problem), options=Options(timeout_seconds=10, workers=2))

    assert solution.objective is not None
    assert solution.objective - bounding.total(found) <= 0.05 * solution.objective


def test_number_of_threads_changes_no_bound() -> None:
    problem = month()

    assert [each.bound for each in bounded(problem, 1)[1]] == [each.bound for each in bounded(problem, 3)[1]]


def test_every_price_belongs_to_one_part() -> None:
    bounding, _ = bounded(month())
    proto = bounding.board.model.proto

    paid: Counter[int] = Counter()
    for part in bounding.parts:
        paid.update(part.costs)

    whole = dict(zip(proto.objective.vars, proto.objective.coeffs, strict=True))
    assert all(paid[variable] <= whole[variable] for variable in paid)


def test_days_off_are_cells_the_board_allows() -> None:
    bounding, found = bounded(month())

    off = days_off(bounding.board, found[0])

    assert off
    assert all(code in bounding.board.choices[slot] for slot, code in off.items())


def test_parts_not_reached_count_by_their_domains() -> None:
    bounding, found = bounded(month())

    assert bounding.total([]) <= bounding.total(found[:1]) <= bounding.total(found)
