"""Import of program data in the browser: choose files, see what would happen, write it."""

from __future__ import annotations

import secrets
from dataclasses import astuple
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from common.errors import DomainError
from common.views import heavy_posts
from schedules import access
from schedules.services import imports

KEPT_SECONDS = 1800
"""How long a preview waits for its yes."""

SHOWN_ROWS = 200


@require_http_methods(["GET", "POST"])
@heavy_posts
def import_program(request: SignedInRequest) -> HttpResponse:
    """Upload shows the preview; `token` of a preview writes exactly the rows that were previewed."""
    access.require(request.user, Permission.EDIT_PROGRAM)
    if request.method == "GET":
        return _page(request)
    if request.POST.get("token"):
        return _write(request, request.POST["token"])
    files = request.FILES.getlist("files")
    if not files:
        return _page(request, error="Choose at least one file.", status=422)
    try:
        parsed = imports.read_source(files)
        report = imports.preview(parsed)
    except DomainError as error:
        return _page(request, error=error.detail, status=error.status)
    token = secrets.token_urlsafe(24)
    cache.set(_key(request, token), parsed, KEPT_SECONDS)
    return _page(request, report=report, token=token)


def _write(request: SignedInRequest, token: str) -> HttpResponse:
    parsed = cache.get(_key(request, token))
    if parsed is None:
        return _page(request, error="The preview is older than 30 minutes. Choose the files again.", status=409)
    try:
        report = imports.import_program(
            parsed, by=request.user, at=timezone.now(), skip_bad=bool(request.POST.get("skip_bad"))
        )
    except DomainError as error:
        shown = getattr(error, "report", None)
        return _page(request, error=error.detail, report=shown, token=token if shown else "", status=error.status)
    cache.delete(_key(request, token))
    total = report.total
    messages.success(
        request, f"Imported: {total.created} rows are new, {total.changed} changed, {total.unchanged} as they were."
    )
    return redirect("import_program")


def _key(request: SignedInRequest, token: str) -> str:
    return f"import:{request.user.pk}:{token}"


def _page(request: SignedInRequest, *, status: int = 200, error: str = "", **context: Any) -> HttpResponse:
    report = context.get("report")
    return render(
        request,
        "schedules/import.html",
        {
            "error": error,
            "report": report,
            "token": context.get("token", ""),
            "tables": [(name, counts) for name, counts in report.counts.items() if any(astuple(counts))]
            if report
            else [],
            "rejected": report.rejected[:SHOWN_ROWS] if report else [],
            "warnings": report.warnings[:SHOWN_ROWS] if report else [],
            "changes": report.changes[:SHOWN_ROWS] if report else [],
        },
        status=status,
    )
