"""FMIT weeks and call: FMIT_WEEK, POST_CALL, CALL_CONSECUTIVE, CALL_BEFORE_LEAVE."""

from __future__ import annotations

from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.codes import DAY_OFF_CODE, FMIT_CODE, PCAT_CODE, POST_CALL_CODE
from schedules.domain.problem import HALF_DAYS, ONE_DAY, SESSIONS, Date, PersonId, Session, Weekday, days_between
from schedules.domain.roster import Slot
from schedules.solver.options import Statement
from schedules.solver.variables import Board, Literal, distinct, negation


def fmit_week(board: Board) -> None:
    """Whoever holds FMIT: Friday and Saturday call, no other call; PC (or FMIT again) on Friday after the Thursday."""
    problem = board.problem
    for person in problem.faculty:
        for day in days_between(problem.start - ONE_DAY, problem.end):
            found = _fmit(board, person.id, day)
            certain: list[Literal] = [True] if any(literal is True for literal in found) else []
            for leads in [*certain, *distinct(found)]:
                _night_of_lead(board, person.id, day, leads)
                _friday_after(board, person.id, day, leads)


def _fmit(board: Board, person: PersonId, day: Date) -> list[Literal]:
    return [board.at(Slot(person, day, session), FMIT_CODE) for session in HALF_DAYS]


def _night_of_lead(board: Board, person: PersonId, day: Date, leads: Literal) -> None:
    if day < board.problem.start:
        return
    about, call = Statement("FMIT_WEEK", (person,), day, day), board.call(person, day)
    if day.weekday() in FMIT_NIGHTS:
        board.any_of(about, [negation(leads), call])
    else:
        board.not_all(about, [leads, call])


def _friday_after(board: Board, person: PersonId, thursday: Date, leads: Literal) -> None:
    if thursday.weekday() != Weekday.THU or not _next_day_is_judged(board, person, thursday):
        return
    about = Statement("FMIT_WEEK", (person,), thursday, thursday)
    for session in HALF_DAYS:
        friday = Slot(person, thursday + ONE_DAY, session)
        off, again = (board.at(friday, code) for code in (POST_CALL_CODE, FMIT_CODE))
        board.any_of(about, [negation(leads), off, again])


def _next_day_is_judged(board: Board, person: PersonId, day: Date) -> bool:
    """Whether the day after can be judged: the person is present, and it is no open end that an amendment will fill."""
    after = day + ONE_DAY
    if board.problem.is_absent(person, after):
        return False
    if after <= board.problem.end:
        return True
    settled = board.fixed(Slot(person, day, Session.NIGHT))
    return settled and any(Slot(person, after, session) in board.base.context for session in SESSIONS)


def post_call(board: Board) -> None:
    """PCAT and DO after a Sunday to Thursday call of the faculty; a resident is off after any overnight call."""
    problem = board.problem
    for person in problem.people:
        for day in days_between(problem.start - ONE_DAY, problem.end):
            call = board.call(person.id, day)
            if call is False or (person.is_faculty and day.weekday() in FMIT_NIGHTS):
                continue
            if not _next_day_is_judged(board, person.id, day):
                continue
            about = Statement("POST_CALL", (person.id,), day, day + ONE_DAY)
            for session, code in zip(HALF_DAYS, (PCAT_CODE, DAY_OFF_CODE), strict=True):
                slot = Slot(person.id, day + ONE_DAY, session)
                rests = negation(board.held_by(slot, lambda code: not problem.activities[code].is_off))
                board.any_of(about, [negation(call), board.at(slot, code) if person.is_faculty else rests])


def call_consecutive(board: Board) -> None:
    """No overnight call on consecutive nights, except Friday and Saturday of an FMIT week."""
    problem = board.problem
    for person in problem.people:
        for day in days_between(problem.start, problem.end + ONE_DAY):
            both = [board.call(person.id, each) for each in (day - ONE_DAY, day)]
            if any(call is False for call in both):
                continue
            about = Statement("CALL_CONSECUTIVE", (person.id,), day - ONE_DAY, day)
            if not person.is_faculty or day.weekday() != Weekday.SAT:
                board.not_all(about, both)
                continue
            for led in (day - ONE_DAY, day):
                board.any_of(about, [*map(negation, both), *_fmit(board, person.id, led)])


def call_before_leave(board: Board) -> None:
    """No Sunday to Thursday call on the night before an absence."""
    problem = board.problem
    for person in problem.people:
        for day in days_between(problem.start - ONE_DAY, problem.end):
            call = board.call(person.id, day)
            if call is not False and day.weekday() not in FMIT_NIGHTS and problem.is_absent(person.id, day + ONE_DAY):
                board.not_all(Statement("CALL_BEFORE_LEAVE", (person.id,), day, day + ONE_DAY), [call])
