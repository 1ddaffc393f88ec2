"""A resident's possible duty in time: what the rest rules look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from schedules.domain.problem import SESSIONS, Absence, Activity, Date, PersonId, Problem, days_between
from schedules.domain.roster import Slot
from schedules.domain.timeline import MINUTES_PER_DAY, duty
from schedules.solver.variables import Board, Literal, distinct, free_among, once

LOOK_AROUND_DAYS = 2
"""Days before and after the range whose duty can touch rest inside it."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A possible stretch of duty in minutes since 0001-01-01 and the literal of working it."""

    start: int
    end: int
    worked: Literal
    slot: Slot


@dataclass
class Timeline:
    """The possible duties of one resident, in order of time; those of one slot exclude each other."""

    board: Board
    person: PersonId

    def __post_init__(self) -> None:
        self.duties = tuple(self._duties())

    def _duties(self) -> Iterator[Duty]:
        problem = self.board.problem
        around = dt.timedelta(days=LOOK_AROUND_DAYS)
        blocks = [period.block for period in problem.rotation_periods if period.person == self.person]
        first = min([problem.start, *(block.start for block in blocks)])
        last = max([problem.end, *(block.end for block in blocks)])
        for day in days_between(first - around, last + around):
            for session in SESSIONS:
                yield from self.possible(Slot(self.person, day, session))

    def possible(self, slot: Slot) -> list[Duty]:
        """The distinct stretches a slot may hold."""
        activities = self.board.problem.activities
        stretches: dict[tuple[int, int], None] = {}
        for code in _codes(self.board, slot):
            found = duty(activities[code], slot.day, slot.session)
            if found:
                stretches[found.start, found.end] = None
        return [
            Duty(start, end, self.board.held_by(slot, partial(_stretches, activities, slot, (start, end))), slot)
            for start, end in stretches
        ]


@once
def timeline_of(board: Board, person: PersonId) -> Timeline:
    return Timeline(board, person)


@once
def worked_on(board: Board, person: PersonId, day: Date) -> Literal:
    """Whether the person has any duty on the date."""
    literals = [board.held_by(Slot(person, day, session), board.is_duty) for session in SESSIONS]
    free = distinct(literals)
    if any(literal is True for literal in literals):
        return True
    if len(free) < 2:
        return free[0] if free else False
    union = board.new(f"works {person} {day}")
    board.model.add_max_equality(union, free)
    return union


def _stretches(activities: Mapping[str, Activity], slot: Slot, wanted: tuple[int, int], code: str) -> bool:
    found = duty(activities[code], slot.day, slot.session)
    return found is not None and (found.start, found.end) == wanted


def _codes(board: Board, slot: Slot) -> list[str]:
    problem = board.problem
    if problem.covers(slot.day):
        return [code for code in board.choices.get(slot, {}) if code is not None]
    known = board.base.context.get(slot)
    return [known] if known is not None else []


class Window(NamedTuple):
    """A stretch in minutes that is one continuous free day if all its conditions hold."""

    start: int
    end: int
    conditions: list[Literal]


def free_day_windows(timeline: Timeline, problem: Problem, first: Date, last: Date) -> list[Window]:
    """The stretches of a rotation period that would be one continuous free day, in order of time.

    Windows begin where a possible duty ends, at the period's start, or where another window ends; 24 hours each,
    not counting leave days wholly after their start. As many disjoint windows can be chosen as the rotation period
    has free days by DAY_FREE_IN_7.
    """
    opening, closing = first.toordinal() * MINUTES_PER_DAY, (last.toordinal() + 1) * MINUTES_PER_DAY
    leave = problem.leave_days.get(timeline.person, {})
    duties = timeline.duties
    windows: dict[int, Window] = {}
    anchors: list[tuple[int, Literal]] = [(opening, True)]
    anchors += [(duty.end, duty.worked) for duty in duties if opening < duty.end < closing]
    for anchor, worked in anchors:
        start, needed = anchor, _needed(anchor, worked, leave)
        while start not in windows:
            end = _after_a_free_day(start, leave)
            blocking = [duty for duty in duties if duty.start < end and duty.end > start]
            if end > closing or any(duty.worked is True for duty in blocking):
                break
            conditions = [worked.negated() for worked in free_among(duty.worked for duty in blocking)]
            windows[start] = Window(start, end, [*conditions, *needed])
            start, needed = end, []
    return [windows[start] for start in sorted(windows)]


def _needed(anchor: int, worked: Literal, leave: Mapping[Date, Absence]) -> list[Literal]:
    """A window that begins inside a leave day counts its rest only if the duty before it is really worked."""
    inside = anchor % MINUTES_PER_DAY and Date.fromordinal(anchor // MINUTES_PER_DAY) in leave
    return [worked] if inside and not isinstance(worked, bool) else []


def _after_a_free_day(start: int, leave: Mapping[Date, Absence]) -> int:
    end, counted = start, 0
    while counted < MINUTES_PER_DAY:
        day, into = divmod(end, MINUTES_PER_DAY)
        if into == 0 and Date.fromordinal(day) in leave:
            end += MINUTES_PER_DAY
            continue
        step = min(MINUTES_PER_DAY - counted, MINUTES_PER_DAY - into)
        end, counted = end + step, counted + step
    return end
