"""Asking for a swap in three steps: week, partner, reason with the checks; nothing is written before Send."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from common.errors import DomainError
from schedules.access import own_person
from schedules.domain.problem import Session
from schedules.models import Person
from swaps import access, services
from swaps.domain.candidates import Candidate
from swaps.domain.exchange import Place
from swaps.domain.tables import Actor, Reason, SwapStatus, SwapType
from swaps.forms import PersonForm, ReasonForm, StepsForm
from swaps.mapping import load_policy
from swaps.models import SwapRecord
from swaps.services.judging import Order
from swaps.views.candidates import CandidateView, Choice, view_of
from swaps.views.lists import asks_for_others
from swaps.views.outcome import LAST_DAY, judged, names_of, options, pictured
from swaps.views.weeks import weeks_shown
from swaps.views.wording import REASON, week_label

if TYPE_CHECKING:
    from accounts.models import User


NO_ACCOUNT = "This colleague has no account here and cannot answer: let the coordinator file the swap with their word."


@dataclass(frozen=True)
class Chosen:
    """How far the request is chosen."""

    giver: Person | None
    week: dt.date | None = None
    partner: Person | None = None
    kind: SwapType | None = None
    target: dt.date | None = None
    parts: tuple[Place, ...] = ()
    """Single sessions instead of the whole week; for a takeover alone."""
    others: bool = field(default=False, compare=False)
    """Whether the giver is named in addresses: the user asks for somebody else."""

    @property
    def stage(self) -> str:
        if self.giver is None:
            return "person"
        if self.week is None:
            return "week"
        complete = self.kind is SwapType.ABSORB or (self.kind is SwapType.ONE_TO_ONE and self.target is not None)
        return "send" if self.partner is not None and complete else "partner"

    @property
    def href(self) -> str:
        """The address of exactly this choice."""
        named = {
            "person": self.giver.pk if self.giver and self.others else None,
            "week": self.week,
            "partner": self.partner.pk if self.partner else None,
            "kind": self.kind,
            "target": self.target,
        }
        parts = [("part", f"{day}.{session}") for day, session in self.parts]
        return (
            f"{reverse('swap_new')}?{urlencode([(name, str(value)) for name, value in named.items() if value] + parts)}"
        )

    def but(self, **changes: Any) -> str:
        """The address of the choice with something else."""
        return replace(self, **changes).href


@require_http_methods(["GET", "POST"])
def ask(request: SignedInRequest) -> HttpResponse:
    """The step that comes next; a POST checks or sends what the address says, with the reason of the form."""
    if not access.may_ask_for_swap(request.user):
        raise access.NotAllowed("Your account is not linked to a person of the program. Ask your coordinator.")
    chosen = _chosen(request)
    common = {
        "asks_for_others": chosen.others,
        "person_form": PersonForm(initial={"person": chosen.giver}),
        "giver": chosen.giver,
        "stage": chosen.stage,
        "steps": _steps(chosen),
        "refusal": "",
        "week_href": chosen.but(week=None, partner=None, kind=None, target=None, parts=()),
    }
    if chosen.stage == "send":
        return _send(request, chosen, common)
    if chosen.giver is None:
        return render(request, "swaps/new.html", common)
    extra = _weeks(chosen) if chosen.stage == "week" else _partners(chosen, _reader(request.user))
    return render(request, "swaps/new.html", common | extra)


def _chosen(request: SignedInRequest) -> Chosen:
    """What the address says; whoever asks for themselves alone gives their own weeks whatever it says."""
    form = StepsForm(request.GET)
    form.is_valid()
    asked = form.cleaned_data
    others = asks_for_others(request)
    own = Person.objects.filter(user=request.user).first()
    giver = _person(asked.get("person")) or own if others else own or own_person(request.user)
    return Chosen(
        giver=giver,
        week=asked.get("week"),
        partner=_person(asked.get("partner")),
        kind=SwapType(asked["kind"]) if asked.get("kind") else None,
        target=asked.get("target"),
        parts=tuple(place for text in request.GET.getlist("part") if (place := _place(text))),
        others=others,
    )


def _place(text: str) -> Place | None:
    """``2026-03-13.AM`` as a place; None for anything else."""
    day, _, session = text.partition(".")
    try:
        return dt.date.fromisoformat(day), Session(session)
    except ValueError:
        return None


def _person(pk: Any) -> Person | None:
    return Person.objects.filter(pk=pk, is_active=True).first() if pk else None


def _steps(chosen: Chosen) -> list[dict[str, str]]:
    """The three steps with links back to those that are done."""
    names = ("Week", "Partner", "Reason")
    now = {"person": 0, "week": 0, "partner": 1, "send": 2}[chosen.stage]
    back = (
        chosen.but(week=None, partner=None, kind=None, target=None, parts=()),
        chosen.but(partner=None, kind=None, target=None, parts=()),
        "",
    )
    return [
        {
            "name": name,
            "css": "done" if number < now else "now" if number == now else "",
            "href": back[number] if number < now else "",
        }
        for number, name in enumerate(names)
    ]


def _weeks(chosen: Chosen) -> dict[str, Any]:
    """Weeks with published duty that have not begun, with what is in them; those asked for already cannot be chosen."""
    giver = _giver(chosen)
    own = services.own_weeks(giver, at=timezone.now())
    shown = weeks_shown((giver.pk, week.start) for week in own)
    weeks = [(week, shown[giver.pk, week.start]) for week in own]
    return {
        "weeks": [
            {
                "view": view,
                "href": chosen.but(week=week.start) if view.is_published and not week.is_open else "",
                "bar": "asked for already" if week.is_open else "published in part",
            }
            for week, view in weeks
        ],
        "days_ahead": load_policy().days_ahead,
    }


def _partners(chosen: Chosen, reader: Actor) -> dict[str, Any]:
    """Who could take the week; or, where a partner is chosen, which of their weeks could come back."""
    giver, at = _giver(chosen), timezone.now()
    try:
        found = _search(chosen, giver, at)
    except DomainError as error:
        return _week_of(chosen) | {"partner": chosen.partner, "candidates": [], "refusal": error.detail}
    names = names_of(item.person for item in found)
    cards = [_card(chosen, item, names[uuid.UUID(item.person)], reader) for item in found]
    listed = [*names, giver.pk]
    theirs = [] if chosen.partner is None else _weeks_of(chosen.partner, at, but={item.target_week for item in found})
    others = Person.objects.filter(role=giver.role, is_active=True).exclude(pk__in=listed).order_by("name")
    kept = {"person": giver.pk if chosen.others else "", "week": chosen.week}
    kept |= {"partner": chosen.partner.pk} if chosen.partner else {}
    return _week_of(chosen) | {
        "partner": chosen.partner,
        "candidates": cards,
        "others": [] if chosen.partner else others,
        "theirs": theirs,
        "kept": [(name, str(value)) for name, value in kept.items() if value],
        "partner_href": chosen.but(partner=None, kind=None, target=None, parts=()),
    }


def _search(chosen: Chosen, giver: Person, at: dt.datetime) -> tuple[Candidate, ...]:
    if chosen.week is None:
        return ()
    if chosen.partner is not None:
        return services.exchanges(giver, week=chosen.week, partner=chosen.partner, at=at)
    return services.candidates(giver, week=chosen.week, at=at)


def _weeks_of(partner: Person, at: dt.datetime, *, but: set[dt.date | None]) -> list[tuple[str, str]]:
    """Further weeks of the partner, not checked yet, as choices."""
    weeks = [week for week in services.own_weeks(partner, at=at) if week.start not in but]
    return [(week.start.isoformat(), week_label((week.start, week.end))) for week in weeks]


def _card(chosen: Chosen, found: Candidate, name: str, reader: Actor) -> CandidateView:
    partner = chosen.partner or Person(pk=uuid.UUID(found.person))
    if found.target_week is None:
        takes = Choice("Ask to take over", chosen.but(partner=partner, kind=SwapType.ABSORB))
        gives = Choice("Exchange weeks", chosen.but(partner=partner, kind=SwapType.ONE_TO_ONE))
        return view_of(found, title=name, choices=[takes, gives], reader=reader)
    chosen_week = chosen.but(partner=partner, kind=SwapType.ONE_TO_ONE, target=found.target_week)
    title = week_label((found.target_week, found.target_week + LAST_DAY))
    return view_of(found, title=title, choices=[Choice("Exchange for this week", chosen_week)], reader=reader)


def _week_of(chosen: Chosen) -> dict[str, Any]:
    """The giver's swap week of the chosen date, as it is published."""
    giver, day = _giver(chosen), chosen.week or timezone.localdate()
    own = services.own_weeks(giver, at=timezone.now())
    holding = [week.start for week in own if week.start <= day <= week.end]
    first = day if day in holding else next(iter(holding), day)
    return {"chosen": weeks_shown([(giver.pk, first)])[giver.pk, first]}


