"""Plans kept ready: made again every night and after every publish, judged against what is published now, activated."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from common.errors import DomainError, Invalid
from common.models import signed
from resilience.domain import fallbacks as domain
from resilience.domain.contingency import Scenario
from resilience.domain.covering import Loss, new_hard
from resilience.enums import FallbackScenario, PlanState
from resilience.models import FallbackPlan
from resilience.services.answers import CellView
from resilience.services.world import NothingPublished, World, basis, load
from resilience.signals import fallback_activated
from schedules.domain.changes import CellChange
from schedules.domain.codes import LEAVE_CODE
from schedules.domain.problem import ONE_DAY, PersonId, Session
from schedules.domain.roster import Roster, Slot, Source
from schedules.domain.rules import check
from schedules.models import Person
from schedules.services import published
from schedules.services.confirmation import digest
from schedules.services.gate import open_gate

ACTION = "fallback"
PART = 10
"""Plans made in one go of the queue."""


class PlanRefused(DomainError):
    """The plan may not be used as things stand; `code` says why."""

    code = "plan_stale"


@dataclass(frozen=True)
class FallbackPreview:
    """What activating a plan would do now."""

    plan: FallbackPlan
    state: PlanState
    changes: tuple[CellView, ...]
    refusal: str
    """Why it cannot be activated; '' where it can."""
    new_hard: tuple[str, ...]
    """Hard findings that it would bring."""


def recompute(*, at: dt.datetime) -> int:
    """Make all standing plans anew from today on; returns how many.

    One for each person absent, each fatal pair and each named cohort. What no longer is a scenario goes; activated
    plans stay for the record.
    """
    first: int | None = 0
    while first is not None:
        first = recompute_part(at=at, first=first)
    return FallbackPlan.objects.filter(computed_at=at).count()


def recompute_part(*, at: dt.datetime, first: int = 0, count: int = PART) -> int | None:
    """Make some of the standing plans anew, from the first-th scenario on; where to go on, None = done.

    In parts, so that what is urgent does not wait in the queue behind a whole night's plans.
    """
    world, wanted = _standing(at)
    if first == 0:
        _drop_standing({_standing_key(scenario) for scenario in wanted})
    if world is not None:
        for scenario in wanted[first : first + count]:
            row = _plan(world, scenario, key=_standing_key(scenario), at=at)
            with transaction.atomic():
                _replace(row, at=at)
    if first + count < len(wanted):
        return first + count
    refresh(at=at)
    return None


def _standing(at: dt.datetime) -> tuple[World | None, list[Scenario]]:
    """The published horizon and the scenarios for which plans are kept, always in the same order."""
    found = basis(at)
    end = found.today + (found.policy.horizon_days - 1) * ONE_DAY
    try:
        world = _world(found.today, end)
    except NothingPublished:
        return None, []
    cohorts = _cohorts(found.policy.cohorts, world)
    return world, list(domain.scenarios(world.margins, found.today, min(world.end, end), cohorts=cohorts))


def make(
    scenario: str,
    people: Collection[PersonId],
    start: dt.date,
    end: dt.date,
    *,
    at: dt.datetime,
    gone: tuple[Loss, ...] = (),
) -> FallbackPlan:
    """Make and keep the plan for these people gone on these dates (both included), or each on the dates of `gone`.

    Raises `Invalid`: no such scenario, nobody named, people unknown, dates over or not published.
    """
    if scenario not in FallbackScenario.values:
        raise Invalid(f"There is no scenario {scenario!r}. Choose one of {', '.join(FallbackScenario.values)}.")
    lost = frozenset(people)
    if not lost:
        raise Invalid("Name the people who are lost.")
    first = max(start, timezone.localdate(at))
    if end < first:
        raise Invalid("These dates are over: choose dates from today on.")
    try:
        world = _world(first, end)
    except NothingPublished as missing:
        raise Invalid(str(missing)) from missing
    if not lost <= world.problem.person.keys():
        raise Invalid("Some of these people are not in the program: choose active people.")
    wanted = Scenario(scenario, lost, first, min(end, world.end), gone)
    row = _plan(world, wanted, key=_key(wanted, first, end, *chain.from_iterable(gone)), at=at)
    with transaction.atomic():
        return _replace(row, at=at)


def refresh(*, at: dt.datetime) -> Mapping[str, int]:
    """Bring the state of every plan up to date with what is published; how many are in each."""
    today = timezone.localdate(at)
    worlds: Worlds = {}
    counts: dict[str, int] = {}
    for row in FallbackPlan.objects.exclude(state=PlanState.ACTIVATED):
        state = _state(row, today, worlds)
        counts[state.value] = counts.get(state.value, 0) + 1
        if state != row.state:
            row.state = state
            signed(row, by=None, at=at, reason=f"{state.label.lower()}").save()
    return counts


def judged(plans: Iterable[FallbackPlan], *, at: dt.datetime) -> list[FallbackPlan]:
    """The plans with the state that each has at this moment, unsaved: for whoever only looks."""
    today, worlds = timezone.localdate(at), Worlds()
    rows = list(plans)
    for row in rows:
        row.state = _state(row, today, worlds)
    return rows


def fingerprint(plan: FallbackPlan) -> str:
    """What an approval of the plan answers: these changes to these published cells."""
    return digest("fallback", plan.key, plan.base, plan.result, plan.changes)


def preview(plan: FallbackPlan, *, at: dt.datetime) -> FallbackPreview:
    """What activating it would do, and why it cannot where it cannot. Reads only."""
    state = PlanState(plan.state) if plan.state == PlanState.ACTIVATED else _state(plan, timezone.localdate(at), {})
    changes = changes_of(plan.changes)
    try:
        world = _world(plan.start_date, plan.end_date)
    except NothingPublished as missing:
        return FallbackPreview(plan, state, (), str(missing), ())
    broken = _broken(world, plan) if state == PlanState.VALID else ()
    return FallbackPreview(plan, state, world.cells(changes), _refusal(plan, state, world, at=at) or "", broken)


def hurdle(plan: FallbackPlan, *, at: dt.datetime) -> str:
    """Why nobody may be asked for it now, as a sentence with what to do first; '' where it may be proposed."""
    seen = preview(plan, at=at)
    broken = f"It would break rules: {' '.join(seen.new_hard[:3])}" if seen.new_hard else ""
    return seen.refusal or broken


def activate(plan: FallbackPlan, *, approval: Any, by: User, at: dt.datetime) -> FallbackPlan:
    """Put a plan in force through the gate: the published cells become exactly what the plan says.

    The lost people must be on approved leave on the dates that the plan changes for them. Raises `PlanRefused`
    (stale, expired, used, its people not absent, or a new hard finding), and what `approvals.redeem` and the gate do.
    """
    # Imported when needed: approvals know what they approve, so they import this module.
    from resilience.services import approvals

    why = f"fallback {plan.scenario}"
    with open_gate(operation="fallback", by=by, at=at, reason=why, label="fallback"):
        locked = FallbackPlan.objects.select_for_update().get(pk=plan.pk)
        state = _state(locked, timezone.localdate(at), {})
        world = _world(locked.start_date, locked.end_date) if state == PlanState.VALID else None
        refusal = _refusal(locked, state, world, at=at)
        if refusal or world is None:
            raise PlanRefused(refusal or "Nothing is published on these dates any more.")
        broken = _broken(world, locked)
        if broken:
            raise PlanRefused(f"It would break rules as things stand: {' '.join(broken[:3])}", code="would_violate")
        approvals.redeem(approval, action=ACTION, shown=fingerprint(locked), at=at)
        published.write(changes_of(locked.changes), source=Source.FALLBACK, by=by, at=at, reason=why)
        _require_result(locked)
        locked.state, locked.activated_at, locked.activated_by = PlanState.ACTIVATED, at, by
        locked.approval = getattr(approval, "pk", None)
        signed(locked, by=by, at=at, reason="activated").save()
        news = {"plan": locked.pk, "by": by.pk, "at": at}
        transaction.on_commit(lambda: fallback_activated.send(sender=FallbackPlan, **news))
        return locked


def changes_of(stored: Iterable[Any]) -> tuple[CellChange, ...]:
    """Stored changes as the core has them."""
    return tuple(
        CellChange(Slot(person, dt.date.fromisoformat(day), Session(session)), before, after)
        for person, day, session, before, after in stored
    )


def stored_changes(changes: Iterable[CellChange]) -> list[list[str | None]]:
    """Changes as JSON: [person, date, session, before, after]."""
    return [[slot.person, slot.day.isoformat(), slot.session.value, before, after] for slot, before, after in changes]


def _world(start: dt.date, end: dt.date) -> World:
    """The dates of a plan and the one after: a call on the last night obliges the day after it."""
    return load(start, end + ONE_DAY)


def _plan(world: World, scenario: Scenario, *, key: str, at: dt.datetime) -> FallbackPlan:
    made = domain.plan(world.problem, world.roster, scenario, known=world.report)
    result = world.roster.with_changes({change.slot: change.after for change in made.changes})
    changes = _differences(world.published, result)
    return FallbackPlan(
        key=key,
        scenario=scenario.name,
        people=sorted(scenario.lost),
        start_date=scenario.start,
        end_date=scenario.end,
        base=world.published.digest(),
        result=result.digest(),
        changes=stored_changes(changes),
        moved=sorted(made.moved - scenario.lost),
        filled=made.coverage.filled,
        demanded=made.coverage.demanded,
        open_posts=[[post.day.isoformat(), post.session.value, post.label, post.missing] for post in made.open],
        unresolved=[finding.message for finding in made.unresolved],
        assumptions=list(made.assumptions),
        state=PlanState.VALID,
        computed_at=at,
        expires_at=_midnight_after(scenario.end, at),
    )


def _differences(before: Roster, after: Roster) -> list[CellChange]:
    slots = sorted(before.cells.keys() | after.cells.keys())
    return [
        CellChange(slot, before.cells.get(slot), after.cells.get(slot))
        for slot in slots
        if before.cells.get(slot) != after.cells.get(slot)
    ]


def _midnight_after(day: dt.date, at: dt.datetime) -> dt.datetime:
    zone = timezone.get_current_timezone()
    return dt.datetime.combine(day + ONE_DAY, dt.time(), tzinfo=zone).astimezone(at.tzinfo)


def _key(scenario: Scenario, *dates: object) -> str:
    parts = "|".join((scenario.name, *sorted(scenario.lost), *map(str, dates)))
    return hashlib.sha256(parts.encode()).hexdigest()


def _standing_key(scenario: Scenario) -> str:
    """Of a plan that moves on with the days."""
    return _key(scenario)


def _drop_standing(kept: Collection[str]) -> None:
    """Standing plans of scenarios that are gone: those whose key names no dates."""
    for row in FallbackPlan.objects.exclude(state=PlanState.ACTIVATED).exclude(key__in=kept):
        scenario = Scenario(row.scenario, frozenset(row.people), row.start_date, row.end_date)
        if row.key == _standing_key(scenario):
            row.delete()


def _replace(row: FallbackPlan, *, at: dt.datetime) -> FallbackPlan:
    """Keep it in place of the plan of the same key; an activated one keeps its record under a key of its own."""
    known = FallbackPlan.objects.select_for_update().filter(key=row.key).first()
    if known is not None and known.state == PlanState.ACTIVATED:
        known.key = digest(known.key, known.pk)
        signed(known, by=None, at=at, reason="a new plan took its place").save()
    elif known is not None:
        row.pk, row.created_at = known.pk, known.created_at
        row._state.adding = False
    signed(row, by=None, at=at, reason="computed").save()
    return row


def _cohorts(named: Mapping[str, Iterable[str]], world: World) -> dict[str, frozenset[PersonId]]:
    """The policy's cohorts, as far as their people are still in the program."""
    return {
        name: frozenset(people) & world.problem.person.keys()
        for name, people in named.items()
        if name in FallbackScenario.values
    }


