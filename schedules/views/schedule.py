"""The schedule page: grid, day and person view, comparison, colours."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from schedules import access
from schedules.domain.problem import Session
from schedules.enums import ScheduleStatus
from schedules.forms import GridForm, block_choices
from schedules.models import Activity, Block, Schedule
from schedules.queries.grid import GridData, default_block, load_grid, versions_in
from schedules.views.findings import findings_of, findings_per_person, marks_of
from schedules.views.grid import CATEGORY_NAMES, Filters, build_rows, css_class, days_of, legend
from schedules.views.lines import coverage_lines

PUBLISHED = "published"
VIEWS = (("grid", "Grid"), ("day", "Day"), ("person", "Person"))
EXPORTS = (("xlsx", "Excel, two columns per day"), ("csv", "CSV, one row per half-day"))
GROUPS = (
    ("", "Everybody"),
    ("RESIDENT", "Residents"),
    ("pgy1", "PGY-1"),
    ("pgy2", "PGY-2"),
    ("pgy3", "PGY-3"),
    ("FACULTY", "Faculty"),
)


@require_GET
def schedule_page(request: SignedInRequest) -> HttpResponse:
    """People x days of a block or range; `view` chooses grid, day or person."""
    access.require(request.user, Permission.SEE_PUBLISHED)
    form = GridForm(request.GET)
    form.is_valid()
    asked = form.cleaned_data
    blocks = list(Block.objects.all())
    start, end = _range(asked, blocks)
    if start is None or end is None:
        return render(request, "schedules/schedule_empty.html", {})
    sees_drafts = request.user.may(Permission.SEE_DRAFTS)
    versions = [v for v in versions_in(start, end) if sees_drafts or v.status == ScheduleStatus.PUBLISHED]
    shown = _chosen(asked.get("version"), versions)
    against = _chosen(asked["against"], versions) if asked.get("against") else None
    data = load_grid(start, end, schedules=shown, against=against)
    filters = Filters(asked.get("group", ""), str(asked.get("person") or ""), asked.get("category", ""))
    view = asked.get("view") or "grid"
    context = _common(request, form, blocks, versions, data, filters, view)
    return render(request, f"schedules/schedule_{view}.html", context | _PARTS[view](request, data, filters, asked))


def _range(asked: dict[str, Any], blocks: list[Block]) -> tuple[dt.date | None, dt.date | None]:
    """The asked range; else the block around the asked date; else the block to open."""
    start, end = asked.get("start"), asked.get("end")
    if start and end:
        return start, end
    day = asked.get("date")
    block = next((b for b in blocks if day and b.start_date <= day <= b.end_date), None)
    block = block or default_block(blocks, timezone.localdate())
    return (block.start_date, block.end_date) if block else (None, None)


def _chosen(version: str | None, versions: list[Schedule]) -> list[Schedule]:
    """The versions whose cells are shown: every published one, or the one that was chosen (404 if not visible)."""
    if not version or version == PUBLISHED:
        return [v for v in versions if v.status == ScheduleStatus.PUBLISHED]
    chosen = [v for v in versions if str(v.pk) == version]
    if not chosen:
        raise access.NotFound("There is no such version of this range, or you may not see it.")
    return chosen


def _common(  # noqa: PLR0917
    request: SignedInRequest,
    form: GridForm,
    blocks: list[Block],
    versions: list[Schedule],
    data: GridData,
    filters: Filters,
    view: str,
) -> dict[str, Any]:
    chosen = form.cleaned_data.get("version") or PUBLISHED
    today = timezone.localdate()
    index = next((i for i, b in enumerate(blocks) if b.start_date == data.start and b.end_date == data.end), None)
    return {
        "form": form,
        "view": view,
        "data": data,
        "filters": filters,
        "blocks": block_choices(blocks),
        "range_value": f"{data.start}..{data.end}",
        "current_block": None if index is None else blocks[index],
        "previous_block": blocks[index - 1] if index else None,
        "next_block": blocks[index + 1] if index is not None and index + 1 < len(blocks) else None,
        "versions": [v for v in versions if v.status != ScheduleStatus.PUBLISHED],
        "version": chosen,
        "against": form.cleaned_data.get("against") or "",
        "shown": data.schedules[0] if len(data.schedules) == 1 else None,
        "categories": CATEGORY_NAMES.items(),
        "can_edit": request.user.may(Permission.EDIT_ASSIGNMENTS),
        "sees_drafts": request.user.may(Permission.SEE_DRAFTS),
        "today": today,
        "today_block": not data.start <= today <= data.end and any(b.start_date <= today <= b.end_date for b in blocks),
        "views": VIEWS,
        "exports": EXPORTS,
        "group_choices": GROUPS,
        "chosen_person": filters.person,
        "keep": urlencode(
            {
                "start": data.start,
                "end": data.end,
                "version": chosen,
                "group": filters.group,
                "category": filters.category,
            }
        )
        + "&",
        "keep_filters": "".join(f"{urlencode({name: value})}&" for name, value in asdict(filters).items() if value),
    }


def _grid_part(request: SignedInRequest, data: GridData, filters: Filters, asked: dict[str, Any]) -> dict[str, Any]:
    findings = findings_of(data, reader=request.user)
    editable = request.user.may(Permission.EDIT_ASSIGNMENTS) and bool(data.schedules)
    today = timezone.localdate()
    groups = build_rows(
        data,
        filters=filters,
        today=today,
        marks=marks_of(data, findings),
        findings=findings_per_person(findings),
        editable=editable,
    )
    rows = [row for group in groups for row in group.rows]
    return {
        "days": days_of(data, today),
        "groups": groups,
        "lines": coverage_lines(data),
        "legend": legend(data),
        "findings": findings,
        "advisories": (advisories := sum(finding.severity == "advisory" for finding in findings)),
        "violations": len(findings) - advisories,
        "editable": editable,
        "changes": sum(row.changes for row in rows),
        "changed_rows": [row for row in rows if row.changes],
    }


def _day_part(request: SignedInRequest, data: GridData, filters: Filters, asked: dict[str, Any]) -> dict[str, Any]:
    today = timezone.localdate()
    day = asked.get("date") or (today if data.start <= today <= data.end else data.start)
    rows = [
        {
            "person": person,
            "cells": [_named(data, (person.pk, day, session.value)) for session in Session],
        }
        for person in data.people
        if any((person.pk, day, session.value) in data.cells for session in Session)
    ]
    return {
        "day": day,
        "holiday": data.holidays.get(day, ""),
        "previous_day": day - dt.timedelta(days=1),
        "next_day": day + dt.timedelta(days=1),
        "rows": rows,
    }


def _person_part(request: SignedInRequest, data: GridData, filters: Filters, asked: dict[str, Any]) -> dict[str, Any]:
    wanted = str(asked.get("person") or "")
    own = getattr(request.user, "person", None)
    person = next((p for p in data.people if str(p.pk) == wanted), None) or own or next(iter(data.people), None)
    today = timezone.localdate()
    days = [
        {
            "date": day.date,
            "css": day.css,
            "holiday": day.holiday,
            "cells": [_named(data, (person.pk, day.date, session.value)) for session in Session] if person else [],
        }
        for day in days_of(data, today)
    ]
    return {
        "chosen_person": str(person.pk) if person else "",
        "person": person,
        "weeks": [days[n : n + 7] for n in range(0, len(days), 7)],
    }


def _named(data: GridData, key: tuple[uuid.UUID, dt.date, str]) -> dict[str, Any] | None:
    cell = data.cells.get(key)
    if cell is None:
        return None
    activity = data.activities[cell.activity]
    return {"session": key[2], "activity": activity, "locked": cell.locked, "css": css_class(activity)}


_PARTS = {"grid": _grid_part, "day": _day_part, "person": _person_part}


@require_GET
def colours(request: SignedInRequest) -> HttpResponse:
    """A style sheet with the colours the program gave to single activities; dark ink or light ink by contrast."""
    access.require(request.user, Permission.SEE_PUBLISHED)
    rules = [
        f".a-{activity.pk.hex[:8]}{{background:{activity.colour};color:{ink_on(activity.colour)}}}"
        for activity in Activity.objects.exclude(colour="")
    ]
    response = HttpResponse("\n".join(rules), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "private, max-age=60"
    return response


def ink_on(colour: str) -> str:
    """Black or white text, whichever contrasts more on ``#rrggbb`` (relative luminance of WCAG 2.2)."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff"
