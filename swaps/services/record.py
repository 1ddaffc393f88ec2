"""The one place where a swap changes its state, the append-only record, and the news to people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Func
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from accounts.services import notify
from common.errors import NotAllowed
from common.models import signed
from swaps.domain.tables import Actor, SwapStatus, may_move, transition
from swaps.enums import Event, OfferStatus
from swaps.models import MarketplaceOffer, SwapAudit, SwapRecord
from swaps.services.refusals import SwapState

CAME_TO_NOTHING = frozenset({SwapStatus.REJECTED, SwapStatus.CANCELLED})


def lock(swap: SwapRecord) -> SwapRecord:
    """The row as it is now, locked to the end of the transaction."""
    rows = SwapRecord.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("source_person__user", "target_person__user", "requested_by").get(pk=swap.pk)


def require_state(swap: SwapRecord, *states: SwapStatus) -> None:
    """Raise SwapState unless the swap is in one of these."""
    if swap.status not in states:
        raise SwapState(
            f"This swap is {swap.get_status_display().lower()}; that cannot be done to it any more.",
            swap_status=swap.status,
        )


def move(
    swap: SwapRecord, to: SwapStatus, *, actor: Actor, by: User | None, at: dt.datetime, why: str = "", **fields: Any
) -> SwapRecord:
    """Change the state of a locked swap by the transition table, with history; `fields` are written with it.

    Raises SwapState where the state may not follow, NotAllowed where this actor may not bring it about.
    """
    before = SwapStatus(swap.status)
    if transition(before, to) is None:
        raise SwapState(f"This swap is {swap.get_status_display().lower()}; it cannot become {to.value}.")
    if not may_move(before, to, actor):
        raise NotAllowed("Somebody else has to do this to a swap.")
    swap.status = to.value
    save(swap, by=by, at=at, why=why or f"{before.value} -> {to.value}", **fields)
    if to in CAME_TO_NOTHING:
        _offer_again(swap, by=by, at=at)
    return swap


def _offer_again(swap: SwapRecord, *, by: User | None, at: dt.datetime) -> None:
    """The week of an offer that somebody had taken is to be had again, unless it has begun or is offered anew."""
    for offer in MarketplaceOffer.objects.select_for_update(no_key=True).filter(swap=swap, status=OfferStatus.TAKEN):
        others = MarketplaceOffer.objects.filter(person=offer.person_id, week=offer.week, status=OfferStatus.OPEN)
        if offer.week > timezone.localdate(at) and not others.exists():
            offer.status, offer.closed_at, offer.swap = OfferStatus.OPEN, None, None
        else:
            offer.status, offer.closed_at = OfferStatus.EXPIRED, at
        signed(offer, by=by, at=at, reason=f"its swap is {swap.get_status_display().lower()}").save()


def save(swap: SwapRecord, *, by: User | None, at: dt.datetime, why: str, **fields: Any) -> SwapRecord:
    """Write fields of a locked swap, with history."""
    for name, value in fields.items():
        setattr(swap, name, value)
    signed(swap, by=by, at=at, reason=why).save()
    return swap


class CurrentTransaction(Func):
    """PostgreSQL's number of the open transaction, for rows that nobody reads back at once."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = BigIntegerField()


def note(swap: SwapRecord, event: Event, *, by: User | None, at: dt.datetime, **detail: Any) -> None:
    """Add an event to the append-only record. `detail` holds codes, times and counts, never names or reasons."""
    SwapAudit.objects.create(swap=swap, event=event, user=by, at=at, detail=detail, transaction_id=CurrentTransaction())


def transaction_id() -> int:
    """PostgreSQL's number of the open transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        row = cursor.fetchone()
    return int(row[0])


def tell(
    users: Iterable[User | None], swap: SwapRecord, *, kind: str, title: str, at: dt.datetime, body: str = ""
) -> None:
    """Notify the users that there are, in the application and by mail, and record it. No names, no reasons."""
    known = {user.pk: user for user in users if user is not None}
    made = notify(known.values(), kind=kind, title=title, body=body, url=f"/swaps/{swap.pk}", at=at)
    note(swap, Event.NOTIFIED, by=None, at=at, kind=kind, count=len(made))


def parties(swap: SwapRecord) -> list[User | None]:
    """Accounts of whoever asked, gives and takes."""
    return [swap.requested_by, swap.source_person.user, swap.target_person.user]


def coordinators() -> list[User]:
    return list(User.objects.filter(role=Role.COORDINATOR, is_active=True))


def dates_of(swap: SwapRecord) -> str:
    """What changes hands, for titles: dates alone."""
    back = f" against {swap.target_week}" if swap.target_week else ""
    return f"{swap.source_week}{back}"
