"""The published rows of some slots, locked; and the one way in which rows come to hold other cells, with history."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from accounts.models import User
from common.errors import DomainError
from common.models import bulk_create_with_history, bulk_delete_with_history, bulk_update_with_history
from schedules.domain.problem import Date, Session
from schedules.domain.roster import Slot
from schedules.mapping.cells import Cell, cell_of
from schedules.models import Activity, Assignment, Schedule

WRITTEN = ("activity", "source", "locked", "rotation")


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
    versions = list(Schedule.objects.published(first, last).select_for_update(no_key=True))
    rows = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("activity")
        .filter(schedule__in=versions, date__gte=first, date__lte=last)
        .order_by("person_id", "date", "session")
    )
    found = rows if people is None else rows.filter(person_id__in=set(people))
    return Held(versions, {Slot(str(row.person_id), row.date, Session(row.session)): row for row in found})


def write_cells(
    cells: Iterable[Cell],
    rows: Mapping[Slot, Assignment],
    *,
    home: Callable[[Date], Schedule],
    by: User | None,
    at: dt.datetime,
    reason: str,
) -> list[Schedule]:
    """Make, change and remove rows until they hold the cells, with history; returns the versions of those touched.

    `rows` are the present ones of the slots, `home` names the version for a date. Needs the open gate.
    """
    keys = dict(Activity.objects.values_list("code", "pk"))
    made: list[Assignment] = []
    changed: list[Assignment] = []
    gone: list[Assignment] = []
    touched: dict[uuid.UUID, Schedule] = {}
    for cell in cells:
        row = rows.get(cell.slot)
        if row is None and cell.activity is None:
            continue
        version = home(cell.slot.day)
        touched[version.pk] = version
        if cell.activity is not None:
            target = row or _new(cell, version, at=at)
            target.activity_id, target.source, target.locked = keys[cell.activity], cell.source.value, cell.locked
            if cell.origin is not None:
                target.rotation_id = cell.origin.rotation
            (changed if row else made).append(target)
        elif row is not None:
            gone.append(row)
    bulk_delete_with_history(gone, by=by, reason=reason, at=at)
    bulk_update_with_history(changed, WRITTEN, by=by, reason=reason, at=at)
    bulk_create_with_history(made, by=by, reason=reason, at=at)
    return list(touched.values())


def _new(cell: Cell, version: Schedule, *, at: dt.datetime) -> Assignment:
    """A row that comes back keeps the time it was made and, within its version, its key."""
    slot, origin = cell.slot, cell.origin
    row = Assignment(schedule=version, person_id=slot.person, date=slot.day, session=slot.session.value, created_at=at)
    if origin is not None:
        row.created_at = origin.created_at or at
        if origin.row is not None and origin.version == version.pk:
            row.pk = origin.row
    return row
