"""What a party says after a swap was executed."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.models import User
from common.errors import Invalid, NotAllowed
from swaps import queries
from swaps.domain.tables import SwapStatus
from swaps.enums import Event
from swaps.models import Complaint, SwapRecord
from swaps.services import record
from swaps.services.refusals import SwapState
from swaps.services.rollback import rollback_eligible_until

LONGEST = 500


@transaction.atomic
def complain(swap: SwapRecord, *, by: User, at: dt.datetime, text: str) -> Complaint:
    """A party reports that an executed swap went wrong, while it is watched; the coordinator hears of it at once.

    Raises NotAllowed, Invalid (no text), SwapState (not executed, or the window is over).
    """
    locked = record.lock(swap)
    if not queries.is_party(by, locked):
        raise NotAllowed("Only the two parties of a swap complain about it.")
    words = text.strip()
    if not 1 <= len(words) <= LONGEST:
        raise Invalid(f"Say what went wrong in 1 to {LONGEST} characters.")
    record.require_state(locked, SwapStatus.EXECUTED)
    until = rollback_eligible_until(locked)
    if until is None or at > until:
        raise SwapState("The time for complaints about this swap is over. Speak to the program director.")
    complaint = Complaint.objects.create(swap=locked, filed_by=by, filed_at=at, text=words)
    record.note(locked, Event.COMPLAINED, by=by, at=at)
    record.tell(
        [*record.coordinators(), *(user for user in record.parties(locked) if user is not None and user.pk != by.pk)],
        locked,
        kind="SWAP_COMPLAINT",
        title=f"Complaint about a swap: {record.dates_of(locked)}",
        body="A party says that it went wrong. It can still be rolled back.",
        at=at,
    )
    return complaint
