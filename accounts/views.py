"""Signing in and out in the browser, and the answer to somebody who tried too often."""

from __future__ import annotations

from typing import Any

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.forms import LockedOutForm
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
