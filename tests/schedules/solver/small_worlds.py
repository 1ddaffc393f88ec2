"""Small free problems for the solver: residents on a pattern, attendings with a duty, demand for call."""

from __future__ import annotations

import random
from dataclasses import replace

from schedules.domain.pattern import base_roster
from schedules.domain.problem import (
    HALF_DAYS,
    ActivityCode,
    Demand,
    DutyLimits,
    Person,
    Preference,
    PreferenceScope,
    Problem,
    Session,
    WorkKind,
)
from schedules.domain.roster import Roster, Slot
from tests.factories.rosters import attending, day, demand, residents, world

CLINIC_WEEK = {
    "0-1 4-5 7-8 11-12 14-15 18-19 21-22 25-26": "C CARD",
    "6 13 20 27": "CARD LEC",
}
WARD = {"0-27": "FMIT FMIT"}
NIGHTS = {"0-27": "- - NF"}


def core_duty(**minimum: int) -> DutyLimits:
    """Clinic 4, GME 2, supervision 8 at most; the named minima."""
    return DutyLimits(
        "core",
        {WorkKind(kind): number for kind, number in minimum.items()},
        {WorkKind.CLINIC: 4, WorkKind.GME: 2, WorkKind.SUPERVISION: 8},
    )


def call_demand(people: tuple[Person, ...], first: int, last: int) -> list[Demand]:
    """One attending on call on every Sunday to Thursday night of the offsets."""
    faculty = [person.id for person in people if person.is_faculty]
    nights = [offset for offset in range(first, last + 1) if day(offset).weekday() not in (4, 5)]
    return [demand(offset, Session.NIGHT, "CALL", eligible=faculty, maximum=1) for offset in nights]


def week(**fields: object) -> Problem:
    """Thursday to Wednesday: two residents in clinic, three attendings who share call."""
    people = (*residents(2), *(attending(number, duty=core_duty(clinic=2)) for number in (1, 2, 3)))
    span = fields.pop("span", (0, 6))
    asked = [*call_demand(people, *span), *fields.pop("demands", [])]  # type: ignore[misc]
    plan = {"R1": CLINIC_WEEK, "R2": CLINIC_WEEK}
    problem, _ = world(people, plan, span=span, demands=asked, **fields)  # type: ignore[arg-type]
    return problem


def month(**fields: object) -> Problem:
    """A block: an inpatient team of two, a night resident, two clinic residents, five attendings."""
    people = (*residents(5), *(attending(number, duty=core_duty(clinic=2, gme=1)) for number in range(1, 6)))
    plan = {"R1": WARD, "R2": WARD, "R3": NIGHTS, "R4": CLINIC_WEEK, "R5": CLINIC_WEEK}
    team = [demand(offset, session, "FMIT", eligible=["R1", "R2"]) for offset in range(28) for session in HALF_DAYS]
    problem, _ = world(people, plan, demands=[*call_demand(people, 0, 27), *team], **fields)  # type: ignore[arg-type]
    return problem


def weighted(problem: Problem, **changes: int) -> Problem:
    weights = {**problem.policy.weights, **changes}
    return replace(problem, policy=replace(problem.policy, weights=weights))


def locked(problem: Problem, cells: dict[Slot, ActivityCode]) -> Roster:
    return base_roster(problem, locked=cells)


def dislike(person: str, weekday: int, weight: int = -1) -> Preference:
    return Preference(person, PreferenceScope.WEEKDAY, weight, weekday=weekday)


def random_roster(problem: Problem, options: dict[Slot, list[ActivityCode | None]], seed: int) -> Roster:
    """Any of each slot's possible activities, without regard to any rule."""
    chance = random.Random(seed)
    cells = {slot: chance.choice(codes) for slot, codes in sorted(options.items())}
    return Roster({slot: code for slot, code in cells.items() if code is not None})
