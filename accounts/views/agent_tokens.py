"""The page of the agents' long-lived tokens, for administrators."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import SignedInRequest
from accounts.forms import AgentTokenForm
from accounts.models import AgentToken
from accounts.permissions import Permission
from accounts.services import agent_tokens
from common.errors import DomainError


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    """Every token with who made it and when it was last used; a new one is shown once, in the answer to its form."""
    access.require(request.user, Permission.MANAGE_USERS)
    now = timezone.now()
    form = AgentTokenForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return _page(request, form, at=now)
    asked = form.cleaned_data
    try:
        record, token = agent_tokens.issue(
            asked["user"],
            name=asked["name"],
            expires_at=now + dt.timedelta(days=int(asked["days"])),
            by=request.user,
            at=now,
        )
    except DomainError as refusal:
        form.add_error(None, refusal.detail)
        return _page(request, form, at=now)
    return _page(request, AgentTokenForm(), at=now, made=record, token=token)


@require_POST
def revoke(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """End one at once."""
    access.require(request.user, Permission.MANAGE_USERS)
    ended = agent_tokens.revoke(access.agent_token(request.user, pk), by=request.user, at=timezone.now())
    messages.success(request, f"The token {ended.name} opens nothing any more.")
    return redirect("agent_tokens")


def _page(
    request: SignedInRequest,
    form: AgentTokenForm,
    *,
    at: dt.datetime,
    made: AgentToken | None = None,
    token: str = "",
) -> HttpResponse:
    listed = AgentToken.objects.select_related("user", "created_by", "revoked_by")
    context: dict[str, Any] = {
        "form": form,
        "rows": [{"token": row, "is_valid": row.is_valid(at=at)} for row in listed],
        "made": made,
        "token": token,
    }
    return render(request, "accounts/agent_tokens.html", context, status=422 if form.errors else 200)
