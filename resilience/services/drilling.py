"""What resilience brings to a drill: fallbacks, shedding, the breaker, incidents, and what holds for all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

from django.db import connection
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from accounts.services import create_user
from resilience.domain.levels import Level, worst
from resilience.domain.posture import TRIGGERS
from resilience.enums import ApprovalAction, ApprovalState, BreakerCause, FallbackScenario, PlanState, SheddingState
from resilience.models import Approval, DayMargin, FallbackPlan, Incident, SheddingExecution
from resilience.services import approvals, breaker, documents, fallbacks, incidents, posture, shedding
from resilience.services.incidents import clock
from resilience.services.readings import readings
from resilience.services.world import load, load_policy
from schedules.domain.codes import LEAVE_CODE
from schedules.domain.problem import ONE_DAY, Category
from schedules.enums import AbsenceStatus, BreakerState, ScheduleStatus
from schedules.models import Absence, Assignment
from schedules.services import drills
from schedules.services.drills import Drill
from schedules.services.drills.plays import EMERGENCY, GAPS_ALLOWED

LEFT_FOR_LATER = 0.35
"""Share of what is approved that is not carried out at once."""
CONFIRMED = 0.3
"""Share of returns for which a person confirms that posts may be open again."""
AGENT = "drill-agent"
APPEND_ONLY = ("resilience_incidentevent", "resilience_approvalvote", "resilience_posturerecord")


@drills.play("fallback made for an absence, approved and put in force", kind="fallbacks", weight=5)
def fall_back(drill: Drill) -> str:
    """For somebody who is away in the coming days; now and then it is approved now and put in force later."""
    away = Absence.objects.filter(status=AbsenceStatus.APPROVED, start_date__in=drill.coming).order_by(
        "created_at", "pk"
    )
    found = [absence for absence in away if _is_on_duty(absence)]
    if not found:
        return ""
    absence = drill.chance.choice(found)
    end = min(absence.end_date, drill.days[-1])
    plan = fallbacks.make(
        FallbackScenario.SINGLE_ABSENCE.value, {str(absence.person_id)}, absence.start_date, end, at=drill.at
    )
    asked = approvals.propose_fallback(plan, by=drill.crew[Role.ARCHITECT], at=drill.at)
    if not _ask_for_words(drill, asked) or drill.chance.random() < LEFT_FOR_LATER:
        return f"{asked.state.lower()}, not in force yet: {plan.start_date} to {plan.end_date}"
    return _carried_out(drill, asked)


@drills.play("work shed for open patient care", kind="shedding", weight=6)
def shed(drill: Drill) -> str:
    """At the smallest level that suffices, approved by others than who asked; now and then done later."""
    seen = shedding.simulate(at=drill.at)
    if not seen.changes or seen.plan.level is None:
        return ""
    level = seen.plan.level.name
    asked = approvals.propose_shedding(target_level=level, by=drill.crew[Role.ARCHITECT], at=drill.at)
    if not _ask_for_words(drill, asked) or drill.chance.random() < LEFT_FOR_LATER:
        return f"{level} {asked.state.lower()}, not shed yet"
    return _carried_out(drill, asked)


@drills.play("what was approved earlier carried out", kind="late acts", weight=4)
def act_late(drill: Drill) -> str:
    """Within its hours and on the schedule that was shown it is done; else it must be refused."""
    asked_for = Approval.objects.exclude(action=ApprovalAction.OVERRIDE).order_by("created_at", "pk")
    granted = list(asked_for.filter(state=ApprovalState.GRANTED))
    found = granted or list(asked_for.filter(state__in=(ApprovalState.EXPIRED, ApprovalState.VOID)))
    if not found:
        return ""
    asked = drill.chance.choice(found)
    held = drill.kept.get(f"shown {asked.pk}")
    if granted and drill.at < asked.expires_at and _cells(asked) == held:
        return _carried_out(drill, asked)
    director = drill.crew[Role.PROGRAM_DIRECTOR]
    return drill.must_refuse(
        "An act whose approval is over, or whose schedule has changed",
        lambda: approvals.carry_out(asked, by=director, at=drill.at),
    )


@drills.play("shed work brought back", kind="shedding", weight=3)
def bring_back(drill: Drill) -> str:
    """The latest shedding first, and no other before it; at times although posts open again."""
    rows = list(SheddingExecution.objects.filter(state=SheddingState.EXECUTED).order_by("-executed_at"))
    if not rows:
        return ""
    latest, director = rows[0], drill.crew[Role.PROGRAM_DIRECTOR]
    if len(rows) > 1 and rows[-1].end_date >= latest.start_date:
        drill.must_refuse(
            "An earlier shedding brought back first",
            lambda: shedding.restore(rows[-1], by=director, at=drill.at, confirm=True),
        )
    confirm = drill.chance.random() < CONFIRMED
    drill.kept[EMERGENCY] = True
    drill.kept[GAPS_ALLOWED] = confirm
    shedding.restore(latest, by=director, at=drill.at, confirm=confirm)
    _compare_restored(drill, latest)
    drill.must_refuse(
        "A second return of shed work", lambda: shedding.restore(latest, by=director, at=drill.at, confirm=True)
    )
    return f"{latest.level} of {latest.start_date}"


@drills.play("incident analysed and swept", kind="incidents", weight=2)
def look_into(drill: Drill) -> str:
    """As the workers do when one opens: its analysis proposes, drafts documents, and executes nothing."""
    waiting = Incident.objects.open().filter(analysed_at__isnull=True).order_by("detected_at", "pk").first()
    if waiting is None:
        return ""
    incidents.analyse(waiting, at=drill.at)
    return waiting.severity


@drills.play("record of incidents rewritten", kind="attempts", weight=1)
def rewrite(drill: Drill) -> str:
    """By the database's own language."""
    table = drill.chance.choice(APPEND_ONLY)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} ORDER BY id LIMIT 1")  # noqa: S608 - a constant of this module
        row = cursor.fetchone()
    if row is None:
        return ""

    def deed() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", row)  # noqa: S608

    return drill.must_refuse(f"A row deleted from {table}", deed)


