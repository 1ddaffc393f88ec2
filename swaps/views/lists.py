"""The Swaps page: one's own swaps by what they wait for, and for staff all of them with filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from schedules.models import Person
from swaps import access
from swaps.domain.tables import SwapStatus
from swaps.enums import OPEN_STATUSES
from swaps.forms import SwapFilterForm
from swaps.models import SwapRecord
from swaps.views.cards import Card, Reader, card_of, reader
from swaps.views.wording import STATUS

PER_PAGE = 20


@dataclass(frozen=True)
class Section:
    """A part of one's own swaps."""

    title: str
    cards: list[Card]
    urgent: bool = False


@require_GET
def swaps(request: SignedInRequest) -> HttpResponse:
    """Mine first for whoever has any to come; staff begin with all."""
    context = head_of(request, "swaps")
    everything = context["sees_all"] and (request.GET.get("show") == "all" or not context["own_person"])
    everything = everything or (context["sees_all"] and "status" in request.GET)
    seen_by = reader(request.user, timezone.now())
    visible = access.swaps_visible_to(request.user).prefetch_related("cases")
    if everything:
        return render(request, "swaps/swaps.html", context | {"tab": "all"} | _all(request, visible, seen_by))
    return render(request, "swaps/swaps.html", context | {"tab": "mine"} | _mine(request, visible, seen_by))


def head_of(request: SignedInRequest, tab: str) -> dict[str, Any]:
    """What the head of every list shows: tabs and the button to ask."""
    return {
        "tab": tab,
        "own_person": Person.objects.filter(user=request.user).first(),
        "sees_all": request.user.may(Permission.SEE_DRAFTS),
        "can_ask": access.may_ask_for_swap(request.user),
        "asks_for_others": asks_for_others(request),
        "decides": access.decides_escalations(request.user),
    }


def asks_for_others(request: SignedInRequest) -> bool:
    """Whether the user may ask for people other than themselves."""
    return request.user.may(Permission.REQUEST_FOR_ALL) or request.user.may(Permission.REQUEST_FOR_NAMED)


def _mine(request: SignedInRequest, visible: QuerySet[SwapRecord], seen_by: Reader) -> dict[str, Any]:
    user = request.user
    mine = visible.filter(Q(requested_by=user) | Q(source_person__user=user) | Q(target_person__user=user))
    current = Q(status__in=[status.value for status in OPEN_STATUSES]) | Q(
        status=SwapStatus.EXECUTED, executed_at__gte=seen_by.at - seen_by.rollback_time
    )
    active = list(mine.filter(current).order_by("source_week"))
    page = Paginator(mine.exclude(current).order_by("-requested_at"), PER_PAGE).get_page(request.GET.get("page"))
    asked_of_me = [swap for swap in active if _waits_for(user.pk, swap)]
    executed = [swap for swap in active if swap.status == SwapStatus.EXECUTED]
    waiting = [swap for swap in active if swap not in asked_of_me and swap not in executed]
    sections = [
        ("Waiting for your answer", asked_of_me, True),
        ("Waiting for others", waiting, False),
        ("Done, and can still be rolled back", executed, False),
        ("Earlier", list(page.object_list), False),
    ]
    shown = [
        Section(title, [card_of(swap, seen_by) for swap in rows], urgent) for title, rows, urgent in sections if rows
    ]
    return {"sections": shown, "page": page}


def _waits_for(user_pk: Any, swap: SwapRecord) -> bool:
    return swap.status == SwapStatus.PENDING and swap.consent_at is None and swap.target_person.user_id == user_pk


def _all(request: SignedInRequest, visible: QuerySet[SwapRecord], seen_by: Reader) -> dict[str, Any]:
    form = SwapFilterForm(request.GET, statuses=[(status.value, STATUS[status].text) for status in SwapStatus])
    form.is_valid()
    asked = form.cleaned_data
    rows = visible.order_by("-requested_at")
    if asked.get("status"):
        rows = rows.filter(status=asked["status"])
    if asked.get("person"):
        rows = rows.filter(Q(source_person=asked["person"]) | Q(target_person=asked["person"]))
    kept = {name: request.GET.get(name, "") for name in ("status", "person")}
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return {
        "filter_form": form,
        "filtered": any(kept.values()),
        "page": page,
        "cards": [card_of(swap, seen_by) for swap in page.object_list],
        "keep": urlencode({"show": "all", **kept}) + "&",
    }
