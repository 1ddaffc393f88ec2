"""Whether a sweep would find anything: one look at what has a time, for those who ask every few seconds."""

from __future__ import annotations

import datetime as dt

from swaps.domain.tables import Level, SwapStatus
from swaps.enums import CaseStatus
from swaps.models import EscalationCase, SwapRecord


def is_anything_due(at: dt.datetime, /) -> bool:
    """A consent to lapse, a case past its deadline, a swap to look at. Reminders wait for the sweep of each minute."""
    lapsing = SwapRecord.objects.filter(status=SwapStatus.PENDING, consent_at__isnull=True, consent_due__lt=at)
    watched = SwapRecord.objects.filter(status=SwapStatus.EXECUTED, next_check_at__lte=at)
    # Nobody is above the program director: what is overdue there was marked, and waits.
    late = EscalationCase.objects.filter(status=CaseStatus.OPEN, due_at__lt=at).exclude(
        level=Level.PROGRAM_DIRECTOR, overdue_at__isnull=False
    )
    return lapsing.exists() or watched.exists() or late.exists()
