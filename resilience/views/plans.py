"""Fallback plans and shedding: what is kept ready, what it would do, and asking a person to approve it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

import resilience.services.fallbacks as fallback_services
import resilience.services.shedding as shedding_services
from accounts.access import SignedInRequest, require
from accounts.permissions import Permission
from resilience import access
from resilience.enums import ApprovalAction, FallbackScenario, PlanState, SheddingState
from resilience.forms import SheddingForm
from resilience.models import Approval, SheddingExecution
from resilience.services import approvals
from resilience.services.answers import EffectView, PlanView
from resilience.services.tools import execute_sacrifice_hierarchy_tool, get_static_fallbacks_tool
from resilience.views import moves
from resilience.views.deeds import deed
from resilience.views.moments import Moment, tone
from schedules.models import Person
from schedules.views.generate import percent

PER_PAGE = 25
NAMED = 2
"""So many people a title names; of more it gives the number."""
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
    require(request.user, Permission.SEE_DASHBOARD)
    wanted = request.GET.get("scenario", "")
    found = get_static_fallbacks_tool(at=timezone.now(), scenario=wanted)
    plans = sorted(found.plans, key=_gravest_first)
    rows = [{"plan": plan, "coverage": percent(plan.coverage, 1)} for plan in plans]
    context = {
        "when": Moment(timezone.now()),
        "found": found,
        "tone": tone(found.level),
        "scenarios": FallbackScenario.choices,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "scenario": wanted,
        "query": f"scenario={wanted}&" if wanted else "",
    }
    return render(request, "resilience/fallbacks.html", context)


def _gravest_first(plan: PlanView) -> tuple[bool, int, int, list[str]]:
    """What is in force, then what leaves posts open, then what moves most people; names where all that is equal."""
    names = [person.name for person in plan.people]
    return plan.state != PlanState.ACTIVATED, -len(plan.open), -len(plan.moved), names


@require_GET
def fallback(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """One plan: what it changes, what stays open, and the way to activate it."""
    plan = access.fallback_plan(request.user, pk)
    seen = fallback_services.preview(plan, at=timezone.now())
    names = list(Person.objects.filter(pk__in=plan.people).order_by("name").values_list("name", flat=True))
    context = {
        "when": Moment(timezone.now()),
        "plan": plan,
        "taken_over": moves.picture(change for change in seen.changes if change.person.id not in plan.people),
        "leave": moves.picture(change for change in seen.changes if change.person.id in plan.people),
        "names": names,
        "who": ", ".join(names) if len(names) <= NAMED else f"{len(names)} people",
        "coverage_text": percent(plan.filled / plan.demanded if plan.demanded else None, 1),
        "preview": seen,
        "approvals": list(Approval.objects.filter(action=ApprovalAction.FALLBACK, target=str(plan.pk))),
    }
    return render(request, "resilience/fallback.html", context)


@require_POST
def fallback_propose(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for the plan to be put in force: somebody else has to approve what is shown."""
    plan = access.fallback_plan(request.user, pk)
    return _proposed(request, lambda: approvals.propose_fallback(plan, by=request.user, at=timezone.now()), "fallbacks")


@require_GET
def shedding(request: SignedInRequest) -> HttpResponse:
    """The simulator, and what is shed now."""
    require(request.user, Permission.SEE_DASHBOARD)
    form = SheddingForm(request.GET)
    level = form.cleaned_data["level"] if form.is_valid() else ""
    found = execute_sacrifice_hierarchy_tool(at=timezone.now(), target_level=level)
    taken_over, leave = moves.apart(found.changes)
    context: dict[str, Any] = {
        "when": Moment(timezone.now()),
        "form": form,
        "found": found,
        "effects": [_effect(effect) for effect in found.effects],
        "ladder": GIVES_UP,
        "taken_over": taken_over,
        "leave": leave,
        "in_force": list(SheddingExecution.objects.filter(state=SheddingState.EXECUTED).select_related("executed_by")),
        "restored": list(
            SheddingExecution.objects.filter(state=SheddingState.RESTORED).select_related("restored_by")[:5]
        ),
        "may_restore": request.user.may(Permission.APPROVE_RESILIENCE),
    }
    return render(request, "resilience/shedding.html", context)


def _effect(effect: EffectView) -> dict[str, Any]:
    """What a level gives up, in words, and how much of what is open it fills, in percent."""
    open_posts = effect.filled + effect.missing
    percent_filled = round(100 * effect.filled / open_posts) if open_posts else 100
    return {"effect": effect, "gives_up": GIVES_UP[effect.level], "percent": percent_filled}


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
    execution = access.shedding_execution(request.user, pk)
    require(request.user, Permission.APPROVE_RESILIENCE)
    anyway = request.POST.get("anyway") == "yes"
    deed(
        request,
        lambda: shedding_services.restore(execution, by=request.user, at=timezone.now(), confirm=anyway),
        "The work is back as it was.",
    )
    return redirect("shedding")


def _proposed(request: SignedInRequest, propose: Callable[[], Approval], back: str) -> HttpResponse:
    """To the approval that was asked for, or back with the refusal."""
    asked: list[Approval] = []
    if not deed(request, lambda: asked.append(propose()), "Asked. Those who may approve it were told."):
        return redirect(back)
    return redirect("approval", pk=asked[0].pk)
