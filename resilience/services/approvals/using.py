"""Carrying out what was allowed: an approval is used up in the transaction of the act itself."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from common.errors import Invalid, NotAllowed
from common.models import signed
from resilience.domain.incidents import IncidentState
from resilience.enums import OPEN_APPROVALS, ApprovalAction, ApprovalState, TimelineEvent
from resilience.models import Approval, FallbackPlan, Incident
from resilience.services import breaker, fallbacks, shedding, timeline
from resilience.services.approvals import parts
from resilience.services.approvals.asking import ApprovalRefused, end, override_fingerprint, present_base
from resilience.services.approvals.deciding import lock, owes_review, require_alive, tell_upward


@transaction.atomic
def redeem(approval: Approval | None, *, action: str, shown: str, at: dt.datetime) -> None:
    """Use an approval up. Runs in the transaction of the act, before its first write: an act that fails leaves it.

    Raises `ApprovalRefused`: none given (`approval_missing`), not granted, used before, for another act or another
    state (`approval_stale`), expired (`approval_expired`), the schedule changed (`approval_void`), or the posture has
    risen and asks for more (`approval_insufficient`).
    """
    if approval is None:
        raise ApprovalRefused("This needs the approval of a person: propose it first.", code="approval_missing")
    row = lock(approval)
    if row.action != action or row.shown != shown:
        raise ApprovalRefused(
            "What was approved is not what would be done now. Look at the present state and ask anew.",
            code="approval_stale",
        )
    if row.state != ApprovalState.GRANTED:
        raise ApprovalRefused(f"This is {row.get_state_display().lower()}, not granted.")
    require_alive(row, at=at)
    _require_words(row, at=at)
    row.state, row.used_at = ApprovalState.USED, at
    signed(row, by=None, at=at, reason="carried out").save()
    if row.incident is not None:
        _respond(row.incident, f"{row.title}: carried out.", at=at)


def carry_out(approval: Approval, *, by: User, at: dt.datetime) -> Approval:
    """Do what was granted. Not inside another transaction. Raises `NotAllowed` and whatever the act raises."""
    if not by.may(Permission.APPROVE_RESILIENCE):
        raise NotAllowed("Your role does not carry out actions of resilience.")
    _ACTS[ApprovalAction(approval.action)](approval, by, at)
    approval.refresh_from_db()
    return approval


def sweep(at: dt.datetime) -> int:
    """End what expired or whose schedule changed, tell upward of reviews that are overdue; how many were touched."""
    touched = 0
    for row in Approval.objects.filter(state__in=OPEN_APPROVALS):
        touched += _lapse(row, at=at)
    overdue = Approval.objects.filter(review_due__lte=at, reviewed_at__isnull=True, review_told_at__isnull=True)
    for row in overdue.filter(is_emergency=True):
        touched += _remind(row, at=at)
    return touched


@transaction.atomic
def _lapse(approval: Approval, *, at: dt.datetime) -> int:
    row = lock(approval)
    if row.state not in OPEN_APPROVALS:
        return 0
    if at >= row.expires_at:
        end(row, ApprovalState.EXPIRED, reason="Nobody carried it out within four hours.", by=None, at=at)
    elif present_base(row) != row.base:
        end(row, ApprovalState.VOID, reason="The schedule changed since it was shown.", by=None, at=at)
    else:
        return 0
    return 1


@transaction.atomic
def _remind(approval: Approval, *, at: dt.datetime) -> int:
    row = lock(approval)
    if not owes_review(row) or row.review_told_at is not None:
        return 0
    row.review_told_at = at
    signed(row, by=None, at=at, reason="review overdue").save()
    tell_upward(row, title=f"The second review is overdue: {row.title}", at=at)
    return 1


def _require_words(row: Approval, *, at: dt.datetime) -> None:
    """Enough at ORANGE is not enough at RED; in an emergency one of the words needed now is there."""
    lacking = parts.missing(row, at=at)
    said = parts.said(row)
    if not lacking or (row.is_emergency and said and len(lacking) < len(set(row.needed))):
        return
    raise ApprovalRefused(
        f"The posture has risen since: {parts.in_words(lacking)} must approve it as well.", code="approval_insufficient"
    )


def _respond(incident: Incident, text: str, *, at: dt.datetime) -> None:
    row = timeline.lock(incident)
    timeline.note(row, TimelineEvent.ACTION, at=at, text=text)
    if row.state in (IncidentState.AWAITING_APPROVAL, IncidentState.DIAGNOSED):
        timeline.move(row, IncidentState.RESPONDING, by=None, at=at)


def _fallback(approval: Approval, by: User, at: dt.datetime) -> None:
    plan = FallbackPlan.objects.filter(pk=approval.target).first()
    if plan is None:
        raise Invalid("This plan is gone: it was made anew. Propose the new one.")
    fallbacks.activate(plan, approval=approval, by=by, at=at)


def _shedding(approval: Approval, by: User, at: dt.datetime) -> None:
    shedding.execute(target_level=approval.target, shown=approval.shown, approval=approval, by=by, at=at)


@transaction.atomic
def _override(approval: Approval, by: User, at: dt.datetime) -> None:
    """The director who asked, and whoever said yes."""
    second = approval.votes.filter(agrees=True).select_related("by").first()
    if approval.proposed_by is None or second is None or second.by is None:
        raise ApprovalRefused("Nobody has said yes yet.")
    until, reason = dt.datetime.fromisoformat(approval.facts["until"]), approval.facts["reason"]
    shown = override_fingerprint(until=until, reason=reason)
    redeem(approval, action=ApprovalAction.OVERRIDE, shown=shown, at=at)
    breaker.override(by=approval.proposed_by, second=second.by, at=at, until=until, reason=reason)


_ACTS = {
    ApprovalAction.FALLBACK: _fallback,
    ApprovalAction.SHEDDING: _shedding,
    ApprovalAction.OVERRIDE: _override,
}
