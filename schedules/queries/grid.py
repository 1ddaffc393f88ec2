"""What the schedule grid shows: versions, people and cells of a date range, in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Q, QuerySet

from schedules.domain.problem import Role, Session, days_between
from schedules.enums import ScheduleStatus
from schedules.models import Activity, Assignment, Block, BlockAssignment, Holiday, Person, Schedule

CellKey = tuple[uuid.UUID, dt.date, str]


class Cell(NamedTuple):
    """One assignment as the grid shows it."""

    activity: str
    source: str
    locked: bool


@dataclass(frozen=True)
class GridData:
    """People in display order, their cells, and what the header needs."""

    start: dt.date
    end: dt.date
    people: list[Person]
    cells: Mapping[CellKey, Cell]
    activities: Mapping[str, Activity]
    holidays: Mapping[dt.date, str]
    rotations: Mapping[uuid.UUID, str]
    schedules: list[Schedule]
    """The versions the cells come from: one draft, or every published schedule that touches the range."""
    before: Mapping[CellKey, Cell] | None = None
    """Cells of the version compared with, where one was chosen."""
    days: list[dt.date] = field(default_factory=list)


def versions_in(start: dt.date, end: dt.date) -> QuerySet[Schedule]:
    """Every version that touches the range and was not discarded, newest first."""
    return (
        Schedule.objects.filter(start_date__lte=end, end_date__gte=start)
        .exclude(status=ScheduleStatus.DISCARDED)
        .defer("validation")
        .order_by("-created_at")
    )


def cells_of(schedules: list[Schedule], start: dt.date, end: dt.date) -> dict[CellKey, Cell]:
    """Cells of the versions in the range: one query."""
    rows = (
        Assignment.objects.filter(schedule__in=[s.pk for s in schedules], date__gte=start, date__lte=end)
        .order_by()
        .values_list("person_id", "date", "session", "activity__code", "source", "locked")
    )
    return {(person, day, session): Cell(code, source, locked) for person, day, session, code, source, locked in rows}


def load_grid(
    start: dt.date, end: dt.date, *, schedules: list[Schedule], against: list[Schedule] | None = None
) -> GridData:
    """Everything the grid of `start`..`end` (inclusive) shows, in six queries (seven with a comparison)."""
    cells = cells_of(schedules, start, end)
    before = None if against is None else cells_of(against, start, end)
    shown = {key[0] for key in cells} | {key[0] for key in before or {}}
    people = list(Person.objects.filter(Q(pk__in=shown) | Q(is_active=True)).order_by("-role", "pgy_level", "name"))
    rotations = BlockAssignment.objects.filter(block__start_date__lte=end, block__end_date__gte=start)
    names: dict[uuid.UUID, str] = {}
    for person, name in rotations.order_by("block__start_date").values_list("person_id", "rotation__name"):
        names[person] = f"{names[person]}, {name}" if person in names and names[person] != name else name
    return GridData(
        start=start,
        end=end,
        people=[p for p in people if p.pk in shown or p.role == Role.FACULTY or p.pk in names],
        cells=cells,
        activities={activity.code: activity for activity in Activity.objects.all()},
        holidays=dict(Holiday.objects.filter(date__range=(start, end)).values_list("date", "name")),
        rotations=names,
        schedules=schedules,
        before=before,
        days=list(days_between(start, end)),
    )


def default_block(blocks: Sequence[Block], today: dt.date) -> Block | None:
    """The block to open: today's, else the nearest to today of the newest published schedule, else the nearest."""
    newest = None
    if not any(block.start_date <= today <= block.end_date for block in blocks):
        newest = Schedule.objects.filter(status=ScheduleStatus.PUBLISHED).order_by("-published_at").first()
    inside = [b for b in blocks if newest and b.start_date <= newest.end_date and b.end_date >= newest.start_date]
    return min(inside or blocks, key=lambda block: _days_from(block, today), default=None)


def _days_from(block: Block, today: dt.date) -> int:
    """0 within the block."""
    return max((block.start_date - today).days, (today - block.end_date).days, 0)


def counts_by_day(data: GridData, activities: frozenset[str]) -> Mapping[tuple[dt.date, str], int]:
    """People per date and session in one of the activities."""
    counts: dict[tuple[dt.date, str], int] = {}
    for (_person, day, session), cell in data.cells.items():
        if cell.activity in activities:
            counts[day, session] = counts.get((day, session), 0) + 1
    return counts


HALF_DAY_NAMES = (Session.AM.value, Session.PM.value)
