"""The staff dashboard, and the first page of each role."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from schedules import access
from schedules.queries.dashboard import load_dashboard, next_action
from schedules.services.decisions import decisions_above
from schedules.services.figures import figures
from schedules.views.findings import summary_of
from schedules.views.generate import percent

SHOWN_DECISIONS = 8


@require_GET
def first_page(request: SignedInRequest) -> HttpResponse:
    """Staff begin at the dashboard, everybody else at their own schedule."""
    return redirect("dashboard" if request.user.may(Permission.SEE_DASHBOARD) else "my_schedule")


@require_GET
def dashboard(request: SignedInRequest) -> HttpResponse:
    """Where the program stands and what waits for a person."""
    access.require(request.user, Permission.SEE_DASHBOARD)
    now = timezone.now()
    facts = load_dashboard(at=now, today=timezone.localdate(now))
    context = {
        "facts": facts,
        "figures": figures(now),
        "decisions": decisions_above(now)[:SHOWN_DECISIONS],
        "now": now,
        "findings": summary_of(facts.published),
        "coverage_text": percent(facts.coverage_rate, 1),
        "action": next_action(facts, request.user),
        "can_decide": request.user.may(Permission.APPROVE_ABSENCES),
        "can_publish": request.user.may(Permission.PUBLISH),
    }
    return render(request, "schedules/dashboard.html", context)
