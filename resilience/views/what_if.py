"""What would happen if people were lost: proof, cascade, the day on which budgets run out, hubs and trainings."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, require
from accounts.permissions import Permission
from resilience.domain.contingency import Scenario
from resilience.forms import WhatIfForm
from resilience.services.tools import (
    analyze_hub_centrality_tool,
    analyze_le_chatelier_tool,
    calculate_blast_radius_tool,
    run_contingency_analysis_resilience_tool,
)
from resilience.services.world import load_policy
from resilience.views import moves
from resilience.views.moments import Moment, moment
from schedules.domain.problem import ONE_DAY

SCENARIOS = {1: "faculty_absence", 2: "dual_absence"}


@require_GET
def what_if(request: SignedInRequest) -> HttpResponse:
    """A question in the address, so that it can be shared; without people, whom the program leans on."""
    require(request.user, Permission.SEE_DASHBOARD)
    when = moment(request)
    asked = WhatIfForm(request.GET if "people" in request.GET or "start" in request.GET else None)
    if asked.is_bound:
        require(request.user, Permission.SIMULATE_RESILIENCE)
    context: dict[str, Any] = {"when": when, "form": asked, "hubs": analyze_hub_centrality_tool(at=when.at)}
    if asked.is_bound and asked.is_valid():
        context |= _answers(asked.cleaned_data, when)
    return render(request, "resilience/what_if.html", context)


def _answers(given: dict[str, Any], when: Moment) -> dict[str, Any]:
    """All about the same loss: these people gone on these dates, by default those of the horizon."""
    start = given["start"] or timezone.localdate(when.at)
    end = given["end"] or start + (load_policy().horizon_days - 1) * ONE_DAY
    people = frozenset(str(person.pk) for person in given["people"])
    lost = Scenario(SCENARIOS.get(len(people), "deployment"), people, start, end)
    found = run_contingency_analysis_resilience_tool(at=when.at, lost=lost, include_cascade_simulation=True)
    scenario = next(iter(found.scenarios), None)
    return {
        "found": found,
        "scenario": scenario,
        "witness": moves.picture(scenario.witness if scenario else ()),
        "stress": analyze_le_chatelier_tool(at=when.at, lost=lost),
        "zones": calculate_blast_radius_tool(at=when.at, lost=lost),
        "lost": given["people"],
    }
