"""The faculty's half-days: FMIT and what follows a call or an FMIT week first, else the work that the duty allows."""

from __future__ import annotations

from collections.abc import Mapping

from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.codes import (
    ADMIN_CODE,
    CLINIC_CODE,
    DAY_OFF_CODE,
    FMIT_CODE,
    LEAVE_CODE,
    OFF_CODE,
    PCAT_CODE,
    POST_CALL_CODE,
    SPORTS_MEDICINE_CODE,
    SUPERVISION_CODE,
)
from schedules.domain.pattern import faculty_base
from schedules.domain.problem import HALF_DAYS, ONE_DAY, ActivityCode, Person, Problem, Session, Weekday, WorkKind
from schedules.domain.roster import Slot
from schedules.solver.variables.attending import attends
from schedules.solver.variables.board import Board, Choices

_WORK_CODES: Mapping[WorkKind, ActivityCode] = {
    WorkKind.CLINIC: CLINIC_CODE,
    WorkKind.GME: "GME",
    WorkKind.DEPARTMENT: "DFM",
    WorkKind.SPORTS_MEDICINE: SPORTS_MEDICINE_CODE,
    WorkKind.SUPERVISION: SUPERVISION_CODE,
    WorkKind.VASECTOMY: "VAS",
}
"""What the solver gives for each kind of faculty work."""


def fill_half_days(board: Board) -> None:
    """Give every faculty half-day its choices."""
    for person in board.problem.faculty:
        for day in board.problem.days:
            for session in HALF_DAYS:
                slot = Slot(person.id, day, session)
                board.choose(slot, _half_day(board, person, slot))


def _half_day(board: Board, person: Person, slot: Slot) -> Choices:
    if board.fixed(slot):
        return board.kept(slot)
    if board.problem.is_absent(person.id, slot.day):
        return {LEAVE_CODE: True}
    overrides = _duty_before_work(board, slot)
    if any(literal is True for literal in overrides.values()):
        return board.overridden({}, overrides)
    usual = faculty_base(board.problem, person, slot.day, slot.session)
    if usual is not None:
        return board.overridden({usual: True}, overrides)
    return board.overridden(_work(board, person, slot), overrides)


def _duty_before_work(board: Board, slot: Slot) -> Choices:
    """FMIT, PCAT and DO after a Sunday to Thursday call, PC on the Friday after an FMIT week."""
    person, yesterday = slot.person, slot.day - ONE_DAY
    after_call = PCAT_CODE if slot.session is Session.AM else DAY_OFF_CODE
    return {
        FMIT_CODE: attends(board, person, slot.day),
        after_call: yesterday.weekday() not in FMIT_NIGHTS and board.call(person, yesterday),
        POST_CALL_CODE: slot.day.weekday() == Weekday.FRI and attends(board, person, yesterday),
    }


def _work(board: Board, person: Person, slot: Slot) -> Choices:
    codes = _kinds_of_work(board.problem, person, slot)
    if len(codes) < 2:
        return dict.fromkeys(codes or [OFF_CODE], True)
    return {code: board.new(f"{slot.person} {slot.day} {slot.session} {code}") for code in codes}


def _kinds_of_work(problem: Problem, person: Person, slot: Slot) -> list[ActivityCode]:
    """What the duty allows in the half-day, administration last.

    A vasectomy clinic takes a supervisor, so it is offered only where a demand or a preference asks for it.
    """
    asked = {demand.activity for demand in problem.demands} | {wish.activity for wish in problem.preferences}
    allowed = [
        code
        for kind, code in _WORK_CODES.items()
        if person.duty is None or person.duty.maximum.get(kind, 0) > 0
        if kind is not WorkKind.VASECTOMY or code in asked
    ]
    return [
        code
        for code in (*allowed, ADMIN_CODE)
        if code in problem.activities
        and problem.activities[code].hours(slot.session) > 0
        and problem.eligible(person, problem.activities[code], slot.day)
    ]
