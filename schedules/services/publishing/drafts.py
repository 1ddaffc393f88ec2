"""Drafts before the decision: stale or not, judged anew, compared, discarded."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from accounts.models import User
from common.errors import DomainError
from common.models import signed
from schedules.domain.edges import edge_changes
from schedules.enums import RunStatus, ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Activity, Amendment, Assignment, Schedule
from schedules.services import compliance
from schedules.services.gate import open_gate
from schedules.services.preflight import inputs_of
from schedules.services.publishing.versions import AlreadyDecided, lock, move, save
from schedules.services.transitions import move as move_run
from schedules.services.validation import Validation, validate


class StaleDraft(DomainError):
    """What the draft was made from has changed since."""

    code = "stale_draft"


def stale_reason(draft: Schedule) -> str:
    """Why the draft is stale; '' where it is not. Compares with the inputs as they are now."""
    if draft.stale_since is not None:
        return draft.stale_reason or "What it was made from has changed."
    if draft.fingerprint and draft.fingerprint != current_inputs(draft):
        return "People, absences, rotations, demand or the published schedule of these dates have changed since."
    return ""


def current_inputs(draft: Schedule) -> str:
    """The fingerprint of the inputs of the draft's dates as they are now."""
    problem = load_problem(draft.start_date, draft.end_date)
    return inputs_of(problem, load_roster(problem, schedule="published"))


def mark_stale(start: dt.date, end: dt.date, *, by: User | None, at: dt.datetime, reason: str) -> int:
    """Mark the drafts that overlap the dates STALE. Needs the open gate; returns how many."""
    drafts = Schedule.objects.select_for_update().filter(
        status=ScheduleStatus.DRAFT, start_date__lte=end, end_date__gte=start, stale_since__isnull=True
    )
    return len([mark_draft_stale(draft, by=by, at=at, reason=reason) for draft in drafts])


def mark_draft_stale(draft: Schedule, *, by: User | None, at: dt.datetime, reason: str) -> Schedule:
    """Mark one locked draft STALE. Needs the open gate."""
    draft.stale_since, draft.stale_reason = at, reason[:300]
    return save(draft, by=by, at=at, reason=f"stale: {reason}")


def revalidate(draft: Schedule, *, by: User, at: dt.datetime) -> Schedule:
    """Judge the draft by the inputs as they are now; it may be published again if it passes.

    Raises AlreadyDecided where it is no draft any more.
    """
    with open_gate(operation="revalidate", by=by, at=at, reason="validated anew"):
        locked = lock(draft)
        require_draft(locked)
        amend_neighbours(locked, by=by, at=at)
        judged = validate(locked.start_date, locked.end_date, schedule=locked)
        locked.fingerprint = current_inputs(locked)
        locked.stale_since, locked.stale_reason = None, ""
        store_report(locked, judged)
        return save(locked, by=by, at=at, reason="validated anew")


def store_report(schedule: Schedule, judged: Validation) -> None:
    """Put the report and the coverage into the row's fields (not yet saved)."""
    schedule.validation = judged.as_json()
    schedule.coverage_rate = judged.coverage_rate


def keep_judgement(version: Schedule, judged: Validation, *, by: User | None, at: dt.datetime, reason: str) -> None:
    """Make report, coverage and record of violations of a published version those of this judgement of the rows that
    it holds now. Needs the open gate."""
    store_report(version, judged)
    save(version, by=by, at=at, reason=reason)
    compliance.reconcile(version, judged.report, at=at, reason=reason)


def rows_changed(version: Schedule, *, by: User | None, at: dt.datetime, reason: str) -> None:
    """What follows for a published version whose rows were changed: it is another one for its readers, and is judged
    anew. Needs the open gate."""
    version.version += 1
    judged = validate(version.start_date, version.end_date, schedule=version)
    keep_judgement(version, judged, by=by, at=at, reason=reason)


def amend_neighbours(draft: Schedule, *, by: User | None, at: dt.datetime) -> None:
    """Write anew what the draft's last night obliges on the published date after it. Needs the open gate."""
    Amendment.objects.filter(schedule=draft).delete()
    problem = load_problem(draft.start_date, draft.end_date, schedule=draft)
    changes = edge_changes(problem, load_roster(problem, schedule=draft))
    codes = {activity.code: activity for activity in Activity.objects.all()}
    for slot, (before, after, reason) in sorted(changes.items()):
        item = Amendment(
            schedule=draft,
            person_id=slot.person,
            date=slot.day,
            session=slot.session.value,
            before=codes[before] if before else None,
            activity=codes[after] if after else None,
            reason=reason,
        )
        signed(item, by=by, at=at, reason=reason).save()


def discard(draft: Schedule, *, by: User, at: dt.datetime, reason: str = "") -> Schedule:
    """Give the draft up. Its rows stay for the record. Raises AlreadyDecided."""
    why = reason or "discarded"
    with open_gate(operation="discard", by=by, at=at, reason=why):
        discarded = move(lock(draft), ScheduleStatus.DISCARDED, by=by, at=at, reason=why)
        run = getattr(discarded, "run", None)
        if run is not None and run.status == RunStatus.DRAFT_READY:
            move_run(run, RunStatus.DISCARDED, at=at, by=by, why=why)
        return discarded


def require_draft(schedule: Schedule) -> None:
    if schedule.status != ScheduleStatus.DRAFT:
        raise AlreadyDecided(
            f"This schedule is {schedule.get_status_display().lower()}; it was decided before.", status=schedule.status
        )


def compare(schedule: Schedule, *, other: Schedule | None = None) -> dict[str, Any]:
    """What changes from `other` (None: what is published) to `schedule` on the schedule's dates, person by person.

    ``{"changed", "people": [{"person", "name", "changes": [{"date", "session", "before", "after"}]}], "new_dates",
    "amendments"}``; of `new_dates` the other holds nothing.
    """
    mine = _cells(Assignment.objects.filter(schedule=schedule))
    theirs = _cells(Assignment.objects.filter(_of(other), date__gte=schedule.start_date, date__lte=schedule.end_date))
    held = {day for _, _, day, _ in theirs}
    by_person: dict[tuple[str, str], list[dict[str, str | None]]] = {}
    for key in sorted(mine.keys() | theirs.keys()):
        before, after = theirs.get(key), mine.get(key)
        if before != after:
            name, person, day, session = key
            by_person.setdefault((name, person), []).append(
                {"date": day.isoformat(), "session": session, "before": before, "after": after}
            )
    rows = Amendment.objects.filter(schedule=schedule).select_related("person", "activity", "before")
    return {
        "schedule": str(schedule.pk),
        "other": str(other.pk) if other else "published",
        "changed": sum(map(len, by_person.values())),
        "new_dates": [day.isoformat() for day in sorted({day for _, _, day, _ in mine} - held)],
        "people": [
            {"person": person, "name": name, "changes": changes} for (name, person), changes in by_person.items()
        ],
        "amendments": [
            {
                "person": str(row.person_id),
                "name": row.person.name,
                "date": row.date.isoformat(),
                "session": row.session,
                "before": row.before.code if row.before else None,
                "after": row.activity.code if row.activity else None,
                "reason": row.reason,
            }
            for row in rows
        ],
    }


def _of(other: Schedule | None) -> Q:
    return Q(schedule=other) if other else Q(schedule__status=ScheduleStatus.PUBLISHED)


def _cells(rows: Any) -> dict[tuple[str, str, dt.date, str], str]:
    columns = ("person__name", "person_id", "date", "session", "activity__code")
    return {
        (name, str(person), day, session): code
        for name, person, day, session, code in rows.order_by().values_list(*columns)
    }
