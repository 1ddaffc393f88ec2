"""Residents' duty hours: HOURS_80, DAY_FREE_IN_7, CONTINUOUS_24, REST_14, CALL_EVERY_3RD, NIGHT_FLOAT_6, HOME_CALL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from schedules.domain.codes import CALL_CODE
from schedules.domain.problem import (
    ONE_DAY,
    SESSIONS,
    BlockAssignment,
    Category,
    Date,
    DutyLogKind,
    PersonId,
    Problem,
    Session,
    days_between,
)
from schedules.domain.roster import Slot
from schedules.domain.timeline import MINUTES_PER_DAY, MINUTES_PER_HOUR
from schedules.solver.options import Statement
from schedules.solver.timeline import Duty, Window, free_day_windows, timeline_of, worked_on
from schedules.solver.variables import Board, Sum

# --- hours of a rotation period --------------------------------------------------------------------------------------


def periods(problem: Problem) -> Iterator[BlockAssignment]:
    """The rotation periods of known residents that reach into the range."""
    return (period for period in problem.rotation_periods if period.person in problem.person)


def hours_80(board: Board) -> None:
    """Hours of a rotation period stay within 80 x (days - leave days) / 7."""
    problem = board.problem
    for period in periods(problem):
        weekly = problem.policy.weekly_hours_limit * MINUTES_PER_HOUR
        limit = int(weekly * counted_days(problem, period) / 7 + 1e-6)
        board.at_most(_about_period("HOURS_80", period), _minutes_in(board, period), limit)


def counted_days(problem: Problem, period: BlockAssignment) -> int:
    """Days of a rotation period that are no leave."""
    leave = problem.leave_days.get(period.person, {})
    return period.block.days - sum(period.block.start <= day <= period.block.end for day in leave)


def _minutes_in(board: Board, period: BlockAssignment) -> Sum:
    """Minutes of duty in a rotation period, duty logs included."""
    problem, person, block = board.problem, period.person, period.block
    logs = (log for log in problem.duty_logs if log.person == person and block.start <= log.day <= block.end)
    total = Sum(round(sum(log.hours for log in logs) * MINUTES_PER_HOUR))
    for day in days_between(block.start, block.end):
        for session in SESSIONS:
            slot = Slot(person, day, session)
            if problem.covers(day):
                for code, literal in board.choices.get(slot, {}).items():
                    total.add(literal, _minutes(problem, code, session))
            else:
                total.constant += _minutes(problem, board.base.context.get(slot), session)
    return total


def _minutes(problem: Problem, code: str | None, session: Session) -> int:
    activity = problem.activities[code] if code is not None else None
    return round(activity.hours(session) * MINUTES_PER_HOUR) if activity and activity.is_duty else 0


def _about_period(rule: str, period: BlockAssignment) -> Statement:
    return Statement(rule, (period.person,), period.block.start, period.block.end)


# --- free days and nights in a row -----------------------------------------------------------------------------------


def day_free_in_7(board: Board) -> None:
    """Free days of a rotation period >= floor((days - leave days) / 7); worked days in a row within the limit."""
    problem = board.problem
    for period in periods(problem):
        needed = counted_days(problem, period) // 7
        windows = free_day_windows(timeline_of(board, period.person), problem, period.block.start, period.block.end)
        certain = _packed([window for window in windows if not window.conditions])
        free = Sum(certain)
        if certain < needed and any(window.conditions for window in windows):
            free = _chosen_windows(board, windows)
        board.at_least(_about_period("DAY_FREE_IN_7", period), free, needed)
    for person in problem.residents:
        for run in _runs(board, person.id, problem.policy.worked_days_limit + 1):
            about = Statement("DAY_FREE_IN_7", (person.id,), run[0], run[-1])
            board.not_all(about, [worked_on(board, person.id, day) for day in run])


def _packed(windows: list[Window]) -> int:
    """The most disjoint windows (earliest end first)."""
    free_from, count = 0, 0
    for window in sorted(windows, key=lambda window: window.end):
        if window.start >= free_from:
            free_from, count = window.end, count + 1
    return count


def _chosen_windows(board: Board, windows: list[Window]) -> Sum:
    """A literal per window, at most one at any time, each implying its conditions."""
    chosen = [(window, board.new("free day")) for window in windows]
    for window, literal in chosen:
        for condition in window.conditions:
            board.model.add_implication(literal, condition)
    for first, _ in chosen:
        overlapping = [literal for window, literal in chosen if window.start <= first.start < window.end]
        if len(overlapping) > 1:
            board.model.add_at_most_one(overlapping)
    return Sum().extend(literal for _, literal in chosen)


def night_float_6(board: Board) -> None:
    """At most so many nights in a row of any night activity except CALL."""
    activities = board.problem.activities

    def is_night(code: str) -> bool:
        return activities[code].category is Category.NIGHT and code != CALL_CODE

    for person in board.problem.residents:
        for run in _runs(board, person.id, board.problem.policy.night_float_limit + 1):
            nights = [board.held_by(Slot(person.id, day, Session.NIGHT), is_night) for day in run]
            board.not_all(Statement("NIGHT_FLOAT_6", (person.id,), run[0], run[-1]), nights)


def _runs(board: Board, person: PersonId, length: int) -> Iterator[list[Date]]:
    """Every stretch of so many dates that ends in the range, or ends after it where the context knows the dates."""
    problem = board.problem
    last = problem.end
    while any(Slot(person, last + ONE_DAY, session) in board.base.context for session in SESSIONS):
        last += ONE_DAY
        if (last - problem.end).days >= length:
            break
    for end in days_between(problem.start, last):
        run = list(days_between(end - dt.timedelta(days=length - 1), end))
        if run[0] <= problem.end:
            yield run


# --- long duty and the rest after it ---------------------------------------------------------------------------------


def continuous_24(board: Board) -> None:
    """No duty period runs longer than 24 hours."""
    limit = _in_minutes(board.problem.policy.continuous_hours_limit)
    for person in board.problem.residents:
        for chain in _chains(board, person.id, limit + 1, board.problem.start):
            board.not_all(_about_duties("CONTINUOUS_24", chain), [duty.worked for duty in chain])


def rest_14(board: Board) -> None:
    """14 hours free after a duty period of 24 hours or more."""
    policy = board.problem.policy
    limit, rest = _in_minutes(policy.continuous_hours_limit), _in_minutes(policy.rest_hours_after_24)
    merge = _in_minutes(policy.merge_gap_hours)
    for person in board.problem.residents:
        for chain in _chains(board, person.id, limit, board.problem.start - ONE_DAY):
            end = chain[-1].end
            for duty in timeline_of(board, person.id).duties:
                if end + merge <= duty.start < end + rest and duty.slot.day >= board.problem.start:
                    duties = [*chain, duty]
                    board.not_all(_about_duties("REST_14", duties), [each.worked for each in duties])


def _in_minutes(hours: float) -> int:
    return round(hours * MINUTES_PER_HOUR)


def _about_duties(rule: str, duties: list[Duty]) -> Statement:
    return Statement(rule, (duties[0].slot.person,), duties[0].slot.day, duties[-1].slot.day)


def _chains(board: Board, person: PersonId, length: int, earliest: Date) -> Iterator[list[Duty]]:
    """Shortest sequences of possible duties less than the merge gap apart that last at least `length` minutes.

    They end on `earliest` or later and begin in the range or before it.
    """
    merge = _in_minutes(board.problem.policy.merge_gap_hours)
    duties = timeline_of(board, person).duties
    for index, first in enumerate(duties):
        if first.slot.day > board.problem.end:
            break
        stack = [([first], index)]
        while stack:
            chain, position = stack.pop()
            if chain[-1].end - chain[0].start >= length and chain[-1].slot.day >= earliest:
                yield chain
                continue
            for later in range(position + 1, min(position + 8, len(duties))):
                after = duties[later]
                if after.slot != chain[-1].slot and after.start - chain[-1].end < merge:
                    stack.append(([*chain, after], later))


# --- call ------------------------------------------------------------------------------------------------------------


def call_every_3rd(board: Board) -> None:
    """In-house overnight calls of a rotation period: at most one night in three."""
    nth = board.problem.policy.call_every_nth_night
    for period in periods(board.problem):
        days = days_between(period.block.start, period.block.end)
        calls = Sum().extend(board.call(period.person, day) for day in days)
        board.at_most(_about_period("CALL_EVERY_3RD", period), calls, period.block.days // nth)


def home_call(board: Board) -> None:
    """At-home call falls on no free day: some duty touches the date, unless the person is on leave or off-site."""
    problem = board.problem
    for log in problem.duty_logs:
        person = problem.person.get(log.person)
        if log.kind is not DutyLogKind.HOME_CALL or person is None or not person.is_resident:
            continue
        if not problem.covers(log.day) or problem.is_absent(log.person, log.day):
            continue
        opens = log.day.toordinal() * MINUTES_PER_DAY
        duties = timeline_of(board, log.person).duties
        touching = [duty.worked for duty in duties if duty.start < opens + MINUTES_PER_DAY and duty.end > opens]
        slots = [Slot(log.person, log.day, session) for session in SESSIONS]
        off_site = [board.held_by(slot, lambda code: problem.activities[code].is_away) for slot in slots]
        board.any_of(Statement("HOME_CALL", (log.person,), log.day, log.day), [*touching, *off_site])
