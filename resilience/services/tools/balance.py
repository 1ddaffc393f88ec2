"""Tools about what keeps the program steady: loops and strain, the coordinator's load, readiness."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from resilience.domain.homeostasis import BANDS, Band, Loop, LoopState, Reported, level_of, loops
from resilience.domain.levels import Level, Reading, Unknown, worst
from resilience.domain.readiness import Area
from resilience.domain.workload import Decision, workload
from resilience.enums import DocumentKind
from resilience.services import breaker, measurements, strain
from resilience.services.answers import (
    AreaView,
    BatchView,
    DecisionView,
    HomeostasisAnswer,
    LoadAnswer,
    LoopView,
    ReadinessAnswer,
    StrainView,
)
from resilience.services.readiness import Worksheet, worksheet
from resilience.services.tools.answering import answers, say
from resilience.services.world import Basis, World
from schedules.models import ProgramPolicy
from schedules.services.decisions import PendingDecision, pending_decisions

if TYPE_CHECKING:
    from accounts.models import User

CORRECTIONS = {
    Loop.COVERAGE: "Fill open demand: backup pool, then a fallback.",
    Loop.UTILIZATION: "Take demand away or add people: the buffer to 80 % is used up.",
    Loop.WORKLOAD_SPREAD: "Even the residents' hours out: move clinics from the busiest to the least busy.",
    Loop.STABILITY: "Stop changing published days: gather changes into the next draft.",
    Loop.COMPLIANCE: "Correct the hard findings of the published schedule.",
}


@answers(HomeostasisAnswer)
def analyze_homeostasis_tool(found: Basis) -> HomeostasisAnswer:
    """Whether each loop of the program is in its band, by daily measurements, and who is under strain."""
    world = found.horizon()
    spread = Band(found.policy.spread_setpoint, found.policy.spread_width, high_is_bad=True)
    reported = loops(measurements.history(at=found.at), spread=spread)
    bands = {**BANDS, Loop.WORKLOAD_SPREAD: spread}
    strains = strain.of_everybody(world, at=found.at, limits=found.policy.strain_limits)
    strained = [(person, item) for person, item in strains.items() if len(item.over) >= found.policy.strained_from]
    unknown = sum(bool(item.unknown) for item in strains.values())
    out = [item for item in reported if item.state in (LoopState.DRIFTING, LoopState.OUT_OF_BAND)]
    level = worst(
        (
            level_of(reported),
            Level.YELLOW if strained else Level.GREEN,
            Level.UNKNOWN if unknown or not strains else Level.GREEN,
        )
    )
    return say(
        HomeostasisAnswer,
        found,
        level,
        _loops_sentence(reported, len(strained)),
        world=world,
        loops=tuple(_loop_view(item, bands[item.loop]) for item in reported),
        strained=_strain_views(world, strained),
        strain_unknown=unknown,
        measured_people=len(strains),
        corrections=tuple(CORRECTIONS[item.loop] for item in out),
    )


@answers(LoadAnswer)
def assess_cognitive_load_tool(found: Basis) -> LoadAnswer:
    """What waits for the coordinator, how long it takes, and what the deputy could be offered."""
    waiting = pending_decisions(found.at)
    minutes = found.policy.decision_minutes
    queue = [Decision(item.key, item.kind, item.due, minutes.get(item.kind)) for item in waiting]
    load = workload(queue, at=found.at)
    by_key = {item.key: item for item in waiting}
    deputy = _deputy()
    missing = load.minutes is None
    return say(
        LoadAnswer,
        found,
        worst((load.level, Level.UNKNOWN if missing else Level.GREEN)),
        _load_sentence(load.pending, len(load.overdue), load.minutes, offered=len(load.reroute), deputy=deputy),
        pending=load.pending,
        overdue=tuple(_decision(by_key[item.key], item) for item in load.overdue),
        minutes=load.minutes,
        clear_at=None if load.minutes is None else found.at + dt.timedelta(minutes=load.minutes),
        queue=tuple(_decision(by_key[item.key], item) for item in queue),
        batches=tuple(
            BatchView(batch.kind, len(batch.decisions), _minutes([item.minutes for item in batch.decisions]))
            for batch in load.batches
        ),
        reroute=tuple(_decision(by_key[item.key], item) for item in load.reroute),
        deputy=deputy,
    )


@answers(ReadinessAnswer)
def check_mtf_compliance_tool(
    found: Basis, *, generate_sitrep: bool = False, by: User | None = None
) -> ReadinessAnswer:
    """The readiness worksheet, an internal draft: people, supervision, required experience, and the worst as C.

    `generate_sitrep` drafts a situation report for people to review, sign and release.
    """
    sheet = worksheet(at=found.at)
    rated = sheet.readiness
    overall = rated.overall
    row = breaker.current()
    drafts: tuple[str, ...] = ()
    if generate_sitrep:
        # Imported when needed: documents quote the tools.
        from resilience.services import documents

        drafts = (str(documents.draft(DocumentKind.SITREP, by=by, at=found.at).pk),)
    return say(
        ReadinessAnswer,
        found,
        rated.level,
        _readiness_sentence(overall),
        world=sheet.world,
        areas=tuple(_area(sheet, area) for area in Area),
        overall=None if isinstance(overall, Unknown) else overall.value,
        deficiencies=tuple(_deficiencies(sheet)),
        breaker=row.state,
        breaker_cause=row.cause,
        hard_violations=breaker.unresolved(found.today),
        drafts=drafts,
    )


def _loop_view(item: Reported, band: Band) -> LoopView:
    return LoopView(
        loop=item.loop.value,
        state=item.state.value,
        value=_value(item.value),
        average=_value(item.average),
        trend=_value(item.trend),
        setpoint=band.setpoint,
        width=band.width,
        reason=item.value.reason if isinstance(item.value, Unknown) else "",
    )


def _strain_views(world: World, strained: list[tuple[str, strain.Strain]]) -> tuple[StrainView, ...]:
    return tuple(
        StrainView(
            world.ref(person),
            None if isinstance(item.count, Unknown) else item.count.value,
            tuple(sign.value for sign in item.over),
            tuple(sign.value for sign in item.unknown),
        )
        for person, item in sorted(strained, key=lambda pair: (-len(pair[1].over), pair[0]))
    )


def _loops_sentence(reported: tuple[Reported, ...], strained: int) -> str:
    states = {state: [item.loop.value for item in reported if item.state is state] for state in LoopState}
    parts = [
        f"Out of band: {', '.join(states[LoopState.OUT_OF_BAND])}." if states[LoopState.OUT_OF_BAND] else "",
        f"Drifting: {', '.join(states[LoopState.DRIFTING])}." if states[LoopState.DRIFTING] else "",
        f"In band again, not yet on average: {', '.join(states[LoopState.RETURNING])}."
        if states[LoopState.RETURNING]
        else "",
        f"Not measured: {', '.join(states[LoopState.UNKNOWN])}." if states[LoopState.UNKNOWN] else "",
        f"{strained} people are under strain." if strained else "",
    ]
    return " ".join(part for part in parts if part) or "Every loop is in its band and nobody is under strain."


def _deputy() -> str:
    policy = ProgramPolicy.objects.filter(pk=1).select_related("deputy").first()
    deputy = policy.deputy if policy else None
    return str(deputy) if deputy is not None else ""


def _decision(waiting: PendingDecision, item: Decision) -> DecisionView:
    return DecisionView(item.key, item.kind, waiting.title, waiting.url, item.due, item.minutes)


def _minutes(estimates: list[int | None]) -> int | None:
    known = [minutes for minutes in estimates if minutes is not None]
    return sum(known) if len(known) == len(estimates) else None


def _load_sentence(pending: int, overdue: int, minutes: int | None, *, offered: int, deputy: str) -> str:
    takes = "nobody has estimated how long a kind of them takes" if minutes is None else f"about {minutes} minutes"
    parts = [f"{pending} decisions wait, {takes}." if pending else "Nothing waits for a decision."]
    if overdue:
        parts.append(f"{overdue} are overdue.")
    if offered:
        parts.append(f"{offered} can be offered to {deputy or 'a deputy, whom the program policy does not name yet'}.")
    return " ".join(parts)


def _area(sheet: Worksheet, area: Area) -> AreaView:
    measured = sheet.measured[area]
    rating = sheet.as_measured.ratings[area]
    adjusted = sheet.adjustments.get(area)
    own = None if isinstance(rating, Unknown) else rating.value
    return AreaView(
        area=area.name,
        name=area.value,
        measured=own,
        rating=adjusted.rating if adjusted else own,
        filled=None if isinstance(measured, Unknown) else measured.value.filled,
        demanded=None if isinstance(measured, Unknown) else measured.value.demanded,
        reason=measured.reason if isinstance(measured, Unknown) else "",
        adjusted_by=str(adjusted.by or "a former user") if adjusted else "",
        adjustment_reason=adjusted.reason if adjusted else "",
    )


def _deficiencies(sheet: Worksheet) -> list[str]:
    found = []
    for area in Area:
        rating, measured = sheet.readiness.ratings[area], sheet.measured[area]
        if isinstance(rating, Unknown):
            found.append(f"{area.value}: not measured. {rating.reason}")
        elif rating.value > 1 and not isinstance(measured, Unknown):
            share = measured.value
            found.append(f"{area.value}: {share.filled} of {share.demanded} ({area.name}-{rating.value}).")
    return found


def _readiness_sentence(overall: Reading[int]) -> str:
    return overall.reason if isinstance(overall, Unknown) else f"Readiness is C-{overall.value} (internal draft)."


def _value(reading: Reading[float]) -> float | None:
    return None if isinstance(reading, Unknown) else reading.value
