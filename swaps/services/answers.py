"""What the partner and the requester say to a request that waits."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.models import User
from common.errors import NotAllowed
from swaps import queries
from swaps.domain.tables import Actor, SwapStatus
from swaps.enums import Event
from swaps.models import SwapRecord
from swaps.services import record
from swaps.services.execution import execute, require_open
from swaps.services.judging import judge_again, plan_again
from swaps.services.refusals import AlreadyAnswered, SwapState
from swaps.services.settling import close_case, settle

NOTE_LENGTH = 500


def consent(swap: SwapRecord, *, by: User, at: dt.datetime) -> SwapRecord:
    """The partner agrees: judged anew, then executed inside this call, or left to whoever has to decide, or refused.

    Raises NotAllowed, SwapState, AlreadyAnswered, ExecutionFailed, and what the gate raises.
    """
    require_open(at, lambda: plan_again(swap))
    with transaction.atomic():
        locked = record.lock(swap)
        _require_partner(locked, by=by)
        _require_unanswered(locked)
        if at > locked.consent_due:
            raise SwapState("The time for answering this request is over; it lapses. Ask for the swap anew.")
        record.save(locked, by=by, at=at, why="consented", consent_by=by, consent_at=at)
        record.note(locked, Event.CONSENTED, by=by, at=at)
        settled = settle(locked, judge_again(locked, at=at), actor=Actor.PARTNER, by=by, at=at)
    return execute(settled, by=by, at=at) if settled.status == SwapStatus.APPROVED else settled


def decline(swap: SwapRecord, *, by: User, at: dt.datetime, note: str = "") -> SwapRecord:
    """The partner refuses; `note` is for the requester. Raises NotAllowed, SwapState, AlreadyAnswered."""
    with transaction.atomic():
        locked = record.lock(swap)
        _require_partner(locked, by=by)
        _require_unanswered(locked)
        record.move(
            locked,
            SwapStatus.REJECTED,
            actor=Actor.PARTNER,
            by=by,
            at=at,
            decided_by=by,
            decided_at=at,
            rationale=note.strip()[:NOTE_LENGTH],
            error_code="DECLINED",
        )
        record.note(locked, Event.DECLINED, by=by, at=at)
        close_case(locked, by=by, at=at, reason="declined")
        _tell_requester(locked, kind="SWAP_DECLINED", title="Swap declined", at=at)
        return locked


def cancel(swap: SwapRecord, *, by: User, at: dt.datetime, note: str = "") -> SwapRecord:
    """Whoever asked takes a waiting request back. Raises NotAllowed, SwapState."""
    with transaction.atomic():
        locked = record.lock(swap)
        if not queries.is_requester(by, locked):
            raise NotAllowed("Only who asked for a swap takes the request back.")
        record.require_state(locked, SwapStatus.PENDING)
        return cancelled(locked, actor=Actor.REQUESTER, by=by, at=at, note=note)


def cancelled(
    swap: SwapRecord, *, actor: Actor, by: User | None, at: dt.datetime, note: str = "", code: str = ""
) -> SwapRecord:
    """End a locked waiting request, its case with it, and tell the other party."""
    record.move(
        swap,
        SwapStatus.CANCELLED,
        actor=actor,
        by=by,
        at=at,
        decided_by=by,
        decided_at=at,
        rationale=note.strip()[:NOTE_LENGTH],
        error_code=code,
    )
    record.note(swap, Event.CANCELLED, by=by, at=at, code=code)
    close_case(swap, by=by, at=at, reason="cancelled")
    record.tell(
        [user for user in record.parties(swap) if by is None or (user is not None and user.pk != by.pk)],
        swap,
        kind="SWAP_CANCELLED",
        title=f"Swap request {'lapsed' if by is None else 'cancelled'}: {record.dates_of(swap)}",
        at=at,
    )
    return swap


def _require_partner(swap: SwapRecord, *, by: User) -> None:
    if not queries.is_partner(by, swap):
        raise NotAllowed("Only the partner answers a request.")


def _require_unanswered(swap: SwapRecord) -> None:
    record.require_state(swap, SwapStatus.PENDING)
    if swap.consent_at is not None:
        raise AlreadyAnswered("The partner has agreed before. The swap waits for a decision.")


def _tell_requester(swap: SwapRecord, *, kind: str, title: str, at: dt.datetime) -> None:
    record.tell(
        [swap.requested_by, swap.source_person.user],
        swap,
        kind=kind,
        title=f"{title}: {record.dates_of(swap)}",
        body="The report names what else is possible.",
        at=at,
    )
