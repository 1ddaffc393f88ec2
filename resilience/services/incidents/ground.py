"""What is looked up for an incident beside the tools: whom it is about, plans for them, plans for the next loss."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import structlog

from common.errors import DomainError
from resilience.domain.contingency import Scenario
from resilience.domain.levels import Level
from resilience.enums import IncidentKind, PlanState
from resilience.models import FallbackPlan, Incident
from resilience.services import fallbacks
from resilience.services.answers import ContingencyAnswer
from resilience.services.forces import Requirement, requirement
from resilience.services.incidents.advice import Ground
from resilience.services.loss import scenario_name
from resilience.services.world import NothingPublished, basis
from schedules.domain.problem import PersonId

log = structlog.get_logger(__name__)

ATTACHED_FROM = Level.ORANGE
"""From which severity fallbacks are attached, whatever the incident is about (resilience, section 4)."""
ATTACHED = 3
"""Standing plans that are attached: the gravest losses."""


def ground_of(incident: Incident, loss: Scenario | None, contingency: ContingencyAnswer, *, at: dt.datetime) -> Ground:
    """The plans, the absence and the requirement that advice rests on, made or looked up now; `loss` is its own."""
    several = len(incident.people) > 1
    attaches = Level[incident.severity] >= ATTACHED_FROM
    plan = _plan(incident, loss, at=at)
    return Ground(
        plan=plan,
        hurdle=fallbacks.hurdle(plan, at=at) if plan is not None else "",
        ready=_ready(contingency, at=at) if attaches and not incident.people else (),
        absence=incident.absences.order_by("-computed_at").first(),
        needs=_needs(loss, at=at) if several else None,
    )


def _plan(incident: Incident, loss: Scenario | None, *, at: dt.datetime) -> FallbackPlan | None:
    """The plan for exactly those who are missing, made now; None where nobody is or none can be made."""
    if Level[incident.severity] < ATTACHED_FROM and incident.kind != IncidentKind.ABSENCE:
        return None
    loss = loss or (None if incident.people else _missing_now(at))
    if loss is None:
        return None
    try:
        return fallbacks.make(loss.name, loss.lost, loss.start, loss.end, at=at, gone=loss.gone)
    except DomainError as refusal:
        log.info("no_fallback", incident=incident.number, code=refusal.code)
        return None


def _missing_now(at: dt.datetime) -> Scenario | None:
    """Who is on approved leave while the published cells still hold work for them: the dates that miss the most."""
    found = basis(at)
    try:
        world = found.horizon(found.policy.margin_days)
    except NothingPublished:
        return None
    days: dict[PersonId, set[dt.date]] = defaultdict(set)
    for slot, code in world.published:
        if world.problem.activities[code].is_duty and world.problem.is_absent(slot.person, slot.day):
            days[slot.person].add(slot.day)
    together: dict[tuple[dt.date, dt.date], set[PersonId]] = defaultdict(set)
    for person, gone in days.items():
        together[min(gone), max(gone)].add(person)
    if not together:
        return None
    (start, end), lost = max(together.items(), key=lambda item: (len(item[1]), item[0][1] - item[0][0], item[0][0]))
    return Scenario(scenario_name(len(lost)).value, frozenset(lost), start, end)


def _ready(contingency: ContingencyAnswer, *, at: dt.datetime) -> list[FallbackPlan]:
    """Valid standing plans for the losses that hurt most: one critical person, else two of a fatal group.

    The gravest losses first; of those that are equally grave, the plan that leaves the least open.
    """
    single = {frozenset({item.person.id}): item.uncovered for item in contingency.critical}
    groups = [(frozenset(ref.id for ref in group.people), group.sessions) for group in contingency.fatal_groups]
    graded: list[tuple[int, FallbackPlan]] = []
    for plan in fallbacks.judged(FallbackPlan.objects.filter(state=PlanState.VALID), at=at):
        people = frozenset(plan.people)
        grave = single.get(people) or (
            max((sessions for group, sessions in groups if people <= group), default=0) if len(people) == 2 else 0
        )
        if grave and plan.state == PlanState.VALID:
            graded.append((grave, plan))
    graded.sort(key=lambda item: (-item[0], len(item[1].open_posts), len(item[1].changes), item[1].key))
    return [plan for _, plan in graded[:ATTACHED]]


def _needs(loss: Scenario | None, *, at: dt.datetime) -> Requirement | None:
    try:
        return requirement(loss, at=at)
    except NothingPublished:
        return None
