"""The two people's weeks before and after a swap, as small grids in the colours of the schedule."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from schedules.domain.problem import Session, days_between
from schedules.models import Activity, Person, Schedule
from schedules.queries.grid import CellKey, cells_of
from schedules.views.grid import SESSION_CSS, SESSION_NAMES, css_class

LONGEST_STRIP_DAYS = 9
"""A swap week with the post-call day after it; further touched days begin a strip of their own."""


AFTER = 1
"""Which side of a change comes after it."""


class Changed(NamedTuple):
    """Codes of one cell before and after; empty = nothing there."""

    before: str
    after: str


@dataclass(frozen=True)
class Square:
    """One session of a day as it is painted."""

    css: str
    code: str
    title: str


@dataclass(frozen=True)
class Line:
    """One person's days in one of the two states."""

    word: str
    days: list[list[Square]]


@dataclass(frozen=True)
class Pair:
    """A person with their days before and after."""

    name: str
    before: Line
    after: Line
    changes: int


@dataclass(frozen=True)
class Strip:
    """A run of days."""

    days: list[dt.date]
    people: list[Pair]


def strips(
    people: Iterable[Person],
    weeks: Iterable[tuple[dt.date, dt.date]],
    changes: Mapping[CellKey, Changed],
    *,
    words: tuple[str, str] = ("Now", "After"),
) -> list[Strip]:
    """Both people on every day of their weeks and every day that the swap touches; three queries at most."""
    spans = list(weeks)
    wanted = {day for first, last in spans for day in days_between(first, last)} | {key[1] for key in changes}
    if not wanted:
        return []
    start, end = min(wanted), max(wanted)
    published = cells_of(list(Schedule.objects.published(start, end).defer("validation")), start, end)
    now = {key: cell.activity for key, cell in published.items()}
    codes = {*now.values(), *(code for change in changes.values() for code in change)}
    activities = Activity.objects.in_bulk(list(codes), field_name="code")
    painter = _Painter(now, changes, activities, words)
    pairs = list(people)
    return [
        Strip(days, [painter.pair(person, days) for person in pairs])
        for days in _runs(sorted(wanted), {first for first, _ in spans})
    ]


def _runs(days: list[dt.date], starts: set[dt.date]) -> list[list[dt.date]]:
    """Days in runs without a gap that begin anew with each week, none longer than a strip."""
    runs: list[list[dt.date]] = []
    for day in days:
        goes_on = runs and (day - runs[-1][-1]).days == 1 and day not in starts and len(runs[-1]) < LONGEST_STRIP_DAYS
        if goes_on:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


class _Painter:
    """Holds what all cells of a picture share."""

    def __init__(
        self,
        now: Mapping[CellKey, str],
        changes: Mapping[CellKey, Changed],
        activities: Mapping[str, Activity],
        words: tuple[str, str],
    ) -> None:
        self.now, self.changes, self.activities, self.words = now, changes, activities, words

    def pair(self, person: Person, days: list[dt.date]) -> Pair:
        lines = [Line(word, [self._day(person.pk, day, side) for day in days]) for side, word in enumerate(self.words)]
        changed = sum(key[0] == person.pk and key[1] in days for key in self.changes)
        return Pair(person.name, lines[0], lines[1], changed)

    def _day(self, person: uuid.UUID, day: dt.date, side: int) -> list[Square]:
        """The sessions of a day; a morning and an afternoon of the same are one, a night that goes is a gap."""
        cells = {}
        for session in Session:
            key = (person, day, session.value)
            change = self.changes.get(key)
            code = change[side] if change else self.now.get(key, "")
            goes = bool(change and change.before and side == AFTER)
            if code or goes or session is not Session.NIGHT:
                cells[session.value] = (code, change is not None and side == AFTER)
        if cells["AM"] == cells["PM"]:
            cells = {"DAY": cells["AM"], **{name: cell for name, cell in cells.items() if name == "NIGHT"}}
        return [self._square(session, code, is_new) for session, (code, is_new) in cells.items()]

    def _square(self, session: str, code: str, is_new: bool) -> Square:
        activity = self.activities.get(code)
        css = f"s {SESSION_CSS[session]} {css_class(activity)}{' moved' if is_new else ''}"
        name = activity.name if activity else "nothing assigned"
        title = f"{SESSION_NAMES[session]}: {name}{', changed' if is_new else ''}"
        return Square(css, code or "–", title)