@drills.play("plan of another day put in force", kind="attempts", weight=1)
def use_stale(drill: Drill) -> str:
    """A stored plan that the schedule has left behind, or whose people are not away: it can never be proposed."""
    rows = fallbacks.judged(FallbackPlan.objects.order_by("created_at", "pk"), at=drill.at)
    stale = [row for row in rows if row.state in (PlanState.STALE, PlanState.EXPIRED, PlanState.ACTIVATED)]
    if not stale:
        return ""
    plan = drill.chance.choice(stale)
    return drill.must_refuse(
        f"A plan that is {plan.state.lower()}",
        lambda: approvals.propose_fallback(plan, by=drill.crew[Role.ARCHITECT], at=drill.at),
        codes=["plan_refused"],
    )


def _carried_out(drill: Drill, asked: Approval) -> str:
    """Do it, compare the published cells with what was shown, and try it a second time."""
    director = drill.crew[Role.PROGRAM_DIRECTOR]
    drill.kept[EMERGENCY] = True
    approvals.carry_out(asked, by=director, at=drill.at)
    drill.must_refuse("An approval used twice", lambda: approvals.carry_out(asked, by=director, at=drill.at))
    if asked.action == ApprovalAction.FALLBACK:
        row: FallbackPlan | SheddingExecution = FallbackPlan.objects.get(pk=asked.target)
    else:
        row = SheddingExecution.objects.get(approval=asked.pk)
    end = row.end_date + ONE_DAY if isinstance(row, FallbackPlan) else row.end_date
    if load(row.start_date, end).published.digest() != row.result:
        drill.kept["done otherwise"] = f"{asked.title}: the result is not what was simulated."
    return f"{len(row.changes)} changes from {row.start_date} to {row.end_date}"


