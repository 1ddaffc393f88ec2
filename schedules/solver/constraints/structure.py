"""Who may hold what where: DOUBLE_BOOKED, ABSENT, NOT_ELIGIBLE, PROTECTED."""

from __future__ import annotations

from schedules.domain.pattern import protected_cells
from schedules.domain.problem import Absence, Activity
from schedules.domain.roster import Slot
from schedules.solver.options import Statement
from schedules.solver.variables import Board


def double_booked(board: Board) -> None:
    """A slot is one choice among exclusive literals; only an input that names it twice can break the rule."""
    for slot, _ in board.base.clashes:
        board.any_of(_about("DOUBLE_BOOKED", slot), [])


def absent(board: Board) -> None:
    """Nobody works during an approved absence; off-site duty is no work during a TDY absence."""
    activities = board.problem.activities
    for slot, options in board.choices.items():
        absence = board.problem.leave_days.get(slot.person, {}).get(slot.day)
        if absence is None:
            continue
        for code, literal in options.items():
            if code is not None and _is_work(activities[code], absence):
                board.not_all(_about("ABSENT", slot), [literal])


def _is_work(activity: Activity, absence: Absence) -> bool:
    return not activity.is_off and not (activity.is_away and absence.kind == "TDY")


def not_eligible(board: Board) -> None:
    """Role, level and credential allow the activity."""
    problem = board.problem
    for slot, options in board.choices.items():
        person = problem.person[slot.person]
        for code, literal in options.items():
            if code is not None and not problem.eligible(person, problem.activities[code], slot.day):
                board.not_all(_about("NOT_ELIGIBLE", slot), [literal])


def protected(board: Board) -> None:
    """Wednesday education and a PGY-1's Wednesday morning clinic stay."""
    for slot, code in protected_cells(board.problem).items():
        if slot in board.choices:
            board.any_of(_about("PROTECTED", slot), [board.at(slot, code)])


def _about(rule: str, slot: Slot) -> Statement:
    return Statement(rule, (slot.person,), slot.day, slot.day, slot.session)
