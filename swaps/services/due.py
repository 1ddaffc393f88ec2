"""What is due, for those who sweep and for those who ask every few seconds whether to."""

from __future__ import annotations

import datetime as dt
from typing import Any

from swaps.domain.deadlines import next_level
from swaps.domain.tables import Level, SwapStatus
from swaps.enums import CaseStatus
from swaps.models import EscalationCase, SwapRecord

REMIND_AT = 0.75
"""Share of the time for an answer after which people are reminded of it, once."""

TOP_LEVELS = [level for level in Level if next_level(level) is None]
"""Nobody is above: a case overdue there is marked once and stays."""


def is_time_to_remind(begun: dt.datetime, ends: dt.datetime, at: dt.datetime) -> bool:
    """Whether most of the time for an answer has passed, and some is left."""
    return begun + REMIND_AT * (ends - begun) <= at <= ends


def is_anything_due(at: dt.datetime, /) -> bool:
    """Whether a sweep would find a consent to lapse, somebody to remind, a late case, or a swap to look at.

    A few indexed queries. What is rarer (offers, weeks that have begun) waits for the sweep of each minute.
    """
    unanswered = SwapRecord.objects.filter(status=SwapStatus.PENDING, consent_at__isnull=True)
    watched = SwapRecord.objects.filter(status=SwapStatus.EXECUTED, next_check_at__lte=at)
    undecided = EscalationCase.objects.filter(status=CaseStatus.OPEN)
    late = undecided.filter(due_at__lt=at).exclude(level__in=TOP_LEVELS, overdue_at__isnull=False)
    return (
        unanswered.filter(consent_due__lt=at).exists()
        or watched.exists()
        or late.exists()
        or _somebody_to_remind(unanswered, undecided, at)
    )


def _somebody_to_remind(unanswered: Any, undecided: Any, at: dt.datetime) -> bool:
    waiting = unanswered.filter(reminded_at__isnull=True, consent_due__gte=at)
    cases = undecided.filter(reminded_at__isnull=True, due_at__gte=at)
    spans = [
        *waiting.values_list("requested_at", "consent_due"),
        *((moved or opened, ends) for opened, moved, ends in cases.values_list("opened_at", "moved_up_at", "due_at")),
    ]
    return any(is_time_to_remind(begun, ends, at) for begun, ends in spans)
