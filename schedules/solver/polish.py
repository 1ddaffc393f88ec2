"""Improving a legal roster week by week: everything else stays, and the week is solved again, small and fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ortools.sat.python import cp_model

from schedules.domain.pattern import DAYS_PER_WEEK, week_start
from schedules.domain.problem import SESSIONS, Date, PersonId, Problem
from schedules.domain.roster import Roster, Slot
from schedules.solver.constraints import state_all
from schedules.solver.objective import minimise
from schedules.solver.variables import Board, Literal, build

WORK_PER_WEEK = 0.5
"""Limit of one week's search in the solver's deterministic time: the same on every machine."""
WORK_OF_FACULTY = 2.0
"""The same for the whole faculty at once."""
GAP_OF_A_WINDOW = 0.002
"""Where the search of a window may end: close enough, for the last points cost the most time."""
PEOPLE_OF_A_PROGRAM = 60
"""A larger program may take more work, in proportion."""


@dataclass(frozen=True, slots=True)
class Window:
    """Whose slots on which dates are solved again together, and the limit of the search in deterministic time."""

    days: frozenset[Date]
    people: frozenset[PersonId]
    work: float


def polished(
    problem: Problem,
    roster: Roster,
    *,
    base: Roster,
    frozen: frozenset[PersonId],
    reference: Roster | None,
    seed: int,
    deadline: float,
    keep_going: Callable[[Roster], bool],
    windows: Iterable[Window] | None = None,
) -> Roster:
    """The roster after solving each window of dates once with all others kept; never worse, never illegal.

    The windows are the block weeks unless given. `keep_going` is asked before each, with the roster so far;
    `deadline` is a moment of `time.monotonic`.
    """
    everything = {
        Slot(person.id, day, session) for person in problem.people for day in problem.days for session in SESSIONS
    }
    for window in weeks_of(problem) if windows is None else windows:
        if not keep_going(roster):
            break
        free = {slot for slot in everything if slot.day in window.days and slot.person in window.people}
        kept = replace(base, cells=roster.cells, locked=frozenset((everything - free) | base.locked))
        cells = _improved(
            problem, kept, frozen=frozen, reference=reference, seed=seed, deadline=deadline, work=window.work
        ).cells
        roster = replace(roster, cells=cells)
    return roster


def weeks_of(problem: Problem) -> list[Window]:
    """Each block week with everybody."""
    weeks: dict[Date, list[Date]] = {}
    for day in problem.days:
        weeks.setdefault(week_start(problem, day), []).append(day)
    return [week_window(problem, days) for days in weeks.values()]


def week_window(problem: Problem, days: Iterable[Date]) -> Window:
    """One or more weeks with everybody."""
    found = frozenset(days)
    weeks = max(1, round(len(found) / DAYS_PER_WEEK))
    return Window(found, frozenset(problem.person), WORK_PER_WEEK * weeks**2 * size_of(problem))


def faculty_window(problem: Problem) -> Window:
    """All dates of the faculty: their calls can change places only together with the work around them."""
    return Window(
        frozenset(problem.days), frozenset(person.id for person in problem.faculty), WORK_OF_FACULTY * size_of(problem)
    )


def size_of(problem: Problem) -> float:
    """How much more work a larger program may take than an ordinary one."""
    return max(1.0, len(problem.people) / PEOPLE_OF_A_PROGRAM)


def _improved(
    problem: Problem,
    kept: Roster,
    *,
    frozen: frozenset[PersonId],
    reference: Roster | None,
    seed: int,
    deadline: float,
    work: float,
) -> Roster:
    board = build(Board(problem, kept, frozen))
    state_all(board)
    if board.broken:
        return kept
    minimise(board, reference=reference)
    hint(board, kept)
    complete_hint(board, seed, seconds=deadline - time.monotonic())
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.linearization_level = 2
    solver.parameters.relative_gap_limit = GAP_OF_A_WINDOW
    solver.parameters.max_deterministic_time = work
    solver.parameters.max_time_in_seconds = max(0.01, deadline - time.monotonic())
    if solver.solve(board.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return kept

    def holds(literal: Literal) -> bool:
        return literal if isinstance(literal, bool) else solver.boolean_value(literal)

    cells = {
        slot: code
        for slot, options in board.choices.items()
        for code, literal in options.items()
        if code is not None and holds(literal)
    }
    return replace(kept, cells=cells)


def hint(board: Board, roster: Roster) -> None:
    """Tell the search where to begin."""
    seen: set[float] = set()
    for slot, options in board.choices.items():
        chosen = roster.cells.get(slot)
        for code, literal in options.items():
            if isinstance(literal, bool):
                continue
            variable = abs(literal.index + 0.5)
            if variable not in seen:
                seen.add(variable)
                board.model.add_hint(literal, code == chosen)


def complete_hint(board: Board, seed: int, *, seconds: float = 2.0) -> bool:
    """Give the helper variables the values that go with the hinted cells; whether the hinted roster is possible."""
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.fix_variables_to_their_hinted_value = True
    parameters.num_workers = 1
    parameters.random_seed = seed
    parameters.max_time_in_seconds = max(0.01, seconds)
    if solver.solve(board.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return False
    values = solver.response_proto.solution
    board.model.clear_hints()  # type: ignore[no-untyped-call]
    for index, value in enumerate(values):
        board.model.add_hint(board.model.get_int_var_from_proto_index(index), value)
    return True
