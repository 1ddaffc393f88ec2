"""Asking for a swap, and looking at what would come of it first."""

from __future__ import annotations

import datetime as dt
import math

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.permissions import Permission
from common.errors import NotAllowed
from schedules.models import Person
from swaps import queries
from swaps.domain.findings import SwapFinding
from swaps.domain.tables import CHECK, Actor, SwapStatus, SwapType, Verdict
from swaps.enums import Event
from swaps.mapping import places_json
from swaps.models import SwapRecord
from swaps.services import record
from swaps.services.execution import execute, require_open
from swaps.services.judging import Judgement, Order, Planned, judge, reason_of, scope_of
from swaps.services.refusals import IntakeRefused
from swaps.services.settling import ask_partner, settle

DUPLICATE = "one_open_swap_per_person_and_week"


def validate(order: Order, *, by: User, at: dt.datetime) -> Judgement:
    """What would come of the request: every finding, and alternatives where it is refused. Writes nothing.

    Raises NotAllowed where the user may not ask for the giver, Invalid for a wrong reason or sessions.
    """
    _require_right(order, by=by)
    return judge(order, by=by, at=at)


def request(order: Order, *, by: User, at: dt.datetime) -> SwapRecord:
    """Ask for a swap: REJECTED by tier 1 with alternatives, EXECUTED at once where consent is given and nothing asks
    for a decision, else PENDING (with an open case where it is escalated).

    Raises IntakeRefused (404, 409, 422, 429), NotAllowed, Invalid, ExecutionFailed, and what the gate raises.
    """
    _require_right(order, by=by)
    require_open(at, lambda: judge(order, by=by, at=at).planned)
    consented = order.partner_consented and by.may(Permission.REQUEST_FOR_ALL)
    swap = file(order, requested_by=by, consent_by=by if consented else None, by=by, at=at)
    return execute(swap, by=by, at=at) if swap.status == SwapStatus.APPROVED else swap


def file(order: Order, *, requested_by: User, consent_by: User | None, by: User | None, at: dt.datetime) -> SwapRecord:
    """Take the request up in one transaction: judge, store, settle. Not executed yet. See `request`."""
    try:
        with transaction.atomic():
            _one_at_a_time(order, requested_by)
            found = judge(order, by=requested_by, at=at)
            _require_intake(found, at=at)
            return _stored(found, requested_by=requested_by, consent_by=consent_by, by=by, at=at)
    except IntegrityError as error:
        if DUPLICATE in str(error):
            raise IntakeRefused((_duplicate(),)) from error
        raise


def _one_at_a_time(order: Order, requested_by: User) -> None:
    """Requests of one user, and those that give one person's duty away, wait for each other: two at the same moment
    would both be the last of the day, or both the last that may wait.

    Not against rows that only refer to them: whoever executes a swap writes to the same users, and neither would ever
    go on.
    """
    User.objects.select_for_update(no_key=True).get(pk=requested_by.pk)
    giver = queries.person_or_none(order.source_person)
    if giver is not None:
        Person.objects.select_for_update(no_key=True).get(pk=giver.pk)


def may_ask_for(person: Person, by: User) -> bool:
    """For anybody, for a named person, or for oneself."""
    if by.may(Permission.REQUEST_FOR_ALL) or by.may(Permission.REQUEST_FOR_NAMED):
        return True
    return by.may(Permission.REQUEST_OWN) and person.user_id == by.pk


def _require_right(order: Order, *, by: User) -> None:
    person = queries.person_or_none(order.source_person)
    for_others = by.may(Permission.REQUEST_FOR_ALL) or by.may(Permission.REQUEST_FOR_NAMED)
    if not (for_others if person is None else may_ask_for(person, by)):
        raise NotAllowed("You can give away your own weeks only.")


def _require_intake(found: Judgement, *, at: dt.datetime) -> None:
    if not found.refused:
        return
    wait = found.next_request_at
    if wait is None:
        raise IntakeRefused(found.refused)
    raise IntakeRefused(
        found.refused, retry_after=math.ceil((wait - at).total_seconds()), next_request_at=wait.isoformat()
    )


def _stored(
    found: Judgement, *, requested_by: User, consent_by: User | None, by: User | None, at: dt.datetime
) -> SwapRecord:
    planned = found.planned
    if planned is None:
        raise IntakeRefused(found.refused)
    order = found.order
    code, text = reason_of(order.reason)
    asked = planned.request
    back = order.swap_type == SwapType.ONE_TO_ONE
    swap = SwapRecord(
        source_person=planned.giver,
        source_week=planned.source_days[0],
        source_end=_last(planned, back=False),
        target_person=planned.taker,
        target_week=planned.target_days[0] if back else None,
        target_end=_last(planned, back=True) if back else None,
        swap_type=order.swap_type,
        scope=scope_of(order),
        source_places=places_json(asked.giver_places),
        target_places=places_json(asked.taker_places),
        reason_code=code.value,
        reason_text=text,
        requested_by=requested_by,
        requested_at=at,
        created_at=at,
        consent_due=at + found.policy.consent_time,
        consent_by=consent_by,
        consent_at=at if consent_by else None,
        judgement=found.as_json(),
    )
    record.save(swap, by=by, at=at, why="requested")
    record.note(swap, Event.REQUESTED, by=by, at=at, type=order.swap_type)
    if consent_by:
        record.note(swap, Event.CONSENTED, by=consent_by, at=at, carried=True)
    settled = settle(swap, found, actor=_capacity(swap, consent_by), by=by, at=at)
    if settled.status == SwapStatus.PENDING and settled.consent_at is None:
        ask_partner(settled, at=at)
    if by is not None and settled.source_person.user_id != by.pk:
        _tell_giver(settled, at=at)
    return settled


def _tell_giver(swap: SwapRecord, *, at: dt.datetime) -> None:
    """Somebody else asks for them, who hear of it at once and may take it back while it waits."""
    record.tell(
        [swap.source_person.user],
        swap,
        kind="SWAP_FILED_FOR_YOU",
        title=f"A swap was asked for in your name: {record.dates_of(swap)}",
        at=at,
    )


def _capacity(swap: SwapRecord, consent_by: User | None) -> Actor:
    """In which capacity the consent is given that the request carries."""
    return Actor.PARTNER if consent_by and queries.is_partner(consent_by, swap) else Actor.SYSTEM


def _last(planned: Planned, *, back: bool) -> dt.date:
    asked = planned.request.taker_places if back else planned.request.giver_places
    return max(day for day, _ in asked)


def _duplicate() -> SwapFinding:
    text = "A request for this week is open already: cancel it or wait for it."
    check = CHECK["DUPLICATE_REQUEST"]
    return SwapFinding(code=check.code, tier=check.tier, verdict=Verdict.REJECT, message=text, public=text)
