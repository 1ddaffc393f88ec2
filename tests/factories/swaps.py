"""A small published schedule whose FMIT weeks can be exchanged, for tests of swaps through every door."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.enums import Role
from accounts.models import User
from schedules.domain.problem import Problem, Session, ShedTier
from schedules.domain.roster import Roster, Slot
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Activity, Assignment, FmitWeek, Person, Schedule
from schedules.services.preflight import inputs_of
from swaps.domain.tables import Level, SwapStatus, SwapType
from swaps.models import EscalationCase, MarketplaceOffer, SwapRecord
from tests.factories import accounts, generation, program
from tests.factories.kept import kept

START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
"""Block 10 of 2025-26, Thursday to Wednesday."""


def fridays(start: dt.date) -> tuple[dt.date, ...]:
    """First days of the FMIT weeks that touch the block: the middle three lie inside it, with the day after them."""
    return tuple(start + dt.timedelta(weeks=week, days=-6) for week in range(5))


FRIDAYS = fridays(START)
EARLY = dt.datetime(2026, 2, 20, 18, tzinfo=dt.UTC)
"""Three weeks before the first swap week that lies in the block, 08:00 of a Friday in the program's time zone."""


@dataclass(frozen=True)
class World:
    """The program with one published block. `attending["A"]` leads the weeks marked A; `user["A"]` is their account."""

    schedule: Schedule
    attending: dict[str, Person]
    residents: tuple[Person, ...]
    user: dict[str, User]

    def cells(self) -> dict[tuple[str, dt.date, str], str]:
        """(person, date, session) -> activity of the whole published block."""
        return generation.cells(self.schedule)


@kept
def world(leaders: str = "DABCE", *, start: dt.date = START, at: dt.datetime = EARLY) -> World:
    """The tiny program with FMIT weeks by letter (from the Friday before), solved, and published at `at`.

    Nobody of the letters A to E takes call. Exchanging A's and B's week, or D absorbing B's, passes every check when
    asked three weeks before.
    """
    made = program.tiny_program(start)
    FmitWeek.objects.all().delete()
    attending = {letter: program.faculty(name=f"Attending {letter}", excluded_from_call=True) for letter in "ABCDE"}
    for letter, friday in zip(leaders, fridays(start), strict=True):
        program.fmit_week(attending[letter], friday)
    # Their nights would decide which exchanges are possible, and solvers are free to choose them.
    people = [*made.residents, *made.faculty, *attending.values()]
    problem = load_problem(start, start + (END - START))
    schedule = program.schedule(problem.start, problem.end)
    generation.write(schedule, problem, _solved(problem, [str(person.pk) for person in people], leaders))
    for person in attending.values():
        person.excluded_from_call = False
        person.save()
    user = {letter: account(person, letter) for letter, person in attending.items()}
    with program.open_gate():
        schedule.status, schedule.published_at = ScheduleStatus.PUBLISHED, at
        schedule.save()
    return World(schedule, attending, made.residents, user)


_known: dict[str, dict[tuple[int, int, Session], str]] = {}
"""Rosters by the order of the leaders: (person, day of the block, session) -> activity; the program is the same."""


def _solved(problem: Problem, people: list[str], leaders: str) -> Roster:
    """A roster that breaks no rule, solved once for all tests of a process."""
    if leaders not in _known:
        found = generation.solved(problem).cells.items()
        _known[leaders] = {(people.index(s.person), (s.day - problem.start).days, s.session): code for s, code in found}
    days = problem.days
    cells = {Slot(people[who], days[day], session): code for (who, day, session), code in _known[leaders].items()}
    return Roster(cells=cells)


def lonely(world: World, day: dt.date, letter: str = "E") -> None:
    """Nobody but E may do what E does that morning, and it has to be done: whoever gives E duty leaves it open."""
    alone = Activity.objects.filter(code="ALONE").first()
    if alone is None:
        credential = program.credential()
        program.holds(world.attending[letter], credential)
        alone = program.activity("ALONE", credential=credential, shed_tier=ShedTier.PATIENT_SAFETY)
    with program.open_gate():
        row = Assignment.objects.get(person=world.attending[letter], date=day, session="AM")
        row.activity = alone
        row.save()
    program.demand(alone, weekdays=[day.weekday()], start_date=day, end_date=day)


def copy_of(schedule: Schedule, *, start: dt.date | None = None) -> Schedule:
    """A draft of the same dates, or of those from `start` on, with the published rows as they are now."""
    first, last = start or schedule.start_date, schedule.end_date
    problem = load_problem(first, last)
    published = load_roster(problem, schedule="published")
    made = program.schedule(first, last, fingerprint=inputs_of(problem, published))
    roster = load_roster(problem, schedule=None)
    generation.write(made, problem, Roster(cells=published.cells, context=roster.context))
    return made


def account(person: Person, name: str, role: Role = Role.FACULTY) -> User:
    """An account that belongs to the person."""
    made = accounts.user(role, username=f"{role.value.lower()}-{name.lower()}")
    person.user = made
    person.save()
    return made


def record(source: Person, target: Person, **fields: Any) -> SwapRecord:
    """A bare row: the first FMIT week inside the block, absorbed, asked for by the giver's account and pending."""
    standard = {
        "source_person": source,
        "source_week": FRIDAYS[1],
        "source_end": FRIDAYS[1] + dt.timedelta(days=6),
        "target_person": target,
        "swap_type": SwapType.ABSORB.value,
        "reason_code": "conference",
        "reason_text": "A congress",
        "requested_by": source.user,
        "requested_at": EARLY,
        "consent_due": EARLY + dt.timedelta(hours=48),
    }
    return SwapRecord.objects.create(**standard | fields)


def executed(source: Person, target: Person, **fields: Any) -> SwapRecord:
    """A bare row of an executed swap; nothing of the schedule was touched."""
    return record(source, target, **{"status": SwapStatus.EXECUTED.value, "executed_at": EARLY} | fields)


def case(swap: SwapRecord, level: Level = Level.COORDINATOR, **fields: Any) -> EscalationCase:
    """An open case of the swap at a level."""
    standard = {
        "level": level.value,
        "first_level": level.value,
        "opened_at": EARLY,
        "due_at": EARLY + dt.timedelta(hours=24),
    }
    return EscalationCase.objects.create(swap=swap, **standard | fields)


def offer(person: Person, **fields: Any) -> MarketplaceOffer:
    """A bare row: the first FMIT week inside the block, offered to everybody."""
    standard = {"week": FRIDAYS[1], "week_end": FRIDAYS[1] + dt.timedelta(days=6), "offered_at": EARLY}
    return MarketplaceOffer.objects.create(person=person, **standard | fields)
