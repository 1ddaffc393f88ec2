"""A row as a cell: what it holds, and what brings it back exactly."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import NamedTuple

from schedules.domain.problem import ActivityCode
from schedules.domain.roster import Slot, Source
from schedules.models import Assignment


class Origin(NamedTuple):
    """What a row says beside its cell; `row` is its key within the `version`."""

    rotation: uuid.UUID | None
    version: uuid.UUID | None = None
    row: uuid.UUID | None = None
    created_at: dt.datetime | None = None


class Cell(NamedTuple):
    """A slot and what it holds; `activity` None = nothing.

    With its `origin` it comes back exactly; without, a row that is there keeps its own and a new one has none.
    """

    slot: Slot
    activity: ActivityCode | None
    source: Source = Source.MANUAL
    locked: bool = False
    origin: Origin | None = None


def cell_of(slot: Slot, row: Assignment | None) -> Cell:
    """What a slot holds now; `activity` of the row must be loaded."""
    if row is None:
        return Cell(slot, None)
    origin = Origin(row.rotation_id, row.schedule_id, row.pk, row.created_at)
    return Cell(slot, row.activity.code, Source(row.source), row.locked, origin)
