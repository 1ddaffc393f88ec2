"""Who may see which swap, case and offer, and do what with it: one table for API, pages and tools."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q, QuerySet

import schedules.access
from accounts.access import require
from accounts.enums import Role
from accounts.permissions import Permission
from common.errors import NotAllowed, NotFound
from schedules.models import Person
from swaps.domain.tables import SENSITIVE_REASONS, Actor, Level, SwapStatus
from swaps.enums import CaseStatus, OfferStatus
from swaps.models import EscalationCase, MarketplaceOffer, SwapRecord
from swaps.queries import is_partner, is_party, is_requester, levels_of, may_decide, open_case

if TYPE_CHECKING:
    from accounts.models import User

__all__ = ["NotAllowed", "NotFound", "is_partner", "is_party", "is_requester", "may_decide", "open_case", "require"]


class Deed(StrEnum):
    """What a person can do to a swap; the values are the addresses of the API."""

    CONSENT = "consent"
    DECLINE = "decline"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    ROLL_BACK = "rollback"
    COMPLAIN = "complain"


class Rule(NamedTuple):
    """In which states, and in which capacities, somebody may do a deed."""

    states: frozenset[SwapStatus]
    actors: frozenset[Actor]


_PENDING, _EXECUTED = frozenset({SwapStatus.PENDING}), frozenset({SwapStatus.EXECUTED})


def _rule(states: frozenset[SwapStatus], *actors: Actor) -> Rule:
    return Rule(states, frozenset(actors))


DEEDS: Mapping[Deed, Rule] = {
    Deed.CONSENT: _rule(_PENDING, Actor.PARTNER),
    Deed.DECLINE: _rule(_PENDING, Actor.PARTNER),
    # Of an executed swap: one that a new version does not hold, to be filed again or given up.
    Deed.APPROVE: _rule(_PENDING | _EXECUTED, Actor.APPROVER),
    Deed.REJECT: _rule(_PENDING | _EXECUTED, Actor.APPROVER),
    Deed.CANCEL: _rule(_PENDING, Actor.REQUESTER),
    Deed.ROLL_BACK: _rule(_EXECUTED, Actor.REQUESTER, Actor.PROGRAM_DIRECTOR, Actor.ADMINISTRATOR),
    Deed.COMPLAIN: _rule(_EXECUTED, Actor.REQUESTER, Actor.PARTNER),
}
"""The rows of the transition table that people bring about, and the complaint, which changes no state."""

ROLE_ACTORS: Mapping[str, Actor] = {
    Role.COORDINATOR: Actor.COORDINATOR,
    # The resilience lead reads what the coordinator reads.
    Role.ARCHITECT: Actor.COORDINATOR,
    Role.PROGRAM_DIRECTOR: Actor.PROGRAM_DIRECTOR,
    Role.ADMINISTRATOR: Actor.ADMINISTRATOR,
}


# --- what may be seen -------------------------------------------------------------------------------------------------


def swaps_visible_to(user: User, /) -> QuerySet[SwapRecord]:
    """All for staff; others those they asked for, give in or take in."""
    rows = SwapRecord.objects.select_related("source_person", "target_person", "requested_by", "schedule")
    if user.may(Permission.SEE_DRAFTS):
        return rows
    mine = Q(requested_by=user) | Q(source_person__user=user) | Q(target_person__user=user)
    return rows.filter(mine)


def swap(user: User, pk: uuid.UUID | str, /) -> SwapRecord:
    """A swap the user may see. Raises NotFound."""
    found = swaps_visible_to(user).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such swap.")
    return found


def decides_escalations(user: User, /) -> bool:
    """Whether there is a queue for the user at all."""
    return bool(levels_of(user))


def cases_visible_to(user: User, /) -> QuerySet[EscalationCase]:
    """Open cases of the user's levels, the next deadline first; the program director's queue holds all overdue ones.

    Raises NotAllowed for those who decide nothing.
    """
    levels = levels_of(user)
    if not levels:
        raise NotAllowed("Your role decides no escalations.")
    mine = Q(level__in=[level.value for level in levels])
    if Level.PROGRAM_DIRECTOR in levels:
        mine |= Q(overdue_at__isnull=False)
    rows = EscalationCase.objects.select_related("swap__source_person", "swap__target_person", "swap__requested_by")
    return rows.filter(mine, status=CaseStatus.OPEN).order_by("due_at", "-level", "pk")


def offers_visible_to(user: User, /) -> QuerySet[MarketplaceOffer]:
    """Open offers for everybody; what became of an offer is known to staff and to whose it is."""
    rows = MarketplaceOffer.objects.select_related("person").order_by("week", "person__name", "pk")
    if user.may(Permission.SEE_DRAFTS):
        return rows
    return rows.filter(Q(status=OfferStatus.OPEN) | Q(person__user=user) | Q(swap__target_person__user=user))


def offer(user: User, pk: uuid.UUID | str, /) -> MarketplaceOffer:
    """An offer the user may see. Raises NotFound."""
    found = offers_visible_to(user).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such offer.")
    return found


# --- in which capacity ------------------------------------------------------------------------------------------------


def actors_of(user: User, swap: SwapRecord, /) -> frozenset[Actor]:
    """Every capacity in which the user meets the swap."""
    case = open_case(swap)
    capacities = {
        Actor.REQUESTER: is_requester(user, swap),
        Actor.PARTNER: is_partner(user, swap),
        Actor.APPROVER: case is not None and may_decide(user, case),
    }
    found = {actor for actor, holds in capacities.items() if holds}
    if user.role in ROLE_ACTORS:
        found.add(ROLE_ACTORS[user.role])
    return frozenset(found)


def deeds_of(user: User, swap: SwapRecord, /, *, at: dt.datetime, rollback_until: dt.datetime | None) -> list[Deed]:
    """What the user may do to the swap now, in the order of the table: the buttons of its page."""
    actors = actors_of(user, swap)
    status = SwapStatus(swap.status)
    found = [deed for deed, rule in DEEDS.items() if status in rule.states and actors & rule.actors]
    consented = {Deed.CONSENT, Deed.DECLINE} if swap.consent_at is not None else set()
    over = {Deed.ROLL_BACK} if rollback_until is None or at > rollback_until else set()
    return [deed for deed in found if deed not in consented | over]


def reader_of(user: User, swap: SwapRecord, /) -> Actor:
    """The capacity whose words of a finding the user reads; the most telling one of several.

    A colleague or another program reads what everybody may.
    """
    actors = actors_of(user, swap)
    order = (Actor.PROGRAM_DIRECTOR, Actor.APPROVER, Actor.ADMINISTRATOR, Actor.COORDINATOR, Actor.REQUESTER)
    return next((actor for actor in order if actor in actors), Actor.PARTNER)


def asking_as(user: User, /) -> Actor:
    """The capacity in which somebody reads about a swap that is not asked for yet."""
    return ROLE_ACTORS.get(user.role, Actor.REQUESTER)


# --- reasons ----------------------------------------------------------------------------------------------------------


def sees_reason_code(user: User, swap: SwapRecord, /) -> bool:
    """A sensitive code is for the requester and those with SEE_SENSITIVE; others for all who see the swap."""
    if swap.reason_code not in SENSITIVE_REASONS:
        return True
    return is_requester(user, swap) or user.may(Permission.SEE_SENSITIVE)


def sees_reason_text(user: User, swap: SwapRecord, /) -> bool:
    """Free text is for the requester and for whoever decides or has decided; a sensitive one for the director alone."""
    if is_requester(user, swap):
        return True
    if swap.reason_code in SENSITIVE_REASONS:
        return user.may(Permission.SEE_SENSITIVE)
    return any(
        case.decided_by_id == user.pk or (case.status == CaseStatus.OPEN and may_decide(user, case))
        for case in swap.cases.all()
    )


def rationale_for(user: User, swap: SwapRecord, /) -> str:
    """The words of a decision; of a sensitive request only for those who may know its reason: they may give it away."""
    return swap.rationale if sees_reason_code(user, swap) else ""


# --- who may ask ------------------------------------------------------------------------------------------------------


def giver(user: User, pk: uuid.UUID | None, /) -> Person:
    """The active person whose duty is to be given: the caller's own, or with the right another's.

    Raises NotFound, NotAllowed.
    """
    if pk is None:
        return schedules.access.own_person(user)
    found = Person.objects.filter(pk=pk, is_active=True).first()
    if found is None:
        raise NotFound("There is no such person.")
    if found.user_id != user.pk and not (
        user.may(Permission.REQUEST_FOR_ALL) or user.may(Permission.REQUEST_FOR_NAMED)
    ):
        raise NotAllowed("You can give your own weeks only.")
    return found


def may_ask_for_swap(user: User, /) -> bool:
    """For anybody, for a named person, or for oneself where the account is linked to a person."""
    if user.may(Permission.REQUEST_FOR_ALL) or user.may(Permission.REQUEST_FOR_NAMED):
        return True
    return user.may(Permission.REQUEST_OWN) and hasattr(user, "person")
