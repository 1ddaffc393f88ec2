"""A small program worked by hand: one Thursday, two residents and as many attendings as a test asks for."""

from __future__ import annotations

import datetime as dt

from schedules.domain.problem import (
    Activity,
    Category,
    Demand,
    DutyLimits,
    Person,
    Problem,
    Role,
    Session,
    ShedTier,
    SupervisionKind,
    WorkKind,
)
from schedules.domain.roster import Roster, Slot

THURSDAY = dt.date(2026, 3, 12)
DUTY = DutyLimits("Core", {}, {WorkKind.SUPERVISION: 5})


def activity(code: str, category: Category, tier: ShedTier = ShedTier.NOTHING, **fields) -> Activity:
    hours = {"am_hours": 4, "pm_hours": 4, "night_hours": 12} if category is not Category.OFF else {}
    return Activity(code, code, category, shed_tier=tier, **hours, **fields)


SAFETY = ShedTier.PATIENT_SAFETY
ACTIVITIES = {
    item.code: item
    for item in (
        activity("FMIT", Category.INPATIENT, SAFETY),
        activity("CALL", Category.NIGHT, SAFETY),
        activity("AT", Category.SUPERVISION, SAFETY, provides_supervision=True, roles=frozenset({Role.FACULTY})),
        activity("PCAT", Category.SUPERVISION, SAFETY, provides_supervision=True, roles=frozenset({Role.FACULTY})),
        activity("ICU", Category.INPATIENT, SAFETY, credential="ICU"),
        activity("C", Category.CLINIC, ShedTier.CONTINUITY, supervision=SupervisionKind.BY_PGY),
        activity("ELEC", Category.SPECIALTY, ShedTier.REQUIRED_EXPERIENCE),
        activity("LEC", Category.EDUCATION, ShedTier.CORE_EDUCATION),
        activity("JC", Category.EDUCATION, ShedTier.OPTIONAL_EDUCATION),
        activity("RES", Category.RESEARCH, ShedTier.RESEARCH_ADMIN),
        activity("ADM", Category.ADMIN, ShedTier.RESEARCH_ADMIN),
        activity("W", Category.OFF),
        activity("OFF", Category.OFF),
        activity("PC", Category.OFF),
        activity("DO", Category.OFF),
        activity("LV", Category.OFF),
    )
}


def attendings(count: int, *, credentials: dict[str, tuple[str, ...]] | None = None) -> tuple[Person, ...]:
    """f1, f2, ...; `credentials` by person."""
    held = credentials or {}
    names = [f"f{number}" for number in range(1, count + 1)]
    return tuple(
        Person(name, name, Role.FACULTY, duty=DUTY, credentials=dict.fromkeys(held.get(name, ()))) for name in names
    )


def ids(people: tuple[Person, ...]) -> frozenset[str]:
    return frozenset(person.id for person in people)


def demand(code: str, eligible: frozenset[str], minimum: int = 1, *, day: dt.date = THURSDAY,
           session: Session = Session.AM, hard: bool = True) -> Demand:  # fmt: skip
    return Demand(day, session, code, minimum, minimum, None, hard, eligible)


def problem(people: tuple[Person, ...], *demands: Demand, end: dt.date = THURSDAY, **fields) -> Problem:
    return Problem(THURSDAY, end, people, ACTIVITIES, {}, (), (), demands=demands, **fields)


def roster(day: dt.date = THURSDAY, **codes: str) -> Roster:
    """One day: `person="AM PM"` or `person="AM PM NIGHT"`."""
    return Roster(
        {
            Slot(person, day, session): code
            for person, row in codes.items()
            for session, code in zip(Session, row.split(), strict=False)
        }
    )
