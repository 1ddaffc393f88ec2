"""The marketplace: weeks on offer, offering one's own, taking one after the checks, withdrawing."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from common.errors import DomainError
from schedules.models import Person
from swaps import access, services
from swaps.domain.tables import Actor, SwapStatus
from swaps.enums import OfferStatus
from swaps.forms import OfferForm, TakeForm
from swaps.models import MarketplaceOffer
from swaps.services.judging import judge
from swaps.services.marketplace import order_of
from swaps.views.lists import head_of
from swaps.views.outcome import judged, pictured
from swaps.views.weeks import Week, WeekView, weeks_shown
from swaps.views.wording import week_label

if TYPE_CHECKING:
    from accounts.models import User

PER_PAGE = 20


@require_http_methods(["GET", "POST"])
def market(request: SignedInRequest) -> HttpResponse:
    """Everything on offer, and a form for a week of one's own."""
    head = head_of(request, "market")
    own: Person | None = head["own_person"]
    weeks = _own_weeks(own)
    form = OfferForm(request.POST or None, weeks=[(str(view.first), f"{view.label}: {view.what}") for view in weeks])
    if request.method == "POST":
        if own is None:
            raise access.NotAllowed("Your account is not linked to a person of the program: there is no week to offer.")
        if form.is_valid():
            try:
                services.offer(
                    own,
                    week=dt.date.fromisoformat(form.cleaned_data["week"]),
                    by=request.user,
                    at=timezone.now(),
                    note=form.cleaned_data["note"],
                )
            except access.NotAllowed:
                raise
            except DomainError as error:
                form.add_error(None, error.detail)
            else:
                messages.success(request, "Your week is on offer.")
                return redirect("swap_market")
    offers = access.offers_visible_to(request.user).filter(status=OfferStatus.OPEN)
    page = Paginator(offers, PER_PAGE).get_page(request.GET.get("page"))
    context = head | {
        "page": page,
        "offers": _offers(request, list(page.object_list), own),
        "weeks": weeks,
        "offer_form": form,
        "refusal": "",
    }
    return render(request, "swaps/market.html", context, status=422 if form.errors else 200)


def _own_weeks(own: Person | None) -> list[WeekView]:
    if own is None:
        return []
    weeks = [week.start for week in services.own_weeks(own, at=timezone.now()) if not week.is_open]
    return list(weeks_shown((own.pk, first) for first in weeks).values())


def _offers(request: SignedInRequest, rows: list[MarketplaceOffer], own: Person | None) -> list[dict[str, Any]]:
    """Each with what is in it now, and what the reader can do with it."""
    shown = weeks_shown((offer.person_id, offer.week) for offer in rows)
    for_all = request.user.may(Permission.REQUEST_FOR_ALL)
    return [
        {
            "pk": offer.pk,
            "person": offer.person.name,
            "note": offer.note,
            "view": shown[offer.person_id, offer.week],
            "may_take": own is not None and own.pk != offer.person_id and own.role == offer.person.role,
            "may_withdraw": for_all or offer.person.user_id == request.user.pk,
        }
        for offer in rows
    ]


@require_http_methods(["GET", "POST"])
def take(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """What taking the week would mean, for nothing or against a week of one's own, and the button that does it."""
    found = access.offer(request.user, pk)
    own = Person.objects.filter(user=request.user).first()
    if own is None:
        raise access.NotAllowed("Your account is not linked to a person of the program: you cannot take a week.")
    weeks = services.own_weeks(own, at=timezone.now())
    form = TakeForm(request.GET, weeks=[(str(week.start), week_label((week.start, week.end))) for week in weeks])
    target = form.week
    refusal, status = "", 200
    if request.method == "POST":
        try:
            made = services.take(found, by=request.user, at=timezone.now(), target_week=target)
        except access.NotAllowed:
            raise
        except DomainError as error:
            refusal, status = error.detail, error.status
        else:
            done = made.status == SwapStatus.EXECUTED
            messages.success(request, "It is yours now." if done else "Taken; a decision is needed first.")
            return redirect("swap", pk=made.pk)
    week: Week = (found.person_id, found.week)
    context = {
        "offer": found,
        "view": weeks_shown([week])[week],
        "take_form": form,
        "refusal": refusal,
        "report": None,
        "strips": [],
    }
    return render(
        request, "swaps/take.html", context | _checked(found, own, target, refusal, by=request.user), status=status
    )


def _checked(found: MarketplaceOffer, own: Person, target: dt.date | None, refusal: str, *, by: User) -> dict[str, Any]:
    """The dry run of giving the week to this person, as its offerer, else the taker, would ask for it."""
    try:
        judgement = judge(order_of(found, own, target), by=found.offered_by or by, at=timezone.now())
    except DomainError as error:
        return {"refusal": refusal or error.detail}
    return {
        "report": judged(judgement, reader=Actor.PARTNER, needs_consent=False),
        "strips": pictured(judgement),
    }


@require_POST
def withdraw(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Take one's offer back."""
    found = access.offer(request.user, pk)
    try:
        services.withdraw(found, by=request.user, at=timezone.now())
        messages.success(request, "The week is no longer on offer.")
    except access.NotAllowed:
        raise
    except DomainError as error:
        messages.error(request, error.detail)
    return redirect("swap_market")
