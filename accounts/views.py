"""Signing in and out in the browser, the answer to somebody who tried too often, own profile and notifications."""

from __future__ import annotations

from typing import Any

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import LoginView
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import access, services
from accounts.access import SignedInRequest
from accounts.enums import Role
from accounts.forms import LockedOutForm
from accounts.permissions import ROLE_TABLE, Permission
from accounts.services.lockout import seconds_to_wait


class SignIn(LoginView):
    """The login page; in demo mode it names the accounts of the demonstration."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"demo": settings.DEMO}


def locked_out(
    request: HttpRequest, _response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """429 with the seconds to wait, as JSON to programs and as the login page to people."""
    username = (credentials or {}).get("username", "")
    wait = seconds_to_wait(username=username, ip_address=get_client_ip_address(request), at=timezone.now())
    detail = f"Too many failed tries. Wait {wait} seconds, then try again."
    response: HttpResponse
    if request.path_info.startswith("/api/"):
        response = JsonResponse({"code": "locked_out", "detail": detail}, status=429)
    else:
        form = LockedOutForm(request, username=username, detail=detail)
        context = {"form": form, "next": request.POST.get("next", ""), "demo": settings.DEMO}
        response = render(request, "accounts/login.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response


PER_PAGE = 30


@require_http_methods(["GET", "POST"])
def profile(request: SignedInRequest) -> HttpResponse:
    """Who one is here, what the role allows, and whether notifications come by mail as well."""
    if request.method == "POST":
        services.set_wants_mail(
            access.caller(request), wants_mail=bool(request.POST.get("wants_mail")), by=access.caller(request)
        )
        messages.success(request, "Saved.")
        return redirect("profile")
    granted = ROLE_TABLE[Role(access.caller(request).role)]
    context = {"granted": [permission.value for permission in Permission if permission in granted]}
    return render(request, "accounts/profile.html", context)


@require_GET
def notifications(request: SignedInRequest) -> HttpResponse:
    """The inbox, newest first."""
    page = Paginator(access.caller(request).notifications.all(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/notifications.html", {"page": page})


@require_POST
def notifications_read(request: SignedInRequest) -> HttpResponse:
    """Mark one message (`id`) or all as read."""
    now = timezone.now()
    if request.POST.get("id"):
        services.mark_read(
            access.own_notification(access.caller(request), request.POST["id"]), by=access.caller(request), at=now
        )
    else:
        services.mark_all_read(access.caller(request), at=now)
    return redirect("notifications")
