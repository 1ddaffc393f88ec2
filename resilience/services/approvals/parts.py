"""Who may say yes in which part, and which parts an approval still lacks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from itertools import product

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import Permission
from resilience.domain.incidents import SHEDDING_APPROVERS, Approver, fallback_approvers
from resilience.domain.shedding import ShedLevel
from resilience.enums import ApprovalAction
from resilience.models import Approval
from resilience.services import posture
from schedules.models import ProgramPolicy

SECOND_ROLES = (Role.PROGRAM_DIRECTOR, Role.ARCHITECT)
"""Whoever of them is active speaks for a named person where the policy names nobody who is."""
SPEAKS_FOR = {Approver.COORDINATOR: frozenset({Approver.COORDINATOR, Approver.PROGRAM_DIRECTOR})}
"""Whose word is enough for a part, beside its own."""
WORDS = {
    Approver.COORDINATOR: "the coordinator",
    Approver.PROGRAM_DIRECTOR: "the program director",
    Approver.CLINICAL_LEAD: "the clinical lead",
    Approver.SECOND_AUTHORITY: "the second authority",
}


def needed_parts(action: ApprovalAction, target: str, *, at: dt.datetime) -> frozenset[Approver]:
    """The table of resilience, section 4, at the posture in force. An override has its first word by being asked."""
    if action is ApprovalAction.SHEDDING:
        return SHEDDING_APPROVERS[ShedLevel[target]]
    if action is ApprovalAction.OVERRIDE:
        return frozenset({Approver.SECOND_AUTHORITY})
    return fallback_approvers(posture.in_force(at=at))


def people_for(part: Approver) -> tuple[User, ...]:
    """The active persons who may speak in a part. Never an account of a program."""
    policy = _policy()
    return tuple(user for user in _persons() if _may_speak(user, part, policy))


def parts_of(user: User) -> frozenset[Approver]:
    """The parts in which a user may speak."""
    if not user.is_active or user.role == Role.AGENT:
        return frozenset()
    policy = _policy()
    return frozenset(part for part in Approver if _may_speak(user, part, policy))


def said(approval: Approval) -> frozenset[Approver]:
    """The parts that have said yes."""
    return frozenset(Approver(vote.part) for vote in approval.votes.all() if vote.agrees)


def missing(approval: Approval, *, at: dt.datetime) -> tuple[Approver, ...]:
    """Parts without a yes, by the posture in force now: what was enough at ORANGE is not at RED."""
    agreed = said(approval)
    now = needed_parts(ApprovalAction(approval.action), approval.target, at=at)
    asked = sorted({Approver(part) for part in approval.needed} | now, key=list(Approver).index)
    return tuple(part for part in asked if not agreed & SPEAKS_FOR.get(part, frozenset({part})))


def part_for(approval: Approval, user: User, *, at: dt.datetime) -> Approver | None:
    """The missing part that a user can take so that others can take the rest; None = no part, or spoken already.

    Never the proposer's. A director who speaks for the coordinator speaks as director.
    """
    spoken = {vote.by_id for vote in approval.votes.all()}
    if user.pk == approval.proposed_by_id or user.pk in spoken:
        return None
    open_parts = missing(approval, at=at)
    own = parts_of(user)
    others = {*spoken, user.pk, approval.proposed_by_id}
    able = [part for part in open_parts if own & SPEAKS_FOR.get(part, frozenset({part}))]
    able.sort(key=lambda part: not can_be_filled([p for p in open_parts if p is not part], without=others))
    if not able:
        return None
    return Approver.PROGRAM_DIRECTOR if Approver.PROGRAM_DIRECTOR in own and able[0] in SPEAKS_FOR else able[0]


def can_be_filled(parts: Iterable[Approver], *, without: Collection[object]) -> bool:
    """Whether different persons outside `without` (ids) can take all the parts."""
    policy, persons = _policy(), [user for user in _persons() if user.pk not in without]
    choices = [
        [
            user.pk
            for user in persons
            if any(_may_speak(user, spoken, policy) for spoken in SPEAKS_FOR.get(part, frozenset({part})))
        ]
        for part in parts
    ]
    return any(len(set(chosen)) == len(chosen) for chosen in product(*choices))


def in_words(parts: Iterable[Approver]) -> str:
    return " and ".join(WORDS[part] for part in parts)


def _persons() -> list[User]:
    return list(User.objects.filter(is_active=True).exclude(role=Role.AGENT).order_by("date_joined", "pk"))


def _policy() -> ProgramPolicy:
    return ProgramPolicy.objects.filter(pk=1).first() or ProgramPolicy()


def _may_speak(user: User, part: Approver, policy: ProgramPolicy) -> bool:
    approves = user.may(Permission.APPROVE_RESILIENCE)
    if part is Approver.PROGRAM_DIRECTOR:
        return approves and user.may(Permission.DECIDE_DIRECTOR)
    if part is Approver.COORDINATOR:
        is_deputy = policy.deputy_id == user.pk
        return is_deputy or (approves and user.may(Permission.DECIDE_COORDINATOR))
    named = policy.clinical_lead if part is Approver.CLINICAL_LEAD else policy.second_authority
    if named is not None and named.is_active and named.role != Role.AGENT:
        return user.pk == named.pk
    return user.role in SECOND_ROLES
