"""Absence pages: list with month, request, decision with its impact."""

from __future__ import annotations

import datetime as dt
import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, F, OrderBy, When
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

import schedules.services.absences as absence_services
from accounts.access import SignedInRequest
from accounts.permissions import Permission
from common.errors import DomainError
from common.views import heavy_posts
from schedules import access
from schedules.enums import AbsenceStatus
from schedules.forms import AbsenceFilterForm, AbsenceForm
from schedules.models import Person
from schedules.queries.absences import impact_of, month_weeks, opening_month
from schedules.views.findings import findings_in

PER_PAGE = 50


@require_GET
def absences(request: SignedInRequest) -> HttpResponse:
    """The month, what waits for a decision, and the list."""
    visible = access.absences_visible_to(request.user)
    form = AbsenceFilterForm(request.GET)
    form.is_valid()
    asked = form.cleaned_data
    today = timezone.localdate()
    month = asked.get("month") or opening_month(visible, today)
    rows = visible.select_related("person").order_by(*_soonest_first(today), "person__name")
    for name in ("status", "kind", "person"):
        if asked.get(name):
            rows = rows.filter(**{name: asked[name]})
    kept = {name: request.GET.get(name, "") for name in ("status", "kind", "person")}
    context = {
        "filter_form": form,
        "filtered": any(kept.values()),
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "waiting": list(visible.filter(status=AbsenceStatus.REQUESTED).select_related("person").order_by("start_date")),
        "month": month,
        "previous_month": (month - dt.timedelta(days=1)).replace(day=1),
        "next_month": (month + dt.timedelta(days=32)).replace(day=1),
        "weeks": month_weeks(visible, month, today),
        "keep": urlencode(kept) + "&",
        "keep_all": urlencode(kept | {"month": f"{month:%Y-%m}"}) + "&",
        "sees_all": access.sees_all_absences(request.user),
        "can_decide": request.user.may(Permission.APPROVE_ABSENCES),
        "can_ask": access.may_ask_for_absence(request.user),
        "asks_for_others": request.user.may(Permission.REQUEST_FOR_ALL),
    }
    return render(request, "schedules/absences.html", context)


def _soonest_first(today: dt.date) -> tuple[OrderBy, ...]:
    """What lasts and what comes, by its first day; then what is over, the last one first."""
    comes = Case(When(end_date__gte=today, then=F("start_date")))
    return comes.asc(nulls_last=True), F("start_date").desc()


@require_http_methods(["GET", "POST"])
@heavy_posts
def absence_new(request: SignedInRequest) -> HttpResponse:
    """Ask for oneself; staff with the right file for anybody."""
    for_all = request.user.may(Permission.REQUEST_FOR_ALL)
    own = None if for_all else access.own_person(request.user)
    named = {name: request.GET.get(name) for name in ("person", "start_date", "end_date")}
    form = AbsenceForm(request.POST or None, own=own, initial=named)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        person: Person = own or asked.pop("person")
        try:
            made = absence_services.request(
                person,
                start=asked["start_date"],
                end=asked["end_date"],
                kind=asked["kind"],
                reason=asked["reason"],
                by=request.user,
                at=timezone.now(),
            )
        except DomainError as error:
            form.add_error(None, error.detail)
        else:
            messages.success(request, "The request was sent. You will get a notification when it is decided.")
            return redirect("absence", pk=made.pk)
    return render(request, "schedules/absence_new.html", {"form": form}, status=422 if form.errors else 200)


DECISIONS = {
    "approve": (absence_services.approve, "Approved. The person is notified."),
    "reject": (absence_services.reject, "Rejected. The person is notified."),
    "cancel": (absence_services.cancel, "The absence is cancelled."),
}


@require_http_methods(["GET", "POST"])
@heavy_posts
def absence(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """One absence: impact first, then the decision."""
    found = access.absence(request.user, pk)
    if request.method == "POST" and request.POST.get("decision") in DECISIONS:
        act, done = DECISIONS[request.POST["decision"]]
        try:
            act(found, note=request.POST.get("note", "").strip(), by=request.user, at=timezone.now())
            messages.success(request, done)
        except access.NotAllowed:
            raise
        except DomainError as error:
            messages.error(request, error.detail)
        return redirect("absence", pk=pk)
    own = access.is_own(request.user, found.person)
    decides = request.user.may(Permission.APPROVE_ABSENCES)
    can_decide = decides and found.status == AbsenceStatus.REQUESTED
    context = {
        "absence": found,
        "sees_reason": access.sees_reason(request.user, found),
        "shows_impact": decides or own,
        "impact": impact_of(found) if decides or own else None,
        "findings": findings_in(absence_services.findings_if_approved(found)) if can_decide else [],
        "can_decide": can_decide,
        "can_edit": request.user.may(Permission.EDIT_ASSIGNMENTS),
        "can_cancel": (own or request.user.may(Permission.REQUEST_FOR_ALL))
        and found.status in {AbsenceStatus.REQUESTED, AbsenceStatus.APPROVED},
    }
    return render(request, "schedules/absence.html", context)
