"""Incidents: the list, one page each with everything known, and what a person may do with it now."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, require
from accounts.models import User
from accounts.permissions import Permission
from common.errors import DomainError
from resilience.domain.levels import Level
from resilience.enums import OPEN_APPROVALS, IncidentStateName
from resilience.forms import SEVERITIES, DraftForm, IncidentFilterForm, ReportForm
from resilience.models import Approval, Incident
from resilience.services import approvals, incidents
from resilience.views.moments import Moment, tone

PER_PAGE = 25
STEPS = ("DETECTED", "TRIAGED", "DIAGNOSED", "AWAITING_APPROVAL", "RESPONDING", "MONITORING", "RECOVERED", "REVIEWED")
"""What the page shows as the way ahead; the last step closes it."""

Act = Callable[[Incident, QueryDict, User, dt.datetime], Any]

ACTS: Mapping[str, tuple[Act, str]] = {
    "acknowledge": (lambda i, _, by, at: incidents.acknowledge(i, by=by, at=at), "You have it: acknowledged."),
    "update": (lambda i, given, by, at: incidents.update(i, text=given.get("text", ""), by=by, at=at), "Noted."),
    "note_action": (
        lambda i, given, by, at: incidents.note_action(i, text=given.get("text", ""), by=by, at=at),
        "The action is on the timeline.",
    ),
    "set_severity": (
        lambda i, given, by, at: incidents.set_severity(
            i, _level(given.get("severity", "")), by=by, at=at, reason=given.get("reason", "")
        ),
        "The severity is changed.",
    ),
    "analyse_again": (
        lambda i, _, by, at: incidents.analyse_again(i, by=by, at=at),
        "The workers analyse it again; reload in a moment.",
    ),
    "propose": (
        lambda i, given, by, at: incidents.propose(i, given.get("key", ""), by=by, at=at),
        "Proposed. Somebody else has to approve it.",
    ),
    "fix_violation": (
        lambda i, given, by, at: incidents.fix_violation(i, given.get("key", ""), by=by, at=at),
        "The checked fix is in the schedule.",
    ),
    "monitor": (lambda i, _, by, at: incidents.monitor(i, by=by, at=at), "Now monitored."),
    "recover": (
        lambda i, given, by, at: incidents.recover(i, by=by, at=at, resolution=given.get("resolution", "")),
        "Recovered. A review is next.",
    ),
    "review": (
        lambda i, given, by, at: incidents.review(
            i,
            resolution=given.get("resolution", ""),
            lessons=given.get("lessons", ""),
            follow_ups=_lines(given.get("follow_ups", "")),
            by=by,
            at=at,
        ),
        "Reviewed.",
    ),
    "close": (lambda i, _, by, at: incidents.close(i, by=by, at=at), "Closed."),
    "dismiss": (
        lambda i, given, by, at: incidents.dismiss(i, by=by, at=at, reason=given.get("reason", "")),
        "Marked as a false alarm.",
    ),
}
"""What the page's forms ask for, by the name of the service."""


def _level(name: str) -> Level:
    return Level.__members__.get(name, Level.UNKNOWN)


def _lines(text: str) -> list[dict[str, Any]]:
    return [{"text": line.strip(), "due": None} for line in text.splitlines() if line.strip()]


@require_GET
def incident_list(request: SignedInRequest) -> HttpResponse:
    """Open ones first, the gravest first; then what is over."""
    require(request.user, Permission.SIMULATE_RESILIENCE)
    now = timezone.now()
    form = IncidentFilterForm(request.GET)
    form.is_valid()
    shown = form.cleaned_data.get("show") or "open"
    rows = Incident.objects.open() if shown == "open" else Incident.objects.all()
    context = {
        "when": Moment(now),
        "form": form,
        "shown": shown,
        "page": Paginator(rows.order_by("-detected_at"), PER_PAGE).get_page(request.GET.get("page")),
        "query": f"show={shown}&",
        "report_form": ReportForm(),
        "may_report": request.user.may(Permission.APPROVE_RESILIENCE),
        "waiting": [
            (asked, approvals.acts_for(asked, request.user, at=now))
            for asked in Approval.objects.filter(state__in=OPEN_APPROVALS).select_related("proposed_by", "incident")
        ],
    }
    return render(request, "resilience/incidents.html", context)


@require_GET
def incident(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Everything about one incident."""
    require(request.user, Permission.SIMULATE_RESILIENCE)
    found = get_object_or_404(Incident.objects.select_related("acknowledged_by", "merged_into"), pk=pk)
    now = timezone.now()
    context = {
        "when": Moment(now),
        "incident": found,
        "tone": tone(found.severity),
        "steps": _steps(found),
        "severities": SEVERITIES,
        "draft_form": DraftForm(),
        "acts": incidents.acts_for(found, request.user),
        "times": incidents.times(found, at=now),
        "now": now,
        "timeline": list(found.timeline.select_related("by").order_by("-at", "-id")),
        "approvals": [
            (approval, approvals.acts_for(approval, request.user, at=now))
            for approval in found.approvals.select_related("proposed_by").prefetch_related("votes__by")
        ],
        "documents": list(found.documents.all()),
        "tools": [(name.removesuffix("_tool").replace("_", " "), answer) for name, answer in found.analysis.items()],
    }
    return render(request, "resilience/incident.html", context)


def _steps(found: Incident) -> list[tuple[str, str]]:
    """Label and place of each step: done, now or ahead."""
    here = STEPS.index(found.state) if found.state in STEPS else len(STEPS)
    places = ("done" if n < here else "now" if n == here else "" for n in range(len(STEPS)))
    return [(str(IncidentStateName(step).label), place) for step, place in zip(STEPS, places, strict=True)]


@require_POST
def incident_act(request: SignedInRequest, pk: uuid.UUID, act: str) -> HttpResponse:
    """One thing that a person does with an incident."""
    require(request.user, Permission.SIMULATE_RESILIENCE)
    found = get_object_or_404(Incident, pk=pk)
    if act not in ACTS:
        raise Http404
    do, said = ACTS[act]
    try:
        do(found, request.POST, request.user, timezone.now())
        messages.success(request, said)
    except DomainError as error:
        messages.error(request, error.detail)
    return redirect("incident", pk=pk)


@require_POST
def incident_report(request: SignedInRequest) -> HttpResponse:
    """Somebody saw something that no measure did."""
    require(request.user, Permission.APPROVE_RESILIENCE)
    form = ReportForm(request.POST)
    if not form.is_valid():
        for name, errors in form.errors.items():
            messages.error(request, f"{form.fields[name].label}: {errors[0]}")
        return redirect("incidents")
    given = form.cleaned_data
    try:
        made = incidents.report(
            title=given["title"],
            summary=given["summary"],
            severity=_level(given["severity"]),
            by=request.user,
            at=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("incidents")
    return redirect("incident", pk=made.pk)
