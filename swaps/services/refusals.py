"""How swaps refuse: each with a code for programs and a sentence for people, without names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.errors import DomainError
from swaps.domain.findings import SwapFinding

STATUS_OF: Mapping[str, int] = {
    "SOURCE_NOT_FOUND": 404,
    "TARGET_NOT_FOUND": 404,
    "SELF_SWAP": 422,
    "INVALID_SWAP_TYPE": 422,
    "WEEK_NOT_ASSIGNED": 422,
    "DUPLICATE_REQUEST": 409,
    "PAST_DATE": 422,
    "TOO_FAR": 422,
    "RATE_LIMITED": 429,
}
"""HTTP statuses of the intake codes."""


class IntakeRefused(DomainError):
    """The request cannot be taken up; `code` is the first intake code that it meets."""

    code = "INTAKE"

    def __init__(self, refusals: tuple[SwapFinding, ...], **extra: Any) -> None:
        first = refusals[0]
        super().__init__(first.message, code=first.code, codes=[item.code for item in refusals], **extra)
        self.refusals = refusals
        self.status = STATUS_OF[first.code]


class SwapState(DomainError):
    """The swap is not in a state that allows this."""

    code = "SWAP_STATE"


class AlreadyAnswered(DomainError):
    """The partner has answered before."""

    code = "ALREADY_ANSWERED"


class FindingsChanged(DomainError):
    """What the approver read is not what the checks find now; nothing was decided."""

    code = "FINDINGS_CHANGED"


class RollbackExpired(DomainError):
    """The window for rolling back is over."""

    code = "ROLLBACK_WINDOW_EXPIRED"


class RollbackConflict(DomainError):
    """Rows that the swap touched were changed meanwhile; nothing was restored. `rows` says which."""

    code = "ROLLBACK_FAILED"


class ExecutionFailed(DomainError):
    """The swap could not be executed or verified; everything was rolled back and the request is rejected."""

    code = "INTEGRITY_VIOLATION"


class OfferClosed(DomainError):
    """The offer was taken, withdrawn or has expired."""

    code = "OFFER_CLOSED"


class OfferUnfit(DomainError):
    """Taking the offer would break a rule; it stays open. `findings` says which."""

    code = "OFFER_UNFIT"
