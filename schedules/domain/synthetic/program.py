"""A whole made-up program: people, duties, the plan of the year, FMIT weeks, holidays and leave."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from schedules.domain.blocks import BlockDates, standard_blocks
from schedules.domain.problem import Date, Weekday, days_between
from schedules.domain.synthetic.curriculum import FIRST_BLOCK, YEAR, Curriculum
from schedules.domain.synthetic.names import distinct_names

WEEK = dt.timedelta(days=7)
DAY = dt.timedelta(days=1)
LEVELS = (1, 2, 3)
LONGEST_BLOCK = 31
"""Days; the longest rotation period of the duty-hour averages."""
_ADJUNCT_SHARE = 6
"""One faculty member in six is adjunct."""


@dataclass(frozen=True, slots=True)
class Options:
    """Size and seed of a made-up program; `copies` multiplies both numbers of people."""

    seed: int = 1
    residents: int = 17
    faculty: int = 12
    copies: int = 1
    academic_year: int = 2025

    def __post_init__(self) -> None:
        if self.residents < 3 or self.faculty < 8 or self.copies < 1:
            raise ValueError("A program needs at least 3 residents, 8 faculty and 1 copy.")

    @property
    def all_residents(self) -> int:
        return self.residents * self.copies

    @property
    def all_faculty(self) -> int:
        return self.faculty * self.copies


@dataclass(frozen=True, slots=True)
class Duty:
    """A faculty position: (minimum, maximum) half-days a week by kind of work, and weeks of FMIT a year."""

    name: str
    clinic: tuple[int, int]
    gme: tuple[int, int]
    department: tuple[int, int]
    supervision: tuple[int, int]
    sports: tuple[int, int] = (0, 0)
    weeks: tuple[int, int] = (3, 8)
    days: tuple[str, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


_LEADERS = (
    Duty("Residency Director", (1, 2), (2, 4), (0, 1), (1, 7)),
    Duty("Deputy Residency Director", (1, 3), (1, 3), (0, 1), (2, 8)),
    Duty("Clinic Medical Director", (2, 4), (0, 1), (1, 3), (2, 8)),
    Duty("Sports Medicine Lead", (1, 2), (0, 1), (0, 0), (2, 8), sports=(1, 3)),
)
_CORE = (
    Duty("Core Faculty, Teaching", (1, 3), (1, 3), (0, 1), (2, 8)),
    Duty("Core Faculty, Clinic", (2, 4), (0, 1), (0, 1), (2, 8)),
    Duty("Core Faculty, Scholarship", (1, 3), (0, 2), (0, 2), (2, 8)),
)
_ADJUNCT = Duty("Adjunct Preceptor", (0, 0), (0, 0), (0, 0), (0, 0), weeks=(0, 0), days=())
CREDENTIALS = ("Sports Medicine", "Joint Injection", "Skin Biopsy", "Prenatal Ultrasound", "Long-Acting Contraception")


@dataclass(slots=True)
class Resident:
    id: str
    name: str
    level: int
    rotations: dict[int, Curriculum] = field(default_factory=dict)


@dataclass(slots=True)
class Faculty:
    id: str
    name: str
    duty: Duty
    adjunct: bool
    excluded: bool
    weeks: list[Date] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Leave:
    id: str
    person: str
    start: Date
    end: Date
    kind: str
    approved: bool = True


class Program:
    """One made-up program: people, rotations by block, FMIT weeks and leave.

    Feasible by construction: clinic spread over the week, leave outside ward and night rotations and own FMIT
    weeks, at most one faculty member in six away at once.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.chance = random.Random(options.seed)  # noqa: S311  made-up data, nothing secret
        self.blocks = _folded(standard_blocks(options.academic_year))
        names = distinct_names(options.all_residents + options.all_faculty, self.chance)
        self.residents = [
            Resident(self.id_of("resident", n), names[n], LEVELS[n * 3 // options.all_residents])
            for n in range(options.all_residents)
        ]
        self.faculty = [self._faculty_member(n, names[options.all_residents + n]) for n in range(options.all_faculty)]
        self._plan_rotations()
        self._plan_fmit()
        self.resident_leave = list(self._resident_leave())
        self.faculty_leave = list(self._faculty_leave())

    def id_of(self, kind: str, number: object) -> str:
        digest = hashlib.sha256(f"{self.options.seed}|{kind}|{number}".encode()).hexdigest()
        return f"syn{digest[:14]}"

    def _faculty_member(self, number: int, name: str) -> Faculty:
        adjuncts = self.options.all_faculty // _ADJUNCT_SHARE
        place = number % self.options.faculty
        if number >= self.options.all_faculty - adjuncts:
            return Faculty(self.id_of("faculty", number), name, _ADJUNCT, adjunct=True, excluded=True)
        duty = _LEADERS[place] if place < len(_LEADERS) else _CORE[place % len(_CORE)]
        return Faculty(self.id_of("faculty", number), name, duty, adjunct=False, excluded=place == 0)

    # --- the year

    def _plan_rotations(self) -> None:
        """Residents of a level go through its rotations in the same order from places spread over the year."""
        for level in LEVELS:
            peers = [resident for resident in self.residents if resident.level == level]
            year = YEAR[level]
            for number, resident in enumerate(peers):
                shift = number * len(year) // len(peers)
                for block in self.blocks:
                    resident.rotations[block.number] = year[(block.number + shift) % len(year)]
                if level == 1:
                    resident.rotations[1] = FIRST_BLOCK[number % len(FIRST_BLOCK)]

    def _plan_fmit(self) -> None:
        """Friday to Thursday weeks by turns, from the one that holds the year's first day to its last."""
        turn = [member for member in self.faculty if not member.adjunct]
        self.chance.shuffle(turn)
        first = self.blocks[0].start
        start = first - dt.timedelta(days=(first.weekday() - Weekday.FRI) % 7)
        number = 0
        while start <= self.blocks[-1].end:
            turn[number % len(turn)].weeks.append(start)
            start, number = start + WEEK, number + 1

    # --- leave

    def _resident_leave(self) -> Iterator[Leave]:
        """Three weeks of leave, a conference and sick days each, in rotations that allow it."""
        away: Counter[Date] = Counter()
        most = max(2, len(self.residents) // 6)
        for number, resident in enumerate(self.residents):
            open_blocks = [b for b in self.blocks if resident.rotations[b.number].leave and b.days >= 27]
            self.chance.shuffle(open_blocks)
            wishes = [("Leave", 7), ("Leave", 7), ("Leave", 5), ("Sick", 2)]
            wishes += [("Conference", 3)] if resident.level > 1 and number % 2 else []
            for turn, ((kind, days), block) in enumerate(zip(wishes, open_blocks, strict=False)):
                span = self._free_span(block, days, away, most)
                if span is not None:
                    approved = not (kind == "Leave" and turn == 2 and number % 5 == 0)
                    key = self.id_of("resident leave", (self.options.academic_year, number, turn))
                    yield Leave(key, resident.id, *span, kind, approved=approved)

    def _free_span(self, block: BlockDates, days: int, away: Counter[Date], most: int) -> tuple[Date, Date] | None:
        """A Monday in the block from which `days` days are not yet full; counted in `away`."""
        mondays = [d for d in days_between(block.start, block.end - days * DAY) if d.weekday() == Weekday.MON]
        self.chance.shuffle(mondays)
        for monday in mondays:
            span = tuple(days_between(monday, monday + (days - 1) * DAY))
            if all(away[day] < most for day in span):
                away.update(span)
                return span[0], span[-1]
        return None

    def _faculty_leave(self) -> Iterator[Leave]:
        """Four weeks off each, never near the own FMIT weeks, at most one in six away at once."""
        away: Counter[Date] = Counter()
        core = [member for member in self.faculty if not member.adjunct]
        most = max(1, len(core) // 6)
        for number, member in enumerate(core):
            busy = {day for week in member.weeks for day in days_between(week - 2 * DAY, week + 8 * DAY)}
            for turn, kind in enumerate(("Leave", "Leave", "Leave", "Conference", "Training")):
                days = 5 if turn < 3 else 3
                span = self._free_week(busy, days, away, most)
                if span is not None:
                    yield Leave(
                        self.id_of("faculty leave", (self.options.academic_year, number, turn)), member.id, *span, kind
                    )

    def _free_week(self, busy: set[Date], days: int, away: Counter[Date], most: int) -> tuple[Date, Date] | None:
        year = days_between(self.blocks[0].start, self.blocks[-1].end - 7 * DAY)
        mondays = [day for day in year if day.weekday() == Weekday.MON]
        self.chance.shuffle(mondays)
        for monday in mondays:
            span = tuple(days_between(monday, monday + (days - 1) * DAY))
            if not busy.intersection(span) and all(away[day] < most for day in span):
                away.update(span)
                busy.update(days_between(monday - 14 * DAY, monday + 14 * DAY))
                return span[0], span[-1]
        return None


def federal_holidays(year: int) -> list[tuple[Date, str]]:
    """The eleven federal holidays of the academic year that begins in July of `year`, as observed on weekdays."""
    following = year + 1
    found = [
        (dt.date(year, 7, 4), "Independence Day"),
        (_nth(year, 9, Weekday.MON, 1), "Labor Day"),
        (_nth(year, 10, Weekday.MON, 2), "Columbus Day"),
        (dt.date(year, 11, 11), "Veterans Day"),
        (_nth(year, 11, Weekday.THU, 4), "Thanksgiving Day"),
        (dt.date(year, 12, 25), "Christmas Day"),
        (dt.date(following, 1, 1), "New Year's Day"),
        (_nth(following, 1, Weekday.MON, 3), "Martin Luther King Jr. Day"),
        (_nth(following, 2, Weekday.MON, 3), "Presidents' Day"),
        (_nth(following, 6, Weekday.MON, 1) - WEEK, "Memorial Day"),
        (dt.date(following, 6, 19), "Juneteenth"),
    ]
    return [(_observed(day), name) for day, name in found]


def _nth(year: int, month: int, weekday: int, number: int) -> Date:
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _observed(day: Date) -> Date:
    return day + {Weekday.SAT: -1, Weekday.SUN: 1}.get(Weekday(day.weekday()), 0) * DAY


def _folded(blocks: Sequence[BlockDates]) -> tuple[BlockDates, ...]:
    """Programs whose first days are too few for a block add them to block 1."""
    if blocks[0].number != 0:
        return tuple(blocks)
    first = BlockDates(1, blocks[0].start, blocks[1].end)
    return (first, *blocks[2:]) if first.days <= LONGEST_BLOCK else tuple(blocks)
