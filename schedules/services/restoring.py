"""Partial restore: the published assignments of a date range as they were in a chosen backup."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Model

import backups.services
from accounts.models import User
from backups.models import Backup
from common.errors import DomainError, Invalid
from common.models import bulk_create_with_history, bulk_update_with_history
from schedules.domain.problem import days_between
from schedules.enums import ScheduleStatus
from schedules.models import Activity, Assignment, Person, RotationTemplate, Schedule
from schedules.services.gate import open_gate
from schedules.services.news import tell_assignments, tell_restored
from schedules.services.publishing.drafts import mark_stale, rows_changed

_FIELDS = ("activity_id", "rotation_id", "source", "locked")
_THEN = """
SELECT a.person_id, a.date, a.session, a.activity_id, a.rotation_id, a.source, a.locked
FROM schedules_assignment a JOIN schedules_schedule s ON s.id = a.schedule_id
WHERE s.status = 'PUBLISHED' AND a.date BETWEEN %s AND %s
"""
Key = tuple[Any, dt.date, str]


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
        homes = _homes(start, end)
        _require_known(then)
        present = {_key(row): row for row in _rows_now(start, end)}
        missing = sorted({key[1] for key in then} - homes.keys())
        if missing:
            raise RangeNotRestorable(f"Nothing is published on {missing[0]} now; publish a schedule for it first.")
        created = [
            Assignment(schedule=homes[key[1]], person_id=key[0], date=key[1], session=key[2], **fields)
            for key, fields in then.items()
            if key not in present
        ]
        changed = [present[key] for key, fields in then.items() if key in present and _differs(present[key], fields)]
        for row in changed:
            for name, value in then[_key(row)].items():
                setattr(row, name, value)
        gone = [row for key, row in present.items() if key not in then]
        for row in gone:
            row.delete()
        bulk_create_with_history(created, by=by, reason=reason, at=at)
        bulk_update_with_history(changed, _FIELDS, by=by, reason=reason, at=at)
        if created or changed or gone:
            _tell_versions(set(homes.values()), start, end, by=by, at=at, reason=reason)
    return {"created": len(created), "changed": len(changed), "deleted": len(gone)}


def _rows_then(backup: Backup, start: dt.date, end: dt.date) -> dict[Key, dict[str, Any]]:
    with backups.services.scratch_restore(backup) as copy:
        rows = copy.execute(_THEN, [start, end]).fetchall()
    return {(person, date, session): dict(zip(_FIELDS, rest, strict=True)) for person, date, session, *rest in rows}


def _rows_now(start: dt.date, end: dt.date) -> Iterable[Assignment]:
    return Assignment.objects.select_for_update(of=("self",)).filter(
        schedule__status=ScheduleStatus.PUBLISHED, date__gte=start, date__lte=end
    )


def _homes(start: dt.date, end: dt.date) -> dict[dt.date, Schedule]:
    """Date -> the published version that covers it, locked."""
    published = Schedule.objects.select_for_update().filter(
        status=ScheduleStatus.PUBLISHED, start_date__lte=end, end_date__gte=start
    )
    return {
        day: version
        for version in published
        for day in days_between(max(start, version.start_date), min(end, version.end_date))
    }


def _key(row: Assignment) -> Key:
    return row.person_id, row.date, row.session


def _differs(row: Assignment, fields: dict[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in fields.items())


def _require_known(then: dict[Key, dict[str, Any]]) -> None:
    """What the rows name may have been deleted since."""
    named: dict[type[Model], set[Any]] = {
        Person: {person for person, _, _ in then},
        Activity: {fields["activity_id"] for fields in then.values()},
        RotationTemplate: {fields["rotation_id"] for fields in then.values()} - {None},
    }
    for model, wanted in named.items():
        lost = len(wanted) - model._default_manager.filter(pk__in=wanted).count()
        if lost:
            name = model._meta.verbose_name_plural
            raise RangeNotRestorable(f"{lost} {name} of the backup do not exist any more; restore the whole database.")


def _tell_versions(
    versions: Iterable[Schedule], start: dt.date, end: dt.date, *, by: User | None, at: dt.datetime, reason: str
) -> None:
    for version in versions:
        rows_changed(version, by=by, at=at, reason=reason)
        tell_restored(version)
    mark_stale(start, end, by=by, at=at, reason="Published rows of these dates were restored from a backup.")
    tell_assignments(start, end)
