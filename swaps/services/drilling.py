"""What swaps bring to a drill: asking, answering, deciding, taking back, and what holds for every swap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TypeVar
from uuid import UUID

from accounts.enums import Role
from accounts.models import User
from schedules.models import Assignment, Person
from schedules.services import drills
from schedules.services.drills import Drill
from schedules.services.drills.plays import GAPS_ALLOWED
from swaps.domain.tables import Level, Reason, SwapStatus, SwapType
from swaps.enums import CaseStatus
from swaps.mapping import same_state, state_of
from swaps.models import EscalationCase, SwapAudit, SwapRecord
from swaps.services.answers import consent
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
BEST = 4
"""How many of the best candidates are chosen among."""


@drills.play("swap asked for", weight=6)
def ask(drill: Drill) -> str:
    """A random person gives a random week: to somebody the search found, or to anybody, which may be refused."""
    giver = drill.chance.choice(list(Person.objects.filter(is_active=True).order_by("pk")))
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
    others = Person.objects.filter(is_active=True, role=giver.role).exclude(pk=giver.pk).order_by("pk")
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


@drills.play("swap consented to", weight=2)
def answer(drill: Drill) -> str:
    """The partner says yes; partners without an account get one for the drill."""
    waiting = SwapRecord.objects.filter(status=SwapStatus.PENDING.value, consent_at__isnull=True).order_by("pk")
    swap = _chosen(drill, list(waiting))
    if swap is None:
        return ""
    partner = swap.target_person.user
    if partner is None:
        return ""
    return consent(swap, by=partner, at=drill.at).status


@drills.play("escalation decided", weight=4)
def decide(drill: Drill) -> str:
    """By whoever has its level: approved three times out of four."""
    case = _chosen(drill, list(EscalationCase.objects.filter(status=CaseStatus.OPEN).order_by("pk")))
    if case is None:
        return ""
    by: User = drill.crew[DECIDERS[Level(case.level)]]
    if drill.chance.random() < 0.25:
        return reject(case.swap, by=by, at=drill.at, rationale="drill").status
    drill.kept[GAPS_ALLOWED] = True
    return approve(case.swap, by=by, at=drill.at, rationale="drill").status


@drills.play("swap rolled back", weight=2)
def take_back(drill: Drill) -> str:
    """One that is still within its window."""
    executed = SwapRecord.objects.filter(status=SwapStatus.EXECUTED.value).order_by("pk")
    swap = _chosen(drill, [row for row in executed if can_roll_back(row, at=drill.at)])
    if swap is None:
        return ""
    drill.kept[GAPS_ALLOWED] = True
    return roll_back(swap, by=drill.crew[Role.PROGRAM_DIRECTOR], at=drill.at, reason="drill").status


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
            if not same_state(None if row is None else state_of(row), change.before):
                yield f"{change.date} {change.session} of a rolled-back swap is not what it was."


@drills.promise("The audit of swaps only grows")
def audit_grows(drill: Drill) -> Iterator[str]:
    """Rows are counted; the database itself refuses changes of them."""
    count = SwapAudit.objects.count()
    if count < int(str(drill.kept.get("audit", 0))):
        yield "Audit rows are gone."
    drill.kept["audit"] = count


@drills.promise("Nothing executed without consent")
def consent_first(drill: Drill) -> Iterator[str]:
    """Every executed swap has somebody's consent on record."""
    count = SwapRecord.objects.filter(executed_at__isnull=False, consent_at__isnull=True).count()
    if count:
        yield f"{count} swaps were executed without consent."


def _chosen(drill: Drill, found: list[T]) -> T | None:
    return drill.chance.choice(found) if found else None
