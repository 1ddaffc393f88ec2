"""A person's own schedule and its calendar feed: published versions only."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from schedules import access
from schedules.domain.codes import CALL_CODE
from schedules.domain.problem import Category, Session
from schedules.models import Block, Person, ProgramPolicy
from schedules.queries.duties import PersonDay, Week, person_days, weeks_of
from schedules.queries.grid import default_block
from schedules.services import calendar_links

SHOWN_DAYS = 35


@require_GET
def my_schedule(request: SignedInRequest) -> HttpResponse:
    """Next duties, hours per week against the limit, days, calls; `from` moves the five weeks shown."""
    access.require(request.user, Permission.SEE_PUBLISHED)
    person = Person.objects.filter(user=request.user).first()
    if person is None:
        return render(request, "schedules/my_schedule_none.html")
    today = timezone.localdate()
    start = _monday(_asked(request) or _opening_day(today))
    days = person_days(person, start, start + dt.timedelta(days=SHOWN_DAYS - 1))
    policy = ProgramPolicy.objects.filter(pk=1).first() or ProgramPolicy()
    published = [day for day in days if day.duties] or days
    upcoming = [day for day in published if day.date >= today] or published
    token = calendar_links.token_of(person)
    address = reverse("calendar_feed", args=[token]) if token else ""
    context = {
        "person": person,
        "today": today,
        "days": days,
        "rows": [days[n : n + 7] for n in range(0, len(days), 7)],
        "month_view": request.GET.get("view") == "month",
        "next_days": upcoming[:2],
        "weeks": [_bar(week, policy) for week in weeks_of(person, days)],
        "limit": policy.weekly_hours_limit,
        "figures": _figures(days),
        "earlier": start - dt.timedelta(days=28),
        "last_day": days[-1].date,
        "later": start + dt.timedelta(days=28),
        "feed": request.build_absolute_uri(address) if address else "",
        "subscribe": f"webcal://{request.get_host()}{address}",
    }
    return render(request, "schedules/my_schedule.html", context)


def _asked(request: SignedInRequest) -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return None


def _opening_day(today: dt.date) -> dt.date:
    """Today where a block covers it, else the first day of the block that the schedule page opens."""
    block = default_block(list(Block.objects.all()), today)
    if block is None or block.start_date <= today <= block.end_date:
        return today
    return block.start_date


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _figures(days: list[PersonDay]) -> dict[str, Any]:
    nights = [duty for day in days for duty in day.duties if duty.session == Session.NIGHT and not duty.is_free]
    return {
        "free_days": sum(day.is_free for day in days),
        "calls": sum(duty.code == CALL_CODE for duty in nights),
        "nights": sum(duty.code != CALL_CODE for duty in nights),
        "clinics": sum(duty.category == Category.CLINIC for day in days for duty in day.duties),
        "planned": sum(bool(day.duties) for day in days),
    }


def _bar(week: Week, policy: ProgramPolicy) -> dict[str, Any]:
    """Width in percent of a scale that ends at 1.25 times the limit; amber above the warning, red above the limit."""
    scale = policy.weekly_hours_limit * 1.25
    hours = float(week.hours)
    tone = "bad" if hours > policy.weekly_hours_limit else "warn" if hours > policy.weekly_hours_warning else ""
    return {
        "week": week,
        "tone": tone,
        "percent": round(min(hours / scale, 1) * 100, 1),
        "limit_percent": round(policy.weekly_hours_limit / scale * 100, 1),
    }


@require_POST
def calendar_link(request: SignedInRequest) -> HttpResponse:
    """Make or replace the secret address of one's own feed."""
    calendar_links.renew(access.own_person(request.user), by=request.user)
    messages.success(request, "Here is your new calendar address. An earlier one no longer works.")
    return redirect(reverse("my_schedule") + "#calendar")
