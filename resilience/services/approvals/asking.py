"""Asking persons for an act: bound to the hash of what they are shown, for four hours, for the schedule as it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import Permission
from accounts.services import notify
from common.errors import DomainError, Invalid, NotAllowed
from common.models import signed
from resilience.domain.incidents import Approver, IncidentState
from resilience.enums import OPEN_APPROVALS, ApprovalAction, ApprovalState, TimelineEvent
from resilience.models import Approval, FallbackPlan, Incident
from resilience.services import breaker, fallbacks, posture, shedding, timeline
from resilience.services.answers import open_views, plain
from resilience.services.approvals import parts
from schedules.enums import ScheduleStatus
from schedules.models import Assignment
from schedules.services.confirmation import digest

VALID_FOR = dt.timedelta(hours=4)


class ApprovalRefused(DomainError):
    """The approval cannot be asked for, given or used as things stand; `code` says why."""

    code = "approval_state"


def propose_fallback(
    plan: FallbackPlan, *, by: User | None, at: dt.datetime, incident: Incident | None = None
) -> Approval:
    """Ask for a plan to be put in force. Raises `NotAllowed`, `ApprovalRefused` (nobody can approve, not valid)."""
    seen = fallbacks.preview(plan, at=at)
    if seen.refusal or seen.new_hard:
        raise ApprovalRefused(seen.refusal or " ".join(seen.new_hard[:3]), code="plan_refused")
    facts = {
        "scenario": plan.scenario,
        "changes": len(plan.changes),
        "moved": len(plan.moved),
        "filled": plan.filled,
        "demanded": plan.demanded,
        "open": plan.open_posts,
        "unresolved": plan.unresolved,
    }
    return _propose(
        ApprovalAction.FALLBACK,
        target=str(plan.pk),
        shown=fallbacks.fingerprint(plan),
        title=f"Fallback: {plan.get_scenario_display().lower()}, {plan.start_date} to {plan.end_date}",
        facts=facts,
        span=(plan.start_date, plan.end_date),
        by=by,
        at=at,
        incident=incident,
    )


def propose_shedding(
    *, target_level: str, by: User | None, at: dt.datetime, incident: Incident | None = None
) -> Approval:
    """Ask for work to be shed. Raises `NotAllowed`, `Invalid`, `ApprovalRefused` (idle, nobody)."""
    if not target_level:
        raise Invalid("Name the level of shedding that is to be approved.")
    seen = shedding.simulate(at=at, target_level=target_level)
    if not seen.changes:
        raise ApprovalRefused("There is nothing to shed: no open patient care that shedding could fill.", code="idle")
    facts = {
        "level": target_level,
        "changes": len(seen.changes),
        "effects": [
            {"level": item.level.name, "filled": item.filled, "shed": item.shed, "missing": item.missing}
            for item in seen.plan.effects
        ],
        "freed": dict(seen.plan.freed),
        "gaps": plain(open_views(seen.plan.gaps)),
    }
    return _propose(
        ApprovalAction.SHEDDING,
        target=target_level,
        shown=seen.fingerprint,
        title=f"Shedding at {target_level}, {seen.world.start} to {seen.world.end}",
        facts=facts,
        span=(seen.world.start, seen.world.end),
        by=by,
        at=at,
        incident=incident,
    )


def propose_override(
    *, until: dt.datetime, reason: str, by: User, at: dt.datetime, incident: Incident | None = None
) -> Approval:
    """The program director asks a second person to let ordinary changes pass the open breaker.

    Raises `NotAllowed`, `Invalid` (no reason, past 8 hours), `ApprovalRefused` (not open, nobody).
    """
    if not (by.may(Permission.APPROVE_RESILIENCE) and by.may(Permission.DECIDE_DIRECTOR)):
        raise NotAllowed("The program director overrides the breaker, together with a second person.")
    if not reason.strip():
        raise Invalid("Give the reason of the override: a memorandum is drafted from it.")
    if not at < until <= at + breaker.OVERRIDE_LIMIT:
        raise Invalid("An override ends within 8 hours: choose an earlier end.")
    row = breaker.current()
    if row.state != "OPEN":
        raise ApprovalRefused("The breaker is not open: ordinary changes pass already.", code="breaker_not_open")
    today = timezone.localdate(at)
    return _propose(
        ApprovalAction.OVERRIDE,
        target="breaker",
        shown=override_fingerprint(until=until, reason=reason),
        title="Override of the schedule circuit breaker",
        facts={"cause": row.cause, "until": until.isoformat(), "reason": reason.strip()},
        span=(today, today),
        by=by,
        at=at,
        incident=incident,
    )


def override_fingerprint(*, until: dt.datetime, reason: str) -> str:
    """What a second person answers: this end and reason, against the causes that hold now."""
    row = breaker.current()
    causes = sorted(cause for cause, _ in row.causes)
    return digest("override", until.isoformat(), reason.strip(), causes, row.changed_at)


def schedule_digest(start: dt.date, end: dt.date) -> str:
    """SHA-256 of the published cells of the dates."""
    rows = Assignment.objects.filter(
        schedule__status=ScheduleStatus.PUBLISHED, date__gte=start, date__lte=end
    ).order_by("date", "session", "person_id")
    return digest(*rows.values_list("person_id", "date", "session", "activity_id"))


def present_base(approval: Approval) -> str:
    """The digest that `base` is compared with; an override is about the breaker, and no change of cells voids it."""
    if approval.action == ApprovalAction.OVERRIDE:
        return approval.base
    return schedule_digest(approval.start_date, approval.end_date)


@transaction.atomic
def _propose(
    action: ApprovalAction,
    *,
    target: str,
    shown: str,
    title: str,
    facts: dict[str, Any],
    span: tuple[dt.date, dt.date],
    by: User | None,
    at: dt.datetime,
    incident: Incident | None,
) -> Approval:
    if by is not None and not by.may(Permission.SIMULATE_RESILIENCE):
        raise NotAllowed("Your role does not propose actions of resilience.")
    known = _asked_already(action, target, shown, at=at)
    if known is not None:
        return known
    asked = sorted(parts.needed_parts(action, target, at=at), key=list(Approver).index)
    _require_answer(action, asked, by=by)
    row = Approval(
        action=action,
        target=target,
        incident=incident,
        title=title,
        facts=facts,
        shown=shown,
        start_date=span[0],
        end_date=span[1],
        base=schedule_digest(*span),
        posture=posture.in_force(at=at).name,
        needed=[part.value for part in asked],
        proposed_by=by,
        proposed_at=at,
        expires_at=at + VALID_FOR,
    )
    signed(row, by=by, at=at, reason="asked for").save()
    if incident is not None:
        _wait_in(incident, row, by=by, at=at)
    _tell(row, asked, at=at)
    return row


def _wait_in(incident: Incident, approval: Approval, *, by: User | None, at: dt.datetime) -> None:
    """The incident waits for the word of persons from now on, unless it is being responded to already."""
    row = timeline.lock(incident)
    timeline.note(row, TimelineEvent.PROPOSED, by=by, at=at, text=approval.title, approval=str(approval.pk))
    if row.state == IncidentState.DIAGNOSED:
        timeline.move(row, IncidentState.AWAITING_APPROVAL, by=by, at=at)


def _require_answer(action: ApprovalAction, asked: list[Approver], *, by: User | None) -> None:
    """Raise ApprovalRefused where nobody but the proposer could say yes; an override is for directors to propose."""
    if by is None:
        return require_somebody(asked, without=set())
    alone = parts.can_be_filled(asked, without=set()) and not parts.can_be_filled(asked, without={by.pk})
    if alone and action is not ApprovalAction.OVERRIDE:
        other = "a coordinator" if by.role == Role.PROGRAM_DIRECTOR else "an architect or another coordinator"
        raise ApprovalRefused(
            f"This needs the word of {parts.in_words(asked)}: your own, and nobody approves what they proposed."
            f" Ask {other} to propose it.",
            code="no_approver",
        )
    return require_somebody(asked, without={by.pk})


def require_somebody(asked: list[Approver], *, without: set[Any]) -> None:
    """Raise ApprovalRefused where nobody is there to say yes."""
    if parts.can_be_filled(asked, without=without):
        return
    lacking = [part for part in asked if not parts.can_be_filled([part], without=without)] or asked
    raise ApprovalRefused(
        f"This needs the word of {parts.in_words(asked)}, and nobody else can speak as {parts.in_words(lacking)}."
        " Name an active person in the program policy, or give an account the role.",
        code="no_approver",
    )


def _asked_already(action: ApprovalAction, target: str, shown: str, *, at: dt.datetime) -> Approval | None:
    """The same question, if it is open and still counts; one that does not makes room."""
    found = (
        Approval.objects.select_for_update()
        .filter(action=action, target=target, shown=shown, state__in=OPEN_APPROVALS)
        .first()
    )
    if found is None or (at < found.expires_at and present_base(found) == found.base):
        return found
    lapsed = ApprovalState.EXPIRED if at >= found.expires_at else ApprovalState.VOID
    end(found, lapsed, reason="asked for anew", by=None, at=at)
    return None


def end(approval: Approval, state: ApprovalState, *, reason: str, by: User | None, at: dt.datetime) -> Approval:
    """Close a locked approval without it being used, and say so in its incident."""
    approval.state, approval.ended_at, approval.ended_reason = state, at, reason[:300]
    signed(approval, by=by, at=at, reason=state.label).save()
    if approval.incident is not None:
        text = f"{approval.title}: {state.label.lower()}. {reason}".strip()
        timeline.note(approval.incident, TimelineEvent.DECIDED, by=by, at=at, text=text, approval=str(approval.pk))
        _wait_no_more(approval.incident, at=at)
    return approval


def _wait_no_more(incident: Incident, *, at: dt.datetime) -> None:
    """An incident that waits for nothing any more goes back: what was proposed has to be asked anew."""
    row = timeline.lock(incident)
    waits = row.approvals.filter(state__in=OPEN_APPROVALS).exists()
    if row.state == IncidentState.AWAITING_APPROVAL and not waits:
        timeline.move(row, IncidentState.DIAGNOSED, by=None, at=at, text="Nothing waits for approval any more.")


def _tell(approval: Approval, asked: list[Approver], *, at: dt.datetime) -> None:
    people = {user.pk: user for part in asked for user in parts.people_for(part)}
    notify(
        [user for user in people.values() if user.pk != approval.proposed_by_id],
        kind="APPROVAL_ASKED",
        title=f"To approve within four hours: {approval.title}",
        body="",
        url=url_of(approval),
        at=at,
    )


def url_of(approval: Approval) -> str:
    """Where the approval is decided: the page of its incident, else the list."""
    return f"/incidents/{approval.incident_id}" if approval.incident_id else f"/incidents/approvals/{approval.pk}"
