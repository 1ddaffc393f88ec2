"""Solving one range: build the board, search, watch the search, and read the answer off the board."""

from __future__ import annotations

import math
import os
import time
from dataclasses import replace
from functools import partial, reduce

from ortools.sat.python import cp_model

from schedules.domain.edges import with_edges
from schedules.domain.problem import PersonId, Problem, Session
from schedules.domain.roster import Roster, Slot
from schedules.solver.answer import answered, infeasible
from schedules.solver.constraints import state_all
from schedules.solver.days_off import add_cut, best_days_off
from schedules.solver.greedy import greedy_roster
from schedules.solver.objective import minimise
from schedules.solver.options import (
    Algorithm,
    Options,
    Outcome,
    Solution,
    Statement,
    StopKind,
)
from schedules.solver.rounds import side_by_side
from schedules.solver.search import Answer, Found, Line, Search, better
from schedules.solver.variables import Board, build
from schedules.solver.watch import OnProgress, ShouldStop, Watch

POLISHING_SHARE = 0.8
"""Share of the time that improving the quick roster may take at most."""


def solve(
    problem: Problem,
    *,
    base: Roster,
    options: Options | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Solution:
    """The best roster of the range for everybody at once, or why there is none.

    `base` carries the context, the locked cells and the cells of frozen people. Infeasible, timed out and aborted
    are outcomes, not exceptions. `on_progress` is called at least once a second, `should_stop` polled ten times.
    """
    options = options or Options()
    began = time.monotonic()
    if options.algorithm is Algorithm.GREEDY:
        return greedy(problem, base=base, options=options)
    board = stated_board(problem, base=base, frozen=options.frozen)
    if board.broken:
        return infeasible(board, options, began)
    reference = options.hint if options.repair else None
    minimise(board, reference=reference)
    watch = Watch(board, on_progress, should_stop, began)
    deadline = began + options.timeout_seconds
    search = Search(board, options.seed, options.relative_gap)
    best = _improved(watch, search, options, deadline)
    if search.suffices(Answer(best)):
        status = cp_model.OPTIMAL
    else:
        search.prepare(best, options.hint or base)
        status = watch.run(_solver(options, deadline - time.monotonic() if watch.stopped is None else 0.0))
    if watch.stopped is StopKind.ABORT:
        return _without_roster(Outcome.ABORTED, watch, options)
    if status == cp_model.INFEASIBLE:
        return infeasible(board, options, began)
    if watch.best is None:
        return _without_roster(Outcome.TIMED_OUT, watch, options)
    outcome = Outcome.OPTIMAL if status == cp_model.OPTIMAL else Outcome.FEASIBLE
    answer = answered(board, watch.best, options, outcome=outcome, reference=reference)
    return replace(
        answer,
        bound=None if watch.bound is None else max(0.0, watch.bound),
        wall_seconds=time.monotonic() - began,
        first_solution_seconds=watch.first_seconds,
        curve=tuple(watch.curve),
    )


def _without_roster(outcome: Outcome, watch: Watch, options: Options) -> Solution:
    return Solution(
        outcome,
        None,
        bound=watch.bound,
        wall_seconds=time.monotonic() - watch.began,
        free_decisions=watch.board.decisions,
        seed=options.seed,
        workers=options.workers,
        curve=tuple(watch.curve),
    )


def _improved(watch: Watch, search: Search, options: Options, deadline: float) -> Found | None:
    """The best solution after rounds of searches side by side, each with what the rounds before it proved."""
    best = _first(search, options, Line(deadline))
    watch.note(search, best)

    def keep_going() -> bool:
        return watch.glance(options.timeout_seconds * POLISHING_SHARE)

    for attempts in search.rounds:
        if not keep_going() or search.suffices(Answer(best)):
            break
        answers = side_by_side(
            [partial(attempt, start=best) for attempt in attempts],
            deadline=deadline,
            threads=min(options.workers, os.cpu_count() or 1),
            keep_going=keep_going,
            suffices=search.suffices,
        )
        best = reduce(better, (each.found for each in answers), best)
        search.bound = max(search.bound, *(each.bound for each in answers if each.bound < math.inf))
        watch.note(search, best)
        if best is None:
            break
    return best


def _first(search: Search, options: Options, line: Line) -> Found | None:
    """The quick heuristic's roster around the best days off, or the one to begin with where that is better."""
    board = search.board
    off = best_days_off(board, seed=options.seed, seconds=line.seconds, size=search.size)
    if off is not None:
        add_cut(board, off)
    quick = search.of(greedy_roster(board, days_off=off.cells), line) if off is not None else None
    quick = quick or search.of(greedy_roster(board), line)
    return better(quick, search.of(options.hint, line) if options.hint is not None else None)


def greedy(problem: Problem, *, base: Roster, options: Options | None = None) -> Solution:
    """The constructive heuristic's roster: FEASIBLE if it breaks no hard rule, else TIMED_OUT (none found)."""
    options = options or Options()
    began = time.monotonic()
    board = stated_board(problem, base=base, frozen=options.frozen)
    if board.broken:
        return infeasible(board, options, began)
    roster = greedy_roster(board)
    reference = options.hint if options.repair else None
    elapsed = time.monotonic() - began
    if not is_legal(problem, with_edges(problem, roster)):
        return Solution(
            Outcome.TIMED_OUT, None, wall_seconds=elapsed, free_decisions=board.decisions, seed=options.seed
        )
    answer = answered(board, roster, options, outcome=Outcome.FEASIBLE, reference=reference)
    return replace(answer, wall_seconds=elapsed, first_solution_seconds=elapsed)


def stated_board(
    problem: Problem, *, base: Roster, frozen: frozenset[PersonId] = frozenset(), explaining: bool = False
) -> Board:
    """A board with every hard rule stated and no objective."""
    board = build(Board(problem, base, frozen, explaining))
    state_all(board)
    return board


def is_legal(problem: Problem, roster: Roster) -> bool:
    """Whether the model accepts the roster as it stands: every cell locked, no statement broken."""
    return not broken_statements(problem, roster)


def broken_statements(problem: Problem, roster: Roster) -> tuple[Statement, ...]:
    """The hard rules a full roster breaks, as the model states them; capacity and demand relaxations included."""
    board = stated_board(problem, base=all_locked(problem, roster))
    return (*board.broken, *(each.statement for each in board.relaxed))


def all_locked(problem: Problem, roster: Roster) -> Roster:
    """The roster with every slot of the range locked, empty nights too."""
    nights = {Slot(person.id, day, Session.NIGHT) for person in problem.people for day in problem.days}
    return replace(roster, locked=frozenset(roster.cells) | nights)


def _solver(options: Options, seconds: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.random_seed = options.seed
    parameters.num_workers = options.workers
    parameters.relative_gap_limit = options.relative_gap
    parameters.max_time_in_seconds = max(0.01, seconds)
    parameters.linearization_level = 2
    # The subsolvers take turns in a fixed order: same seed and worker count, same roster.
    parameters.interleave_search = True
    return solver
