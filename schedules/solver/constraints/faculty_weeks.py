"""The faculty's block weeks: FACULTY_WEEK_MAX, and what idle half-days hold."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping

from schedules.domain.codes import ADMIN_CODE
from schedules.domain.pattern import week_start
from schedules.domain.problem import HALF_DAYS, Date, PersonId, Problem, WorkKind, days_between
from schedules.domain.roster import Slot
from schedules.solver.options import Statement
from schedules.solver.variables import Board, Sum, free_among


def faculty_week_max(board: Board) -> None:
    """Half-days of each kind of work in a block week stay within the duty's maximum."""
    for person in board.problem.faculty:
        if person.duty is None:
            continue
        for week, slots in block_weeks(board.problem, person.id).items():
            about = Statement("FACULTY_WEEK_MAX", (person.id,), week, slots[-1].day)
            for kind, limit in person.duty.maximum.items():
                if kind is not WorkKind.UNCAPPED:
                    board.at_most(about, work_in(board, slots, kind), limit)


def block_weeks(problem: Problem, person: PersonId) -> Mapping[Date, list[Slot]]:
    """A person's half-days of each block week that reaches into the range, by its first day, the context's included."""
    weeks: dict[Date, list[Slot]] = defaultdict(list)
    around = dt.timedelta(days=6)
    touched = {week_start(problem, day) for day in problem.days}
    for day in days_between(problem.start - around, problem.end + around):
        week = week_start(problem, day)
        if week in touched and problem.block_of(day):
            weeks[week] += [Slot(person, day, session) for session in HALF_DAYS]
    return weeks


def work_in(board: Board, slots: Iterable[Slot], kind: WorkKind) -> Sum:
    """Half-days of one kind of work."""
    activities = board.problem.activities
    return Sum().extend(board.held_by(slot, lambda code: activities[code].work_kind is kind) for slot in slots)


def idle_time(board: Board) -> None:
    """Idle half-days of the faculty are supervision up to the week's maximum, then administration (not a rule)."""
    for person in board.problem.faculty:
        limit = person.duty.maximum.get(WorkKind.SUPERVISION, 0) if person.duty else 0
        if not limit:
            continue
        for slots in block_weeks(board.problem, person.id).values():
            idle = free_among(board.at(slot, ADMIN_CODE) for slot in slots)
            if not idle:
                continue
            total = work_in(board, slots, WorkKind.SUPERVISION)
            full = board.new("supervision is full")
            board.model.add_max_equality(full, idle)
            if not total.is_constant:
                board.model.add(total.expression >= limit * full)
