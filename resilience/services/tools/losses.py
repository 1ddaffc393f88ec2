"""Tools about losing people: contingencies with proof or witness, cascades, hubs, and whom to train."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from common.errors import Invalid
from resilience.domain import contingency as domain
from resilience.domain.contingency import Cascade, Contingency, Scenario
from resilience.domain.hubs import hubs, trainings
from resilience.domain.levels import Level, Measured, Reading, Unknown, worst
from resilience.domain.posture import TRIGGERS, Metric
from resilience.services.absence_rate import observed
from resilience.services.answers import (
    CascadeDayView,
    CascadeView,
    ContingencyAnswer,
    CriticalView,
    GroupView,
    HubsAnswer,
    HubView,
    LossView,
    MarginPoint,
    ScenarioView,
    TrainingView,
    open_views,
)
from resilience.services.tools.answering import answers, say
from resilience.services.world import Basis, World
from schedules.domain.margins import Scope
from schedules.domain.problem import ShedTier

CASCADE_LEVELS = {
    domain.CascadeRisk.LOW: Level.GREEN,
    domain.CascadeRisk.MEDIUM: Level.ORANGE,
    domain.CascadeRisk.HIGH: Level.RED,
}
SHOWN_GROUPS = 20


@answers(ContingencyAnswer)
def run_contingency_analysis_resilience_tool(
    found: Basis,
    *,
    scenario: str = "",
    people: Sequence[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
    analyze_n1: bool = True,
    analyze_n2: bool = True,
    include_cascade_simulation: bool = False,
    lost: Scenario | None = None,
) -> ContingencyAnswer:
    """What the horizon survives: k* by session, single losses, pairs, and the end of one scenario.

    `scenario` names a cohort of the policy where no `people` are given; its dates are the horizon's by default. `lost`
    is a scenario in which each person may be gone on their own dates. The cascade lives the scenario through day by
    day; without one, the gravest single loss.
    """
    world = _world_for(found, lost.start if lost else start, lost.end if lost else end)
    report = world.margins
    lowest = report.lowest(Scope.SAFETY)
    if lowest is None:
        return say(ContingencyAnswer, found, Level.UNKNOWN, "Nothing is demanded on these dates.", world=world)
    wanted = lost or _named(found, world, scenario, people, start=start, end=end)
    outcomes = _outcomes(world, wanted)
    critical = domain.critical_people(report) if analyze_n1 else ()
    groups = domain.fatal_groups(report) if analyze_n2 else ()
    pairs = domain.pair_losses(report) if analyze_n2 else {}
    rate = observed(found)
    expected = domain.expected_uncovered(report, rate)
    cascade = _cascade(world, outcomes) if include_cascade_simulation else None
    everybody = len(report.people)
    level = worst(
        (
            _margin_level(report.lowest(Scope.ALL), lowest),
            *(domain.OUTCOME_LEVELS[item.outcome] for item in outcomes),
            *((CASCADE_LEVELS[cascade.risk],) if cascade else ()),
        )
    )
    return say(
        ContingencyAnswer,
        found,
        level,
        _sentence(lowest, len(critical), outcomes),
        world=world,
        margin_safety=lowest,
        margin_all=report.lowest(Scope.ALL),
        n1_compliant=report.n1_compliant,
        n2_compliant=report.n2_compliant,
        timeline=tuple(
            MarginPoint(
                item.day,
                item.session.value,
                item.margin,
                item.certificate,
                world.refs(item.people),
                world.refs(item.critical),
            )
            for item in report.timeline(Scope.SAFETY)
        ),
        critical=tuple(CriticalView(world.ref(person), count) for person, count in critical),
        fatal_groups=tuple(GroupView(world.refs(group), sessions) for group, sessions in groups[:SHOWN_GROUPS]),
        pairs_analysed=everybody * (everybody - 1) // 2 if analyze_n2 else 0,
        fatal_pairs=len(pairs),
        scenarios=tuple(_scenario_view(world, item) for item in outcomes),
        cascade=_cascade_view(world, cascade) if cascade else None,
        absence_rate=_value(rate),
        expected_uncovered=_value(expected),
        expected_reason=expected.reason if isinstance(expected, Unknown) else "",
        unknown_count=sum(item.outcome is domain.Outcome.UNKNOWN for item in outcomes),
    )


@answers(HubsAnswer)
def analyze_hub_centrality_tool(found: Basis) -> HubsAnswer:
    """Whom the horizon leans on, by what their loss leaves uncovered, and the cross-trainings with the exact gain."""
    world = found.horizon()
    ranked = hubs(world.margins)
    if not ranked:
        return say(HubsAnswer, found, Level.UNKNOWN, "No attending is demanded on these dates.", world=world)
    gains = trainings(world.margins)
    gravest = [hub for hub in ranked if hub.uncovered]
    level = Level.ORANGE if gravest else Level.YELLOW if any(hub.fatal_sessions for hub in ranked) else Level.GREEN
    message = (
        f"{len(gravest)} people whose loss alone leaves posts open."
        if gravest
        else "No single loss leaves a post open."
    )
    return say(
        HubsAnswer,
        found,
        level,
        message,
        world=world,
        hubs=tuple(
            HubView(world.ref(hub.person), hub.uncovered, hub.fatal_sessions, hub.degree, hub.betweenness)
            for hub in ranked
        ),
        trainings=tuple(
            TrainingView(
                world.ref(item.person),
                item.post,
                item.margin_before,
                item.margin_after,
                item.uncovered_before,
                item.uncovered_after,
            )
            for item in gains
        ),
    )


def _world_for(found: Basis, start: dt.date | None, end: dt.date | None) -> World:
    """The horizon, lengthened where the scenario goes beyond it."""
    if start is not None and end is not None and end < start:
        raise Invalid("The last day is before the first day.")
    days = found.policy.horizon_days
    if end is not None:
        days = max(days, (end - found.today).days + 1)
    if days > 366:
        raise Invalid("The scenario lies more than a year ahead.")
    return found.horizon(days)


def _named(
    found: Basis, world: World, name: str, people: Sequence[str], *, start: dt.date | None, end: dt.date | None
) -> Scenario | None:
    """The scenario of these arguments; None where neither people nor a cohort are named."""
    if not name and not people:
        return None
    lost = frozenset(map(str, people or found.policy.cohorts.get(name, ())))
    return Scenario(name or "absence", lost, max(start or world.start, world.start), end or world.asked_end)


def _outcomes(world: World, wanted: Scenario | None) -> tuple[Contingency, ...]:
    if wanted is None:
        return ()
    if not wanted.lost:
        reason = f"Nobody is named for {wanted.name!r}: name people, or enter the cohort in the resilience policy."
        return (Contingency(wanted, domain.Outcome.UNKNOWN, reason=reason),)
    inside = wanted.within(world.start, world.end)
    if inside is None:
        return (Contingency(wanted, domain.Outcome.UNKNOWN, reason="Nothing is published on these dates."),)
    return (domain.contingency(world.problem, world.roster, inside),)


def _cascade(world: World, outcomes: tuple[Contingency, ...]) -> Cascade | None:
    """Of the scenario, else of the gravest single loss: by what it opens, fatal groups, duties held. None of nobody."""
    named = outcomes[0].scenario if outcomes else None
    if named is None:
        held = Counter(
            slot.person
            for slot, code in world.roster
            if world.problem.activities[code].shed_tier is ShedTier.PATIENT_SAFETY
        )
        ranked = sorted(hubs(world.margins), key=lambda hub: (-hub.uncovered, -hub.fatal_sessions, -held[hub.person]))
        lost = frozenset(hub.person for hub in ranked[:1])
        named = Scenario("single_absence", lost, world.start, world.end)
    if not named.lost or not named.lost <= world.problem.person.keys():
        return None
    return domain.cascade(world.problem, world.roster, named)


def _margin_level(margin_all: int | None, margin_safety: int) -> Level:
    """By the rows of the posture's table that speak of margins alone."""
    measured: dict[Metric, Reading[float]] = {Metric.MARGIN_SAFETY: Measured(float(margin_safety))}
    if margin_all is not None:
        measured[Metric.MARGIN_ALL] = Measured(float(margin_all))
    return worst((Level.GREEN, *(row.level for row in TRIGGERS if row.fires(measured))))


