"""What swaps bring to a drill: asking, answering, deciding, taking back, overstepping, and what holds for each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import connection

from accounts.enums import Role
from accounts.models import User
from accounts.services import create_user
from schedules.domain.problem import Role as PersonRole
from schedules.mapping.cells import cell_of
from schedules.models import Assignment, Person
from schedules.services import drills, program
from schedules.services.drills import Drill
from schedules.services.drills.plays import GAPS_ALLOWED
from schedules.services.drills.versions import NEW_VERSION
from swaps.domain.tables import Level, Reason, SwapStatus, SwapType
from swaps.enums import CaseStatus, Event
from swaps.mapping import same_state, slot_of, state_of
from swaps.models import EscalationCase, SwapAudit, SwapRecord
from swaps.queries import levels_of
from swaps.services.answers import consent
from swaps.services.carrying import missing_rows
from swaps.services.decisions import approve, reject
from swaps.services.judging import Order
from swaps.services.monitoring import sweep
from swaps.services.requests import request
from swaps.services.rollback import can_roll_back, roll_back
from swaps.services.search import candidates, exchanges, own_weeks

DECIDERS = {
    Level.COORDINATOR: Role.COORDINATOR,
    Level.ARCHITECT: Role.ARCHITECT,
    Level.PROGRAM_DIRECTOR: Role.PROGRAM_DIRECTOR,
}
REASONS = (Reason.CONFERENCE, Reason.PTO, Reason.FAMILY, Reason.FELLOWSHIP_INTERVIEW)
T = TypeVar("T")
REWRITES = (
    "DELETE FROM swaps_swapaudit WHERE id = %s",
    "UPDATE swaps_swapaudit SET at = now() WHERE id = %s",
)
BEST = 4
"""How many of the best candidates are chosen among."""


@drills.play("swap asked for", kind="swaps", weight=6)
def ask(drill: Drill) -> str:
    """A random person gives a random week: to somebody the search found, or to anybody, which may be refused."""
    giver = drill.chance.choice(list(Person.objects.filter(is_active=True).order_by("name", "pk")))
    weeks = [week for week in own_weeks(giver, at=drill.at) if not week.is_open and week.start in drill.coming]
    if not weeks:
        return ""
    week = drill.chance.choice(weeks).start
    order = _order(drill, giver, week)
    if order is None:
        return ""
    swap = request(order, by=drill.crew[Role.ADMINISTRATOR], at=drill.at)
    return f"{order.swap_type} of {week}: {swap.status}"


def _order(drill: Drill, giver: Person, week: dt.date) -> Order | None:
    found = candidates(giver, week=week, at=drill.at)[:BEST]
    others = Person.objects.filter(is_active=True, role=giver.role).exclude(pk=giver.pk).order_by("name", "pk")
    taker = drill.chance.choice(
        [item.person for item in found] or [str(pk) for pk in others.values_list("pk", flat=True)]
    )
    back = exchanges(giver, week=week, partner=Person.objects.get(pk=taker), at=drill.at)
    target = drill.chance.choice([item.target_week for item in back]) if back and drill.chance.random() < 0.5 else None
    return Order(
        source_person=str(giver.pk),
        source_week=week,
        target_person=taker,
        swap_type=SwapType.ONE_TO_ONE if target else SwapType.ABSORB,
        reason=drill.chance.choice(REASONS).value,
        target_week=target,
        partner_consented=drill.chance.random() < 0.7,
    )


@drills.play("swap consented to", kind="swaps", weight=2)
def answer(drill: Drill) -> str:
    """The partner says yes; nobody else can."""
    waiting = SwapRecord.objects.filter(status=SwapStatus.PENDING.value, consent_at__isnull=True).order_by(
        "created_at", "pk"
    )
    swap = _chosen(drill, list(waiting))
    if swap is None:
        return ""
    partner = _account(drill, swap.target_person)
    stranger = drill.crew[Role.ARCHITECT]
    drill.must_refuse("Consent by somebody who is not asked", lambda: consent(swap, by=stranger, at=drill.at))
    return consent(swap, by=partner, at=drill.at).status


@drills.play("escalation decided", kind="swaps", weight=4)
def decide(drill: Drill) -> str:
    """By whoever has its level: approved three times out of four."""
    case = _chosen(drill, list(EscalationCase.objects.filter(status=CaseStatus.OPEN).order_by("created_at", "pk")))
    if case is None:
        return ""
    by: User = drill.crew[DECIDERS[Level(case.level)]]
    for other in drill.crew.values():
        if other != by and Level(case.level) not in levels_of(other):
            drill.must_refuse(
                "A decision above one's level", partial(approve, case.swap, by=other, at=drill.at, rationale="drill")
            )
    if drill.chance.random() < 0.25:
        return reject(case.swap, by=by, at=drill.at, rationale="drill").status
    drill.kept[GAPS_ALLOWED] = True
    return approve(case.swap, by=by, at=drill.at, rationale="drill").status


@drills.play("swap rolled back", kind="swaps", weight=2)
def take_back(drill: Drill) -> str:
    """One that is still within its window."""
    executed = SwapRecord.objects.filter(status=SwapStatus.EXECUTED.value).order_by("created_at", "pk")
    swap = _chosen(drill, [row for row in executed if can_roll_back(row, at=drill.at)])
    if swap is None:
        return ""
    drill.kept[GAPS_ALLOWED] = True
    director = drill.crew[Role.PROGRAM_DIRECTOR]
    status = roll_back(swap, by=director, at=drill.at, reason="drill").status
    drill.must_refuse(
        "A second roll back of a swap", lambda: roll_back(swap, by=director, at=drill.at, reason="drill again")
    )
    return status


@drills.play("swap rolled back too late", kind="attempts", weight=1)
def take_back_late(drill: Drill) -> str:
    """One whose window is over."""
    executed = SwapRecord.objects.filter(status=SwapStatus.EXECUTED.value).order_by("created_at", "pk")
    late = [row for row in executed if not can_roll_back(row, at=drill.at)]
    swap = _chosen(drill, late)
    if swap is None:
        return ""
    director = drill.crew[Role.PROGRAM_DIRECTOR]
    return drill.must_refuse(
        "A roll back after its time", lambda: roll_back(swap, by=director, at=drill.at, reason="drill")
    )


@drills.play("record of swaps rewritten", kind="attempts", weight=1)
def rewrite(drill: Drill) -> str:
    """By the database's own language."""
    row = SwapAudit.objects.order_by("pk").first()
    if row is None:
        return ""
    statement = drill.chance.choice(REWRITES)

    def deed() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [row.pk])

    return drill.must_refuse("An audit row rewritten", deed)


