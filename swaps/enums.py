"""States and kinds of the swaps app, as stored. Types, states, levels and reasons of the pure core are in `domain`."""

from __future__ import annotations

from django.db.models import TextChoices

from swaps.domain.tables import Level, Reason, SwapStatus, SwapType

TYPES = [(SwapType.ONE_TO_ONE.value, "One to one"), (SwapType.ABSORB.value, "Absorb")]
STATUSES = [(status.value, status.value.replace("_", " ").capitalize()) for status in SwapStatus]
REASONS = [
    (reason.value, "PTO" if reason is Reason.PTO else reason.value.replace("_", " ").capitalize()) for reason in Reason
]
LEVELS = [
    (Level.COORDINATOR.value, "Coordinator"),
    (Level.ARCHITECT.value, "Architect (resilience lead)"),
    (Level.PROGRAM_DIRECTOR.value, "Program director"),
]

OPEN_STATUSES = (SwapStatus.PENDING, SwapStatus.APPROVED)
"""A request in one of these bars another one of the same person for the same week."""


class Scope(TextChoices):
    """How much of the week changes hands."""

    WEEK = "WEEK", "The whole week"
    SESSIONS = "SESSIONS", "Single sessions"
    CALL = "CALL", "A call"


class CaseStatus(TextChoices):
    OPEN = "OPEN", "Open"
    APPROVED = "APPROVED", "Approved"
    REJECTED = "REJECTED", "Rejected"
    CLOSED = "CLOSED", "Closed without a decision"


class CaseKind(TextChoices):
    REQUEST = "REQUEST", "A request to decide"
    CARRY_OVER = "CARRY_OVER", "A swap that a new version does not hold"


class OfferStatus(TextChoices):
    OPEN = "OPEN", "Open"
    TAKEN = "TAKEN", "Taken"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"
    EXPIRED = "EXPIRED", "Expired"


class Event(TextChoices):
    """What the append-only record of a swap knows of."""

    REQUESTED = "REQUESTED", "Requested"
    VALIDATED = "VALIDATED", "Validated"
    CONSENTED = "CONSENTED", "Partner consented"
    DECLINED = "DECLINED", "Partner declined"
    ESCALATED = "ESCALATED", "Escalated"
    REMINDED = "REMINDED", "Reminded"
    OVERDUE = "OVERDUE", "Overdue, moved one level up"
    APPROVED = "APPROVED", "Approved"
    REJECTED = "REJECTED", "Rejected"
    CANCELLED = "CANCELLED", "Cancelled"
    EXECUTED = "EXECUTED", "Executed"
    VERIFIED = "VERIFIED", "Verified"
    FAILED = "FAILED", "Execution failed"
    MONITORED = "MONITORED", "Monitored"
    COMPLAINED = "COMPLAINED", "Complaint"
    ROLLED_BACK = "ROLLED_BACK", "Rolled back"
    ROLLBACK_FAILED = "ROLLBACK_FAILED", "Roll back failed"
    CARRIED_OVER = "CARRIED_OVER", "Carried over into a new version"
    NOT_CARRIED = "NOT_CARRIED", "Not held by a new version"
    LET_GO = "LET_GO", "Given up for a new version"
    NOTIFIED = "NOTIFIED", "Notified"
