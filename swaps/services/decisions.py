"""What the approver of a case decides, with a written rationale; never a party, and never over tier 1."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from accounts.models import User
from common.errors import Invalid, NotAllowed
from common.models import signed
from swaps import queries
from swaps.domain.tables import Actor, SwapStatus
from swaps.enums import CaseKind, CaseStatus, Event
from swaps.mapping import matter_json, shown_digest
from swaps.models import EscalationCase, SwapRecord
from swaps.services import carrying, record
from swaps.services.execution import execute, require_open
from swaps.services.judging import Judgement, judge_again, plan_again
from swaps.services.refusals import FindingsChanged, SwapState
from swaps.services.reports import findings_of
from swaps.services.settling import settle

LONGEST_RATIONALE = 1000


def approve(swap: SwapRecord, *, by: User, at: dt.datetime, rationale: str, shown: str = "") -> SwapRecord:
    """Accept the findings of the open case. Judged anew: executed if the partner has consented, else it waits for them.

    Exactly the findings that were shown are accepted: those of the stored report or, where the approver was shown a
    newer judgement, those of the digest `shown`. What is found beyond them asks anew.

    For a swap that a new version does not hold, this files it again on that version; the new request is returned.
    Raises NotAllowed, Invalid (no rationale), SwapState, FindingsChanged (nothing is decided), ExecutionFailed, and
    what the gate raises.
    """
    require_open(at, lambda: plan_again(swap))
    with transaction.atomic():
        locked = record.lock(swap)
        case = _may_decide(locked, by=by, rationale=rationale)
        if case.kind == CaseKind.REQUEST:
            record.require_state(locked, SwapStatus.PENDING)
            found = judge_again(locked, at=at)
            case.accepted = _as_shown(locked, found, shown)
            _decide(case, CaseStatus.APPROVED, by=by, at=at, rationale=rationale)
            record.save(locked, by=by, at=at, why="approved", decided_by=by, decided_at=at, rationale=case.rationale)
            settled = settle(locked, found, actor=Actor.APPROVER, by=by, at=at)
            if settled.status in (SwapStatus.PENDING, SwapStatus.APPROVED):
                _tell(settled, "approved", at=at)
        else:
            _decide(case, CaseStatus.APPROVED, by=by, at=at, rationale=rationale)
            settled = carrying.file_again(locked, by=by, at=at)
    return execute(settled, by=by, at=at) if settled.status == SwapStatus.APPROVED else settled


def reject(swap: SwapRecord, *, by: User, at: dt.datetime, rationale: str) -> SwapRecord:
    """Refuse the open case: the request is REJECTED; a swap that a new version does not hold is given up.

    Raises NotAllowed, Invalid (no rationale), SwapState.
    """
    with transaction.atomic():
        locked = record.lock(swap)
        case = _may_decide(locked, by=by, rationale=rationale)
        _decide(case, CaseStatus.REJECTED, by=by, at=at, rationale=rationale)
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


def _as_shown(swap: SwapRecord, found: Judgement, shown: str) -> list[dict[str, Any]]:
    """What the approver has read and accepts by deciding. Raises FindingsChanged."""
    findings = found.findings if shown else findings_of(swap)
    if shown and shown != shown_digest(findings):
        raise FindingsChanged(
            "The checks find something else than you were shown, so nothing was decided. Read the report again, then"
            " decide."
        )
    return [matter_json(item.matter) for item in findings if item.matter]


def _may_decide(swap: SwapRecord, *, by: User, rationale: str) -> EscalationCase:
    """The open case, locked. Parties and those of another level are refused, and so is who says no reason."""
    if not 1 <= len(rationale.strip()) <= LONGEST_RATIONALE:
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
    return case


def _decide(case: EscalationCase, to: CaseStatus, *, by: User, at: dt.datetime, rationale: str) -> None:
    """Close the case with the decision, and record it."""
    case.status, case.decided_by, case.decided_at, case.rationale = to.value, by, at, rationale.strip()
    signed(case, by=by, at=at, reason=to.label.lower()).save()
    event = Event.APPROVED if to is CaseStatus.APPROVED else Event.REJECTED
    record.note(case.swap, event, by=by, at=at, level=case.level, codes=case.codes, kind=case.kind)


def _tell(swap: SwapRecord, what: str, *, at: dt.datetime) -> None:
    if queries.open_case(swap) is not None:
        body = "The checks have found something else meanwhile, which waits for a decision of its own."
    else:
        waits = swap.status == SwapStatus.PENDING and swap.consent_at is None
        body = "It is executed once the partner agrees." if waits else ""
    record.tell(
        record.parties(swap),
        swap,
        kind="SWAP_DECIDED",
        title=f"Swap {what}: {record.dates_of(swap)}",
        body=body,
        at=at,
    )
