"""Downloads of a schedule, and the calendar feed behind its secret address."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from common.services import throttling
from schedules import access
from schedules.forms import GridForm
from schedules.models import Schedule
from schedules.services import calendar_links, exports

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FEED_PAST = dt.timedelta(days=90)
FEED_FUTURE = dt.timedelta(days=400)

Version = Schedule | Literal["published"]


@require_GET
def schedule_export(request: SignedInRequest, kind: str) -> HttpResponse:
    """The shown dates of the shown version as XLSX (two columns per day) or CSV (one row per cell)."""
    access.require(request.user, Permission.SEE_PUBLISHED)
    form = GridForm(request.GET)
    start, end = (form.cleaned_data.get("start"), form.cleaned_data.get("end")) if form.is_valid() else (None, None)
    if start is None or end is None or kind not in {"xlsx", "csv"}:
        raise access.NotFound("There is no such export.")
    throttling.count_heavy(request)
    asked = form.cleaned_data["version"] or "published"
    version: Version = "published" if asked == "published" else access.schedule(request.user, asked)
    if kind == "csv":
        response = HttpResponse(exports.rows_csv(start, end, schedule=version), content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(exports.block_workbook(start, end, schedule=version), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="schedule_{start}_{end}.{kind}"'
    return response


@login_not_required
@require_GET
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """A person's published duties for calendar apps; whoever has the secret address may read it."""
    person = calendar_links.reader_of(token)
    if person is None:
        raise access.NotFound("There is no such calendar.")
    today = timezone.localdate()
    body = exports.calendar_of(person, start=today - FEED_PAST, end=today + FEED_FUTURE)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    patch_cache_control(response, private=True, max_age=900)
    response["X-Robots-Tag"] = "noindex"
    return response
