"""Weeks that people offer to whoever wants them: taking one is a request that carries both consents."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import Permission
from common.errors import Invalid, NotAllowed
from common.models import signed
from schedules.models import Person
from swaps.domain.tables import Reason, SwapStatus, SwapType, Verdict
from swaps.enums import OfferStatus
from swaps.models import MarketplaceOffer, SwapRecord
from swaps.services import search
from swaps.services.execution import execute, require_open
from swaps.services.judging import Order, judge
from swaps.services.refusals import OfferClosed, OfferUnfit
from swaps.services.requests import file, may_ask_for

ONCE = "one_open_offer_per_week"


def offer(
    person: Person,
    *,
    week: dt.date,
    by: User | None,
    at: dt.datetime,
    note: str = "",
    reason: Reason = Reason.OTHER,
) -> MarketplaceOffer:
    """Offer the person's swap week of a date to everybody. `note` is public; `by` None = the system.

    Raises NotAllowed, Invalid (no duty, begun, too far, or a note too long), OfferClosed (offered already).
    """
    if by is not None and not _may_offer(person, by):
        raise NotAllowed("You can offer your own weeks only.")
    # An FMIT week overlaps two ordinary ones: a date of it means the FMIT week.
    weeks = sorted(search.own_weeks(person, at=at), key=lambda one: not one.leads_fmit)
    own = next((one for one in weeks if one.start <= week <= one.end), None)
    if own is None:
        raise Invalid("There is no duty in that week to offer, or it has begun, or it is too far ahead.")
    if len(note.strip()) > 200:
        raise Invalid("A note has at most 200 characters.")
    made = MarketplaceOffer(
        person=person,
        week=own.start,
        week_end=own.end,
        note=note.strip(),
        reason_code=reason.value,
        offered_by=by,
        offered_at=at,
    )
    try:
        with transaction.atomic():
            signed(made, by=by, at=at, reason="offered").save()
    except IntegrityError as error:
        if ONCE in str(error):
            raise OfferClosed("This week is offered already.", code="ALREADY_OFFERED") from error
        raise
    return made


def _may_offer(person: Person, by: User) -> bool:
    """Whose offer is as good as the person's word: a program's is not, and whoever takes the week has it."""
    return may_ask_for(person, by) and by.role != Role.AGENT


def order_of(offered: MarketplaceOffer, taker: Person, target_week: dt.date | None) -> Order:
    """The request that taking the offer makes: for nothing, or against a week of the taker."""
    return Order(
        source_person=offered.person_id,
        source_week=offered.week,
        target_person=taker.pk,
        swap_type=(SwapType.ABSORB if target_week is None else SwapType.ONE_TO_ONE).value,
        reason=offered.reason_code,
        target_week=target_week,
    )


def take(
    offered: MarketplaceOffer,
    *,
    by: User,
    at: dt.datetime,
    person: Person | None = None,
    target_week: dt.date | None = None,
) -> SwapRecord:
    """Take an offered week, for nothing or against a week of one's own: executed at once where nothing asks for a
    decision. `person`: whoever takes it, where somebody who may asks for them; default the user's own. One for whom an
    agent takes it is asked for consent.

    Raises NotAllowed, Invalid (no person), OfferClosed, OfferUnfit (tier 1: the offer stays open), IntakeRefused,
    ExecutionFailed, and what the gate raises.
    """
    taker = person or getattr(by, "person", None)
    if taker is None:
        raise Invalid("Your account belongs to no person of the schedule: say who takes the week.")
    if not may_ask_for(taker, by):
        raise NotAllowed("You can take a week for yourself only.")
    order = order_of(offered, taker, target_week)
    require_open(at, lambda: judge(order, by=by, at=at).planned)
    with transaction.atomic():
        locked = _locked(offered)
        asker = locked.offered_by or by
        found = judge(order, by=asker, at=at)
        if not found.refused and found.verdict is Verdict.REJECT:
            raise OfferUnfit(
                "This week cannot become yours: " + " ".join(item.public for item in found.findings[:3]),
                findings=[
                    {"code": item.code, "verdict": item.verdict.name, "detail": item.public} for item in found.findings
                ],
            )
        agreed = taker.user_id == by.pk or by.may(Permission.REQUEST_FOR_ALL)
        swap = file(order, requested_by=asker, consent_by=by if agreed else None, by=by, at=at)
        locked.status, locked.closed_at, locked.swap = OfferStatus.TAKEN, at, swap
        signed(locked, by=by, at=at, reason="taken").save()
    return execute(swap, by=by, at=at) if swap.status == SwapStatus.APPROVED else swap


@transaction.atomic
def withdraw(offered: MarketplaceOffer, *, by: User, at: dt.datetime) -> MarketplaceOffer:
    """Take an open offer back. Raises NotAllowed, OfferClosed."""
    locked = _locked(offered)
    if not may_ask_for(locked.person, by):
        raise NotAllowed("You can withdraw your own offers only.")
    locked.status, locked.closed_at = OfferStatus.WITHDRAWN, at
    signed(locked, by=by, at=at, reason="withdrawn").save()
    return locked


def _locked(offered: MarketplaceOffer) -> MarketplaceOffer:
    rows = MarketplaceOffer.objects.select_for_update(of=("self",), no_key=True).select_related("person", "offered_by")
    locked = rows.get(pk=offered.pk)
    if locked.status != OfferStatus.OPEN:
        raise OfferClosed(f"This offer is {locked.get_status_display().lower()}.")
    return locked
