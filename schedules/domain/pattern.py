"""What a resident's days look like before anything is decided: pattern, holiday, absence; and which cells are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
from schedules.domain.roster import Slot

WEEKEND_CODE = "W"
OFF_CODE = "OFF"
LEAVE_CODE = "LV"

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

PROTECTED_CODES = frozenset({"LEC", "GME", "PI", "SIM", "ASM", "ORI"})
"""Education that is kept on Wednesdays where the resident's own pattern has it."""


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
    """Cells the PROTECTED rule keeps: Wednesday education, and a PGY-1's Wednesday AM clinic, where the pattern has them.

    Absence and holidays remove them, nothing else.
    """
    kept: dict[Slot, ActivityCode] = {}
    for person in problem.residents:
        for day in problem.days:
            if day.weekday() != Weekday.WED or day in problem.holidays:
                continue
            for session in HALF_DAYS:
                code = base_activity(problem, person, day, session)
                is_intern_clinic = code == "C" and person.pgy_level == 1 and session is Session.AM
                if code is not None and (code in PROTECTED_CODES or is_intern_clinic):
                    kept[Slot(person.id, day, session)] = code
    return kept
