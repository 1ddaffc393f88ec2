"""Incidents: the list, one page each with everything known, and what a person may do with it now."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, require
from accounts.permissions import Permission
from resilience import access
from resilience.domain.levels import Level
from resilience.enums import OPEN_APPROVALS, IncidentStateName
from resilience.forms import SEVERITIES, DraftForm, IncidentFilterForm, ReportForm
from resilience.models import AbsenceAnalysis, Approval, FallbackPlan, Incident
from resilience.services import approvals, incidents
from resilience.views.deeds import Acts, Refused, act_on
from resilience.views.moments import Moment, tone

PER_PAGE = 25
STEPS = ("DETECTED", "TRIAGED", "DIAGNOSED", "AWAITING_APPROVAL", "RESPONDING", "MONITORING", "RECOVERED", "REVIEWED")
"""What the page shows as the way ahead; the last step closes it."""

IMPACT = {
    "people": "People missing",
    "half_days_uncovered": "Half-days that nobody covers",
    "utilization": "Utilization",
    "gaps_in_7_days": "Attending posts open in 7 days",
    "k_safety": "k*(safety)",
    "zones_affected": "Zones affected",
    "cascade_risk": "Risk of a cascade",
    "n1": "Survives any one loss",
    "n2": "Survives any two losses",
}
TOOLS = {
    "run_contingency_analysis_resilience_tool": "contingency",
    "analyze_hub_centrality_tool": "hubs",
    "calculate_blast_radius_tool": "zones",
    "analyze_le_chatelier_tool": "equilibrium",
    "check_utilization_threshold_tool": "utilization",
    "execute_sacrifice_hierarchy_tool": "shedding",
}

ACTS: Acts[Incident] = {
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
    require(request.user, Permission.SEE_DASHBOARD)
    return _list(request, ReportForm())


def _list(request: SignedInRequest, report_form: ReportForm) -> HttpResponse:
    """The list; with a report that was not whole."""
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
        "report_form": report_form,
        "may_report": request.user.may(Permission.APPROVE_RESILIENCE),
        "absences": _absences(timezone.localdate(now)),
        "waiting": [
            (asked, approvals.acts_for(asked, request.user, at=now))
            for asked in Approval.objects.filter(state__in=OPEN_APPROVALS).select_related("proposed_by", "incident")
        ],
    }
    return render(request, "resilience/incidents.html", context, status=422 if report_form.errors else 200)


def _absences(today: dt.date) -> list[tuple[AbsenceAnalysis, list[dict[str, Any]]]]:
    """What reported and granted absences do to the program, and what is proposed for each, the nearest first."""
    rows = AbsenceAnalysis.objects.filter(absence__end_date__gte=today).select_related("absence__person", "incident")
    return [(row, [_with_place(item) for item in row.proposals]) for row in rows.order_by("absence__start_date", "pk")]


@require_GET
def incident(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Everything about one incident."""
    return _page(request, access.incident(request.user, pk))


def _page(request: SignedInRequest, found: Incident, *, refused: Refused | None = None) -> HttpResponse:
    """The incident; after a refusal with what was typed."""
    now = timezone.now()
    context = {
        "when": Moment(now),
        "incident": found,
        "refused": refused,
        "tone": tone(found.severity),
        "steps": _steps(found),
        "severities": SEVERITIES,
        "draft_form": DraftForm(),
        "acts": incidents.acts_for(found, request.user),
        "advice": [_with_place(item) for item in found.recommendations if not item.get("option")],
        "ways": _side_by_side([_with_place(item) for item in found.recommendations if item.get("option")]),
        "times": incidents.times(found, at=now),
        "now": now,
        "timeline": list(found.timeline.select_related("by").order_by("-at", "-id")),
        "approvals": [
            (approval, approvals.acts_for(approval, request.user, at=now))
            for approval in found.approvals.select_related("proposed_by").prefetch_related("votes__by")
        ],
        "documents": list(found.documents.all()),
        "impact": [(IMPACT.get(name, name), _said(value)) for name, value in found.impact.items()],
        "tools": [(TOOLS.get(name, name), answer) for name, answer in found.analysis.items()],
    }
    return render(request, "resilience/incident.html", context, status=409 if refused else 200)


def _with_place(item: dict[str, Any]) -> dict[str, Any]:
    """A recommendation with the page that shows what it would change, where there is one."""
    kind, _, target = str(item.get("key", "")).partition(":")
    if item.get("act") == "fix_violation":
        return item | {"href": reverse("fixes", args=target.split(":", 1)), "look": "See what it would change"}
    if kind in {"fallback", "ready"} and FallbackPlan.objects.filter(pk=target).exists():
        return item | {"href": reverse("fallback", args=[target]), "look": "See the plan"}
    if kind == "shedding":
        return item | {"href": f"{reverse('shedding')}?level={target}", "look": "See what it would change"}
    return item | {"href": ""}


def _side_by_side(options: list[dict[str, Any]]) -> dict[str, Any]:
    """The ways out of one shortage as a table: what each answers to the same questions."""
    asked = list(dict.fromkeys(question for item in options for question, _ in item["facts"]))
    rows = [(question, [dict(item["facts"]).get(question, "unknown") for item in options]) for question in asked]
    return {"options": options, "rows": rows}


def _said(value: Any) -> str:
    """A figure as people read it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _steps(found: Incident) -> list[tuple[str, str]]:
    """Label and place of each step: done, now or ahead."""
    here = STEPS.index(found.state) if found.state in STEPS else len(STEPS)
    places = ("done" if n < here else "now" if n == here else "" for n in range(len(STEPS)))
    return [(str(IncidentStateName(step).label), place) for step, place in zip(STEPS, places, strict=True)]


@require_POST
def incident_act(request: SignedInRequest, pk: uuid.UUID, act: str) -> HttpResponse:
    """One thing that a person does with an incident."""
    found = access.incident(request.user, pk)
    again = act_on(
        request, found, act, ACTS, page=lambda no: _page(request, access.incident(request.user, pk), refused=no)
    )
    if again is not None:
        return again
    return redirect("incident", pk=pk)


@require_POST
def incident_report(request: SignedInRequest) -> HttpResponse:
    """Somebody saw something that no measure did."""
    require(request.user, Permission.APPROVE_RESILIENCE)
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _list(request, form)
    given = form.cleaned_data
    made = incidents.report(
        title=given["title"],
        summary=given["summary"],
        severity=_level(given["severity"]),
        by=request.user,
        at=timezone.now(),
    )
    return redirect("incident", pk=made.pk)
