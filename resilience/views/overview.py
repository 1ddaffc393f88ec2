"""The first page of resilience: posture and its reasons, margins over time, the breaker, and what a person may set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

import resilience.services.breaker as breaker_services
import resilience.services.posture as posture_services
from accounts.access import SignedInRequest, require
from accounts.permissions import Permission
from resilience.domain.levels import Level
from resilience.forms import BreakerOverrideForm, PostureOverrideForm, ReasonForm
from resilience.models import DayMargin, PostureRecord
from resilience.services import approvals
from resilience.services.answers import MarginPoint
from resilience.services.tools import (
    check_utilization_threshold_tool,
    get_defense_level_tool,
    run_contingency_analysis_resilience_tool,
)
from resilience.views.deeds import fits
from resilience.views.moments import moment, tone
from resilience.views.pictures import heat_map, lowest_by_day, margin_chart
from schedules.domain.problem import days_between
from schedules.enums import BreakerState
from schedules.views.generate import percent

LOG_LINES = 8
SHOWN_WEAKEST = 6


@require_GET
def overview(request: SignedInRequest) -> HttpResponse:
    """Posture, figures, k* by day and by half-day, the weakest moments, the breaker, the log."""
    require(request.user, Permission.SEE_DASHBOARD)
    return _page(request, _forms() if request.user.may(Permission.APPROVE_RESILIENCE) else {})


def _page(request: SignedInRequest, forms: dict[str, Form], *, status: int = 200) -> HttpResponse:
    """The overview; with a form that was not whole."""
    when = moment(request)
    found = run_contingency_analysis_resilience_tool(at=when.at)
    days = list(days_between(found.start, found.end)) if found.start and found.end else []
    context: dict[str, Any] = {
        "when": when,
        "defense": get_defense_level_tool(at=timezone.now()),
        "utilization": check_utilization_threshold_tool(at=when.at),
        "margins": found,
        "chart": margin_chart(lowest_by_day(found.timeline), _everything(days), days),
        "heat": heat_map(found.timeline, days),
        "weakest": [_point(point) for point in sorted(found.timeline, key=lambda point: point.margin)[:SHOWN_WEAKEST]],
        "breaker": breaker_services.current(),
        "log": list(PostureRecord.objects.select_related("by").order_by("-at", "-created_at")[:LOG_LINES]),
        "forms": forms,
    }
    context["triggers"] = _triggers(context["defense"].triggers)
    context["posture_tone"] = tone(context["defense"].posture)
    context["coverage_text"] = percent(context["defense"].coverage, 1)
    context["breaker_closed"] = context["breaker"].state == BreakerState.CLOSED
    return render(request, "resilience/overview.html", context, status=status)


def _triggers(keys: Sequence[str]) -> list[tuple[str, str]]:
    """Level and condition of each row of the posture table that holds, the gravest first."""
    found = [(level, what) for level, _, what in (key.partition(": ") for key in keys)]
    return sorted(found, key=lambda item: -Level[item[0]])


def _point(point: MarginPoint) -> dict[str, Any]:
    """A moment with its proof; the heading says the date already."""
    _, _, proof = point.certificate.partition(": ")
    said = proof or point.certificate
    return {
        "date": point.date,
        "session": point.session,
        "margin": point.margin,
        "said": said,
        "critical": point.critical,
    }


def _everything(days: list[dt.date]) -> dict[dt.date, int]:
    """k*(all) of each day as last stored."""
    rows = DayMargin.objects.filter(date__in=days)
    return {row.date: row.margin_all for row in rows if row.margin_all is not None}


def _forms() -> dict[str, Form]:
    return {
        "override": PostureOverrideForm(prefix="posture"),
        "lower": ReasonForm(prefix="lower"),
        "trip": ReasonForm(prefix="trip"),
        "clear": ReasonForm(prefix="clear"),
        "breaker": BreakerOverrideForm(prefix="breaker"),
    }


@require_POST
def posture_override(request: SignedInRequest) -> HttpResponse:
    """Another posture for some hours, with a reason that is logged."""

    def act(given: dict[str, Any], at: dt.datetime) -> str:
        until = at + dt.timedelta(hours=given["hours"])
        posture_services.override(Level[given["level"]], by=request.user, at=at, until=until, reason=given["reason"])
        return f"The posture is {given['level']} until {timezone.localtime(until):%d %b %H:%M}."

    return _answer(request, "override", PostureOverrideForm(request.POST, prefix="posture"), act)


@require_POST
def posture_lower(request: SignedInRequest) -> HttpResponse:
    """Leave RED or BLACK, which only a person may."""

    def act(given: dict[str, Any], at: dt.datetime) -> str:
        posture_services.lower(by=request.user, at=at, reason=given["reason"])
        return "The posture is one step lower."

    return _answer(request, "lower", ReasonForm(request.POST, prefix="lower"), act)


@require_POST
def breaker_trip(request: SignedInRequest) -> HttpResponse:
    """Stop ordinary schedule changes by hand."""

    def act(given: dict[str, Any], at: dt.datetime) -> str:
        breaker_services.trip(by=request.user, at=at, reason=given["reason"])
        return "The breaker is open: only changes that improve coverage pass."

    return _answer(request, "trip", ReasonForm(request.POST, prefix="trip"), act)


@require_POST
def breaker_clear(request: SignedInRequest) -> HttpResponse:
    """Take a trip by hand back."""

    def act(given: dict[str, Any], at: dt.datetime) -> str:
        breaker_services.clear(by=request.user, at=at, reason=given["reason"])
        return "The cause is taken back. The breaker closes after its clear time."

    return _answer(request, "clear", ReasonForm(request.POST, prefix="clear"), act)


@require_POST
def breaker_override(request: SignedInRequest) -> HttpResponse:
    """Ask to let ordinary changes through for some hours: a second person approves it."""

    def act(given: dict[str, Any], at: dt.datetime) -> str:
        until = at + dt.timedelta(hours=given["hours"])
        approvals.propose_override(until=until, reason=given["reason"], by=request.user, at=at)
        return "Asked. Changes pass once a second person has approved it."

    return _answer(request, "breaker", BreakerOverrideForm(request.POST, prefix="breaker"), act)


def _answer(
    request: SignedInRequest, name: str, form: Form, act: Callable[[dict[str, Any], dt.datetime], str]
) -> HttpResponse:
    """Do it if the form is whole and say so; else the page again with what was typed and what is wrong with it."""
    require(request.user, Permission.APPROVE_RESILIENCE)
    said: list[str] = []
    if not fits(form, lambda: said.append(act(form.cleaned_data, timezone.now()))):
        return _page(request, _forms() | {name: form}, status=422)
    messages.success(request, said[0])
    return redirect("resilience")