def _value(reading: Reading[float]) -> float | None:
    return None if isinstance(reading, Unknown) else reading.value


def _sentence(lowest: int, critical: int, outcomes: tuple[Contingency, ...]) -> str:
    survives = f"Every session survives the loss of any {lowest}." if lowest > 0 else ""
    nothing = "Some sessions survive no loss." if lowest == 0 else ""
    fails = f"{critical} people whose loss alone leaves a post open." if critical else ""
    ends = " ".join(f"{item.scenario.name}: {item.outcome.value}. {item.reason}".strip() for item in outcomes)
    opened = "Posts are open that nobody can fill." if lowest < 0 else ""
    return " ".join(part for part in (opened, survives, nothing, fails, ends) if part)


def _scenario_view(world: World, item: Contingency) -> ScenarioView:
    return ScenarioView(
        name=item.scenario.name,
        people=world.refs(item.scenario.lost),
        start=item.scenario.start,
        end=item.scenario.end,
        losses=tuple(
            LossView(world.ref(loss.person), loss.start, loss.end)
            for loss in sorted(item.scenario.losses, key=lambda loss: (loss.start, loss.end, loss.person))
        ),
        outcome=item.outcome.value,
        reason=item.reason,
        uncovered=item.uncovered,
        certificates=tuple(found.certificate for found in item.certificates),
        witness=world.cells(item.witness),
    )


def _cascade_view(world: World, cascade: Cascade) -> CascadeView:
    return CascadeView(
        risk=cascade.risk.value,
        dropped=world.refs(cascade.dropped),
        first_open=cascade.first_open,
        days=tuple(
            CascadeDayView(item.day, open_views(item.open), world.refs(item.dropped))
            for item in cascade.days
            if item.open or item.dropped
        ),
    )
