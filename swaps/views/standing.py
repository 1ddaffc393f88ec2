"""Where a swap stands, in a sentence: who is asked until when, what was decided, how long it can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Permission
from swaps import access
from swaps.domain.deadlines import next_level
from swaps.domain.tables import Level, SwapStatus
from swaps.enums import CaseKind
from swaps.models import EscalationCase, SwapRecord
from swaps.views.cards import Reader
from swaps.views.wording import LEVEL, moment

WINDOW_OVER = (
    "The time for rolling back is over. The program director may file the reverse swap, which passes every check."
)
NOT_CARRIED = "A newly published version does not hold this swap."
NO_ANSWER = (
    "has no account here and cannot answer: take the request back, and let the coordinator file it with their word"
)
CARRY_OVER = "Approving files it again on that version, through every check; rejecting gives it up."


@dataclass(frozen=True)
class Banner:
    """The first thing the page says."""

    title: str
    tone: str
    lines: tuple[str, ...] = ()


def banner_of(found: SwapRecord, case: EscalationCase | None, seen_by: Reader) -> Banner:
    """A case that waits comes first, then the partner's answer, then the state."""
    if case is not None:
        return _waits_for_decision(found, case, seen_by)
    return STANDINGS[SwapStatus(found.status)](found, seen_by)


class Onward(NamedTuple):
    """What the reader may want to do next, elsewhere."""

    name: str
    href: str


ASK_AGAIN = frozenset({SwapStatus.REJECTED, SwapStatus.CANCELLED, SwapStatus.ROLLED_BACK})


def onward_of(found: SwapRecord, seen_by: Reader) -> Onward | None:
    """For whoever asked: the same week with somebody else; past the window, for those who file for others: the reverse.

    None where the week has begun, or nothing follows.
    """
    if found.source_week <= timezone.localdate(seen_by.at):
        return None
    files_for_others = seen_by.user.may(Permission.REQUEST_FOR_ALL)
    if found.status in ASK_AGAIN and (files_for_others or access.is_requester(seen_by.user, found)):
        giver = found.source_person_id if files_for_others else None
        return Onward("Ask somebody else", _wizard(person=giver, week=found.source_week))
    if found.status == SwapStatus.EXECUTED and not seen_by.left(found) and files_for_others:
        back = _wizard(
            person=found.target_person_id,
            week=found.source_week,
            partner=found.source_person_id,
            kind=found.swap_type,
            target=found.target_week,
        )
        return Onward("File the reverse swap", back)
    return None


def _wizard(**chosen: object) -> str:
    """The address of the wizard with what is chosen already."""
    return f"{reverse('swap_new')}?{urlencode({name: str(value) for name, value in chosen.items() if value})}"


def _waits_for_decision(found: SwapRecord, case: EscalationCase, seen_by: Reader) -> Banner:
    late = case.overdue_at is not None or seen_by.at > case.due_at
    title = f"The {LEVEL[case.level]} decides until {moment(case.due_at)}"
    if late:
        title = f"Overdue since {moment(case.overdue_at or case.due_at)}: the {LEVEL[case.level]} decides"
    if case.kind == CaseKind.CARRY_OVER:
        return Banner(f"{NOT_CARRIED} {title}", "bad" if late else "warn", (CARRY_OVER,))
    consent = _consent(found, seen_by) + "." if _waits_for_consent(found) else ""
    up = "goes one level up" if next_level(Level(case.level)) else "is marked overdue"
    rule = f"A late case {up}; it is never approved by itself."
    return Banner(title, "bad" if late else "warn", tuple(line for line in (consent, rule) if line))


def _waits_for_consent(found: SwapRecord) -> bool:
    return found.status == SwapStatus.PENDING and found.consent_at is None


def _pending(found: SwapRecord, seen_by: Reader) -> Banner:
    return Banner(_consent(found, seen_by), "info", ("Without an answer the request lapses and nothing changes.",))


def _consent(found: SwapRecord, seen_by: Reader) -> str:
    if access.is_partner(seen_by.user, found):
        return f"Your answer is asked for until {moment(found.consent_due)}"
    if found.target_person.user_id is None:
        return f"{found.target_person.name} {NO_ANSWER}"
    return f"{found.target_person.name} is asked to agree until {moment(found.consent_due)}"


def _executed(found: SwapRecord, seen_by: Reader) -> Banner:
    if found.given_up_at is not None:
        given_up = f"Given up on {moment(found.given_up_at)}: a newer version of the schedule does not hold it."
        return Banner(f"Executed on {moment(found.executed_at)}", "", (given_up,))
    left = seen_by.left(found)
    window = f"It can be rolled back until {moment(seen_by.until(found))}, {left} from now." if left else WINDOW_OVER
    return Banner(f"Executed on {moment(found.executed_at)}", "ok", (window,))


def _rejected(found: SwapRecord, seen_by: Reader) -> Banner:
    declined = found.decided_by is not None and access.is_partner(found.decided_by, found)
    title = f"Declined by {found.target_person.name}" if declined else "Rejected"
    said = access.rationale_for(seen_by.user, found)
    lines = (said, "Nothing was changed in the schedule.")
    return Banner(title, "bad", tuple(line for line in lines if line))


def _rolled_back(found: SwapRecord, seen_by: Reader) -> Banner:
    tells = found.rollback_reason and access.sees_reason_code(seen_by.user, found)
    said = f"Why: {found.rollback_reason}" if tells else ""
    lines = (said, "Both schedules are as they were before the swap.")
    return Banner(f"Rolled back on {moment(found.rolled_back_at)}", "", tuple(line for line in lines if line))


STANDINGS: Mapping[SwapStatus, Callable[[SwapRecord, Reader], Banner]] = {
    SwapStatus.PENDING: _pending,
    SwapStatus.APPROVED: lambda found, seen_by: Banner("Approved, and being carried out", "info"),
    SwapStatus.EXECUTED: _executed,
    SwapStatus.REJECTED: _rejected,
    SwapStatus.CANCELLED: lambda found, seen_by: Banner(
        "Cancelled", "", ("The request was taken back or lapsed. Nothing was changed in the schedule.",)
    ),
    SwapStatus.ROLLED_BACK: _rolled_back,
    SwapStatus.ROLLBACK_FAILED: lambda found, seen_by: Banner(
        "The roll back failed: rows were changed meanwhile",
        "bad",
        ("Nothing was put back. The rows below stand in the way; the coordinator decides about each.",),
    ),
}
