"""What a resident's days look like before anything is decided: pattern, holiday, absence; and which cells are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace

from schedules.domain.codes import CLINIC_CODE, LEAVE_CODE, LECTURE_CODE, OFF_CODE, PROTECTED_CODES, WEEKEND_CODE
from schedules.domain.problem import (
    HALF_DAYS,
    SESSIONS,
    ActivityCode,
    BlockAssignment,
    Category,
    Date,
    Person,
    Problem,
    Session,
    Weekday,
)
from schedules.domain.roster import Roster, Slot

HOLIDAY_CLOSED = frozenset(
    {
        Category.CLINIC,
        Category.PROCEDURE,
        Category.SPECIALTY,
        Category.EDUCATION,
        Category.RESEARCH,
        Category.ADMIN,
    }
)
"""Categories that become OFF on a holiday; inpatient, night, call and supervision go on."""

FLEXIBLE = frozenset({Category.CLINIC, Category.SPECIALTY, Category.PROCEDURE, Category.ADMIN})
"""Half-days of these categories may change places within a person's block week, or be given up for administration."""

RESTED = frozenset({Category.INPATIENT, Category.NIGHT})
"""Duty that patterns name on every day; its days (nights) off are chosen by the solver."""

DAYS_PER_WEEK = 7


def pattern_activity(problem: Problem, item: BlockAssignment, day: Date, session: Session) -> ActivityCode | None:
    """What the rotation's weekly pattern names there, before holidays and absences."""
    rotation = problem.rotations[item.rotation]
    return rotation.pattern.get((item.block.week_of(day), day.weekday(), session))


def idle_code(day: Date) -> ActivityCode:
    """The code of a free half-day: weekend or off."""
    return WEEKEND_CODE if day.weekday() >= Weekday.SAT else OFF_CODE


def base_activity(problem: Problem, person: Person, day: Date, session: Session) -> ActivityCode | None:
    """The resident's cell from pattern, holiday and absence; None where there is no cell.

    A half-day of a scheduled resident always has a cell, a night only where the pattern names night duty.
    """
    item = problem.assignment_of.get((person.id, day))
    if item is None:
        return None
    if problem.is_absent(person.id, day):
        return None if session is Session.NIGHT else LEAVE_CODE
    code = pattern_activity(problem, item, day, session)
    if code is None:
        return None if session is Session.NIGHT else idle_code(day)
    if day in problem.holidays and problem.activities[code].category in HOLIDAY_CLOSED:
        return OFF_CODE
    return code


def works_by_pattern(problem: Problem, person: Person, day: Date) -> bool:
    """Whether the pattern alone gives a resident duty on a date: duty whose days off nobody chooses."""
    codes = (base_activity(problem, person, day, session) for session in SESSIONS)
    found = [problem.activities[code] for code in codes if code is not None]
    return any(activity.is_duty and activity.category not in RESTED for activity in found)


def resident_base(problem: Problem) -> Mapping[Slot, ActivityCode]:
    """Every resident cell of the range as the patterns have it."""
    return dict(_base_cells(problem))


def _base_cells(problem: Problem) -> Iterator[tuple[Slot, ActivityCode]]:
    for person in problem.residents:
        for day in problem.days:
            for session in SESSIONS:
                code = base_activity(problem, person, day, session)
                if code is not None:
                    yield Slot(person.id, day, session), code


def protected_cells(problem: Problem) -> Mapping[Slot, ActivityCode]:
    """Cells the PROTECTED rule keeps: Wednesday education and a PGY-1's Wednesday AM clinic of the pattern.

    Absence and holidays remove them, nothing else.
    """
    kept: dict[Slot, ActivityCode] = {}
    for person in problem.residents:
        for day in problem.days:
            if day.weekday() != Weekday.WED or day in problem.holidays:
                continue
            for session in HALF_DAYS:
                code = base_activity(problem, person, day, session)
                is_intern_clinic = code == CLINIC_CODE and person.pgy_level == 1 and session is Session.AM
                if code is not None and (code in PROTECTED_CODES or is_intern_clinic):
                    kept[Slot(person.id, day, session)] = code
    return kept


def week_start(problem: Problem, day: Date) -> Date:
    """First day of the block week of a date: 7 days from the block's first day; the last one may be shorter."""
    block = problem.block_of(day)
    first = block.start if block else problem.start
    return first + dt.timedelta(days=(day - first).days // DAYS_PER_WEEK * DAYS_PER_WEEK)


def flexible_weeks(problem: Problem) -> Mapping[tuple[str, Date], Mapping[Slot, ActivityCode]]:
    """The flexible half-days of each resident and block week (by its first day), with what the pattern has there."""
    kept = protected_cells(problem)
    weeks: dict[tuple[str, Date], dict[Slot, ActivityCode]] = {}
    for slot, code in resident_base(problem).items():
        if slot.session in HALF_DAYS and slot not in kept and problem.activities[code].category in FLEXIBLE:
            weeks.setdefault((slot.person, week_start(problem, slot.day)), {})[slot] = code
    return weeks


def faculty_day_off(problem: Problem, person: Person, day: Date) -> ActivityCode | None:
    """What keeps a faculty member from ordinary work: leave, weekend, holiday, adjunct or unavailable weekday."""
    if problem.is_absent(person.id, day):
        return LEAVE_CODE
    if day.weekday() >= Weekday.SAT:
        return WEEKEND_CODE
    available = person.duty.available_weekdays if person.duty else frozenset(range(5))
    if person.adjunct or day in problem.holidays or day.weekday() not in available:
        return OFF_CODE
    return None


def faculty_base(problem: Problem, person: Person, day: Date, session: Session) -> ActivityCode | None:
    """The faculty half-day before call and inpatient duty; None where the solver chooses the work."""
    off = faculty_day_off(problem, person, day)
    if off is None and day.weekday() == Weekday.WED and session is Session.PM:
        return LECTURE_CODE
    return off


def base_roster(
    problem: Problem,
    *,
    context: Mapping[Slot, ActivityCode] | None = None,
    locked: Mapping[Slot, ActivityCode] | None = None,
) -> Roster:
    """What patterns, holidays and absences say before any decision, with `locked` cells kept.

    Faculty half-days that are to be decided, calls and FMIT duty are left out.
    """
    cells = dict(resident_base(problem))
    for person in problem.faculty:
        for day in problem.days:
            for session in HALF_DAYS:
                code = faculty_base(problem, person, day, session)
                if code is not None:
                    cells[Slot(person.id, day, session)] = code
    cells.update(locked or {})
    return Roster(cells=cells, context=context or {}, locked=frozenset(locked or {}))


def as_lived(problem: Problem, roster: Roster) -> Roster:
    """The roster with leave wherever somebody is absent, whatever their cells still say, and without their nights.

    Around the range as well: what is looked at alone says the same as within a longer range.
    """
    return replace(
        roster,
        cells=dict(_lived(problem, roster.cells)),
        context=dict(_lived(problem, roster.context)),
    )


def _lived(problem: Problem, cells: Mapping[Slot, ActivityCode]) -> Iterator[tuple[Slot, ActivityCode]]:
    for slot, code in cells.items():
        if not problem.is_absent(slot.person, slot.day):
            yield slot, code
        elif slot.session in HALF_DAYS:
            yield slot, LEAVE_CODE
