"""The one way in which rows come to hold other cells: bulk statements, with history."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping

from accounts.models import User
from common.models import bulk_create_with_history, bulk_delete_with_history, bulk_update_with_history
from schedules.domain.problem import Date
from schedules.domain.roster import Slot
from schedules.mapping.cells import Cell
from schedules.models import Activity, Assignment, Schedule

WRITTEN = ("activity", "source", "locked", "rotation")


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
