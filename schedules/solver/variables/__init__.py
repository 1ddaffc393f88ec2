"""The board: every slot with its possible activities, each a literal of the model or a constant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from schedules.domain.problem import ActivityCode
from schedules.domain.roster import Roster, Slot
from schedules.solver.variables.attending import fill_attending
from schedules.solver.variables.board import Board, Choices, Gap, once
from schedules.solver.variables.faculty import fill_half_days
from schedules.solver.variables.literals import Literal, Sum, Variable, distinct, free_among, negation
from schedules.solver.variables.nights import fill_nights
from schedules.solver.variables.residents import fill_residents

__all__ = [
    "Board",
    "Choices",
    "Gap",
    "Literal",
    "Sum",
    "Variable",
    "build",
    "distinct",
    "free_among",
    "negation",
    "once",
    "read",
]


def build(board: Board) -> Board:
    """Fill the board: residents, then FMIT and call, then the ordinary half-days of the faculty, then what is kept."""
    fill_residents(board)
    fill_attending(board)
    fill_nights(board)
    fill_half_days(board)
    for slot in board.base.cells:
        if board.fixed(slot) and slot not in board.choices and board.problem.covers(slot.day):
            board.choices[slot] = board.kept(slot)
    return board


def read(board: Board, value: Callable[[Variable], bool]) -> Roster:
    """The roster that the literals' values say, with the amendments in its context."""
    cells: dict[Slot, ActivityCode] = {}
    for slot, options in board.choices.items():
        for code, literal in options.items():
            if code is not None and (literal if isinstance(literal, bool) else value(literal)):
                cells[slot] = code
    return replace(board.base, cells=cells)
