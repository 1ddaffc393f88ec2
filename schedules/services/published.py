"""Writing published cells, in whatever versions they stand: all or nothing, and what follows for readers and drafts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from accounts.models import User
from common.errors import DomainError
from schedules.domain.changes import CellChange
from schedules.domain.problem import Date, Session
from schedules.domain.roster import Slot, Source
from schedules.enums import ScheduleStatus
from schedules.mapping.cells import Cell, cell_of
from schedules.models import Assignment, Schedule
from schedules.services.cells import write_cells
from schedules.services.news import tell_assignments
from schedules.services.publishing.drafts import mark_stale, rows_changed
from schedules.services.publishing.versions import bump


class CellsChanged(DomainError):
    """A published cell is not what the change was worked out for."""

    code = "stale"


@dataclass(frozen=True)
class Held:
    """The published versions of some dates, in order, and the rows there of some people; locked."""

    versions: Sequence[Schedule]
    rows: Mapping[Slot, Assignment]

    def covers(self, day: Date) -> bool:
        return any(version.start_date <= day <= version.end_date for version in self.versions)

    def home(self, day: Date) -> Schedule:
        """The version that holds the date. Raises CellsChanged where none does."""
        for version in self.versions:
            if version.start_date <= day <= version.end_date:
                return version
        raise CellsChanged(f"Nothing is published on {day} any more. Look at the schedule again.")

    def cell(self, slot: Slot) -> Cell:
        """What the slot holds now."""
        return cell_of(slot, self.rows.get(slot))


def lock(slots: Iterable[Slot]) -> Held:
    """What is published of the people and dates of the slots, locked to the end of the transaction."""
    wanted = list(slots)
    if not wanted:
        return Held((), {})
    days = [slot.day for slot in wanted]
    return lock_range(min(days), max(days), people={slot.person for slot in wanted})


def lock_range(first: Date, last: Date, *, people: Iterable[str] | None = None) -> Held:
    """What is published of the dates, of these people or of everybody, locked in one order for all.

    Rows that only refer to a version (a request that is filed at the same moment) do not wait for the lock.
    """
    versions = list(
        Schedule.objects.select_for_update(no_key=True)
        .filter(status=ScheduleStatus.PUBLISHED, start_date__lte=last, end_date__gte=first)
        .order_by("start_date")
    )
    rows = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("activity")
        .filter(schedule__in=versions, date__gte=first, date__lte=last)
        .order_by("person_id", "date", "session")
    )
    found = rows if people is None else rows.filter(person_id__in=set(people))
    return Held(versions, {Slot(str(row.person_id), row.date, Session(row.session)): row for row in found})


def write(
    changes: Sequence[CellChange], *, source: Source, by: User | None, at: dt.datetime, reason: str
) -> list[Cell]:
    """Set published cells as the changes say; returns what was there before, for `put_back`. Needs the open gate.

    Versions are bumped, judged anew and their drafts marked stale. Raises CellsChanged, with nothing written, where a
    cell does not hold the `before` of its change or its date is not published.
    """
    held = lock(change.slot for change in changes)
    before = [held.cell(change.slot) for change in changes]
    if any(cell.activity != change.before for cell, change in zip(before, changes, strict=True)):
        raise CellsChanged("The published schedule changed since this was worked out. Look at it again.")
    store(held, [Cell(change.slot, change.after, source) for change in changes], by=by, at=at, reason=reason)
    return before


def put_back(cells: Sequence[Cell], *, by: User | None, at: dt.datetime, reason: str) -> None:
    """Bring published cells back exactly, with source and lock. Needs the open gate."""
    store(lock(cell.slot for cell in cells), cells, by=by, at=at, reason=reason)


def store(
    held: Held,
    cells: Sequence[Cell],
    *,
    by: User | None,
    at: dt.datetime,
    reason: str,
    deed: str = "changed",
    judged_later: bool = False,
) -> list[Schedule]:
    """Bring the locked rows to hold the cells; returns the versions touched. Needs the open gate.

    `deed` is what drafts of these dates are told. The versions are judged anew at once, unless the caller does so
    when it has left the gate (`judged_later`), so that nobody waits for it.
    """
    if not cells:
        return []
    touched = write_cells(cells, held.rows, home=held.home, by=by, at=at, reason=reason)
    follow = bump if judged_later else rows_changed
    for version in touched:
        follow(version, by=by, at=at, reason=reason)
    first, last = min(cell.slot.day for cell in cells), max(cell.slot.day for cell in cells)
    mark_stale(first, last, by=by, at=at, reason=f"The published schedule of these dates was {deed}.")
    tell_assignments(first, last)
    return touched
