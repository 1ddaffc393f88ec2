"""Changed cells as a picture: people down, the touched days across, in each square what was and what would be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from resilience.services.answers import CellView
from schedules.domain.codes import LEAVE_CODE
from schedules.models import Activity
from schedules.views.grid import css_class

SESSIONS = ("AM", "PM", "NIGHT")


@dataclass(frozen=True)
class Move:
    """One changed session of a day."""

    session: str
    before: str
    after: str
    css: str
    title: str


@dataclass(frozen=True)
class MoveRow:
    """One person's changes, a list for each day of the picture."""

    name: str
    days: list[list[Move]]


@dataclass(frozen=True)
class MovePicture:
    """Only days on which something changes have a column."""

    days: list[dt.date]
    rows: list[MoveRow]
    count: int


def picture(changes: Iterable[CellView]) -> MovePicture:
    """The changes by person and day; one query for the colours."""
    found = sorted(changes, key=lambda change: (change.person.name, change.date, SESSIONS.index(change.session)))
    days = sorted({change.date for change in found})
    activities = {row.code: row for row in Activity.objects.filter(code__in={change.after for change in found})}
    rows: dict[str, MoveRow] = {}
    for change in found:
        row = rows.setdefault(change.person.id, MoveRow(change.person.name, [[] for _ in days]))
        row.days[days.index(change.date)].append(_move(change, activities))
    return MovePicture(days, list(rows.values()), len(found))


def _move(change: CellView, activities: Mapping[str, Activity]) -> Move:
    after = activities.get(change.after or "")
    name = after.name if after else change.after or "nothing"
    return Move(
        session=change.session,
        before=change.before or "–",
        after=change.after or "–",
        css=css_class(after),
        title=f"{change.session}: {change.before or 'nothing'} becomes {name}",
    )


def apart(changes: Iterable[CellView]) -> tuple[MovePicture, MovePicture]:
    """What others take over, and the cells of those who are away, who only lose theirs."""
    found = list(changes)
    away = {change.person.id for change in found if change.after == LEAVE_CODE}
    return (
        picture(change for change in found if change.person.id not in away),
        picture(change for change in found if change.person.id in away),
    )
