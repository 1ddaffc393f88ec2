"""Everything that people and the system do with swaps; doors call these functions and nothing below them."""

from swaps.services.answers import cancel, consent, decline
from swaps.services.carrying import review, standing_on
from swaps.services.complaints import complain
from swaps.services.decisions import approve, reject
from swaps.services.execution import execute
from swaps.services.judging import Judgement, Order, reason_of
from swaps.services.marketplace import offer, take, withdraw
from swaps.services.monitoring import Swept, judge_versions, monitor, sweep
from swaps.services.refusals import (
    AlreadyAnswered,
    ExecutionFailed,
    IntakeRefused,
    OfferClosed,
    OfferUnfit,
    RollbackConflict,
    RollbackExpired,
    SwapState,
)
from swaps.services.reports import alternatives_of, findings_of, report, report_json, report_markdown
from swaps.services.requests import request, validate
from swaps.services.rollback import can_roll_back, roll_back, rollback_eligible_until
from swaps.services.search import OwnWeek, candidates, exchanges, own_weeks

__all__ = [
    "AlreadyAnswered",
    "ExecutionFailed",
    "IntakeRefused",
    "Judgement",
    "OfferClosed",
    "OfferUnfit",
    "Order",
    "OwnWeek",
    "RollbackConflict",
    "RollbackExpired",
    "SwapState",
    "Swept",
    "alternatives_of",
    "approve",
    "can_roll_back",
    "cancel",
    "candidates",
    "complain",
    "consent",
    "decline",
    "exchanges",
    "execute",
    "findings_of",
    "judge_versions",
    "monitor",
    "offer",
    "own_weeks",
    "reason_of",
    "reject",
    "report",
    "report_json",
    "report_markdown",
    "request",
    "review",
    "roll_back",
    "rollback_eligible_until",
    "standing_on",
    "sweep",
    "take",
    "validate",
    "withdraw",
]
