"""Tiny problems and rosters of the pure core: a 28-day block written as one short line per person and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace

from schedules.domain.codes import LEAVE_CODE
from schedules.domain.pattern import idle_code
from schedules.domain.problem import (
    ONE_DAY,
    SESSIONS,
    Absence,
    Activity,
    Block,
    BlockAssignment,
    Category,
    Date,
    Demand,
    DutyLimits,
    DutyLog,
    FmitWeek,
    Person,
    Policy,
    Preference,
    Problem,
    Role,
    Rotation,
    Session,
    ShedTier,
    SupervisionKind,
    WorkKind,
)
from schedules.domain.roster import Roster, Slot

START = dt.date(2026, 3, 12)
"""A Thursday; day 0 of the block. Friday 1, Saturday 2, Sunday 3, Monday 4, Tuesday 5, Wednesday 6."""
BLOCK_DAYS = 28

FACULTY = frozenset({Role.FACULTY})
SAFETY = ShedTier.PATIENT_SAFETY


def duty(code: str, category: Category, am: float = 0, pm: float = 0, night: float = 0, **fields: object) -> Activity:
    return Activity(code, code, category, am, pm, night, **fields)  # type: ignore[arg-type]


def clinic(code: str, category: Category = Category.CLINIC, **fields: object) -> Activity:
    return duty(code, category, 5, 5, counts_toward_clinic_capacity=True, **fields)


ACTIVITIES: Mapping[str, Activity] = {
    activity.code: activity
    for activity in (
        clinic("C", supervision=SupervisionKind.BY_PGY, work_kind=WorkKind.CLINIC, shed_tier=ShedTier.CONTINUITY),
        duty("CV", Category.CLINIC, 5, 5, supervision=SupervisionKind.BY_PGY, work_kind=WorkKind.CLINIC),
        clinic("PR", Category.PROCEDURE, supervision=SupervisionKind.DEDICATED),
        clinic("VAS", Category.PROCEDURE, supervision=SupervisionKind.DEDICATED, work_kind=WorkKind.VASECTOMY),
        clinic(
            "SM",
            Category.SPECIALTY,
            supervision=SupervisionKind.BY_CREDENTIAL,
            work_kind=WorkKind.SPORTS_MEDICINE,
            credential="sports-medicine",
            credential_roles=FACULTY,
        ),
        duty("CARD", Category.SPECIALTY, 5, 5),
        duty("IMW", Category.INPATIENT, 6, 6, shed_tier=SAFETY),
        duty("FMIT", Category.INPATIENT, 6, 6, shed_tier=SAFETY),
        duty("NF", Category.NIGHT, night=12, shed_tier=SAFETY),
        duty("CALL", Category.NIGHT, night=12, shed_tier=SAFETY),
        duty("LEC", Category.EDUCATION, 5, 5, shed_tier=ShedTier.CORE_EDUCATION),
        duty("GME", Category.EDUCATION, 5, 5, work_kind=WorkKind.GME),
        duty("ADM", Category.ADMIN, 5, 5),
        duty("DFM", Category.ADMIN, 5, 5, work_kind=WorkKind.DEPARTMENT),
        duty(
            "AT", Category.SUPERVISION, 5, 5, provides_supervision=True, work_kind=WorkKind.SUPERVISION, roles=FACULTY
        ),
        duty(
            "PCAT", Category.SUPERVISION, 5, 5, provides_supervision=True, work_kind=WorkKind.SUPERVISION, roles=FACULTY
        ),
        duty("SENIOR", Category.SPECIALTY, 5, 5, pgy_levels=frozenset({3})),
        duty("TDY", Category.AWAY),
        duty("W", Category.OFF),
        duty("OFF", Category.OFF),
        duty("PC", Category.OFF),
        duty("DO", Category.OFF, roles=FACULTY),
        duty("LV", Category.OFF),
        # Odd lengths for the clock: 20-hour days, 1 hour, and halves of 24-hour duties that end at 04:00 .. 07:00.
        duty("D20", Category.INPATIENT, 10, 10),
        duty("H1", Category.INPATIENT, 1, 1),
        duty("M7", Category.INPATIENT, 7, 6),
        duty("M8", Category.INPATIENT, 8, 6),
        duty("M9", Category.INPATIENT, 9, 6),
        duty("M12", Category.INPATIENT, 12, 6),
        duty("N6", Category.NIGHT, night=6),
        duty("N9", Category.NIGHT, night=9),
        duty("N10", Category.NIGHT, night=10),
        duty("N11", Category.NIGHT, night=11),
        duty("N13", Category.NIGHT, night=13),
    )
}


def resident(number: int = 1, pgy: int = 2) -> Person:
    return Person(f"R{number}", f"Resident {number}", Role.RESIDENT, pgy)


def residents(count: int, pgy: int = 2, *, first: int = 1) -> tuple[Person, ...]:
    return tuple(resident(number, pgy) for number in range(first, first + count))


def attending(number: int = 1, **fields: object) -> Person:
    duty_limits = fields.pop("duty", DutyLimits("core", {}, {}))
    return Person(f"F{number}", f"Attending {number}", Role.FACULTY, duty=duty_limits, **fields)  # type: ignore[arg-type]


def day(offset: int) -> Date:
    """The date so many days after the block's first."""
    return START + offset * ONE_DAY


