"""Why there is no roster: the smallest set of rules, people and dates that conflict, and what would help."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from ortools.sat.python import cp_model

from schedules.domain.problem import ONE_DAY, PersonId, Problem
from schedules.domain.roster import Roster
from schedules.solver.constraints import state_all
from schedules.solver.options import Conflict, Statement
from schedules.solver.variables import Board, Variable, build

MAX_CONFLICTS = 3
"""Conflicts named at most: whoever has resolved these asks again."""


def explain(
    problem: Problem, *, base: Roster, frozen: frozenset[PersonId] = frozenset(), seconds: float = 30
) -> tuple[Conflict, ...]:
    """Up to three disjoint conflicts; none means that a roster exists, or that the time ran out."""
    deadline = time.monotonic() + seconds
    board = build(Board(problem, base, frozen, explaining=True))
    state_all(board)
    groups = _grouped(board)
    conflicts: list[Conflict] = []
    active = list(groups)
    while len(conflicts) < MAX_CONFLICTS:
        core = _core(board, groups, active, deadline)
        if core is None:
            break
        core, minimal = _minimised(board, groups, core, deadline)
        conflicts.append(Conflict(tuple(core), tuple(dict.fromkeys(_helps(problem, base, core))), minimal))
        active = [statement for statement in active if statement not in core]
    return tuple(conflicts)


def _grouped(board: Board) -> dict[Statement, list[Variable]]:
    groups: dict[Statement, list[Variable]] = {}
    for statement, switch in board.statements:
        groups.setdefault(statement, []).append(switch)
    return groups


def _core(
    board: Board, groups: dict[Statement, list[Variable]], active: Sequence[Statement], deadline: float
) -> list[Statement] | None:
    """Statements among the active that cannot hold together; None where they can, or the time is over."""
    left = deadline - time.monotonic()
    if left <= 0:
        return None
    switches = {switch.index: statement for statement in active for switch in groups[statement]}
    board.model.clear_assumptions()
    board.model.add_assumptions([switch for statement in active for switch in groups[statement]])
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = left
    if solver.solve(board.model) != cp_model.INFEASIBLE:
        return None
    found = [switches[index] for index in solver.sufficient_assumptions_for_infeasibility() if index in switches]
    return list(dict.fromkeys(found)) or list(active)


def _minimised(
    board: Board, groups: dict[Statement, list[Variable]], core: list[Statement], deadline: float
) -> tuple[list[Statement], bool]:
    """Leave out one statement after another as long as the rest still cannot hold together."""
    kept = list(core)
    for statement in core:
        if time.monotonic() >= deadline:
            return kept, False
        if statement not in kept or len(kept) == 1:
            continue
        smaller = _core(board, groups, [other for other in kept if other != statement], deadline)
        if smaller is not None:
            kept = smaller
    return kept, time.monotonic() < deadline


_ADVICE = {
    "SUPERVISION": "Add a supervisor on {when}, or move a clinic session or procedure of that half-day away.",
    "CLINIC_CAPACITY": "Move a kept clinic session away from {when}, or raise the clinic capacity.",
    "DEMAND_MIN": "Lower the minimum asked for on {when}, or make more people eligible for it.",
    "HOURS_80": "Plan fewer hours in the rotation of {people} ({when}), or take logged hours of other work away.",
    "DAY_FREE_IN_7": "Leave days free in the rotation of {people} ({when}).",
    "CONTINUOUS_24": "Shorten the duty of {people} around {when}.",
    "REST_14": "Leave 14 hours free after the long duty of {people} around {when}.",
    "NIGHT_FLOAT_6": "Leave a night free in the night rotation of {people} ({when}).",
    "CALL_EVERY_3RD": "Give {people} fewer overnight calls ({when}).",
    "FACULTY_WEEK_MAX": "Raise the weekly maximum of the duty of {people}, or unlock work of that week ({when}).",
    "FMIT_WEEK": "Change the FMIT week of {people} around {when}.",
    "POST_CALL": "Give the call of {when} to somebody who is free the next day.",
    "CALL_CONSECUTIVE": "Give one of the calls of {when} to somebody else.",
    "NOT_ELIGIBLE": "Give {people} other work on {when}, or renew the credential it needs.",
    "PROTECTED": "Put the protected half-day of {people} back on {when}.",
    "ABSENT": "Take the work of {people} off {when}, or change the absence.",
    "HOME_CALL": "Move the at-home call of {people} on {when} to a working day.",
    "DOUBLE_BOOKED": "Keep one activity of {people} on {when}.",
}


def _helps(problem: Problem, base: Roster, core: Sequence[Statement]) -> Iterator[str]:
    """Changes of the data, absences and locked cells first: they are what the coordinator can move at once."""
    for statement in core:
        yield from _absences(problem, statement)
        yield from _locks(problem, base, statement)
    for statement in core:
        if statement.rule in _ADVICE:
            names = ", ".join(problem.person[person].name for person in statement.people) or "the people concerned"
            yield _ADVICE[statement.rule].format(when=_when(statement), people=names)


def _absences(problem: Problem, statement: Statement) -> Iterator[str]:
    """Absences inside the statement's dates, of its people or, for supervision and demand, of the faculty."""
    pool = statement.people
    if statement.rule in {"SUPERVISION", "DEMAND_MIN"}:
        pool = tuple(person.id for person in problem.faculty)
    for absence in problem.absences:
        touches = absence.start <= statement.end + ONE_DAY and absence.end >= statement.start
        if touches and absence.person in pool and statement.rule not in _UNTOUCHED_BY_ABSENCE:
            name = problem.person[absence.person].name
            yield f"Move or shorten the absence of {name} ({absence.start} to {absence.end})."


_UNTOUCHED_BY_ABSENCE = frozenset(
    {"NOT_ELIGIBLE", "PROTECTED", "CONTINUOUS_24", "REST_14", "NIGHT_FLOAT_6", "DOUBLE_BOOKED"}
)
"""Rules of which more presence never helps."""


def _locks(problem: Problem, base: Roster, statement: Statement) -> Iterator[str]:
    for slot in sorted(base.locked):
        if slot.person in statement.people and statement.start <= slot.day <= statement.end and slot in base.cells:
            name = problem.person[slot.person].name
            yield f"Unlock {base.cells[slot]} of {name} on {slot.day} {slot.session}."


def _when(statement: Statement) -> str:
    session = f" {statement.session}" if statement.session else ""
    if statement.start == statement.end:
        return f"{statement.start}{session}"
    return f"{statement.start} to {statement.end}"
