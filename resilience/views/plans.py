"""Fallback plans and shedding: what is kept ready, what it would do, and asking a person to approve it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

import resilience.services.fallbacks as fallback_services
import resilience.services.shedding as shedding_services
from accounts.access import SignedInRequest, require
from accounts.permissions import Permission
from common.errors import DomainError
from resilience.enums import ApprovalAction, FallbackScenario, SheddingState
from resilience.forms import SheddingForm
from resilience.models import Approval, FallbackPlan, SheddingExecution
from resilience.services import approvals
from resilience.services.tools import execute_sacrifice_hierarchy_tool, get_static_fallbacks_tool
from resilience.views.moments import Moment, tone
from schedules.models import Person
from schedules.views.generate import percent

PER_PAGE = 25
GIVES_UP = {
    "YELLOW": "optional education",
    "ORANGE": "and administration, research",
    "RED": "and core education",
    "BLACK": "and continuity of care",
    "CRITICAL": "and required experience (elective clinics)",
}
"""What each level adds, in words (resilience, section 2)."""


@require_GET
def fallbacks(request: SignedInRequest) -> HttpResponse:
    """Every plan kept ready, with its state."""
    require(request.user, Permission.SIMULATE_RESILIENCE)
    wanted = request.GET.get("scenario", "")
    found = get_static_fallbacks_tool(at=timezone.now(), scenario=wanted)
    context = {
        "when": Moment(timezone.now()),
        "found": found,
        "tone": tone(found.level),
        "scenarios": FallbackScenario.choices,
        "page": Paginator(found.plans, PER_PAGE).get_page(request.GET.get("page")),
        "scenario": wanted,
        "query": f"scenario={wanted}&" if wanted else "",
    }
    return render(request, "resilience/fallbacks.html", context)


@require_GET
def fallback(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """One plan: what it changes, what stays open, and the way to activate it."""
    require(request.user, Permission.SIMULATE_RESILIENCE)
    plan = get_object_or_404(FallbackPlan, pk=pk)
    context = {
        "when": Moment(timezone.now()),
        "plan": plan,
        "names": Person.objects.filter(pk__in=plan.people).order_by("name").values_list("name", flat=True),
        "coverage_text": percent(plan.filled / plan.demanded if plan.demanded else None, 1),
        "preview": fallback_services.preview(plan, at=timezone.now()),
        "approvals": list(Approval.objects.filter(action=ApprovalAction.FALLBACK, target=str(plan.pk))),
    }
    return render(request, "resilience/fallback.html", context)


@require_POST
def fallback_propose(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for the plan to be put in force: somebody else has to approve what is shown."""
    require(request.user, Permission.SIMULATE_RESILIENCE)
    plan = get_object_or_404(FallbackPlan, pk=pk)
    return _proposed(request, lambda: approvals.propose_fallback(plan, by=request.user, at=timezone.now()), "fallbacks")


@require_GET
def shedding(request: SignedInRequest) -> HttpResponse:
    """The simulator, and what is shed now."""
    require(request.user, Permission.SIMULATE_RESILIENCE)
    form = SheddingForm(request.GET)
    level = form.cleaned_data["level"] if form.is_valid() else ""
    found = execute_sacrifice_hierarchy_tool(at=timezone.now(), target_level=level)
    context: dict[str, Any] = {
        "when": Moment(timezone.now()),
        "form": form,
        "found": found,
        "effects": [{"effect": effect, "gives_up": GIVES_UP[effect.level]} for effect in found.effects],
        "in_force": list(SheddingExecution.objects.filter(state=SheddingState.EXECUTED).select_related("executed_by")),
        "restored": list(
            SheddingExecution.objects.filter(state=SheddingState.RESTORED).select_related("restored_by")[:5]
        ),
        "may_restore": request.user.may(Permission.APPROVE_RESILIENCE),
    }
    return render(request, "resilience/shedding.html", context)


@require_POST
def shedding_propose(request: SignedInRequest) -> HttpResponse:
    """Ask for the shedding that was shown."""
    require(request.user, Permission.SIMULATE_RESILIENCE)
    level = request.POST.get("level", "")
    return _proposed(
        request, lambda: approvals.propose_shedding(target_level=level, by=request.user, at=timezone.now()), "shedding"
    )


@require_POST
def shedding_restore(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Bring the work back, exactly."""
    require(request.user, Permission.APPROVE_RESILIENCE)
    execution = get_object_or_404(SheddingExecution, pk=pk)
    try:
        shedding_services.restore(execution, by=request.user, at=timezone.now())
        messages.success(request, "The work is back as it was.")
    except DomainError as error:
        messages.error(request, error.detail)
    return redirect("shedding")


def _proposed(request: SignedInRequest, propose: Callable[[], Approval], back: str) -> HttpResponse:
    """To the approval that was asked for, or back with the refusal."""
    try:
        asked = propose()
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect(back)
    messages.success(request, "Asked. Those who may approve it were told.")
    return redirect("approval", pk=asked.pk)