Worlds = dict[tuple[dt.date, dt.date], World | None]
"""What is published on the dates of plans, read once for all that share them; None = nothing."""


def _state(row: FallbackPlan, today: dt.date, worlds: Worlds) -> PlanState:
    if row.state == PlanState.ACTIVATED:
        return PlanState.ACTIVATED
    if today > row.end_date:
        return PlanState.EXPIRED
    span = (row.start_date, row.end_date)
    if span not in worlds:
        try:
            worlds[span] = _world(*span)
        except NothingPublished:
            worlds[span] = None
    world = worlds[span]
    if world is None or world.published_digest != row.base or today > row.start_date:
        return PlanState.STALE
    return PlanState.STALE if _leans_on_absent(row, world) else PlanState.VALID


def _leans_on_absent(row: FallbackPlan, world: World) -> bool:
    """Whether somebody who is to step in has gone on leave since: nobody's cells have changed by that."""
    return any(
        change.after not in (None, LEAVE_CODE) and world.problem.is_absent(change.slot.person, change.slot.day)
        for change in changes_of(row.changes)
    )


def _refusal(plan: FallbackPlan, state: PlanState, world: World | None, *, at: dt.datetime) -> str:
    if state == PlanState.ACTIVATED:
        return "This plan was activated before."
    if state == PlanState.EXPIRED:
        return "This plan has expired: its dates are over."
    if state == PlanState.STALE:
        return (
            "This plan is stale: the schedule changed, somebody who was to step in is away, or its first day is over."
            " Have it made again."
        )
    missing = _not_absent(plan, world) if world is not None else []
    if missing:
        who, lack = ("One person", "has") if len(missing) == 1 else (f"{len(missing)} people", "have")
        return (
            f"{who} whom it stands in for {lack} no approved absence on all its dates. Record and"
            " approve the absence first, or make the plan for its dates."
        )
    return ""


