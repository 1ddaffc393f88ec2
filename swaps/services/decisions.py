"""What the approver of a case decides, with a written rationale; never a party, and never over tier 1."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.models import User
from common.errors import Invalid, NotAllowed
from common.models import signed
from swaps import queries
from swaps.domain.tables import Actor, SwapStatus
from swaps.enums import CaseKind, CaseStatus, Event
from swaps.models import EscalationCase, SwapRecord
from swaps.services import carrying, record
from swaps.services.execution import execute, require_open
from swaps.services.judging import judge_again, plan_again
from swaps.services.refusals import SwapState
from swaps.services.settling import settle

LONGEST_RATIONALE = 1000


def approve(swap: SwapRecord, *, by: User, at: dt.datetime, rationale: str) -> SwapRecord:
    """Accept the findings of the open case. Judged anew: executed if the partner has consented, else it waits for them.

    For a swap that a new version does not hold, this files it again on that version; the new request is returned.
    Raises NotAllowed, Invalid (no rationale), SwapState, ExecutionFailed, and what the gate raises.
    """
    require_open(at, lambda: plan_again(swap))
    with transaction.atomic():
        locked = record.lock(swap)
        case = _decided(locked, CaseStatus.APPROVED, by=by, at=at, rationale=rationale)
        if case.kind == CaseKind.REQUEST:
            record.require_state(locked, SwapStatus.PENDING)
            record.save(locked, by=by, at=at, why="approved", decided_by=by, decided_at=at, rationale=case.rationale)
            settled = settle(locked, judge_again(locked, at=at), actor=Actor.APPROVER, by=by, at=at)
            if settled.status in (SwapStatus.PENDING, SwapStatus.APPROVED):
                _tell(settled, "approved", at=at)
        else:
            settled = carrying.file_again(locked, by=by, at=at)
    return execute(settled, by=by, at=at) if settled.status == SwapStatus.APPROVED else settled


def reject(swap: SwapRecord, *, by: User, at: dt.datetime, rationale: str) -> SwapRecord:
    """Refuse the open case: the request is REJECTED; a swap that a new version does not hold is given up.

    Raises NotAllowed, Invalid (no rationale), SwapState.
    """
    with transaction.atomic():
        locked = record.lock(swap)
        case = _decided(locked, CaseStatus.REJECTED, by=by, at=at, rationale=rationale)
        if case.kind == CaseKind.CARRY_OVER:
            return carrying.let_go(locked, by=by, at=at)
        record.move(
            locked,
            SwapStatus.REJECTED,
            actor=Actor.APPROVER,
            by=by,
            at=at,
            decided_by=by,
            decided_at=at,
            rationale=case.rationale,
            error_code="NOT_APPROVED",
        )
        _tell(locked, "not approved", at=at)
        return locked


def _decided(swap: SwapRecord, to: CaseStatus, *, by: User, at: dt.datetime, rationale: str) -> EscalationCase:
    """Close the open case with the decision. Parties and those of another level are refused."""
    why = rationale.strip()
    if not 1 <= len(why) <= LONGEST_RATIONALE:
        raise Invalid(f"Write a rationale of 1 to {LONGEST_RATIONALE} characters: it stays with the decision.")
    case = (
        EscalationCase.objects.select_for_update(of=("self",))
        .select_related("swap__source_person", "swap__target_person")
        .filter(swap=swap, status=CaseStatus.OPEN)
        .first()
    )
    if case is None:
        raise SwapState("Nobody has to decide about this swap.")
    if queries.is_party(by, swap):
        raise NotAllowed("Somebody who is no party has to decide about this swap.")
    if not queries.may_decide(by, case):
        raise NotAllowed(f"This decision belongs to the {case.get_level_display().lower()}.")
    case.status, case.decided_by, case.decided_at, case.rationale = to.value, by, at, why
    signed(case, by=by, at=at, reason=to.label.lower()).save()
    event = Event.APPROVED if to is CaseStatus.APPROVED else Event.REJECTED
    record.note(swap, event, by=by, at=at, level=case.level, codes=case.codes, kind=case.kind)
    return case


def _tell(swap: SwapRecord, what: str, *, at: dt.datetime) -> None:
    waits = swap.status == SwapStatus.PENDING and swap.consent_at is None
    record.tell(
        record.parties(swap),
        swap,
        kind="SWAP_DECIDED",
        title=f"Swap {what}: {record.dates_of(swap)}",
        body="It is executed once the partner agrees." if waits else "",
        at=at,
    )