def _giver(chosen: Chosen) -> Person:
    if chosen.giver is None:
        raise access.NotFound("There is no such person.")
    return chosen.giver


def _send(request: SignedInRequest, chosen: Chosen, common: dict[str, Any]) -> HttpResponse:
    """The reason and the dry run; `send` asks for it."""
    user, at = request.user, timezone.now()
    for_all = user.may(Permission.REQUEST_FOR_ALL)
    form = ReasonForm(request.POST or None, reasons=[(r.value, REASON[r]) for r in Reason], for_others=for_all)
    status = 200
    if request.method == "POST" and form.is_valid() and request.POST.get("act") == "send":
        try:
            made = services.request(_order(chosen, form), by=user, at=at)
        except access.NotAllowed:
            raise
        except DomainError as error:
            common["refusal"], status = error.detail, error.status
        else:
            messages.add_message(request, *_said(made))
            return redirect("swap", pk=made.pk)
    elif form.errors and request.POST.get("act") == "send":
        status = 422
    return render(request, "swaps/new.html", common | _checked(request, chosen, form, common["refusal"]), status=status)


def _checked(request: SignedInRequest, chosen: Chosen, form: ReasonForm, refusal: str) -> dict[str, Any]:
    user = request.user
    order = _order(chosen, form)
    context = _week_of(chosen) | {
        "form": form,
        "partner": chosen.partner,
        "no_account": NO_ACCOUNT,
        "target_label": week_label((chosen.target, chosen.target + LAST_DAY)) if chosen.target else "",
        "partner_href": chosen.but(partner=None, kind=None, target=None, parts=()),
        "send_href": chosen.href,
        "whole_href": chosen.but(parts=()),
        "parts": [f"{day}.{session}" for day, session in chosen.parts],
        "may_part": chosen.kind is SwapType.ABSORB,
        "kept": [(name, value) for name, value in parse_qsl(urlsplit(chosen.but(parts=())).query)],
        "refusal": refusal,
        "report": None,
        "strips": [],
        "alternatives": [],
    }
    try:
        found = services.validate(order, by=user, at=timezone.now())
    except access.NotAllowed:
        raise
    except DomainError as error:
        return context | {"refusal": refusal or error.detail}
    offers = [(item.person, item.target_week) for item in found.alternatives]
    giver = chosen.giver if chosen.others else None
    return context | {
        "report": judged(found, reader=_reader(user), needs_consent=not order.partner_consented),
        "strips": pictured(found),
        "alternatives": options(offers, giver=giver, week=order.source_week, parts=chosen.parts),
    }


def _order(chosen: Chosen, form: ReasonForm) -> Order:
    giver, partner = _giver(chosen), chosen.partner
    if partner is None or chosen.week is None or chosen.kind is None:
        raise access.NotFound("Choose a week and a partner first.")
    return Order(
        source_person=giver.pk,
        source_week=chosen.week,
        target_person=partner.pk,
        swap_type=chosen.kind.value,
        reason=form.reason,
        target_week=chosen.target if chosen.kind is SwapType.ONE_TO_ONE else None,
        sessions=chosen.parts if chosen.kind is SwapType.ABSORB else (),
        partner_consented=bool(form.data.get("partner_consented")),
    )


def _reader(user: User) -> Actor:
    """Whose words of the findings a dry run is told in."""
    return access.ROLE_ACTORS.get(user.role, Actor.REQUESTER)


def _said(made: SwapRecord) -> tuple[int, str]:
    """What became of the request, for the message on its page."""
    if made.status == SwapStatus.EXECUTED:
        return messages.SUCCESS, "Done: all checks passed, and both schedules are changed."
    if made.status == SwapStatus.REJECTED:
        return messages.ERROR, "Rejected by the checks. The page names what would work instead."
    return messages.SUCCESS, "Sent. You get a notification when somebody answers."
