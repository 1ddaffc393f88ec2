"""Downloads of a schedule, and the calendar feed behind its secret address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from schedules import access


@require_GET
def schedule_export(request: HttpRequest, kind: str) -> HttpResponse:
    raise access.NotFound("There is no such export.")


@require_GET
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    raise access.NotFound("There is no such calendar.")
