"""Taking a publish back within 24 hours: the previous version comes back exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

from accounts.models import User
from common.errors import DomainError
from common.models import signed
from schedules.domain.roster import Roster
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Assignment, Publication, Schedule
from schedules.services import compliance
from schedules.services.gate import open_gate
from schedules.services.improving import Effect
from schedules.services.preflight.checks import slug_of
from schedules.services.publishing.drafts import mark_stale
from schedules.services.publishing.publish import announce
from schedules.services.publishing.versions import amended_row, lock, move, take_back_amendments

ROLLBACK_HOURS = 24


class RollbackRefused(DomainError):
    """The publish cannot be taken back, or not without a further yes; `code` says why."""

    code = "rollback_refused"


Guard = Callable[[Publication], str]

_guards: list[Guard] = []


def rollback_guard(function: Guard) -> Guard:
    """Register a function that says why a publish cannot be taken back; '' = it can. For receivers of apps above."""
    if function not in _guards:
        _guards.append(function)
    return function


def can_roll_back(publication: Publication, *, at: dt.datetime) -> bool:
    """Whether the button shows: not taken back yet and 24 hours have not passed (exactly 24 still count)."""
    return (
        publication.rolled_back_at is None
        and publication.schedule.status == ScheduleStatus.PUBLISHED
        and at - publication.published_at <= dt.timedelta(hours=ROLLBACK_HOURS)
    )


def roll_back(schedule: Schedule, *, by: User, at: dt.datetime, reason: str = "", confirm: bool = False) -> Publication:
    """Make the version before this publish current again, rows and dates exactly; this one becomes SUPERSEDED.

    Raises RollbackRefused: never published by a draft, taken back before, more than 24 hours ago, overtaken by a later
    publish, objected to by an app above (`stands_on_it`); or (`edited_since`, with the list) rows were edited since and
    `confirm` is not given.
    """
    why = reason.strip() or "rolled back"
    label = f"rollback-{slug_of(schedule.start_date, schedule.end_date)}"
    publication = Publication.objects.filter(schedule=schedule).first()
    _require_possible(publication, at=at)
    effect = partial(_effect, schedule, publication)
    with open_gate(operation="rollback", by=by, at=at, reason=why, label=label, effect=effect):
        publication = Publication.objects.select_for_update().filter(schedule=schedule).first()
        publication = _require_possible(publication, at=at)
        _require_no_objection(publication)
        edits = edits_since(publication)
        if edits and not confirm:
            raise RollbackRefused(
                f"{len(edits)} assignments were changed since it was published. They would be lost; confirm to go on.",
                code="edited_since",
                edits=edits,
            )
        return _take_back(publication, by=by, at=at, reason=why)


def edits_since(publication: Publication) -> list[dict[str, Any]]:
    """Rows of the publish (its own, carried over, amended) that were edited or swapped after it."""
    versions = [publication.schedule_id, *publication.remainders.values_list("pk", flat=True)]
    history = Assignment.history.model.objects  # type: ignore[attr-defined]
    rows = (
        history.filter(schedule_id__in=versions, history_date__gt=publication.published_at)
        .select_related("person", "activity", "history_user")
        .order_by("history_date")
    )
    return [
        {
            "person": str(row.person_id),
            "date": row.date.isoformat(),
            "session": row.session,
            "activity": row.activity.code if row.history_type != "-" else None,
            "at": row.history_date.isoformat(timespec="seconds"),
            "by": row.history_user.get_username() if row.history_user else "",
            "reason": row.history_change_reason or "",
        }
        for row in rows
    ]


def _effect(schedule: Schedule, publication: Publication | None) -> Effect:
    """The dates as they are published now, and as they would be again."""
    problem = load_problem(schedule.start_date, schedule.end_date, schedule=schedule)
    now = load_roster(problem, schedule="published")
    cells = {
        slot: code
        for old in (publication.replaced.all() if publication else ())
        for slot, code in load_roster(problem, schedule=old)
        if old.start_date <= slot.day <= old.end_date
    }
    return Effect(problem, now, Roster(cells=cells, context=now.context))


def _require_possible(publication: Publication | None, *, at: dt.datetime) -> Publication:
    if publication is None:
        raise RollbackRefused("This schedule was never published from a draft; there is nothing to roll back.")
    if publication.rolled_back_at is not None:
        raise RollbackRefused("This publish was rolled back before.", code="already_rolled_back")
    if at - publication.published_at > dt.timedelta(hours=ROLLBACK_HOURS):
        raise RollbackRefused(
            f"More than {ROLLBACK_HOURS} hours have passed since it was published. Generate a new draft instead,"
            " or restore a backup of the range.",
            code="rollback_expired",
        )
    versions = [publication.schedule, *publication.remainders.all()]
    if any(version.status != ScheduleStatus.PUBLISHED for version in versions):
        raise RollbackRefused(
            "A later publish replaced some of these dates. Roll that one back first.", code="overtaken"
        )
    return publication


def _require_no_objection(publication: Publication) -> None:
    for guard in _guards:
        objection = guard(publication)
        if objection:
            raise RollbackRefused(objection, code="stands_on_it")


def _take_back(publication: Publication, *, by: User, at: dt.datetime, reason: str) -> Publication:
    schedule = publication.schedule = lock(publication.schedule)
    remainders = [lock(rest) for rest in publication.remainders.all()]
    replaced = [lock(old) for old in publication.replaced.order_by("start_date")]
    _restore_neighbours(publication, remainders, by=by, at=at, reason=reason)
    for version in (schedule, *remainders):
        move(version, ScheduleStatus.SUPERSEDED, by=by, at=at, reason=reason)
        compliance.close_all(version, at=at, reason="rolled back")
    for old in replaced:
        move(old, ScheduleStatus.PUBLISHED, by=by, at=at, reason=f"{reason} (was {schedule.pk})")
        compliance.judge_anew(old, at=at, reason="current again")
    publication.rolled_back_at, publication.rolled_back_by = at, by
    publication.rollback_reason = reason[:500]
    signed(publication, by=by, at=at, reason=reason).save()
    mark_stale(schedule.start_date, schedule.end_date, by=by, at=at, reason="A publish of these dates was rolled back.")
    announce(replaced[0] if replaced else schedule, [schedule, *remainders], at=at)
    return publication


def _restore_neighbours(
    publication: Publication, remainders: list[Schedule], *, by: User, at: dt.datetime, reason: str
) -> None:
    """Undo the amendments outside the remainders (those end as a whole); one edited since stays as it was edited."""
    items = publication.schedule.amendments.select_related("activity", "before")
    ending = {rest.pk for rest in remainders}
    untouched = []
    for item in items:
        row = amended_row(item)
        if (row is None or row.schedule_id not in ending) and (row.activity if row else None) == item.activity:
            untouched.append(item)
    take_back_amendments(untouched, by=by, at=at, reason=reason)
