"""Partial restore: the published assignments of a date range as they were in a chosen backup."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Model

import backups.services
from accounts.models import User
from backups.models import Backup
from common.errors import DomainError, Invalid
from schedules.domain.problem import Session
from schedules.domain.roster import Slot, Source
from schedules.mapping.cells import Cell, Origin
from schedules.models import Activity, Person, RotationTemplate
from schedules.services import published
from schedules.services.cells import lock_range
from schedules.services.gate import open_gate
from schedules.services.news import tell_restored

_FIELDS = ("activity_id", "rotation_id", "source", "locked")
_THEN = """
SELECT a.person_id, a.date, a.session, a.activity_id, a.rotation_id, a.source, a.locked
FROM schedules_assignment a JOIN schedules_schedule s ON s.id = a.schedule_id
WHERE s.status = 'PUBLISHED' AND a.date BETWEEN %s AND %s
"""


class RangeNotRestorable(DomainError):
    """The backup or the present schedule does not allow these dates to be put back."""

    code = "range_not_restorable"


def restore_range(backup: Backup, start: dt.date, end: dt.date, *, by: User | None, at: dt.datetime) -> dict[str, int]:
    """Make the published assignments of start..end (included) equal to the backup's, call rows with them.

    One transaction through the gate, with history reason ``restore <file>``; returns how many rows were
    ``{"created", "changed", "deleted"}``. Raises Invalid (dates), RangeNotRestorable, RestoreFailed and the gate's.
    """
    if end < start:
        raise Invalid("The range ends before it starts.")
    then = _rows_then(backup, start, end)
    if not then:
        raise RangeNotRestorable(f"{backup.file} holds no published assignments from {start} to {end}.")
    reason = f"restore {backup.file}"
    with open_gate(operation="restore-range", by=by, at=at, reason=reason, label="restore-range"):
        held = lock_range(start, end)
        _require_known(then)
        missing = sorted(day for day in {slot.day for slot in then} if not held.covers(day))
        if missing:
            raise RangeNotRestorable(f"Nothing is published on {missing[0]} now; publish a schedule for it first.")
        wanted = {**{slot: Cell(slot, None) for slot in held.rows}, **_cells(then)}
        cells = [cell for slot, cell in wanted.items() if _differs(held.cell(slot), cell)]
        for version in published.store(held, cells, by=by, at=at, reason=reason, deed="restored from a backup"):
            tell_restored(version)
    created = sum(cell.slot not in held.rows for cell in cells)
    deleted = sum(cell.activity is None for cell in cells)
    return {"created": created, "changed": len(cells) - created - deleted, "deleted": deleted}


def _rows_then(backup: Backup, start: dt.date, end: dt.date) -> dict[Slot, dict[str, Any]]:
    with backups.services.scratch_restore(backup) as copy:
        rows = copy.execute(_THEN, [start, end]).fetchall()
    return {
        Slot(str(person), date, Session(session)): dict(zip(_FIELDS, rest, strict=True))
        for person, date, session, *rest in rows
    }


def _cells(then: Mapping[Slot, Mapping[str, Any]]) -> dict[Slot, Cell]:
    codes = dict(Activity.objects.values_list("pk", "code"))
    return {
        slot: Cell(slot, codes[row["activity_id"]], Source(row["source"]), row["locked"], Origin(row["rotation_id"]))
        for slot, row in then.items()
    }


def _differs(now: Cell, then: Cell) -> bool:
    """Whether the row says anything else; its key and version are its own."""
    rotations = [cell.origin.rotation if cell.origin else None for cell in (now, then)]
    return now[:4] != then[:4] or rotations[0] != rotations[1]


def _require_known(then: Mapping[Slot, Mapping[str, Any]]) -> None:
    """What the rows name may have been deleted since."""
    named: dict[type[Model], set[Any]] = {
        Person: {slot.person for slot in then},
        Activity: {fields["activity_id"] for fields in then.values()},
        RotationTemplate: {fields["rotation_id"] for fields in then.values()} - {None},
    }
    for model, wanted in named.items():
        lost = len(wanted) - model._default_manager.filter(pk__in=wanted).count()
        if lost:
            name = model._meta.verbose_name_plural
            raise RangeNotRestorable(f"{lost} {name} of the backup do not exist any more; restore the whole database.")