def _compare_restored(drill: Drill, restored: SheddingExecution) -> None:
    """Every cell that was shed is as it was before, with its source and its lock."""
    held = {
        (str(person), day.isoformat(), session): (code, source, locked)
        for person, day, session, code, source, locked in Assignment.objects.filter(
            schedule__status=ScheduleStatus.PUBLISHED, date__gte=restored.start_date, date__lte=restored.end_date
        ).values_list("person_id", "date", "session", "activity__code", "source", "locked")
    }
    differing = sum(
        held.get((person, day, session), (None, "", False)) != (code, source, locked)
        for person, day, session, code, source, locked in restored.snapshot
        if code is not None or (person, day, session) in held
    )
    if differing:
        drill.kept["restored otherwise"] = f"{differing} cells that were shed did not come back as they were."


def _cells(asked: Approval) -> str:
    """The published cells of an approval's dates."""
    return load(asked.start_date, asked.end_date).published.digest()


def _is_on_duty(absence: Absence) -> bool:
    """Whether the published schedule still counts on the person."""
    held = Assignment.objects.filter(
        schedule__status=ScheduleStatus.PUBLISHED,
        person=absence.person_id,
        date__gte=absence.start_date,
        date__lte=absence.end_date,
    )
    return held.exclude(activity__category=Category.OFF).exclude(activity__code=LEAVE_CODE).exists()


def _ask_for_words(drill: Drill, asked: Approval) -> bool:
    """Everybody of the crew who has a part in it says yes; whether that is enough.

    Before that nothing can be done, and the asker and a program never have a part. What was asked and granted before
    stays as it is.
    """
    if asked.state == ApprovalState.GRANTED:
        return True
    director, asker = drill.crew[Role.PROGRAM_DIRECTOR], asked.proposed_by
    drill.must_refuse("An act before it was approved", lambda: approvals.carry_out(asked, by=director, at=drill.at))
    for who, user in (("the asker", asker), ("a program", _program(drill))):
        if user is not None:
            drill.must_refuse(
                f"Approval by {who}", partial(approvals.approve, asked, by=user, at=drill.at, reason="drill")
            )
    for voter in (drill.crew[Role.COORDINATOR], drill.second_director, director):
        if asked.state == ApprovalState.PENDING and "approve" in approvals.acts_for(asked, voter, at=drill.at):
            approvals.approve(asked, by=voter, at=drill.at, reason="drill")
            asked.refresh_from_db()
    if asked.action != ApprovalAction.OVERRIDE:
        drill.kept[f"shown {asked.pk}"] = _cells(asked)
    return asked.state == ApprovalState.GRANTED


def _program(drill: Drill) -> User:
    """The account of an API or MCP client."""
    known = User.objects.filter(username=AGENT).first()
    return known or create_user(AGENT, role=Role.AGENT, password=None, by=None, at=drill.at)


@drills.play("breaker overridden by two", kind="breaker", weight=2)
def override(drill: Drill) -> str:
    """Where it is open: the director asks, another director agrees, for eight hours."""
    if breaker.current().state != BreakerState.OPEN:
        return ""
    director = drill.crew[Role.PROGRAM_DIRECTOR]
    until = drill.at + breaker.OVERRIDE_LIMIT
    asked = approvals.propose_override(until=until, reason="drill", by=director, at=drill.at)
    _ask_for_words(drill, asked)
    approvals.carry_out(asked, by=director, at=drill.at)
    return f"until {until:%d %b %H:%M}"


@drills.play("breaker opened by hand", kind="breaker", weight=1)
def trip(drill: Drill) -> str:
    """By the director's own hand; nobody else's."""
    if _is_by_hand():
        return ""
    drill.must_refuse(
        "The breaker opened by a coordinator",
        lambda: breaker.trip(by=drill.crew[Role.COORDINATOR], at=drill.at, reason="drill"),
    )
    return breaker.trip(by=drill.crew[Role.PROGRAM_DIRECTOR], at=drill.at, reason="drill").state