def days(spec: str) -> list[int]:
    """Offsets of `"0-5 7 9-11"`; a leading minus belongs to the number."""
    found: list[int] = []
    for part in spec.split():
        first, _, last = part[1:].partition("-") if part[0] == "-" else part.partition("-")
        start = -int(first) if part[0] == "-" else int(first)
        found.extend(range(start, int(last) + 1) if last else [start])
    return found


Plan = Mapping[str, Mapping[str, str]]
"""Person id -> {day offsets: "AM PM NIGHT"}; `-` is nothing special there, a missing NIGHT is none."""


def world(
    people: Iterable[Person],
    plan: Plan,
    *,
    leave: Mapping[str, str] | None = None,
    leave_kind: str = "LEAVE",
    known: tuple[int, int] = (0, BLOCK_DAYS - 1),
    span: tuple[int, int] = (0, BLOCK_DAYS - 1),
    demands: Iterable[Demand] = (),
    logs: Iterable[DutyLog] = (),
    wishes: Iterable[Preference] = (),
    fmit: Iterable[tuple[str, int, int]] = (),
    holidays: Iterable[int] = (),
    pattern: Plan | None = None,
    locked: Iterable[Slot] = (),
    policy: Policy | None = None,
) -> tuple[Problem, Roster]:
    """A problem of the dates `span` and a roster of the dates `known`, both as first and last offset.

    Everybody has AM and PM cells on every known date: the plan's, LV on leave, else OFF or W. Cells outside `span`
    become context. Residents are assigned the block and its two neighbours; a resident's rotation pattern is what
    the plan has in the block, unless `pattern` names it.
    """
    people = tuple(people)
    absences = tuple(
        Absence(person, day(offset), day(offset), leave_kind)
        for person, spec in (leave or {}).items()
        for offset in days(spec)
    )
    problem = Problem(
        start=day(span[0]),
        end=day(span[1]),
        people=people,
        activities=ACTIVITIES,
        rotations={},
        blocks=BLOCKS,
        block_assignments=tuple(
            BlockAssignment(person.id, block, f"rotation-{person.id}")
            for person in people
            if person.is_resident
            for block in BLOCKS
        ),
        absences=absences,
        fmit_weeks=tuple(FmitWeek(person, day(first), day(last)) for person, first, last in fmit),
        holidays=frozenset(day(offset) for offset in holidays),
        demands=tuple(demands),
        preferences=tuple(wishes),
        duty_logs=tuple(logs),
        policy=policy or Policy(),
    )
    cells = _cells(problem, plan, range(known[0], known[1] + 1))
    patterns = _cells(problem, pattern, range(BLOCK_DAYS)) if pattern is not None else cells
    rotations = {
        f"rotation-{person.id}": Rotation(f"rotation-{person.id}", "Rotation", "INPATIENT", _pattern(person, patterns))
        for person in problem.residents
    }
    inside = {slot: code for slot, code in cells.items() if problem.start <= slot.day <= problem.end}
    around = {slot: code for slot, code in cells.items() if slot not in inside}
    return replace(problem, rotations=rotations), Roster(cells=inside, context=around, locked=frozenset(locked))


BLOCKS = tuple(
    Block(f"B{number}", 2025, number, day((number - 10) * BLOCK_DAYS), day((number - 9) * BLOCK_DAYS - 1))
    for number in (9, 10, 11)
)


def _cells(problem: Problem, plan: Plan, offsets: range) -> dict[Slot, str]:
    cells = {}
    for person in problem.people:
        lines = {offset: line for spec, line in plan.get(person.id, {}).items() for offset in days(spec)}
        for offset in offsets:
            date = day(offset)
            codes = lines.get(offset, "").split()
            for position, session in enumerate(SESSIONS):
                code = codes[position] if position < len(codes) else "-"
                if code == "-" and session is not Session.NIGHT:
                    code = LEAVE_CODE if problem.is_absent(person.id, date) else idle_code(date)
                if code != "-":
                    cells[Slot(person.id, date, session)] = code
    return cells


def _pattern(person: Person, cells: Mapping[Slot, str]) -> dict[tuple[int, int, Session], str]:
    block = BLOCKS[1]
    return {
        (block.week_of(slot.day), slot.day.weekday(), slot.session): code
        for slot, code in cells.items()
        if slot.person == person.id and block.start <= slot.day <= block.end and code != LEAVE_CODE
    }


def demand(
    offset: int,
    session: Session,
    activity: str,
    minimum: int = 1,
    *,
    eligible: Iterable[str],
    maximum: int | None = None,
    hard: bool = True,
) -> Demand:
    return Demand(day(offset), session, activity, minimum, minimum, maximum, hard, frozenset(eligible))


def slot(person: str, offset: int, session: Session = Session.AM) -> Slot:
    return Slot(person, day(offset), session)
