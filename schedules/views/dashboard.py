"""The staff dashboard, and the first page of each role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from schedules import access
from schedules.queries.dashboard import NextAction, load_dashboard, next_action
from schedules.services.decisions import PendingDecision, decisions_above
from schedules.services.figures import figures
from schedules.views.findings import summary_of
from schedules.views.generate import percent

if TYPE_CHECKING:
    from accounts.models import User
    from schedules.models import Absence

SHOWN_DECISIONS = 8
SHOWN_LATER = 8


@require_GET
def first_page(request: SignedInRequest) -> HttpResponse:
    """Staff begin at the dashboard, everybody else at their own schedule."""
    return redirect("dashboard" if request.user.may(Permission.SEE_DASHBOARD) else "my_schedule")


@require_GET
def dashboard(request: SignedInRequest) -> HttpResponse:
    """Where the program stands and what waits for a person."""
    access.require(request.user, Permission.SEE_DASHBOARD)
    now = timezone.now()
    facts = load_dashboard(at=now, today=timezone.localdate(now))
    decisions = decisions_above(now)
    known = figures(now)
    alarms = [alarm for figure in known for alarm in figure.alarms]
    context = {
        "facts": facts,
        "figures": known,
        "alarms": alarms,
        "breaker_told": any(alarm.subject == "breaker" for alarm in alarms),
        "decisions": decisions[:SHOWN_DECISIONS],
        "now": now,
        "findings": summary_of(facts.reports),
        "coverage_text": percent(facts.coverage_rate, 1),
        "action": awaited(decisions, request.user) or next_action(facts, request.user),
        "away": away_soon(facts.upcoming, facts.today),
        "later": [absence for absence in facts.upcoming if absence.start_date > tomorrow_of(facts.today)][:SHOWN_LATER],
    }
    return render(request, "schedules/dashboard.html", context)


def awaited(decisions: Iterable[PendingDecision], user: User) -> NextAction | None:
    """The first decision with a deadline that waits for this reader's word: it comes before all else."""
    mine = (one for one in decisions if one.due and one.permission and user.may(one.permission))
    first = next(mine, None)
    if first is None or first.due is None:
        return None
    until = timezone.localtime(first.due)
    sentence = f"{first.title} waits for your decision, until {until:%a} {until.day} {until:%b %H:%M}."
    return NextAction(sentence, "Decide", first.url)


def tomorrow_of(today: dt.date) -> dt.date:
    return today + dt.timedelta(days=1)


def away_soon(absences: Iterable[Absence], today: dt.date) -> list[tuple[str, dt.date, list[Absence]]]:
    """Who is away today and tomorrow: the word for the day, the date, the approved absences that cover it."""
    days = (("Today", today), ("Tomorrow", tomorrow_of(today)))
    found = list(absences)
    return [(word, day, [one for one in found if one.start_date <= day <= one.end_date]) for word, day in days]
