"""Faculty weeks as terms of the objective: weekly minima, and days that one kind of work fills."""

from __future__ import annotations

from collections.abc import Mapping

from schedules.domain.codes import FMIT_CODE, POST_CALL_CODE
from schedules.domain.problem import HALF_DAYS, Date, PersonId, WorkKind
from schedules.domain.roster import Slot
from schedules.domain.score import forced_shortage, is_ordinary, open_half_days
from schedules.solver.constraints.faculty_weeks import work_in
from schedules.solver.counting import all_hold_exactly, at_least_zero, greatest
from schedules.solver.variables import Board, Literal, Sum, distinct, once


def faculty_minimum(board: Board) -> Sum:
    total = Sum()
    for person in board.problem.faculty:
        if person.duty is None or not any(person.duty.minimum.values()):
            continue
        minimum = person.duty.minimum
        for slots in open_half_days(board.problem, person).values():
            missing = Sum()
            for kind, wanted in minimum.items():
                if wanted:
                    work = work_in(board, slots, kind)
                    short = at_least_zero(board, Sum(wanted).include(work, -1), wanted)
                    _touch_days(board, work.include(short), _days_full_of(board, slots, kind), wanted)
                    missing.include(short)
            _subtract_forced(board, missing, minimum, slots)
            if not missing.is_constant:
                # Never below what is forced: true of every roster, but the relaxation needs to be told.
                board.model.add(missing.expression >= 0)
            total.include(missing)
    return total


def _touch_days(board: Board, work: Sum, whole: Sum, wanted: int) -> None:
    """So many half-days, or what is short of them, touch at least half as many days, rounded up.

    True of every roster (a Chvatal-Gomory cut); without it the relaxation gives two kinds of work half of each half
    of a day, and no day is split.
    """
    touched = Sum().include(work).include(whole, -1)
    if not touched.is_constant:
        board.model.add(touched.expression >= (wanted + 1) // 2)


def _days_full_of(board: Board, slots: tuple[Slot, ...], kind: WorkKind) -> Sum:
    activities = board.problem.activities
    total = Sum()
    for person, day in dict.fromkeys((slot.person, slot.day) for slot in slots):
        whole = whole_days(board, person, day)
        total.extend(literal for code, literal in whole.items() if activities[code].work_kind is kind)
    return total


def _subtract_forced(board: Board, total: Sum, minimum: Mapping[WorkKind, int], slots: tuple[Slot, ...]) -> None:
    """Take off what FMIT duty and a short week force; only a possible FMIT replacement makes it a variable."""
    usable = Sum(len(slots))
    for slot in slots:
        usable.add(board.held_by(slot, lambda code: code in (FMIT_CODE, POST_CALL_CODE)), -1)
    lost = distinct(usable.variables)
    if not lost:
        total.constant -= forced_shortage(minimum, usable.constant)
    elif len(lost) == 1:
        # One replacement decides the week: the shortage is linear in it, and so without any slack.
        without = forced_shortage(minimum, usable.constant)
        total.constant -= without
        total.add(lost[0], without - forced_shortage(minimum, usable.constant + sum(usable.factors)))
    else:
        lowest = usable.constant + sum(usable.factors)
        forced = board.model.new_int_var(0, forced_shortage(minimum, lowest), "")
        board.model.add_max_equality(forced, [0, sum(minimum.values()) - usable.expression])
        total.add(forced, -1)


def split_days(board: Board) -> Sum:
    total = Sum()
    for person in board.problem.faculty:
        for day in board.problem.days:
            first, second = _ordinary_halves(board, person.id, day)
            if first and second:
                total.add(_split(board, person.id, day))
    return total


def _split(board: Board, person: PersonId, day: Date) -> Literal:
    """1 when both halves are ordinary work of different kinds: no kind fills the day, and nothing takes all of it."""
    both = Sum(-1).extend(_taken_whole(board, person, day))
    for half in _ordinary_halves(board, person, day):
        both.extend(half.values())
    both.extend(whole_days(board, person, day).values(), -1)
    if greatest(both) <= 0:
        return False
    split = board.new("split")
    board.model.add(both.expression <= split)
    return split


def _ordinary_halves(board: Board, person: PersonId, day: Date) -> list[dict[str, Literal]]:
    return [
        {code: literal for code, literal in options.items() if code is not None and is_ordinary(board.problem, code)}
        for options in (board.choices.get(Slot(person, day, session), {}) for session in HALF_DAYS)
    ]


def _taken_whole(board: Board, person: PersonId, day: Date) -> list[Literal]:
    """The literals of what takes both halves at once: FMIT duty, and the day after a call."""
    first, second = (
        distinct(
            literal
            for code, literal in board.choices.get(Slot(person, day, session), {}).items()
            if code is None or not is_ordinary(board.problem, code)
        )
        for session in HALF_DAYS
    )
    shared = {literal.index for literal in second}
    return [literal for literal in first if literal.index in shared]


@once
def whole_days(board: Board, person: PersonId, day: Date) -> Mapping[str, Literal]:
    """A literal for each kind of ordinary work that can fill the day, which can only be 1 where it does."""
    first, second = _ordinary_halves(board, person, day)
    return {code: all_hold_exactly(board, first[code], second[code]) for code in first if code in second}
