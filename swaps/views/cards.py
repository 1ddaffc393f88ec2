"""One swap in a few words, for lists and headings: who, which weeks, where it stands, what the reader can do."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from swaps import access
from swaps.domain.tables import SwapStatus, SwapType
from swaps.enums import Scope
from swaps.models import EscalationCase, SwapPolicy, SwapRecord
from swaps.views.wording import CHECK, ENDED, LEVEL, STATUS, Word, moment, time_left, week_label

if TYPE_CHECKING:
    from accounts.models import User

PART: dict[str, str] = {Scope.SESSIONS: " (single sessions)", Scope.CALL: " (a call)"}


@dataclass(frozen=True)
class Reader:
    """Who looks, when, and how long a swap can be rolled back."""

    user: User
    at: dt.datetime
    rollback_time: dt.timedelta

    def until(self, swap: SwapRecord) -> dt.datetime | None:
        """The last instant of the swap's window; None where it was not executed."""
        return swap.executed_at + self.rollback_time if swap.executed_at else None

    def left(self, swap: SwapRecord) -> str:
        """What is left of the window of an executed swap; empty when it is over."""
        holds = swap.status == SwapStatus.EXECUTED and swap.given_up_at is None
        return time_left(self.until(swap), self.at) if holds else ""


@dataclass(frozen=True)
class Card:
    """What a list says of one swap."""

    pk: uuid.UUID
    title: str
    weeks: str
    word: Word
    when: str
    sentence: str
    action: str
    urgent: bool


def reader(user: User, at: dt.datetime) -> Reader:
    """The reader with the program's window for rolling back."""
    policy = SwapPolicy.objects.filter(pk=1).first() or SwapPolicy()
    return Reader(user, at, policy.rollback_time)


def card_of(swap: SwapRecord, seen_by: Reader) -> Card:
    """Needs the people and, where it is pending, its cases."""
    case = access.open_case(swap) if swap.status in {SwapStatus.PENDING, SwapStatus.EXECUTED} else None
    action, urgent = _action(swap, case, seen_by)
    return Card(
        pk=swap.pk,
        title=title_of(swap, seen_by.user),
        weeks=weeks_of(swap),
        word=word_of(swap, case),
        when=moment(swap.requested_at),
        sentence=_sentence(swap, case, seen_by),
        action=action,
        urgent=urgent,
    )


def title_of(swap: SwapRecord, user: User | None = None) -> str:
    """``Dr A gives to Dr B``, ``You and Dr B exchange``."""
    gives, takes = (person.name for person in (swap.source_person, swap.target_person))
    you_give = user is not None and swap.source_person.user_id == user.pk
    you_take = user is not None and swap.target_person.user_id == user.pk
    if swap.swap_type == SwapType.ONE_TO_ONE:
        return (
            f"You and {gives if you_take else takes} exchange"
            if you_give or you_take
            else f"{gives} and {takes} exchange"
        )
    return f"You give to {takes}" if you_give else f"{gives} gives to {'you' if you_take else takes}"


def weeks_of(swap: SwapRecord) -> str:
    """The giver's week, and the partner's where it is an exchange."""
    source = week_label((swap.source_week, swap.source_end)) + PART.get(swap.scope, "")
    if swap.target_week is None or swap.target_end is None:
        return source
    return f"{source}, for {week_label((swap.target_week, swap.target_end))}"


def word_of(swap: SwapRecord, case: EscalationCase | None) -> Word:
    """The state, a pending one by what it waits for."""
    if case is not None:
        return Word("Overdue", "bad") if case.overdue_at else Word("To decide", "warn")
    if swap.status == SwapStatus.PENDING and swap.consent_at is None:
        return Word("Waiting for consent", "info")
    return STATUS[swap.status]


def _sentence(swap: SwapRecord, case: EscalationCase | None, seen_by: Reader) -> str:
    waits = []
    if case is not None:
        late = ", overdue" if case.overdue_at else ""
        waits.append(f"With the {LEVEL[case.level]} until {moment(case.due_at)}{late}.")
    if swap.status == SwapStatus.PENDING and swap.consent_at is None:
        who = "You answer" if access.is_partner(seen_by.user, swap) else f"{swap.target_person.name} answers"
        waits.append(f"{who} until {moment(swap.consent_due)}, else it lapses.")
    if left := seen_by.left(swap):
        waits.append(f"Can be rolled back for another {left}.")
    return " ".join(waits) or _ended(swap)


def _ended(swap: SwapRecord) -> str:
    """How a swap that waits for nobody came to its end."""
    if swap.status == SwapStatus.ROLLED_BACK:
        return f"Rolled back on {moment(swap.rolled_back_at)}."
    if swap.executed_at is not None:
        return f"Executed on {moment(swap.executed_at)}."
    if not swap.error_code:
        return ""
    return ENDED.get(swap.error_code) or f"The checks: {CHECK.get(swap.error_code, swap.error_code)}."


def _action(swap: SwapRecord, case: EscalationCase | None, seen_by: Reader) -> tuple[str, bool]:
    """The one thing the reader may want to do, and whether somebody waits for it."""
    if case is not None and access.may_decide(seen_by.user, case):
        return "Read the report and decide", True
    if swap.status == SwapStatus.PENDING and swap.consent_at is None and access.is_partner(seen_by.user, swap):
        return "Look and answer", True
    return "", False
