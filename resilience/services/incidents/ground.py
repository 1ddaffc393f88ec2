"""What is looked up for an incident beside the tools: whom it is about, plans for them, plans for the next loss."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import structlog
from django.db.models import Q
from django.utils import timezone

from common.errors import DomainError
from resilience.domain.contingency import Scenario
from resilience.domain.levels import Level
from resilience.enums import FallbackScenario, IncidentKind, PlanState
from resilience.models import FallbackPlan, Incident
from resilience.services import fallbacks
from resilience.services.answers import ContingencyAnswer
from resilience.services.forces import Requirement, requirement
from resilience.services.incidents.advice import Ground
from resilience.services.world import NothingPublished, basis
from schedules.domain.problem import PersonId
from schedules.enums import AbsenceKind, AbsenceStatus
from schedules.models import Absence

log = structlog.get_logger(__name__)

SCENARIOS = {1: FallbackScenario.SINGLE_ABSENCE, 2: FallbackScenario.DUAL_ABSENCE}
"""By the number of people who are missing; more are a deployment."""
AT_ONCE = frozenset({AbsenceKind.SICK, AbsenceKind.EMERGENCY})
"""Kinds of absence that are reckoned with when reported; every other kind when it is granted."""
ATTACHED_FROM = Level.ORANGE
"""From which severity fallbacks are attached, whatever the incident is about (resilience, section 4)."""
ATTACHED = 3
"""Standing plans that are attached: the gravest losses."""


def ground_of(incident: Incident, contingency: ContingencyAnswer, *, at: dt.datetime) -> Ground:
    """The plans, the absence and the requirement that advice rests on, made or looked up now."""
    several = len(incident.people) > 1
    attaches = Level[incident.severity] >= ATTACHED_FROM
    plan = _plan(incident, at=at)
    return Ground(
        plan=plan,
        hurdle=fallbacks.hurdle(plan, at=at) if plan is not None else "",
        ready=_ready(contingency, at=at) if attaches and not incident.people else (),
        absence=incident.absences.order_by("-computed_at").first(),
        needs=_needs(incident, at=at) if several else None,
    )


def scenario_name(count: int) -> FallbackScenario:
    """The scenario that so many missing people make."""
    return SCENARIOS.get(count, FallbackScenario.DEPLOYMENT)


def loss_of(incident: Incident, *, at: dt.datetime) -> Scenario | None:
    """The people whom the incident misses, gone on its dates from today on; None where it misses nobody then."""
    today = timezone.localdate(at)
    if not incident.people or incident.start_date is None or incident.end_date is None or incident.end_date < today:
        return None
    name = scenario_name(len(incident.people)).value
    return Scenario(name, frozenset(incident.people), max(incident.start_date, today), incident.end_date)


def _plan(incident: Incident, *, at: dt.datetime) -> FallbackPlan | None:
    """The plan for exactly those who are missing, made now; None where nobody is or none can be made."""
    loss = loss_of(incident, at=at)
    if Level[incident.severity] < ATTACHED_FROM and incident.kind != IncidentKind.ABSENCE:
        return None
    loss = _by_absence(incident, loss) if loss is not None else _missing_now(at)
    if loss is None:
        return None
    try:
        return fallbacks.make(loss.name, loss.lost, loss.start, loss.end, at=at, gone=loss.gone)
    except DomainError as refusal:
        log.info("no_fallback", incident=incident.number, code=refusal.code)
        return None


def _by_absence(incident: Incident, loss: Scenario) -> Scenario | None:
    """The loss with each person gone on the days of their own absence, so that the plan gives nobody else leave.

    Whoever an absence incident names without an absence any more is back; of another incident they are gone throughout.
    None where nobody is left.
    """
    counts = Q(status=AbsenceStatus.APPROVED) | Q(status=AbsenceStatus.REQUESTED, kind__in=AT_ONCE)
    rows = Absence.objects.filter(
        counts, person_id__in=loss.lost, start_date__lte=loss.end, end_date__gte=loss.start
    ).values_list("person_id", "start_date", "end_date")
    gone = [(str(person), max(first, loss.start), min(last, loss.end)) for person, first, last in rows]
    if incident.kind != IncidentKind.ABSENCE:
        gone += [(person, loss.start, loss.end) for person in loss.lost - {person for person, _, _ in gone}]
    if not gone:
        return None
    lost = frozenset(person for person, _, _ in gone)
    start, end = min(first for _, first, _ in gone), max(last for _, _, last in gone)
    together = all((first, last) == (start, end) for _, first, last in gone)
    return Scenario(scenario_name(len(lost)).value, lost, start, end, () if together else tuple(sorted(gone)))


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


def _needs(incident: Incident, *, at: dt.datetime) -> Requirement | None:
    try:
        return requirement(incident.people, incident.start_date, incident.end_date, at=at)
    except NothingPublished:
        return None
