"""Publishing a draft: it replaces exactly its dates, behind a backup, in one transaction."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import transaction

from accounts.models import User
from common.errors import DomainError
from common.models import signed
from schedules.enums import RunStatus, ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Publication, Schedule
from schedules.services import compliance
from schedules.services.gate import open_gate
from schedules.services.improving import Effect
from schedules.services.preflight.checks import slug_of
from schedules.services.publishing.drafts import (
    StaleDraft,
    mark_draft_stale,
    mark_stale,
    require_draft,
    stale_reason,
    store_report,
)
from schedules.services.publishing.versions import (
    AlreadyDecided,
    apply_amendments,
    carry_over,
    lock,
    move,
    published_over,
)
from schedules.services.transitions import move as move_run
from schedules.services.validation import Validation, validate
from schedules.signals import schedule_published

__all__ = ["AcceptanceFailed", "AlreadyDecided", "NeverOverridden", "publish"]


class AcceptanceFailed(DomainError):
    """The draft fails acceptance and no written reason was given to publish it all the same."""

    code = "acceptance_failed"


class NeverOverridden(DomainError):
    """The draft breaks a duty-hour or supervision rule; nobody can publish that."""

    code = "duty_hours_or_supervision"


def publish(draft: Schedule, *, by: User, at: dt.datetime, override_reason: str = "") -> Publication:
    """Make the draft current on its dates; rows of overlapped versions outside them carry over unchanged.

    Judged anew at this moment. Raises AlreadyDecided, StaleDraft, NeverOverridden, AcceptanceFailed, and what the gate
    raises.
    """
    require_draft(draft)
    _refuse_stale(draft, by=by, at=at)
    if not draft.validation.get("acceptance", {}).get("accepted", True):
        # Told before a backup is made for nothing.
        _require_acceptance(validate(draft.start_date, draft.end_date, schedule=draft), override_reason)
    reason = override_reason.strip() or "published"
    label = f"publish-{slug_of(draft.start_date, draft.end_date)}"
    effect = partial(_effect, draft)
    with open_gate(operation="publish", by=by, at=at, reason=reason, label=label, effect=effect) as backup:
        locked = lock(draft)
        require_draft(locked)
        # Another publish may have come first while this one waited for the gate.
        _require_fresh(locked)
        judged = validate(locked.start_date, locked.end_date, schedule=locked)
        _require_acceptance(judged, override_reason)
        return _replace(
            locked, judged, by=by, at=at, reason=reason, override=override_reason.strip(), backup=backup.file
        )


def _effect(draft: Schedule) -> Effect:
    """The draft's dates as they are published now, and as the draft has them."""
    problem = load_problem(draft.start_date, draft.end_date, schedule=draft)
    before, after = load_roster(problem, schedule="published"), load_roster(problem, schedule=draft)
    return Effect(problem, before, after)


def _refuse_stale(draft: Schedule, *, by: User, at: dt.datetime) -> None:
    """Refuse, and let the lists show why from now on."""
    why = stale_reason(draft)
    if not why:
        return
    if draft.stale_since is None:
        with open_gate(operation="mark_stale", by=by, at=at, reason=why):
            # This one alone: another draft of the dates may have been made from the inputs as they are now.
            locked = lock(draft)
            require_draft(locked)
            mark_draft_stale(locked, by=by, at=at, reason=why)
    raise StaleDraft(f"This draft is stale. {why} Validate it anew, or generate again.")


def _require_fresh(draft: Schedule) -> None:
    why = stale_reason(draft)
    if why:
        raise StaleDraft(f"This draft is stale. {why} Validate it anew, or generate again.")


def _require_acceptance(judged: Validation, override_reason: str) -> None:
    acceptance = judged.acceptance
    if judged.acgme_violations:
        raise NeverOverridden(
            f"The draft breaks duty-hour or supervision rules {len(judged.acgme_violations)} times. Nobody can publish"
            " such a schedule; correct the findings first.",
            acceptance=acceptance.as_json(),
        )
    if not acceptance.accepted and not override_reason.strip():
        raise AcceptanceFailed(
            f"The draft fails acceptance: {acceptance.summary} Correct it, or publish it with a written reason.",
            acceptance=acceptance.as_json(),
        )


def _replace(
    draft: Schedule, judged: Validation, *, by: User, at: dt.datetime, reason: str, override: str, backup: str
) -> Publication:
    replaced = published_over(draft)
    for old in replaced:
        move(old, ScheduleStatus.SUPERSEDED, by=by, at=at, reason=f"superseded by {draft.pk}")
    remainders = [rest for old in replaced for rest in carry_over(old, around=draft, by=by, at=at)]
    draft.published_at, draft.published_by = at, by
    # Whoever looked at the draft and edits now would edit what everybody works by: they look again first.
    draft.version += 1
    store_report(draft, judged)
    move(draft, ScheduleStatus.PUBLISHED, by=by, at=at, reason=reason)
    apply_amendments(draft.amendments.select_related("activity", "before"), by=by, at=at, reason=f"with {draft.pk}")
    publication = Publication(
        schedule=draft,
        published_at=at,
        published_by=by,
        override_reason=override,
        acceptance=judged.acceptance.as_json(),
        backup_file=backup,
    )
    signed(publication, by=by, at=at, reason=reason).save()
    publication.replaced.set(replaced)
    publication.remainders.set(remainders)
    _finish_run(draft, by=by, at=at)
    mark_stale(draft.start_date, draft.end_date, by=by, at=at, reason="Another draft of these dates was published.")
    for old in replaced:
        compliance.close_all(old, at=at, reason="superseded by a new version")
    for rest in remainders:
        compliance.judge_anew(rest, at=at, reason="carried over")
    compliance.reconcile(draft, judged.report, at=at)
    announce(draft, replaced, at=at)
    return publication


def _finish_run(draft: Schedule, *, by: User, at: dt.datetime) -> None:
    run = getattr(draft, "run", None)
    if run is not None and run.status == RunStatus.DRAFT_READY:
        move_run(run, RunStatus.PUBLISHED, at=at, by=by, why="published")


def announce(schedule: Schedule, replaced: list[Schedule], *, at: dt.datetime) -> None:
    """Tell the apps above, once it is committed."""
    news = {"schedule": schedule.pk, "replaced": [old.pk for old in replaced], "at": at}
    transaction.on_commit(lambda: schedule_published.send(sender=Schedule, **news))
