"""Days off by themselves: what they cost at least in every legal roster, and cells that the board allows."""

from __future__ import annotations

import pytest

from schedules.domain.pattern import base_roster
from schedules.solver.days_off import best_days_off
from schedules.solver.greedy import greedy_roster
from schedules.solver.objective import minimise
from schedules.solver.search import Line, Search
from schedules.solver.solve import stated_board
from tests.schedules.solver.small_worlds import dislike, month, week

WORLDS = {
    "month": month,
    "month with wishes": lambda: month(wishes=[dislike("F1", 3, -2), dislike("R1", 5, -1)]),
}


def stated(problem):
    board = stated_board(problem, base=base_roster(problem))
    minimise(board)
    return board


@pytest.mark.parametrize("name", WORLDS)
def test_bound_is_at_most_what_a_legal_roster_pays_for_the_same(name: str) -> None:
    problem = WORLDS[name]()
    board = stated(problem)
    off = best_days_off(board, seed=0, seconds=600)

    search, line = Search(board, 0, 0.0), Line(float("inf"))
    start = search.of(greedy_roster(board), line)

    best = search.by_weeks(line, start).found

    paid = sum(cost * best.values[variable] for variable, cost in off.costs.items())
    assert 0 < off.bound <= paid


def test_no_price_is_higher_than_in_the_whole() -> None:
    board = stated(month())
    off = best_days_off(board, seed=0, seconds=600)

    proto = board.model.proto
    prices = dict(zip(proto.objective.vars, proto.objective.coeffs, strict=True))
    assert all(cost <= prices[variable] for variable, cost in off.costs.items())


def test_cells_are_ones_the_board_allows() -> None:
    board = stated(month())

    off = best_days_off(board, seed=0, seconds=600)

    assert off.cells
    assert all(code in board.choices[slot] for slot, code in off.cells.items())


def test_without_inpatient_duty_there_is_nothing_to_choose() -> None:
    off = best_days_off(stated(week()), seed=0, seconds=600)

    assert off is None or not off.cells