drills.upkeep(sweep)


@drills.promise("A swap that was rolled back left every row as it was before")
def rolled_back_exactly(drill: Drill) -> Iterator[str]:
    """Looked at once for each, right after its roll back: later changes are no concern of it."""
    seen: set[UUID] = drill.kept.setdefault("rolled back", set())  # type: ignore[assignment]
    for swap in SwapRecord.objects.filter(status=SwapStatus.ROLLED_BACK.value).exclude(pk__in=seen):
        seen.add(swap.pk)
        for change in swap.changes.all():
            row = Assignment.objects.filter(
                schedule=change.schedule_id, person=change.person_id, date=change.date, session=change.session
            ).first()
            if not same_state(state_of(cell_of(slot_of(change), row)), change.before):
                yield f"{change.date} {change.session} of a rolled-back swap is not what it was."


@drills.promise("The audit of swaps only grows")
def audit_grows(drill: Drill) -> Iterator[str]:
    """Rows are counted; the database itself refuses changes of them."""
    count = SwapAudit.objects.count()
    if count < int(str(drill.kept.get("audit", 0))):
        yield "Audit rows are gone."
    drill.kept["audit"] = count


@drills.promise("Nothing executed without consent, and every swap tells its story")
def consent_first(drill: Drill) -> Iterator[str]:
    """Every executed swap has somebody's consent, its rows before and after, and its events on record."""
    executed = SwapRecord.objects.filter(executed_at__isnull=False).order_by()
    count = executed.filter(consent_at__isnull=True).count()
    if count:
        yield f"{count} swaps were executed without consent."
    for event in (Event.REQUESTED, Event.EXECUTED):
        silent = executed.exclude(pk__in=SwapAudit.objects.filter(event=event.value).values("swap")).count()
        if silent:
            yield f"{silent} executed swaps have no event {event.value}."
    rowless = executed.filter(changes__isnull=True).count()
    if rowless:
        yield f"{rowless} executed swaps name no changed row."


@drills.promise("An executed swap is held by every version that becomes current, or put before somebody")
def swaps_are_judged_anew(drill: Drill) -> Iterator[str]:
    """Looked at whenever another version became current, for swaps with a date of it that is still to come."""
    dates = drill.kept.pop(NEW_VERSION, None)
    if not isinstance(dates, tuple):
        return
    first, last = dates
    executed = SwapRecord.objects.filter(
        status=SwapStatus.EXECUTED,
        given_up_at__isnull=True,
        changes__date__gte=max(first, drill.today),
        changes__date__lte=last,
    ).distinct()
    for swap in executed:
        waits = EscalationCase.objects.filter(swap=swap, status=CaseStatus.OPEN).exists()
        if missing_rows(swap) and not waits:
            yield "A swap is not held by the published version, and nobody was asked about it."


def _account(drill: Drill, person: Person) -> User:
    """The person's account; who has none gets one for the drill."""
    if person.user is None:
        role = Role.RESIDENT if person.role == PersonRole.RESIDENT else Role.FACULTY
        made = create_user(f"drill-{person.pk}", role=role, password=None, by=None, at=drill.at)
        program.change(person, {"user": made}, by=drill.crew[Role.ADMINISTRATOR], at=drill.at, reason="drill")
        return made
    return person.user


def _chosen(drill: Drill, found: list[T]) -> T | None:
    return drill.chance.choice(found) if found else None
