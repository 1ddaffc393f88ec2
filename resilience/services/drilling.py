"""What resilience brings to a drill: fallbacks, shedding and its return, and what holds for posture and plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.utils import timezone

from accounts.enums import Role
from resilience.domain.levels import Level
from resilience.enums import ApprovalAction, ApprovalState, FallbackScenario, PlanState, SheddingState
from resilience.models import Approval, DayMargin, FallbackPlan, SheddingExecution
from resilience.services import approvals, breaker, fallbacks, posture, shedding
from resilience.services.world import load_policy
from schedules.domain.codes import LEAVE_CODE
from schedules.domain.margins import margins
from schedules.domain.problem import ONE_DAY, Category
from schedules.enums import AbsenceStatus, BreakerState, ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Absence, Assignment
from schedules.services import drills
from schedules.services.drills import Drill


@drills.play("fallback made for an absence, approved and put in force", weight=5)
def fall_back(drill: Drill) -> str:
    """For somebody who is away in the coming days."""
    away = Absence.objects.filter(status=AbsenceStatus.APPROVED, start_date__in=drill.coming).order_by("pk")
    found = [absence for absence in away if _is_on_duty(absence)]
    if not found:
        return ""
    absence = drill.chance.choice(found)
    end = min(absence.end_date, drill.days[-1])
    plan = fallbacks.make(
        FallbackScenario.SINGLE_ABSENCE.value, {str(absence.person_id)}, absence.start_date, end, at=drill.at
    )
    asked = approvals.propose_fallback(plan, by=drill.crew[Role.ARCHITECT], at=drill.at)
    _granted(drill, asked)
    approvals.carry_out(asked, by=drill.crew[Role.PROGRAM_DIRECTOR], at=drill.at)
    return f"{len(plan.changes)} changes from {plan.start_date} to {plan.end_date}"


@drills.play("work shed for open patient care", weight=2)
def shed(drill: Drill) -> str:
    """At the smallest level that suffices, approved by others than who asked."""
    seen = shedding.simulate(at=drill.at)
    if not seen.changes or seen.plan.level is None:
        return ""
    level = seen.plan.level.name
    asked = approvals.propose_shedding(target_level=level, by=drill.crew[Role.ARCHITECT], at=drill.at)
    _granted(drill, asked)
    approvals.carry_out(asked, by=drill.crew[Role.PROGRAM_DIRECTOR], at=drill.at)
    done = SheddingExecution.objects.latest("executed_at")
    if done.result != seen.result:
        drill.kept["shed otherwise"] = f"Shedding at {level} did not give what was simulated."
    return f"{level}, {len(seen.changes)} changes"


@drills.play("shed work brought back", weight=2)
def bring_back(drill: Drill) -> str:
    """The latest shedding first."""
    latest = SheddingExecution.objects.filter(state=SheddingState.EXECUTED).order_by("-executed_at").first()
    if latest is None:
        return ""
    shedding.restore(latest, by=drill.crew[Role.PROGRAM_DIRECTOR], at=drill.at)
    before = load_roster(load_problem(latest.start_date, latest.end_date), schedule="published").digest()
    if before != latest.base:
        drill.kept["restored otherwise"] = "Restored work is not what was shed."
    return f"{latest.level} of {latest.start_date}"


def _is_on_duty(absence: Absence) -> bool:
    """Whether the published schedule still counts on the person."""
    held = Assignment.objects.filter(
        schedule__status=ScheduleStatus.PUBLISHED,
        person=absence.person_id,
        date__gte=absence.start_date,
        date__lte=absence.end_date,
    )
    return held.exclude(activity__category=Category.OFF).exclude(activity__code=LEAVE_CODE).exists()


def _granted(drill: Drill, asked: Approval) -> None:
    """Everybody of the crew who has a part in it says yes."""
    for user in (drill.crew[Role.COORDINATOR], drill.second_director, drill.crew[Role.ADMINISTRATOR]):
        asked.refresh_from_db()
        if asked.state != ApprovalState.PENDING:
            return
        if "approve" in approvals.acts_for(asked, user, at=drill.at):
            approvals.approve(asked, by=user, at=drill.at, reason="drill")


@drills.play("breaker overridden by two", weight=2)
def override(drill: Drill) -> str:
    """Where it is open: the director asks, another director agrees, for eight hours."""
    if breaker.current().state != BreakerState.OPEN:
        return ""
    director = drill.crew[Role.PROGRAM_DIRECTOR]
    until = drill.at + breaker.OVERRIDE_LIMIT
    asked = approvals.propose_override(until=until, reason="drill", by=director, at=drill.at)
    _granted(drill, asked)
    approvals.carry_out(asked, by=director, at=drill.at)
    return f"until {until:%d %b %H:%M}"


@drills.upkeep
def evaluate(at: dt.datetime) -> None:
    """As the workers do after a committed change, for every date of the windows."""
    today = timezone.localdate(at)
    posture.evaluate(at=at, touched=[today + n * ONE_DAY for n in range(load_policy().margin_days)])


@drills.promise("Shedding gives what was simulated, and its return what was there before")
def as_simulated(drill: Drill) -> Iterator[str]:
    """Compared by the digests of the published cells."""
    for key in ("shed otherwise", "restored otherwise"):
        if key in drill.kept:
            yield str(drill.kept.pop(key))


@drills.promise("Stored margins are those of the published cells")
def margins_are_true(drill: Drill) -> Iterator[str]:
    """One day of the window by chance is computed anew; before the first evaluation of the drill there is nothing."""
    window = drill.coming[: load_policy().margin_days - 1]
    fresh = DayMargin.objects.filter(date__in=window, is_published=True, computed_at=drill.at)
    stored = {row.date: row for row in fresh}
    if not stored:
        return
    day = drill.chance.choice(sorted(stored))
    problem = load_problem(day, day)
    lowest = margins(problem, load_roster(problem, schedule="published")).lowest()
    if lowest != stored[day].margin_safety:
        yield f"{day}: stored k* {stored[day].margin_safety}, computed {lowest}."


@drills.promise("What is unknown is never green")
def unknown_is_not_green(drill: Drill) -> Iterator[str]:
    """Neither the posture nor a plan that the schedule has left behind."""
    state = posture.current()
    if state is not None and state.unknown and Level[state.level] is Level.GREEN:
        yield "The posture is green with unknown figures."


@drills.promise("Nobody approved what they had asked for themselves")
def four_eyes(drill: Drill) -> Iterator[str]:
    """Over every approval that was carried out."""
    used = Approval.objects.filter(state=ApprovalState.USED).exclude(action=ApprovalAction.OVERRIDE)
    for approval in used.prefetch_related("votes"):
        if approval.proposed_by_id in {vote.by_id for vote in approval.votes.all()}:
            yield f"{approval.title} was approved by who asked for it."


@drills.promise("A plan in force was valid when it was put in force")
def plans_were_approved(drill: Drill) -> Iterator[str]:
    """Each activated plan names its approval."""
    for plan in FallbackPlan.objects.filter(state=PlanState.ACTIVATED, approval__isnull=True):
        yield f"The plan of {plan.start_date} is in force without an approval."
