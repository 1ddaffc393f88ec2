"""Writing published cells from a difference: whatever versions they stand in, all or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from accounts.models import User
from common.errors import DomainError
from common.models import bulk_create_with_history, bulk_delete_with_history, bulk_update_with_history
from schedules.domain.changes import CellChange
from schedules.domain.problem import Session, days_between
from schedules.domain.roster import Slot, Source
from schedules.enums import ScheduleStatus
from schedules.models import Activity, Assignment, Schedule
from schedules.services.news import tell_assignments
from schedules.services.publishing.drafts import mark_stale, rows_changed


class CellsChanged(DomainError):
    """A published cell is not what the change was worked out for."""

    code = "stale"


class Cell(NamedTuple):
    """A published cell with all that is needed to bring it back exactly; `activity` None = there is none."""

    slot: Slot
    activity: str | None
    source: Source = Source.MANUAL
    locked: bool = False


def write(
    changes: Sequence[CellChange], *, source: Source, by: User | None, at: dt.datetime, reason: str
) -> list[Cell]:
    """Set published cells as the changes say; returns what was there before, for `put_back`. Needs the open gate.

    Versions are bumped, judged anew and their drafts marked stale. Raises CellsChanged, with nothing written, where a
    cell does not hold the `before` of its change or its date is not published.
    """
    wanted = [Cell(change.slot, change.after, source) for change in changes]
    rows = _rows(changes)
    before = [_cell(change.slot, rows.get(change.slot)) for change in changes]
    if any(cell.activity != change.before for cell, change in zip(before, changes, strict=True)):
        raise CellsChanged("The published schedule changed since this was worked out. Look at it again.")
    _store(wanted, rows, by=by, at=at, reason=reason)
    return before


def put_back(cells: Sequence[Cell], *, by: User | None, at: dt.datetime, reason: str) -> None:
    """Bring published cells back exactly, with source and lock. Needs the open gate."""
    _store(cells, _rows(cells), by=by, at=at, reason=reason)


def _rows(changes: Iterable[CellChange | Cell]) -> dict[Slot, Assignment]:
    """The published rows of the slots, locked."""
    slots = {change.slot for change in changes}
    if not slots:
        return {}
    found = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("activity")
        .filter(
            schedule__status=ScheduleStatus.PUBLISHED,
            person_id__in={slot.person for slot in slots},
            date__gte=min(slot.day for slot in slots),
            date__lte=max(slot.day for slot in slots),
        )
    )
    rows = {Slot(str(row.person_id), row.date, Session(row.session)): row for row in found}
    return {slot: row for slot, row in rows.items() if slot in slots}


def _cell(slot: Slot, row: Assignment | None) -> Cell:
    return Cell(slot, None) if row is None else Cell(slot, row.activity.code, Source(row.source), row.locked)


def _store(
    cells: Sequence[Cell], rows: dict[Slot, Assignment], *, by: User | None, at: dt.datetime, reason: str
) -> None:
    if not cells:
        return
    first, last = min(cell.slot.day for cell in cells), max(cell.slot.day for cell in cells)
    homes = _homes(first, last)
    activities = {activity.code: activity for activity in Activity.objects.all()}
    made: list[Any] = []
    changed: list[Any] = []
    gone: list[Any] = []
    for cell in cells:
        row = rows.get(cell.slot)
        if cell.activity is None:
            gone += [row] if row else []
            continue
        target = row or _new(cell.slot, homes)
        target.activity, target.source, target.locked = activities[cell.activity], cell.source.value, cell.locked
        (changed if row else made).append(target)
    bulk_delete_with_history(gone, by=by, reason=reason, at=at)
    bulk_update_with_history(changed, ["activity", "source", "locked"], by=by, reason=reason, at=at)
    bulk_create_with_history(made, by=by, reason=reason, at=at)
    for version in {row.schedule_id: homes[row.date] for row in (*made, *changed, *gone)}.values():
        rows_changed(version, by=by, at=at, reason=reason)
    mark_stale(first, last, by=by, at=at, reason="The published schedule of these dates was changed.")
    tell_assignments(first, last)


def _new(slot: Slot, homes: dict[dt.date, Schedule]) -> Assignment:
    if slot.day not in homes:
        raise CellsChanged(f"Nothing is published on {slot.day} any more. Look at the schedule again.")
    return Assignment(schedule=homes[slot.day], person_id=slot.person, date=slot.day, session=slot.session.value)


def _homes(first: dt.date, last: dt.date) -> dict[dt.date, Schedule]:
    """Date -> the published version that covers it, locked."""
    versions = Schedule.objects.select_for_update().filter(
        status=ScheduleStatus.PUBLISHED, start_date__lte=last, end_date__gte=first
    )
    return {
        day: version
        for version in versions
        for day in days_between(max(first, version.start_date), min(last, version.end_date))
    }
