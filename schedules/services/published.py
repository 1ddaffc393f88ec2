"""Writing published cells, in whatever versions they stand: all or nothing, and what follows for readers and drafts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from accounts.models import User
from schedules.domain.changes import CellChange
from schedules.domain.roster import Source
from schedules.mapping.cells import Cell
from schedules.models import Schedule
from schedules.services.cells import CellsChanged, Held, lock, write_cells
from schedules.services.news import tell_assignments
from schedules.services.publishing.drafts import mark_stale, rows_changed
from schedules.services.publishing.versions import bump


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
