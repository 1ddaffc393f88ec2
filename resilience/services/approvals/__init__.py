"""The word of persons on what the program must not do by itself: asked for, given, refused, reviewed, used up."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from accounts.permissions import Permission
from resilience.domain.incidents import Approver
from resilience.enums import OPEN_APPROVALS, ApprovalState
from resilience.models import Approval
from resilience.services.approvals import parts
from resilience.services.approvals.asking import (
    VALID_FOR,
    ApprovalRefused,
    propose_fallback,
    propose_override,
    propose_shedding,
)
from resilience.services.approvals.deciding import (
    approve,
    approve_in_emergency,
    may_withdraw,
    owes_review,
    refuse,
    review,
    withdraw,
)
from resilience.services.approvals.using import carry_out, redeem, sweep

__all__ = [
    "VALID_FOR",
    "ApprovalRefused",
    "acts_for",
    "approve",
    "approve_in_emergency",
    "carry_out",
    "open_parts",
    "propose_fallback",
    "propose_override",
    "propose_shedding",
    "redeem",
    "refuse",
    "review",
    "sweep",
    "withdraw",
]


def open_parts(approval: Approval, *, at: dt.datetime) -> tuple[Approver, ...]:
    """The parts that have not said yes, by the posture in force now."""
    return parts.missing(approval, at=at) if approval.state in OPEN_APPROVALS else ()


def acts_for(approval: Approval, user: User, *, at: dt.datetime) -> frozenset[str]:
    """Names of the functions of this package that the user may call on it now."""
    acts = set()
    is_open = approval.state in OPEN_APPROVALS and at < approval.expires_at
    if is_open and may_withdraw(approval, user):
        acts.add("withdraw")
    part = parts.part_for(approval, user, at=at) if is_open or owes_review(approval) else None
    if is_open and part is not None:
        acts |= {"approve", "refuse"}
        if len(parts.missing(approval, at=at)) > 1:
            acts.add("approve_in_emergency")
    if part is not None and owes_review(approval):
        acts.add("review")
        acts -= {"approve", "refuse"}
    if is_open and approval.state == ApprovalState.GRANTED and user.may(Permission.APPROVE_RESILIENCE):
        acts.add("carry_out")
    return frozenset(acts)
