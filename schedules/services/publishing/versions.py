"""How a schedule version changes its status, and what moves between versions: remainders and amendments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from accounts.models import User
from common.errors import DomainError
from common.models import bulk_create_with_history, signed
from schedules.domain.problem import Session
from schedules.domain.roster import Slot, Source
from schedules.enums import SCHEDULE_TRANSITIONS, ScheduleStatus
from schedules.mapping.cells import Cell
from schedules.models import Activity, Amendment, Assignment, Schedule
from schedules.services.cells import lock as lock_rows
from schedules.services.cells import write_cells

ONE_DAY = dt.timedelta(days=1)


class AlreadyDecided(DomainError):
    """The schedule is no longer in a state that allows this."""

    code = "schedule_state"


class NeighbourChanged(DomainError):
    """A published day that the draft amends is no longer what the draft was made for."""

    code = "neighbour_changed"


def lock(schedule: Schedule) -> Schedule:
    """The row as it is now, locked to the end of the transaction."""
    return Schedule.objects.select_for_update().get(pk=schedule.pk)


def move(schedule: Schedule, to: ScheduleStatus, *, by: User | None, at: dt.datetime, reason: str) -> Schedule:
    """Change the status of a locked version by the transition table, with history. Needs the open gate.

    Raises AlreadyDecided.
    """
    if to not in SCHEDULE_TRANSITIONS[ScheduleStatus(schedule.status)]:
        raise AlreadyDecided(
            f"This schedule is {schedule.get_status_display().lower()}; it cannot become {to.label.lower()}.",
            status=schedule.status,
        )
    schedule.status = to
    return save(schedule, by=by, at=at, reason=reason)


def save(schedule: Schedule, *, by: User | None, at: dt.datetime, reason: str) -> Schedule:
    """Write a version with history. Needs the open gate."""
    signed(schedule, by=by, at=at, reason=reason).save()
    return schedule


def bump(schedule: Schedule, *, by: User | None, at: dt.datetime, reason: str) -> Schedule:
    """Its rows changed: readers that saw an earlier `version` must look again. Needs the open gate."""
    schedule.version += 1
    return save(schedule, by=by, at=at, reason=reason)


def published_over(schedule: Schedule) -> list[Schedule]:
    """The published versions that overlap its dates, locked, in order of date."""
    published = Schedule.objects.published(schedule.start_date, schedule.end_date)
    return list(published.exclude(pk=schedule.pk).select_for_update())


def carry_over(old: Schedule, *, around: Schedule, by: User, at: dt.datetime) -> list[Schedule]:
    """Publish the rows of an overlapped version outside the draft's dates as versions of their own, unchanged."""
    spans = [
        (old.start_date, min(old.end_date, around.start_date - ONE_DAY)),
        (max(old.start_date, around.end_date + ONE_DAY), old.end_date),
    ]
    return [_remainder(old, start, end, by=by, at=at) for start, end in spans if start <= end]


def _remainder(old: Schedule, start: dt.date, end: dt.date, *, by: User, at: dt.datetime) -> Schedule:
    rest = Schedule(
        start_date=start,
        end_date=end,
        status=ScheduleStatus.PUBLISHED,
        label=(old.label or f"{old.start_date} to {old.end_date}")[:100] + " (rest)",
        published_at=old.published_at,
        published_by=old.published_by,
        created_by=by,
        created_at=at,
        coverage_rate=old.coverage_rate,
    )
    save(rest, by=by, at=at, reason=f"carried over from {old.pk}")
    copies = [
        Assignment(
            schedule=rest,
            person_id=row.person_id,
            date=row.date,
            session=row.session,
            activity_id=row.activity_id,
            rotation_id=row.rotation_id,
            source=row.source,
            locked=row.locked,
        )
        for row in old.assignments.filter(date__gte=start, date__lte=end)
    ]
    bulk_create_with_history(copies, by=by, reason=f"carried over from {old.pk}", at=at)
    return rest


def apply_amendments(amendments: Iterable[Amendment], *, by: User, at: dt.datetime, reason: str) -> None:
    """Write a draft's changes into its published neighbours. Raises NeighbourChanged."""
    _amend([(item, item.before, item.activity) for item in amendments], by=by, at=at, reason=reason)


def take_back_amendments(amendments: Iterable[Amendment], *, by: User, at: dt.datetime, reason: str) -> None:
    """Write back what was there before a draft's changes. Raises NeighbourChanged."""
    _amend([(item, item.activity, item.before) for item in amendments], by=by, at=at, reason=reason)


def amended_row(item: Amendment) -> Assignment | None:
    """The published row that an amendment is about, as it is now."""
    return (
        Assignment.objects.filter(
            schedule__status=ScheduleStatus.PUBLISHED, person_id=item.person_id, date=item.date, session=item.session
        )
        .select_related("activity", "schedule")
        .first()
    )


def _amend(
    changes: Iterable[tuple[Amendment, Activity | None, Activity | None]], *, by: User, at: dt.datetime, reason: str
) -> None:
    """Let each slot that holds the first activity hold the second one; a row that is there keeps source and lock."""
    wanted = {Slot(str(item.person_id), item.date, Session(item.session)): codes for item, *codes in changes}
    held = lock_rows(wanted)
    cells = []
    for slot, (expected, to) in wanted.items():
        cell = held.cell(slot)
        _require_held(cell, expected)
        source = cell.source if cell.activity else Source.SOLVER
        cells.append(cell._replace(activity=to.code if to else None, source=source))
    for version in write_cells(cells, held.rows, home=held.home, by=by, at=at, reason=reason):
        bump(version, by=by, at=at, reason=reason)


def _require_held(cell: Cell, expected: Activity | None) -> None:
    code = expected.code if expected else None
    if cell.activity != code:
        raise NeighbourChanged(
            f"{cell.slot.day} {cell.slot.session} of the neighbouring schedule holds {cell.activity or 'nothing'};"
            f" this draft was made for {code or 'nothing'}. Validate the draft anew."
        )
