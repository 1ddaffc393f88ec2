"""Tools about what stands ready: the barriers of defense, stored fallbacks, and the sacrifice hierarchy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from common.errors import Invalid
from resilience.domain.contingency import Scenario
from resilience.domain.defense import Barrier, DefenseMatrix, matrix
from resilience.domain.levels import Level, Unknown, worst
from resilience.domain.posture import Metric, Posture
from resilience.domain.shedding import ShedLevel
from resilience.enums import FallbackScenario, PlanState
from resilience.models import FallbackPlan, PostureState, SheddingExecution
from resilience.services import breaker, evidence, fallbacks, posture, shedding
from resilience.services.answers import (
    BarrierView,
    DefenseAnswer,
    EffectView,
    EvidenceView,
    FallbacksAnswer,
    OpenView,
    PersonRef,
    PlanView,
    RestoreStep,
    SheddingAnswer,
    open_views,
)
from resilience.services.readings import readings
from resilience.services.shedding import SheddingPreview
from resilience.services.tools.answering import answers, say
from resilience.services.world import Basis, NothingPublished
from schedules.enums import BreakerState

if TYPE_CHECKING:
    from accounts.models import User

SHED_LEVELS = {
    ShedLevel.YELLOW: Level.YELLOW,
    ShedLevel.ORANGE: Level.ORANGE,
    ShedLevel.RED: Level.RED,
    ShedLevel.BLACK: Level.BLACK,
    ShedLevel.CRITICAL: Level.BLACK,
}
ACTIONS = {
    Level.GREEN: "Nothing is due.",
    Level.UNKNOWN: "Find out what is unknown: see the reasons.",
    Level.YELLOW: "Look at the recommendations of the open incident.",
    Level.ORANGE: "Choose a fallback and look at the simulated shedding.",
    Level.RED: "Decide about the proposed fallback and shedding; release the situation report.",
    Level.BLACK: "Decide about the greatest shedding now; release the memorandum and the request for forces.",
}


@answers(DefenseAnswer)
def get_defense_level_tool(found: Basis) -> DefenseAnswer:
    """The level of defense by coverage, the state of every barrier by its own evidence, and the posture in force."""
    measured = readings(at=found.at)
    coverage = measured[Metric.COVERAGE]
    seen = matrix(coverage, evidence.collect(found, measured))
    state = posture.current()
    shown = posture.in_force(at=found.at)
    judged = posture.to_domain(state) if state else None
    current = seen.current
    level = worst((seen.level, shown))
    return say(
        DefenseAnswer,
        found,
        level,
        _defense_sentence(seen, shown),
        defense=None if isinstance(current, Unknown) else current.value.label,
        coverage=None if isinstance(coverage, Unknown) else coverage.value,
        posture=shown.name,
        calculated_posture=judged.level.name if judged else Level.UNKNOWN.name,
        since=judged.since if judged else None,
        trigger=_gravest(judged),
        triggers=tuple(row.key for row in judged.triggers) if judged else (),
        unknown={metric.value: reason for metric, reason in (judged.unknown or {}).items()} if judged else {},
        override=_override(state, at=found.at),
        barriers=tuple(_barrier(item) for item in seen.barriers),
        actions=tuple(_actions(seen, shown, judged, at=found.at)),
        may_lower=bool(state and posture.may_lower(state, at=found.at)),
    )


@answers(FallbacksAnswer)
def get_static_fallbacks_tool(found: Basis, *, scenario: str = "", people: Sequence[str] = ()) -> FallbacksAnswer:
    """The plans kept ready, of one kind of scenario or for exactly these people, judged against what is published."""
    if scenario and scenario not in FallbackScenario.values:
        raise Invalid(f"There is no scenario {scenario!r}. Choose one of {', '.join(FallbackScenario.values)}.")
    kept = FallbackPlan.objects.filter(scenario=scenario) if scenario else FallbackPlan.objects.all()
    plans = fallbacks.judged(kept, at=found.at)
    if people:
        plans = [plan for plan in plans if plan.people == sorted(map(str, people))]
    names = fallbacks.people_of(plans)
    states = [plan.state for plan in plans]
    counts = {state: states.count(state) for state in sorted(set(states))}
    usable = [plan for plan in plans if plan.state == PlanState.VALID]
    holes = sum(bool(plan.open_posts or plan.unresolved) for plan in usable)
    stale = counts.get(PlanState.STALE, 0)
    level = Level.UNKNOWN if not plans else Level.YELLOW if stale or holes or not usable else Level.GREEN
    return say(
        FallbacksAnswer,
        found,
        level,
        _plans_sentence(len(plans), len(usable), stale, holes),
        plans=tuple(_plan_view(plan, names) for plan in plans),
        by_state=counts,
    )


@answers(SheddingAnswer)
def execute_sacrifice_hierarchy_tool(
    found: Basis,
    *,
    target_level: str = "",
    simulate_only: bool = True,
    by: User | None = None,
    approval: Any = None,
    restore_due: dt.date | None = None,
    lost: Scenario | None = None,
) -> SheddingAnswer:
    """Which work to give up for uncovered patient care, in the fixed order; simulated unless told and approved.

    Execution needs a person's `approval` of exactly this simulation. `lost` asks what would be if people were gone
    whose absence is not approved yet: never executed.
    """
    if lost is not None and not simulate_only:
        raise Invalid("A loss that has not come is only simulated: approve the absences first.")
    try:
        seen = shedding.simulate(at=found.at, target_level=target_level, lost=lost)
    except Invalid as refusal:
        if simulate_only and isinstance(refusal.__cause__, NothingPublished):
            raise refusal.__cause__ from None
        raise
    if simulate_only:
        return _shedding_answer(found, seen, execution=None)
    if by is None or approval is None:
        raise Invalid("Shedding needs the approval of the right people. Propose it, and have it approved.")
    level = target_level or (seen.plan.level.name if seen.plan.level else "")
    row = shedding.execute(
        target_level=level, shown=seen.fingerprint, approval=approval, by=by, at=found.at, restore_due=restore_due
    )
    return _shedding_answer(found, seen, execution=row)


def _barrier(item: Barrier) -> BarrierView:
    return BarrierView(
        item.defense.name,
        item.defense.value,
        item.state.value,
        tuple(
            EvidenceView(piece.what, None, piece.holds.reason)
            if isinstance(piece.holds, Unknown)
            else EvidenceView(piece.what, piece.holds.value)
            for piece in item.evidence
        ),
    )


def _defense_sentence(seen: DefenseMatrix, shown: Level) -> str:
    current = seen.current
    reached = current.reason if isinstance(current, Unknown) else f"Coverage is held at {current.value.label}."
    return f"Posture {shown.name}. {reached}"


def _gravest(judged: Posture | None) -> str:
    if judged is None:
        return "Never evaluated."
    if judged.triggers:
        return max(judged.triggers, key=lambda row: row.level).key
    return "; ".join(f"{metric.value} unknown" for metric in judged.unknown or {})


def _override(state: PostureState | None, *, at: dt.datetime) -> str:
    if state is None or state.override_until is None or state.override_until <= at:
        return ""
    until = timezone.localtime(state.override_until)
    return f"{state.override_level} until {until:%d %b %H:%M}: {state.override_reason}"


def _actions(seen: DefenseMatrix, shown: Level, judged: Posture | None, *, at: dt.datetime) -> Iterator[str]:
    """What is due, the most urgent first."""
    row = breaker.current()
    if row.state == BreakerState.OPEN:
        yield f"The circuit breaker is open: {row.cause}"
    yield ACTIONS[shown]
    for barrier in seen.barriers:
        for piece in barrier.evidence:
            if not isinstance(piece.holds, Unknown) and not piece.holds.value:
                yield f"{barrier.defense.name} lacks: {piece.what[0].lower()}{piece.what[1:]}."
    if judged is not None and judged.level in (Level.RED, Level.BLACK) and judged.may_lower(at):
        yield "The posture may be lowered by the program director."


_ONE_PLAN = {True: "The plan can be used.", False: "The plan cannot be used: it waits for the next computation."}


def _plans_sentence(count: int, usable: int, stale: int, holes: int) -> str:
    if not count:
        return "No plan is stored: they are made every night and after every publish."
    parts = [f"Of {count} plans {usable} can be used." if count > 1 else _ONE_PLAN[bool(usable)]]
    if stale and count > 1:
        parts.append(f"Stale and waiting for the next computation: {stale}.")
    if holes:
        parts.append(f"With posts open or rules broken: {holes}.")
    return " ".join(parts)


def _plan_view(plan: FallbackPlan, names: dict[str, str]) -> PlanView:
    def refs(people: list[str]) -> tuple[PersonRef, ...]:
        return tuple(PersonRef(person, names.get(person, "a former member")) for person in people)

    return PlanView(
        id=str(plan.pk),
        scenario=plan.scenario,
        people=refs(plan.people),
        start=plan.start_date,
        end=plan.end_date,
        state=plan.state,
        coverage=plan.filled / plan.demanded if plan.demanded else None,
        moved=refs(plan.moved),
        changes=len(plan.changes),
        open=tuple(
            OpenView(dt.date.fromisoformat(day), session, post, missing)
            for day, session, post, missing in plan.open_posts
        ),
        unresolved=tuple(plan.unresolved),
        assumptions=tuple(plan.assumptions),
        computed_at=plan.computed_at,
        fingerprint=fallbacks.fingerprint(plan),
    )


def _shedding_answer(found: Basis, seen: SheddingPreview, *, execution: SheddingExecution | None) -> SheddingAnswer:
    plan = seen.plan
    needed = bool(plan.effects)
    return say(
        SheddingAnswer,
        found,
        _shedding_level(seen),
        _shedding_sentence(seen),
        world=seen.world,
        simulated=execution is None,
        needed=needed,
        smallest=plan.smallest.name if plan.smallest else None,
        chosen=plan.level.name if plan.level else None,
        effects=tuple(
            EffectView(item.level.name, item.filled, item.shed, item.missing, open_views(item.gaps))
            for item in plan.effects
        ),
        freed=dict(plan.freed),
        changes=seen.world.cells(seen.changes),
        gaps=open_views(plan.gaps),
        restore_plan=tuple(
            RestoreStep(level.name, len(changes)) for level, changes in plan.restore_steps(seen.world.problem)
        ),
        fingerprint=seen.fingerprint,
        execution=str(execution.pk) if execution else None,
        in_force=tuple(str(row.pk) for row in shedding.in_force()),
    )


def _shedding_level(seen: SheddingPreview) -> Level:
    plan = seen.plan
    if not plan.effects:
        return Level.GREEN
    return SHED_LEVELS[plan.smallest] if plan.smallest else Level.BLACK


def _shedding_sentence(seen: SheddingPreview) -> str:
    plan = seen.plan
    if not plan.effects:
        return "No patient care is uncovered: nothing has to be given up."
    if plan.smallest:
        return f"{plan.smallest.name} is the smallest level that fills all uncovered patient care."
    open_posts = sum(gap.missing for gap in plan.gaps)
    return f"No level fills everything: {open_posts} posts stay open at {plan.level.name if plan.level else 'none'}."
