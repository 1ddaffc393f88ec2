"""Counting the soft rules from a roster; the same numbers as the solver's objective."""

from __future__ import annotations

import random

import pytest
from ortools.sat.python import cp_model

from schedules.domain.pattern import base_roster
from schedules.domain.roster import Roster
from schedules.domain.score import COUNTS, FairShare, score
from schedules.solver.objective import TERMS, minimise
from schedules.solver.variables import Board, Sum, build
from tests.factories.rosters import attending, residents, slot, world
from tests.schedules.solver.small_worlds import core_duty, dislike, month, week


def objective_at(problem, roster: Roster, reference: Roster | None = None) -> int:
    """The objective's least value when every cell is what the roster says."""
    board = build(Board(problem, base_roster(problem)))
    sums = minimise(board, reference=reference)
    for place, options in board.choices.items():
        for code, literal in options.items():
            if not isinstance(literal, bool):
                board.model.add(literal == (code == roster.cells.get(place)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(board.model) == cp_model.OPTIMAL
    assert sums
    return round(solver.objective_value)


def consistent_roster(problem, seed: int) -> Roster:
    """A random roster that keeps what the board ties together (days off, PCAT and DO with the call)."""
    board = build(Board(problem, base_roster(problem)))
    chance = random.Random(seed)
    liked = Sum()
    for options in board.choices.values():
        for literal in options.values():
            liked.add(literal, chance.randint(-9, 9))
    board.model.maximize(liked.expression)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(board.model) == cp_model.OPTIMAL
    cells = {
        place: code
        for place, options in board.choices.items()
        for code, literal in options.items()
        if code is not None and (literal if isinstance(literal, bool) else solver.boolean_value(literal))
    }
    return Roster(cells)


def edge():
    """Two weeks whose days off are chosen, before two days of clinic that nobody turns off."""
    pattern = {"R1": {"0-13": "FMIT FMIT", "14-15": "C C"}}
    return world(residents(1), {"R1": {}}, span=(0, 13), known=(0, -1), pattern=pattern)[0]


def test_score_and_objective_name_the_same_rules() -> None:
    assert COUNTS.keys() == TERMS.keys()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    "problem",
    [
        week(),
        month(),
        week(wishes=[dislike("F1", 4), dislike("R1", 0, 2)], leave={"F2": "3"}),
        month(holidays=[4]),
        edge(),
    ],
    ids=["week", "month", "wishes", "holiday", "edge"],
)
def test_objective_equals_the_score_of_random_rosters(problem, seed) -> None:
    roster = consistent_roster(problem, seed)

    assert objective_at(problem, roster) == score(problem, roster).total


def test_objective_counts_changes_in_repair() -> None:
    problem = week()
    reference, roster = consistent_roster(problem, 1), consistent_roster(problem, 2)

    judged = score(problem, roster, reference=reference)

    assert judged.terms["REPAIR_CHANGE"].count > 0
    assert objective_at(problem, roster, reference) == judged.total


@pytest.mark.parametrize(
    ("after", "context", "count"),
    [
        ("C C", {}, 2),
        ("FMIT FMIT", {}, 0),
        ("- -", {}, 0),
        ("C C", {14: "OFF"}, 0),
        ("C C", {15: "OFF"}, 1),
    ],
    ids=["clinic", "days off are chosen later", "free", "decided to be free", "a day later"],
)
def test_runs_go_on_into_the_days_after_the_range(after, context, count) -> None:
    problem, roster = world(
        residents(1),
        {"R1": {"0-6": "- -", "8-13": "FMIT FMIT"}},
        span=(0, 13),
        known=(0, 13),
        pattern={"R1": {"14-15": after}},
    )
    decided = {slot("R1", offset): code for offset, code in context.items()}

    assert score(problem, Roster(roster.cells, context=decided)).terms["DAY_FREE_IN_7"].count == count


@pytest.mark.parametrize(("new", "cost"), [(0, 1), (1, 0), (2, 0), (3, 1), (4, 3), (5, 6)])
def test_fair_share_costs_triangular_steps(new, cost) -> None:
    assert FairShare(so_far=2, low=3, high=4).cost(new) == cost


def test_exchanged_cells_are_moved_and_given_up_ones_dropped() -> None:
    problem, roster = world(residents(1), {"R1": {"0-1": "C CARD"}})

    exchanged = roster.with_changes({slot("R1", 0): "CARD", slot("R1", 0, slot("R1", 0).session.PM): "C"})
    dropped = roster.with_changes({slot("R1", 0): "ADM"})

    assert score(problem, exchanged).terms["PATTERN_MOVED"].count == 2
    assert score(problem, exchanged).terms["PATTERN_DROPPED"].count == 0
    assert score(problem, dropped).terms["PATTERN_MOVED"].count == 0
    assert score(problem, dropped).terms["PATTERN_DROPPED"].count == 1


def test_short_weeks_force_no_faculty_minimum() -> None:
    people = (attending(1, duty=core_duty(clinic=2, gme=2)),)
    problem, roster = world(people, {"F1": {"0": "C C"}}, leave={"F1": "1-27"}, span=(0, 6))

    assert score(problem, roster).terms["FACULTY_WEEK_MIN"].count == 0
