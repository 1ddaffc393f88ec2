"""Writing the rows of a swap and putting them back: assignments of whatever version, and planned FMIT weeks."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from accounts.models import User
from common.models import bulk_create_with_history, bulk_delete_with_history, bulk_update_with_history, signed
from schedules.domain.problem import Date, Problem, Session
from schedules.domain.roster import Slot, Source
from schedules.enums import ScheduleStatus
from schedules.models import Activity, Assignment, FmitWeek, Schedule
from schedules.services.news import tell_assignments
from schedules.services.publishing.drafts import mark_stale
from schedules.services.publishing.versions import bump
from swaps.domain.exchange import Exchange
from swaps.mapping import RowState, restored, state_of
from swaps.models import SwapRecord

WRITTEN = ("activity", "source", "locked", "rotation")


class Step(NamedTuple):
    """One slot: the row that is there now, if any, and what is to be there."""

    slot: Slot
    version: Schedule
    row: Assignment | None
    after: RowState | None

    @property
    def before(self) -> RowState | None:
        return state_of(self.row) if self.row else None


def locked_rows(slots: Iterable[Slot], versions: Iterable[Schedule]) -> dict[Slot, Assignment]:
    """The rows of these people on these dates in the versions, locked in one order for everybody."""
    wanted = list(slots)
    days = [slot.day for slot in wanted]
    rows = (
        Assignment.objects.select_for_update(of=("self",))
        .filter(
            schedule__in=list(versions),
            person_id__in={slot.person for slot in wanted},
            date__gte=min(days),
            date__lte=max(days),
        )
        .select_related("activity")
        .order_by("person_id", "date", "session")
    )
    return {Slot(str(row.person_id), row.date, Session(row.session)): row for row in rows}


def steps_of(
    exchange: Exchange,
    problem: Problem,
    rows: Mapping[Slot, Assignment],
    versions: Iterable[Schedule],
    *,
    at: dt.datetime,
) -> list[Step]:
    """What the exchange writes, slot by slot."""
    known = list(versions)
    steps = []
    for slot, change in exchange.changes.items():
        step = Step(slot, version_of(slot.day, known), rows.get(slot), None)
        if change.after is not None:
            source = {"activity": change.after, "source": Source.SWAP.value}
            step = step._replace(after={**(step.before or _blank(step, problem, at=at)), **source})
        steps.append(step)
    return steps


def _blank(step: Step, problem: Problem, *, at: dt.datetime) -> RowState:
    """The state of a row that is yet to be made."""
    period = problem.assignment_of.get((step.slot.person, step.slot.day))
    return {
        "id": str(uuid.uuid4()),
        "schedule": str(step.version.pk),
        "locked": False,
        "rotation": period.rotation if period else None,
        "created_at": at.isoformat(),
    }


def version_of(day: Date, versions: Iterable[Schedule]) -> Schedule:
    """The version that holds the date. Raises LookupError where none does."""
    for version in versions:
        if version.start_date <= day <= version.end_date:
            return version
    raise LookupError(f"Nothing is published on {day}.")


def write(steps: Iterable[Step], *, by: User | None, at: dt.datetime, reason: str) -> None:
    """Bring every slot to its state, with history, and what follows for versions and drafts. Needs the open gate."""
    todo = list(steps)
    codes = dict(Activity.objects.values_list("code", "pk"))
    made: list[Assignment] = []
    changed: list[Assignment] = []
    gone: list[Assignment] = []
    for step in todo:
        if step.after is None:
            gone += [step.row] if step.row else []
        elif step.row is not None:
            changed.append(restored(step.after, step.row, codes))
        else:
            made.append(restored(step.after, _new(step, step.after), codes))
    bulk_delete_with_history(gone, by=by, reason=reason, at=at)
    bulk_update_with_history(changed, WRITTEN, by=by, reason=reason, at=at)
    bulk_create_with_history(made, by=by, reason=reason, at=at)
    for version in {step.version.pk: step.version for step in todo}.values():
        bump(version, by=by, at=at, reason=reason)
    days = [step.slot.day for step in todo]
    mark_stale(min(days), max(days), by=by, at=at, reason="The published schedule of these dates was swapped.")
    tell_assignments(min(days), max(days))


def _new(step: Step, state: RowState) -> Assignment:
    """A row that is put back keeps its key within its version."""
    same_version = state["schedule"] == str(step.version.pk)
    return Assignment(
        pk=uuid.UUID(state["id"]) if same_version else uuid.uuid4(),
        schedule=step.version,
        person_id=step.slot.person,
        date=step.slot.day,
        session=step.slot.session.value,
        created_at=dt.datetime.fromisoformat(state["created_at"]),
    )


def published(swap: SwapRecord) -> tuple[list[Schedule], dict[Slot, Assignment]]:
    """The versions that hold a swap's touched dates now, and the rows of its slots there; all locked."""
    days = [change.date for change in swap.changes.all()]
    versions = list(
        Schedule.objects.select_for_update(no_key=True)
        .filter(status=ScheduleStatus.PUBLISHED, start_date__lte=max(days), end_date__gte=min(days))
        .order_by("start_date")
    )
    slots = [Slot(str(c.person_id), c.date, Session(c.session)) for c in swap.changes.all()]
    return versions, locked_rows(slots, versions)


def hand_over_week(start: Date, *, to: str, by: User | None, at: dt.datetime, reason: str) -> FmitWeek:
    """Give the planned FMIT week that begins on the date to another person."""
    week = FmitWeek.objects.select_for_update().get(start_date=start)
    week.person_id = uuid.UUID(to)
    signed(week, by=by, at=at, reason=reason).save()
    return week
