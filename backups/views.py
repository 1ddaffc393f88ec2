"""Backup pages: list and gate, create, verify, restore with typed confirmation, prune the exact list."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import access
from accounts.access import SignedInRequest
from accounts.permissions import Permission
from backups import services
from backups.access import backup_to_see, backup_to_verify
from backups.enums import BackupKind, BackupState
from backups.models import Backup, BackupPolicy, RestoreLog
from backups.queries import count_differences
from common.errors import DomainError
from common.views import heavy_posts

STOP_POLLING = 286
"""The status by which htmx asks no more."""

NO_WORKER = "No worker of the task queue is running, so this was done while you waited. Start one: manage.py cluster."


@require_GET
def backups(request: SignedInRequest) -> HttpResponse:
    """Every backup with what was proven about it, the gate's state, and past restores."""
    access.require(request.user, Permission.SEE_BACKUPS)
    now = timezone.now()
    listed = [
        services.shown(row) for row in Backup.objects.exclude(state=BackupState.DELETED).select_related("created_by")
    ]
    may_restore = request.user.may(Permission.RESTORE_BACKUP)
    context = {
        "rows": [{"backup": found, "count": sum(found.row_counts.values())} for found in listed],
        "fresh": services.fresh_backup(),
        "newest": next((found for found in listed if found.state == BackupState.VERIFIED), None),
        "policy": BackupPolicy.objects.filter(pk=1).first() or BackupPolicy(),
        "prunable": list(services.prunable(now)) if may_restore else [],
        "restores": list(RestoreLog.objects.all()[:10]),
        "may_create": request.user.may(Permission.CREATE_BACKUP),
        "may_restore": may_restore,
    }
    return render(request, "backups/backups.html", context)


@require_POST
@heavy_posts
def create(request: SignedInRequest) -> HttpResponse:
    """Ask for a regular backup: its page tells how far the worker is; without a worker it is made at once."""
    access.require(request.user, Permission.CREATE_BACKUP)
    try:
        made = services.request_backup(kind=BackupKind.REGULAR, by=request.user, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("backups")
    if made.state == BackupState.QUEUED:
        return redirect("backup", pk=made.pk)
    messages.success(request, f"{made.file} was made and verified.")
    messages.warning(request, NO_WORKER)
    return redirect("backups")


@require_POST
@heavy_posts
def verify(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Prove a backup again."""
    found = backup_to_verify(request.user, pk)
    try:
        checked = services.request_proof(found, by=request.user, at=timezone.now())
        if checked.proof_asked_at is not None:
            return redirect("backup", pk=pk)
        if checked.state == BackupState.VERIFIED:
            messages.success(request, f"{checked.file} is verified.")
        else:
            messages.error(request, f"{checked.file} is broken: {checked.state_reason}")
    except DomainError as error:
        messages.error(request, error.detail)
    return redirect("backup", pk=pk)


@require_GET
def backup(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """One backup: facts, rows now and in it, restore."""
    access.require(request.user, Permission.SEE_BACKUPS)
    return _page(request, services.shown(get_object_or_404(Backup, pk=pk)))


@require_GET
def live(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """How far a worker is with it, asked once a second; at the end the page is loaded anew."""
    found = backup_to_see(request.user, pk)
    if services.is_at_work(found, at=timezone.now()):
        return render(request, "backups/_live.html", {"backup": found, "workers_live": services.workers_live()})
    return HttpResponse(status=STOP_POLLING, headers={"HX-Refresh": "true"})


@require_http_methods(["GET", "POST"])
@heavy_posts
def restore(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the database back to this backup; the file name must be typed."""
    access.require(request.user, Permission.RESTORE_BACKUP)
    found = get_object_or_404(Backup, pk=pk)
    if request.method == "GET":
        return redirect("backup", pk=pk)
    try:
        services.restore(
            found,
            by=request.user,
            at=timezone.now(),
            reason=request.POST.get("reason", "").strip(),
            confirm=request.POST.get("confirm", "").strip(),
        )
    except DomainError as error:
        return _page(request, found, error=error.detail, status=error.status)
    messages.success(request, f"The database is as it was in {found.file}. The one before was kept beside it.")
    return redirect("backups")


def _page(request: SignedInRequest, found: Backup, *, error: str = "", status: int = 200) -> HttpResponse:
    counts = count_differences(found)
    context: dict[str, Any] = {
        "backup": found,
        "changed": [count for count in counts if count.difference],
        "alike": [count for count in counts if not count.difference],
        "at_work": services.is_at_work(found, at=timezone.now()),
        "workers_live": services.workers_live(),
        "may_restore": request.user.may(Permission.RESTORE_BACKUP),
        "may_verify": request.user.may(Permission.CREATE_BACKUP),
        "can_be_restored": found.state == BackupState.VERIFIED,
        "error": error,
        "typed": request.POST.get("confirm", ""),
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "backups/backup.html", context, status=status)


@require_http_methods(["GET", "POST"])
@heavy_posts
def prune(request: SignedInRequest) -> HttpResponse:
    """Delete exactly the files that were listed and ticked."""
    access.require(request.user, Permission.RESTORE_BACKUP)
    now = timezone.now()
    if request.method == "POST":
        try:
            deleted = services.prune(request.POST.getlist("file"), by=request.user, at=now)
            messages.success(request, f"{len(deleted)} backup files were deleted.")
        except DomainError as error:
            messages.error(request, error.detail)
        return redirect("backups")
    return render(request, "backups/prune.html", {"files": list(services.prunable(now))})
