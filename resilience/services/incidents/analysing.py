"""Analysing an incident with the exact tools, and answering it by its severity: advice, proposals, documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import structlog
from django.db import transaction

from accounts.models import User
from common.errors import DomainError, Invalid
from resilience.domain.contingency import Scenario
from resilience.domain.incidents import IncidentState
from resilience.domain.levels import Level
from resilience.enums import DocumentKind, IncidentKind, TargetStep, TimelineEvent
from resilience.models import Approval, FallbackPlan, Incident
from resilience.services import approvals, documents, timeline
from resilience.services.answers import BlastAnswer, ContingencyAnswer, UtilizationAnswer
from resilience.services.approvals.asking import schedule_digest
from resilience.services.incidents import clock
from resilience.services.incidents.advice import Advice, advice
from resilience.services.incidents.ground import ground_of
from resilience.services.loss import loss_of
from resilience.services.tools import (
    analyze_hub_centrality_tool,
    analyze_le_chatelier_tool,
    calculate_blast_radius_tool,
    check_utilization_threshold_tool,
    execute_sacrifice_hierarchy_tool,
    run_contingency_analysis_resilience_tool,
)
from schedules.domain.problem import ONE_DAY

log = structlog.get_logger(__name__)

SHED_FROM, PROPOSED_FROM = Level.ORANGE, Level.RED
"""From which severity shedding is simulated, and from which the system itself proposes."""
WRITTEN: Mapping[Level, tuple[DocumentKind, ...]] = {
    Level.RED: (DocumentKind.SITREP,),
    Level.BLACK: (DocumentKind.SITREP, DocumentKind.MFR, DocumentKind.RFF),
}
"""Drafts by severity (resilience, section 4). A breaker trip drafts a memorandum whatever its severity."""


def analyse(incident: Incident, *, at: dt.datetime) -> Incident:
    """Run the tools, keep their answers, say what to do. A tool that fails leaves UNKNOWN with its reason.

    Asked again, it replaces analysis and advice; what a person or the system proposed before stays.
    """
    if not incident.is_open:
        return incident
    loss = loss_of(incident, at=at)
    answers = _answers(incident, loss, at=at)
    ground = ground_of(incident, loss, answers["run_contingency_analysis_resilience_tool"], at=at)
    found = advice(incident, answers, ground)
    with transaction.atomic():
        row = timeline.lock(incident)
        if not row.is_open:
            return row
        _store(row, answers, found, at=at)
        _respond(row, at=at)
    _propose_by_itself(row, found, at=at)
    return row


def _answers(incident: Incident, loss: Scenario | None, *, at: dt.datetime) -> dict[str, Any]:
    """Contingency with cascade, hubs, zones, equilibrium, and from ORANGE on shedding, each for the same loss."""
    found: dict[str, Any] = {
        "run_contingency_analysis_resilience_tool": run_contingency_analysis_resilience_tool(
            at=at, lost=loss, include_cascade_simulation=True
        ),
        "analyze_hub_centrality_tool": analyze_hub_centrality_tool(at=at),
        "calculate_blast_radius_tool": calculate_blast_radius_tool(at=at, lost=loss),
        "analyze_le_chatelier_tool": analyze_le_chatelier_tool(at=at, lost=loss),
        "check_utilization_threshold_tool": check_utilization_threshold_tool(at=at),
    }
    if Level[incident.severity] >= SHED_FROM:
        target = "CRITICAL" if Level[incident.severity] is Level.BLACK else ""
        found["execute_sacrifice_hierarchy_tool"] = execute_sacrifice_hierarchy_tool(
            at=at, target_level=target, lost=loss
        )
    return found


def _store(row: Incident, answers: Mapping[str, Any], found: list[Advice], *, at: dt.datetime) -> None:
    contingency, blast = answers["run_contingency_analysis_resilience_tool"], answers["calculate_blast_radius_tool"]
    timeline.save(
        row,
        by=None,
        at=at,
        why="analysed",
        analysed_at=at,
        analysis_failures=0,
        analysis={name: _kept(answer) for name, answer in answers.items()},
        impact=_impact(row, contingency, blast, answers["check_utilization_threshold_tool"]),
        snapshot=_snapshot(contingency),
        recommendations=[item.as_json() for item in found],
    )
    clock.done(row, TargetStep.ANALYSED, at=at)
    timeline.note(
        row,
        TimelineEvent.ANALYSED,
        at=at,
        text=contingency.message,
        levels={name: answer.level.name for name, answer in answers.items()},
    )
    for to in (IncidentState.TRIAGED, IncidentState.DIAGNOSED):
        if row.state in (IncidentState.DETECTED, IncidentState.TRIAGED):
            timeline.move(row, to, by=None, at=at)


def _kept(answer: Any) -> dict[str, Any]:
    """The answer without the long list of sessions: the days are stored elsewhere."""
    return {key: value for key, value in answer.as_json().items() if key != "timeline"}


def _snapshot(contingency: ContingencyAnswer) -> str:
    if contingency.start is None or contingency.end is None:
        return ""
    return schedule_digest(contingency.start, contingency.end)


def _impact(
    row: Incident, contingency: ContingencyAnswer, blast: BlastAnswer, used: UtilizationAnswer
) -> dict[str, Any]:
    """People, half-days, coverage gaps of seven days, duty-hour risk, cascade; None = unknown."""
    scenario = next(iter(contingency.scenarios), None)
    near = (contingency.start + 6 * ONE_DAY) if contingency.start else None
    gaps = [point for point in contingency.timeline if near is not None and point.date <= near and point.margin < 0]
    return {
        "people": len(row.people),
        "half_days_uncovered": scenario.uncovered
        if scenario
        else (0 if contingency.margin_safety is not None else None),
        "utilization": used.rate,
        "gaps_in_7_days": len(gaps) if contingency.timeline else None,
        "k_safety": contingency.margin_safety,
        "zones_affected": sum(zone.affected for zone in blast.zones) if blast.zones else None,
        "cascade_risk": contingency.cascade.risk if contingency.cascade else None,
        "n1": contingency.n1_compliant,
        "n2": contingency.n2_compliant,
    }


def _respond(row: Incident, *, at: dt.datetime) -> None:
    """The answer by level: advice is there; from RED on drafts; at YELLOW it is only watched."""
    severity = Level[row.severity]
    wanted = set(WRITTEN.get(severity, ())) | ({DocumentKind.MFR} if row.kind == IncidentKind.BREAKER else set())
    if any(item["key"] == "locum" and item["needs_approval"] and item.get("option") for item in row.recommendations):
        wanted.add(DocumentKind.RFF)
    have = set(row.documents.values_list("kind", flat=True))
    for kind in sorted(wanted - have):
        documents.draft(DocumentKind(kind), by=None, at=at, incident=row)
    clock.done(row, TargetStep.RESPONDED, at=at)
    count = len(row.recommendations)
    timeline.note(row, TimelineEvent.RESPONDED, at=at, text=f"{count} recommendations, {len(wanted - have)} drafts.")
    if severity is Level.YELLOW and row.state == IncidentState.DIAGNOSED and not _needs_a_person(row):
        timeline.move(row, IncidentState.MONITORING, by=None, at=at, text="Monitored by itself at YELLOW.")


def _needs_a_person(row: Incident) -> bool:
    """RED, BLACK, breaker trips, two or more people absent, violations without a fix (resilience, section 4)."""
    return row.kind in (IncidentKind.BREAKER, IncidentKind.VIOLATION, IncidentKind.ROLLBACK) or len(row.people) > 1


def _propose_by_itself(row: Incident, found: list[Advice], *, at: dt.datetime) -> None:
    """From RED on the system asks for the shedding and the plan it advises; a refusal is a line, not a failure."""
    if Level[row.severity] < PROPOSED_FROM:
        return
    for item in found:
        if item.act != "propose" or _is_asked_elsewhere(row, item):
            continue
        try:
            propose_advice(row, item.key, by=None, at=at)
        except DomainError as refusal:
            timeline.note(row, TimelineEvent.PROPOSED, at=at, text=f"{item.title}: not asked. {refusal.detail}")


def _is_asked_elsewhere(row: Incident, item: Advice) -> bool:
    """Whether the plan is for people whom another open incident is about: their own incident asks for it."""
    if not item.plan or row.kind == IncidentKind.ABSENCE:
        return False
    missing = set(FallbackPlan.objects.values_list("people", flat=True).get(pk=item.plan))
    absences = Incident.objects.open().filter(kind=IncidentKind.ABSENCE).exclude(pk=row.pk)
    return any(missing <= set(people) for people in absences.values_list("people", flat=True))


def propose_advice(incident: Incident | None, key: str, *, by: User | None, at: dt.datetime) -> Approval:
    """Ask persons for a piece of advice by its key. Raises Invalid (no such key), what proposing raises."""
    kind, _, target = key.partition(":")
    if kind == "fallback":
        plan = FallbackPlan.objects.filter(pk=target).first()
        if plan is None:
            raise Invalid("This plan is gone: analyse the incident again.")
        return approvals.propose_fallback(plan, by=by, at=at, incident=incident)
    return approvals.propose_shedding(target_level=target, by=by, at=at, incident=incident)
