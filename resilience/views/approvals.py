"""Approvals: what was shown, who has to say yes, and saying it."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from resilience import access
from resilience.enums import ApproverPart
from resilience.models import Approval
from resilience.services import approvals
from resilience.views.asked import changes_of, facts_of
from resilience.views.deeds import Acts, Refused, act_on
from resilience.views.moments import Moment

ACTS: Acts[Approval] = {
    "approve": (
        lambda a, given, by, at: approvals.approve(a, by=by, at=at, reason=given.get("reason", "")),
        "Approved, under your name.",
    ),
    "refuse": (lambda a, given, by, at: approvals.refuse(a, by=by, at=at, reason=given.get("reason", "")), "Refused."),
    "withdraw": (lambda a, _, by, at: approvals.withdraw(a, by=by, at=at), "Withdrawn."),
    "approve_in_emergency": (
        lambda a, given, by, at: approvals.approve_in_emergency(a, by=by, at=at, reason=given.get("reason", "")),
        "Approved alone, as an emergency: a second review is due within 24 hours.",
    ),
    "review": (
        lambda a, given, by, at: approvals.review(
            a, agrees=given.get("agrees") == "yes", reason=given.get("reason", ""), by=by, at=at
        ),
        "The second review is on record.",
    ),
    "carry_out": (lambda a, _, by, at: approvals.carry_out(a, by=by, at=at), "Done: the schedule is changed."),
}
"""What the page's forms ask for, by the name of the service."""


@require_GET
def approval(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """What is asked, with everything that the proposer saw."""
    return _page(request, access.approval(request.user, pk))


def _page(request: SignedInRequest, found: Approval, *, refused: Refused | None = None) -> HttpResponse:
    """The approval; after a refusal with what was typed."""
    now = timezone.now()
    context = {
        "when": Moment(now),
        "approval": found,
        "refused": refused,
        "facts": facts_of(found),
        "moves": changes_of(found, at=now),
        "acts": approvals.acts_for(found, request.user, at=now),
        "votes": list(found.votes.select_related("by")),
        "sees_list": request.user.may(Permission.SEE_DASHBOARD),
        "open_parts": [ApproverPart(part).label for part in approvals.open_parts(found, at=now)],
    }
    return render(request, "resilience/approval.html", context, status=409 if refused else 200)


@require_POST
def approval_act(request: SignedInRequest, pk: uuid.UUID, act: str) -> HttpResponse:
    """A person's word. Everything about who may is decided by the service."""
    found = access.approval(request.user, pk)
    again = act_on(
        request, found, act, ACTS, page=lambda no: _page(request, access.approval(request.user, pk), refused=no)
    )
    if again is not None:
        return again
    if found.incident_id:
        return redirect("incident", pk=found.incident_id)
    return redirect("approval", pk=pk)
