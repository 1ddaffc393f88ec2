"""What could fix a finding: each checked change with what it does to cells, rules and demand; apply and undo."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from common.errors import DomainError
from common.services import throttling
from schedules import access
from schedules.domain.changes import CellChange
from schedules.domain.problem import Problem, Session
from schedules.domain.rules.report import Violation
from schedules.enums import ScheduleStatus
from schedules.models import Activity, Schedule
from schedules.services import conflicts, editing
from schedules.services.confirmation import VALID_FOR
from schedules.services.validation import violation_json
from schedules.views.findings import Finding, findings_in
from schedules.views.grid import SESSION_NAMES, css_class
from schedules.views.schedule import PUBLISHED

UNDO = "schedules.fixes.undo"


@dataclass(frozen=True)
class CellLine:
    """One cell before and after, with the colours of the grid."""

    name: str
    day: dt.date
    session: str
    before: str
    before_css: str
    after: str
    after_css: str


@dataclass(frozen=True)
class OptionLines:
    """One fix as the page shows it."""

    fingerprint: str
    cells: list[CellLine]
    ends: list[Finding]
    brings: list[Finding]
    demand: list[str]


@require_http_methods(["GET", "POST"])
def fixes(request: SignedInRequest, pk: uuid.UUID, key: str) -> HttpResponse:
    """The fixes of one finding of a version; by POST one of them is applied, or an applied one taken back."""
    access.require(request.user, Permission.EDIT_ASSIGNMENTS)
    throttling.count_heavy(request)
    version = access.schedule(request.user, pk)
    if request.method == "GET":
        return _page(request, version, key)
    deed = _ACTS.get(request.POST.get("act", ""))
    if deed is None:
        raise access.NotFound("There is no such action.")
    try:
        return deed(request, version, key)
    except (access.NotAllowed, access.NotFound):
        raise
    except DomainError as error:
        version.refresh_from_db()
        return _page(request, version, key, status=error.status, refusal=error.detail)


def _page(request: SignedInRequest, version: Schedule, key: str, *, status: int = 200, **more: Any) -> HttpResponse:
    found = conflicts.examine(version, key)
    activities = _activities()
    shown = {
        "finding": _findings([found.violation], found.problem)[0] if found.violation else None,
        "options": [_lines(option, found.problem, activities) for option in found.options],
    }
    return _render(request, version, key, status=status, **shown, **more)


def _render(request: SignedInRequest, version: Schedule, key: str, *, status: int = 200, **shown: Any) -> HttpResponse:
    plain = {"version": version, "key": key, "finding": None, "options": [], "refusal": "", "done": "", "undo": ""}
    context = {**plain, "applied": None, **shown}
    return render(request, "schedules/fixes.html", context | _ways_on(version, context), status=status)


def _ways_on(version: Schedule, context: dict[str, Any]) -> dict[str, str]:
    """Addresses of the grid around what the page is about, and of a repair of the finding's days."""
    finding, applied = context["finding"], context["applied"]
    first = finding.start if finding else applied.cells[0].day if applied else version.start_date
    last = finding.end if finding else first
    first, last = max(first, version.start_date), min(last, version.end_date)
    shown = PUBLISHED if version.status == ScheduleStatus.PUBLISHED else str(version.pk)
    return {
        "grid": f"{reverse('schedule')}?{urlencode({'date': first, 'version': shown})}",
        "repair": f"{reverse('generate')}?{urlencode({'start': first, 'end': last})}",
    }


def _apply(request: SignedInRequest, version: Schedule, key: str) -> HttpResponse:
    """Apply the chosen fix, and offer its opposite where that may be applied."""
    now = timezone.now()
    done = conflicts.apply(version, key, by=request.user, at=now, shown=request.POST.get("shown") or "nothing")
    version.refresh_from_db()
    opposite, token = editing.offer(version, done.undo, by=request.user, at=now)
    return _render(
        request,
        version,
        key,
        done="Applied: the finding is gone.",
        applied=_lines(done.option, done.preview.problem, _activities()),
        undo="" if opposite.refused else _sealed(token, opposite.changes),
    )


def _undo(request: SignedInRequest, version: Schedule, key: str) -> HttpResponse:
    """Put the cells of an applied fix back, within the time of a confirmation."""
    try:
        sealed = signing.loads(request.POST.get("undo", ""), salt=UNDO, max_age=VALID_FOR)
    except signing.BadSignature as error:
        raise conflicts.NoFix("The time to undo this is over; nothing was changed. Edit the cells instead.") from error
    rows = [
        editing.Change(person, dt.date.fromisoformat(day), Session(session), activity)
        for person, day, session, activity in sealed["rows"]
    ]
    editing.apply(version, rows, token=sealed["token"], by=request.user, at=timezone.now(), reason="fix undone")
    version.refresh_from_db()
    return _page(request, version, key, done="Undone: the cells are as they were.")


_ACTS: dict[str, Callable[[SignedInRequest, Schedule, str], HttpResponse]] = {"apply": _apply, "undo": _undo}


def _activities() -> dict[str, Activity]:
    return {activity.code: activity for activity in Activity.objects.all()}


def _sealed(token: str, rows: tuple[editing.Change, ...]) -> str:
    """The undo as a signed text, for its form."""
    plain = [(change.person, change.day.isoformat(), change.session.value, change.activity) for change in rows]
    return signing.dumps({"token": token, "rows": plain}, salt=UNDO)


def _lines(option: conflicts.Option, problem: Problem, activities: dict[str, Activity]) -> OptionLines:
    return OptionLines(
        fingerprint=option.fingerprint,
        cells=[_cell(cell, problem, activities) for cell in option.cells],
        ends=_findings(option.findings.gone, problem),
        brings=_findings((*option.findings.new, *option.findings.worsened), problem),
        demand=_demand(option),
    )


def _cell(cell: CellChange, problem: Problem, activities: dict[str, Activity]) -> CellLine:
    before, after = cell.before or "", cell.after or ""
    return CellLine(
        name=problem.person[cell.slot.person].name,
        day=cell.slot.day,
        session=SESSION_NAMES[cell.slot.session],
        before=before,
        before_css=css_class(activities.get(before)),
        after=after,
        after_css=css_class(activities.get(after)),
    )


def _findings(violations: Iterable[Violation], problem: Problem) -> list[Finding]:
    return findings_in([violation_json(violation, problem) for violation in violations])


def _demand(option: conflicts.Option) -> list[str]:
    """Filled units of demand: over the version, and of the half-days where the fix changes them."""
    before, after = option.before, option.after
    if before.demand == after.demand and before.by_session == after.by_session:
        return [f"Filled demand stays as it is: {after.demand.filled} of {after.demand.demanded}."]
    places = sorted(place for place in after.by_session if after.by_session[place] != before.by_session.get(place))
    lines = [f"Filled demand: {before.demand.filled} → {after.demand.filled} of {after.demand.demanded}."]
    for day, session in places:
        was, now = before.by_session[day, session], after.by_session[day, session]
        lines.append(f"{day:%d %b} {SESSION_NAMES[session]}: {was.filled} → {now.filled} of {now.demanded}.")
    return lines
