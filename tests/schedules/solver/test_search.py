"""Searches with one worker: legal results, valid bounds, windows that keep the rest, and the relaxation below them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import pytest

from schedules.domain.pattern import base_roster
from schedules.domain.rules import check
from schedules.domain.score import score
from schedules.solver.greedy import greedy_roster
from schedules.solver.objective import minimise
from schedules.solver.relaxation import Relaxation, relax
from schedules.solver.search import BRANCHING, RESTARTING, Answer, Found, Line, Search, better
from schedules.solver.solve import stated_board
from tests.schedules.solver.small_worlds import dislike, month, week, weighted

NO_DEADLINE = float("inf")


def searching(problem, gap: float = 0.01) -> Search:
    board = stated_board(problem, base=base_roster(problem))
    minimise(board)
    return Search(board, 0, gap)


def begun(problem) -> tuple[Search, Found]:
    search = searching(problem)
    found = search.of(greedy_roster(search.board), Line(NO_DEADLINE))
    assert found is not None
    return search, found


def test_roster_and_solution_say_the_same() -> None:
    problem = month()
    search = searching(problem)
    roster = greedy_roster(search.board)

    found = search.of(roster, Line(NO_DEADLINE))

    assert search.roster(found).cells == roster.cells
    assert found.objective == score(problem, roster).total


def test_illegal_roster_is_no_solution() -> None:
    problem = month()
    search = searching(problem)

    assert search.of(base_roster(problem), Line(NO_DEADLINE)) is None


def test_near_relaxation_is_legal_and_above_the_relaxation() -> None:
    problem = month(wishes=[dislike("F1", 3, -2), dislike("R1", 5, -1)])
    search, start = begun(problem)

    answer = search.near_relaxation(Line(NO_DEADLINE), start)

    assert check(problem, search.roster(answer.found)).hard == ()
    assert 0 < answer.bound <= answer.found.objective


@pytest.mark.parametrize("chance", range(4))
def test_any_legal_roster_is_a_solution_that_costs_its_score(chance: int) -> None:
    wishes = [dislike(f"F{1 + (chance + day) % 5}", day, -1 - day % 3) for day in (0, 1, 3, 4)]
    problem = month(wishes=wishes)
    only_wishes = weighted(problem, **{code: 0 for code in problem.policy.weights if code != "PREFERENCE"})
    roster = greedy_roster(stated_board(only_wishes, base=base_roster(only_wishes)))
    wished = searching(only_wishes)
    roster = wished.roster(wished.by_weeks(Line(NO_DEADLINE), wished.of(roster, Line(NO_DEADLINE))).found)

    found = searching(problem).of(roster, Line(NO_DEADLINE))

    assert found.objective == score(problem, roster).total


def test_relaxation_proves_its_optimum_in_whole_numbers() -> None:
    search, start = begun(month())
    objective = search.board.model.proto.objective

    optimum = relax(search.board.model, seconds=600)
    cut_about_a_roster = relax(search.board.model, seconds=600, known=start.values)

    prices = zip(objective.vars, objective.coeffs, strict=True)
    value = objective.offset + sum(cost * optimum.values[variable] for variable, cost in prices)
    assert optimum.bound == math.ceil(value - 0.01)
    assert optimum.bound <= cut_about_a_roster.bound <= search.by_weeks(Line(NO_DEADLINE), start).found.objective


@pytest.mark.parametrize("strategy", [BRANCHING, RESTARTING])
def test_what_is_proven_is_at_most_the_best_roster_and_never_less_than_before(strategy: str) -> None:
    search, start = begun(week(wishes=[dislike("F1", 3, -2), dislike("R1", 5, -1)]))
    best = search.by_weeks(Line(NO_DEADLINE), start).found

    search.bound = search.prove(Line(NO_DEADLINE), start).bound
    proven = search.whole(Line(NO_DEADLINE), best, strategy=strategy, work=2.0).bound

    assert 0 < search.bound <= proven <= best.objective


def test_whole_search_ends_with_the_best_where_it_is_allowed_no_gap() -> None:
    search, start = begun(month())
    search.gap = 0.0

    answer = search.whole(Line(NO_DEADLINE), start, strategy=BRANCHING, work=2.0)

    assert answer.found.objective == answer.bound == 400


@pytest.mark.parametrize(
    "attempt",
    [
        Search.by_weeks,
        Search.approach,
        partial(Search.whole, strategy=BRANCHING, work=2.0),
        partial(Search.whole, strategy=RESTARTING, work=2.0),
    ],
)
def test_searches_from_a_solution_are_legal_and_better(attempt: Callable[..., Answer]) -> None:
    problem = month()
    search, start = begun(problem)

    answer = attempt(search, Line(NO_DEADLINE), start)

    assert answer.found.objective < start.objective
    assert check(problem, search.roster(answer.found)).hard == ()


def test_residents_window_keeps_the_faculty() -> None:
    problem = month(wishes=[dislike("R1", 5, -3)])
    search, start = begun(problem)

    answer = search.by_residents(Line(NO_DEADLINE), start)

    faculty = {person.id for person in problem.faculty}
    before, after = search.roster(start).cells, search.roster(answer.found).cells
    changed = {slot.person for slot in before | after if before.get(slot) != after.get(slot)}
    assert changed.isdisjoint(faculty)
    assert answer.found.objective <= start.objective


def test_stopped_line_and_one_without_time_find_nothing() -> None:
    search, start = begun(month())
    stopped = Line(NO_DEADLINE)
    stopped.stop()

    assert search.prove(stopped, start) == Answer(start)
    assert search.prove(Line(0.0), start) == Answer(start)
    assert search.by_weeks(stopped, start) == Answer(start)


def test_relaxation_decides_slots_whose_literal_is_whole() -> None:
    values = Relaxation([1.0, 0.4, 0.6, 0.0], 0)

    assert values.decided([0, 3]) == 0
    assert values.decided([1, 2]) is None
    assert values.decided([3]) == -4
    assert values.decided([-4, 3]) == -4


def test_better_of_two_keeps_the_known_one_where_they_cost_the_same() -> None:
    cheap, same, dear = Found(3, [1]), Found(3, [0]), Found(5, [1])

    assert better(None, None) is None
    assert better(None, dear) is dear
    assert better(dear, cheap) is cheap
    assert better(cheap, same) is cheap
    assert better(cheap, None) is cheap
