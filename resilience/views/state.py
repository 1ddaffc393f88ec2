"""Pages that show how the program holds up: zones, strain and the coordinator's queue, readiness."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

import resilience.services.readiness as readiness_services
from accounts.access import SignedInRequest, require
from accounts.models import User
from accounts.permissions import Permission
from resilience.domain.homeostasis import Loop
from resilience.forms import ReadinessForm
from resilience.models import ReadinessAdjustment
from resilience.services.answers import LoopView, ZoneView
from resilience.services.tools import (
    analyze_homeostasis_tool,
    assess_cognitive_load_tool,
    calculate_blast_radius_tool,
    check_mtf_compliance_tool,
)
from resilience.views.deeds import fits
from resilience.views.moments import Moment, moment, tone

HIGH_IS_BAD = frozenset({Loop.UTILIZATION.value, Loop.WORKLOAD_SPREAD.value})


@require_GET
def zones(request: SignedInRequest) -> HttpResponse:
    """Each zone alone, with legal loans, and pooled."""
    require(request.user, Permission.SEE_DASHBOARD)
    when = moment(request)
    found = calculate_blast_radius_tool(at=when.at)
    context = {
        "when": when,
        "found": found,
        "tone": tone(found.level),
        "rows": [{"zone": zone, "open": _open_posts(zone)} for zone in found.zones if zone.demanded],
        "idle": [zone.zone for zone in found.zones if not zone.demanded],
    }
    return render(request, "resilience/zones.html", context)


def _open_posts(zone: ZoneView) -> list[dict[str, Any]]:
    """Open posts alone, with loans and in one pool, as shares of what the zone demands."""
    counts = {
        "Open with its own people": zone.isolated,
        "with legal loans": zone.borrowing,
        "if everybody helped": zone.pooled,
    }
    return [
        {"label": label, "count": count, "percent": round(100 * count / zone.demanded)}
        for label, count in counts.items()
    ]


@require_GET
def strain(request: SignedInRequest) -> HttpResponse:
    """The loops, strained people, and the queue of decisions."""
    require(request.user, Permission.SEE_DASHBOARD)
    when = moment(request)
    loops = analyze_homeostasis_tool(at=when.at)
    context = {
        "when": when,
        "loops": loops,
        "rows": [_row(loop) for loop in loops.loops],
        "load": assess_cognitive_load_tool(at=timezone.now()),
    }
    return render(request, "resilience/strain.html", context)


def _row(loop: LoopView) -> dict[str, Any]:
    """A loop with the side on which it may not stray."""
    shown = asdict(loop) | {"wanted": "", "limit": None, "percent": _percent(loop.average or loop.value)}
    if loop.setpoint is None or loop.width is None:
        return shown
    high_is_bad = loop.loop in HIGH_IS_BAD
    limit = loop.setpoint + loop.width if high_is_bad else loop.setpoint - loop.width
    return shown | {"wanted": f"at {'most' if high_is_bad else 'least'} {limit:.2f}", "limit": _percent(limit)}


def _percent(share: float | None) -> int | None:
    """Where a share lies on a bar from 0 to 1; None where there is none."""
    return None if share is None else round(100 * min(max(share, 0.0), 1.0))


@require_GET
def readiness(request: SignedInRequest) -> HttpResponse:
    """The worksheet: an internal draft, not a report to anybody outside."""
    require(request.user, Permission.SEE_DASHBOARD)
    return _worksheet(request, ReadinessForm())


@require_POST
def readiness_adjust(request: SignedInRequest) -> HttpResponse:
    """Rate an area against its measure, by name and reason."""
    require(request.user, Permission.APPROVE_RESILIENCE)
    form = ReadinessForm(request.POST)
    if not fits(form, lambda: _adjust(form.cleaned_data, request.user)):
        return _worksheet(request, form, status=422)
    messages.success(request, "{area} is rated {rating} for {days} days.".format(**form.cleaned_data))
    return redirect("readiness")


def _adjust(given: dict[str, Any], by: User) -> ReadinessAdjustment:
    now = timezone.now()
    until = now + dt.timedelta(days=given["days"])
    rating = int(given["rating"])
    return readiness_services.adjust(given["area"], rating, by=by, at=now, until=until, reason=given["reason"])


@require_POST
def readiness_sitrep(request: SignedInRequest) -> HttpResponse:
    """Draft a situation report from the worksheet."""
    require(request.user, Permission.APPROVE_RESILIENCE)
    found = check_mtf_compliance_tool(at=timezone.now(), generate_sitrep=True, by=request.user)
    messages.success(request, "A situation report was drafted. Read it before anybody signs it.")
    return redirect("document", pk=found.drafts[0]) if found.drafts else redirect("readiness")


def _worksheet(request: SignedInRequest, form: ReadinessForm, *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    found = check_mtf_compliance_tool(at=now)
    context: dict[str, Any] = {
        "when": Moment(now),
        "found": found,
        "tone": tone(found.level),
        "form": form,
        "may_adjust": request.user.may(Permission.APPROVE_RESILIENCE),
        "adjustments": list(ReadinessAdjustment.objects.select_related("by")[:8]),
    }
    return render(request, "resilience/readiness.html", context, status=status)