@drills.play("breaker taken back", kind="breaker", weight=6)
def take_back(drill: Drill) -> str:
    """What the director opened by hand; other causes stay."""
    if not _is_by_hand():
        return ""
    return breaker.clear(by=drill.crew[Role.PROGRAM_DIRECTOR], at=drill.at, reason="drill").state


def _is_by_hand() -> bool:
    return any(cause == BreakerCause.BY_HAND for cause, _ in breaker.current().causes)


drills.upkeep(approvals.sweep)


@drills.evaluation
def evaluate(at: dt.datetime) -> None:
    """As the workers do after a committed change, for every date of the windows."""
    today = timezone.localdate(at)
    posture.evaluate(at=at, touched=[today + n * ONE_DAY for n in range(load_policy().margin_days)])


@drills.evaluation
def see_to_incidents(at: dt.datetime) -> None:
    """What is due of them, once the program was evaluated: hours pass between plays, and nobody is blind meanwhile."""
    incidents.sweep(at)


@drills.promise("What an incident asks for is done in time, or called overdue")
def overdue_is_told(drill: Drill) -> Iterator[str]:
    """Every target whose time has passed, and every situation report."""
    state = posture.current()
    if state is None or state.evaluated_at != drill.at:
        return
    for target in (*clock.overdue(drill.at), *clock.sitreps_due(drill.at)):
        yield f"{target.get_step_display()} of incident {target.incident.number} was due, and nobody was told."


@drills.promise("Fallbacks and shedding give what was simulated, and their return what was there before")
def as_simulated(drill: Drill) -> Iterator[str]:
    """Compared by the digests of the published cells, and cell by cell with source and lock."""
    for key in ("done otherwise", "restored otherwise"):
        if key in drill.kept:
            yield str(drill.kept.pop(key))


@drills.promise("Stored margins are those of the published cells")
def margins_are_true(drill: Drill) -> Iterator[str]:
    """One day of the window by chance is computed anew by itself; before the first evaluation there is nothing."""
    window = drill.coming[: load_policy().margin_days - 1]
    fresh = DayMargin.objects.filter(date__in=window, is_published=True, computed_at=drill.at)
    stored = {row.date: row for row in fresh}
    if not stored:
        return
    day = drill.chance.choice(sorted(stored))
    lowest = load(day, day).margins.lowest()
    if lowest != stored[day].margin_safety:
        yield f"{day}: stored k* {stored[day].margin_safety}, computed {lowest}."


@drills.promise("The posture is never better than its certificates, and what is unknown is never green")
def posture_is_true(drill: Drill) -> Iterator[str]:
    """The facts of this moment are read anew, and the table asked without its memory."""
    state = posture.current()
    if state is None or state.evaluated_at != drill.at:
        return
    measured = readings(at=drill.at)
    proven = worst((Level.GREEN, *(row.level for row in TRIGGERS if row.certificate and row.fires(measured))))
    if Level[state.level] < proven:
        yield f"It is {state.level}, and {proven.name} is proven."
    if state.unknown and Level[state.level] is Level.GREEN:
        yield "It is green with unknown figures."
    if breaker.causes(at=drill.at, measured=measured) and breaker.current().state != BreakerState.OPEN:
        yield "A cause to open the breaker holds, and it is not open."


@drills.promise("Somebody is told of every alarm: an incident is open")
def alarms_are_heard(drill: Drill) -> Iterator[str]:
    """From YELLOW on, whatever its cause."""
    state = posture.current()
    told = state is None or Level[state.level] < Level.YELLOW or Incident.objects.open().exists()
    if state is not None and state.evaluated_at == drill.at and not told:
        yield f"The posture is {state.level}, and no incident is open."


@drills.promise("Documents are whole: no version was changed after it was written")
def documents_are_whole(drill: Drill) -> Iterator[str]:
    """The chain of hashes over every version."""
    chain = documents.verify()
    if not chain.intact:
        yield f"{len(chain.broken)} versions do not fit their hashes."


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
