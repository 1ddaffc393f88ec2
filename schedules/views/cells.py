"""Editing one cell: the choices, the instant check, and saving; a drawer beside the grid."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from common.errors import DomainError
from common.views import heavy_posts
from schedules import access
from schedules.domain.problem import Session
from schedules.forms import CellForm
from schedules.mapping import load_problem
from schedules.models import Activity, Assignment, Person, Schedule
from schedules.services import editing
from schedules.views.findings import Finding, findings_of_report
from schedules.views.grid import CATEGORY_NAMES, css_class


@dataclass(frozen=True)
class Place:
    """One person's session of one date in one version, and what stands there."""

    schedule: Schedule
    person: Person
    day: dt.date
    session: Session
    row: Assignment | None

    @property
    def code(self) -> str:
        return self.row.activity.code if self.row else ""

    @property
    def locked(self) -> bool:
        return bool(self.row and self.row.locked)


def _place(request: SignedInRequest, asked: QueryDict) -> Place:
    """Load the place that the request names. Raises NotFound for anything that is not there or not visible."""
    access.require(request.user, Permission.EDIT_ASSIGNMENTS)
    form = CellForm(asked)
    if not form.is_valid():
        raise access.NotFound("There is no such cell.")
    day, session = form.cleaned_data["date"], Session(form.cleaned_data["session"])
    version = form.cleaned_data["schedule"]
    if version == "published":
        found = Schedule.objects.published(day, day).first()
        if found is None:
            raise access.NotFound("Nothing is published on that date.")
    else:
        found = access.schedule(request.user, uuid.UUID(version))
    person = Person.objects.filter(pk=form.cleaned_data["person"]).first()
    if person is None:
        raise access.NotFound("There is no such person.")
    row = (
        Assignment.objects.filter(schedule=found, person=person, date=day, session=session.value)
        .select_related("activity", "rotation")
        .first()
    )
    return Place(found, person, day, session, row)


@require_GET
def cell(request: SignedInRequest) -> HttpResponse:
    """The drawer of one cell."""
    return _drawer(request, _place(request, request.GET))


def _drawer(request: SignedInRequest, place: Place, **more: Any) -> HttpResponse:
    known = findings_of_report(place.schedule.validation, schedule=place.schedule.pk)
    findings = [finding for finding in known if _concerns(finding, place)]
    context = {
        "place": place,
        "sessions": [(s.value, _session_name(s)) for s in Session],
        "groups": _choices(place),
        "findings": findings,
        "refusal": "",
        "saved": False,
        "preview": None,
        "undo": None,
        **more,
    }
    return render(request, "schedules/_cell.html", context)


def _session_name(session: Session) -> str:
    return "Night" if session is Session.NIGHT else session.value


def _concerns(finding: Finding, place: Place) -> bool:
    if not finding.start <= place.day <= finding.end:
        return False
    return place.person.pk in finding.people or finding.session == place.session.value


def _choices(place: Place) -> list[dict[str, Any]]:
    """Activities that exist in this session and that the person may hold that day, by category."""
    problem = load_problem(place.day, place.day, schedule=place.schedule)
    person = problem.person.get(str(place.person.pk))
    rows = {activity.code: activity for activity in Activity.objects.all()}
    groups: dict[str, list[dict[str, Any]]] = {}
    for code, activity in sorted(problem.activities.items()):
        fits = activity.hours(place.session) > 0 or (place.session is not Session.NIGHT and not activity.is_duty)
        if person is None or not fits or not problem.eligible(person, activity, place.day):
            continue
        groups.setdefault(activity.category.value, []).append({"activity": rows[code], "css": css_class(rows[code])})
    return [{"name": name, "choices": groups[key]} for key, name in CATEGORY_NAMES.items() if key in groups]


def _change(place: Place, asked: QueryDict) -> editing.Change:
    return editing.Change(
        person=str(place.person.pk),
        day=place.day,
        session=place.session,
        activity=asked.get("activity") or None,
        locked=asked.get("locked") == "on",
    )


@require_POST
@heavy_posts
def check(request: SignedInRequest) -> HttpResponse:
    """What the choice would bring and end, before anything is saved."""
    place = _place(request, request.POST)
    try:
        shown = editing.preview(place.schedule, [_change(place, request.POST)])
    except DomainError as error:
        return render(request, "schedules/_verdict.html", {"refusal": error.detail, "preview": None})
    return render(request, "schedules/_verdict.html", {"refusal": "", "preview": verdict(shown)})


@require_POST
@heavy_posts
def save(request: SignedInRequest) -> HttpResponse:
    """Save the choice; the answer offers to undo it and tells the grid to show the change."""
    place = _place(request, request.POST)
    version = request.POST.get("version", "")
    try:
        shown = editing.set_cell(
            place.schedule,
            _change(place, request.POST),
            by=request.user,
            at=timezone.now(),
            version=int(version) if version.isdigit() else None,
            reason=request.POST.get("reason", ""),
        )
    except DomainError as error:
        return _drawer(request, place, refusal=error.detail)
    undo = {"activity": place.code, "locked": place.locked} if place.code or place.session is Session.NIGHT else None
    response = _drawer(request, _place(request, request.POST), saved=True, preview=verdict(shown), undo=undo)
    response["HX-Trigger"] = "grid-changed"
    return response


def verdict(shown: editing.Preview) -> dict[str, Any]:
    """The differences in the findings as the page shows them."""
    changes = shown.findings
    return {
        "new": [*changes.new, *changes.worsened],
        "gone": list(changes.gone),
        "refused": list(shown.refused),
    }
