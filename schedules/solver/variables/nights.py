"""The faculty's nights: Friday and Saturday call goes with FMIT, the others to whoever may and can take them."""

from __future__ import annotations

from schedules.domain.calls import FMIT_NIGHTS, takes_call
from schedules.domain.codes import CALL_CODE
from schedules.domain.problem import ONE_DAY, Date, Person, PersonId, Session
from schedules.domain.roster import Slot
from schedules.solver.variables.attending import attends
from schedules.solver.variables.board import Board
from schedules.solver.variables.literals import Literal, negation


def fill_nights(board: Board) -> None:
    """Give every faculty night that may hold a call its choices."""
    problem = board.problem
    if CALL_CODE not in problem.activities:
        return
    asked = {demand.day: demand.eligible for demand in problem.demands if demand.activity == CALL_CODE}
    for person in problem.faculty:
        for day in problem.days:
            slot = Slot(person.id, day, Session.NIGHT)
            if board.fixed(slot):
                board.choices[slot] = board.kept(slot)
                continue
            call = _call(board, person, day, asked.get(day, frozenset()))
            if call is not False:
                board.choose(slot, {CALL_CODE: call, None: negation(call)})


def _call(board: Board, person: Person, day: Date, asked: frozenset[PersonId]) -> Literal:
    if day.weekday() in FMIT_NIGHTS:
        return attends(board, person.id, day)
    if person.id in asked and _may_take_call(board, person, day):
        return board.new(f"call {person.id} {day}")
    return False


def _may_take_call(board: Board, person: Person, day: Date) -> bool:
    """A Sunday to Thursday call needs presence that day and the next, and no FMIT duty on either."""
    problem = board.problem
    both = (day, day + ONE_DAY)
    busy = any(problem.is_absent(person.id, each) or attends(board, person.id, each) is True for each in both)
    return takes_call(person) and problem.eligible(person, problem.activities[CALL_CODE], day) and not busy
