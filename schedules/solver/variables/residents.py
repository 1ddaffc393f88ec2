"""Residents' slots: the pattern, days and nights off from it, and flexible half-days that change places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schedules.domain.codes import ADMIN_CODE, POST_CALL_CODE
from schedules.domain.pattern import FLEXIBLE, RESTED, flexible_weeks, idle_code, protected_cells, resident_base
from schedules.domain.problem import HALF_DAYS, ONE_DAY, ActivityCode, Date, PersonId, Session
from schedules.domain.roster import Slot
from schedules.solver.variables.board import Board, Choices
from schedules.solver.variables.literals import Literal, Sum, negation

Cells = Mapping[Slot, ActivityCode]


def fill_residents(board: Board) -> None:
    """Give every resident's slot its choices."""
    base, pools = resident_base(board.problem), flexible_weeks(board.problem)
    pool_of = {slot: pool for pool in pools.values() for slot in pool}
    kept = protected_cells(board.problem)
    for slot in board.base.cells:
        if slot.session is Session.NIGHT and board.fixed(slot):
            board.choices[slot] = board.kept(slot)
    rests: dict[tuple[PersonId, Date], Literal] = {}
    for slot, code in base.items():
        if slot.session is Session.AM:
            rests[slot.person, slot.day] = _day_off(board, base, kept, slot)
        if slot.session is Session.NIGHT:
            board.choose(slot, _night(board, slot, code))
        else:
            rest = False if board.problem.activities[code].is_off else rests[slot.person, slot.day]
            board.choose(slot, _half_day(board, slot, code, pool_of.get(slot, {}), rest))
    for (person, _), pool in pools.items():
        if person not in board.frozen:
            _keep_counts(board, pool)


def _day_off(board: Board, base: Cells, kept: Cells, morning: Slot) -> Literal:
    """The literal of resting on an inpatient day; False where the day cannot be given up."""
    activities = board.problem.activities
    rested = False
    for session in HALF_DAYS:
        half = morning._replace(session=session)
        activity = activities[base[half]]
        if board.fixed(half) and activities[board.base.cells.get(half, base[half])].is_off:
            continue
        if activity.category in RESTED and not board.fixed(half):
            rested = True
        elif not activity.is_off and (half in kept or board.fixed(half) or activity.category not in FLEXIBLE):
            return False
    return board.new(f"rest {morning.person} {morning.day}") if rested else False


def _night(board: Board, slot: Slot, code: ActivityCode) -> Choices:
    if board.fixed(slot):
        return board.kept(slot)
    rest = board.new(f"night off {slot.person} {slot.day}")
    return {code: negation(rest), None: rest}


def _half_day(board: Board, slot: Slot, code: ActivityCode, pool: Cells, rest: Literal) -> Choices:
    """The pattern's activity or, in a pool, what it may be exchanged for; time off; and post-call above all."""
    options: Choices = _exchanges(board, slot, code, pool, rest) if pool else {code: negation(rest)}
    if rest is not False:
        options = {**options, idle_code(slot.day): rest}
    return board.overridden(options, {POST_CALL_CODE: board.call(slot.person, slot.day - ONE_DAY)})


def _exchanges(board: Board, slot: Slot, code: ActivityCode, pool: Cells, rest: Literal) -> Choices:
    """A flexible half-day may hold any of its week's flexible activities, or administration."""
    if board.fixed(slot):
        return board.kept(slot)
    possible = list(_possible(board, slot, code, pool))
    if len(possible) == 1:
        return {code: negation(rest)}
    return {other: board.new(f"{slot.person} {slot.day} {slot.session} {other}") for other in possible}


def _possible(board: Board, slot: Slot, code: ActivityCode, pool: Cells) -> Iterator[ActivityCode]:
    """The pattern's own activity, whatever it is, and those of the others that fit the person and the session."""
    problem = board.problem
    person = problem.person[slot.person]
    for other in dict.fromkeys([code, *pool.values(), ADMIN_CODE]):
        activity = problem.activities.get(other)
        if other == code or (
            activity is not None and activity.hours(slot.session) > 0 and problem.eligible(person, activity, slot.day)
        ):
            yield other


def _keep_counts(board: Board, pool: Cells) -> None:
    """Exchanging keeps each activity's number in the week; only administration may grow."""
    open_slots = [slot for slot in pool if not board.fixed(slot)]
    for code in dict.fromkeys(pool.values()):
        if code == ADMIN_CODE:
            continue
        planned = [slot for slot, own in pool.items() if own == code]
        settled = sum(board.fixed(slot) and board.base.cells.get(slot) == code for slot in planned)
        total = Sum().extend(board.at(slot, code) for slot in open_slots)
        if not total.is_constant:
            board.model.add(total.expression <= len(planned) - settled)