def _not_absent(plan: FallbackPlan, world: World) -> list[PersonId]:
    lost = set(plan.people)
    given_leave = {
        (change.slot.person, change.slot.day)
        for change in changes_of(plan.changes)
        if change.slot.person in lost
        and change.after in (LEAVE_CODE, None)
        and plan.start_date <= change.slot.day <= plan.end_date
    }
    return sorted({person for person, day in given_leave if not world.problem.is_absent(person, day)})


def _broken(world: World, plan: FallbackPlan) -> tuple[str, ...]:
    """Hard findings beyond those of the schedule as it is lived now and those that the plan named as staying."""
    after = world.published.with_changes({change.slot: change.after for change in changes_of(plan.changes)})
    found = new_hard(world.report, check(world.problem, after))
    return tuple(finding.message for finding in found if finding.message not in plan.unresolved)


def _require_result(plan: FallbackPlan) -> None:
    """What was written is what was simulated."""
    if _world(plan.start_date, plan.end_date).published.digest() != plan.result:
        raise PlanRefused("The result is not what the plan had shown, so nothing was changed. Have it made again.")


def people_of(plans: Iterable[FallbackPlan]) -> dict[str, str]:
    """Names of everybody whom the plans name, by id."""
    wanted = {person for plan in plans for person in (*plan.people, *plan.moved)}
    rows = Person.objects.filter(pk__in=wanted).values_list("pk", "name")
    return {str(pk): name for pk, name in rows}
