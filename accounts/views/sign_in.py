"""Signing in in the browser, in one step or two, and the answer to somebody who tried too often."""

from __future__ import annotations

import datetime as dt
from typing import Any

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import CodeForm, LockedOutForm, SignInForm
from accounts.models import User
from accounts.services import lockout, second_factor
from accounts.services.demo import DEMO_ROLES
from accounts.services.second_factor import NotSetUp, WrongCode

HALF_SIGNED_IN = "half_signed_in"
"""Where the session keeps who has given the right password and still owes a code."""

TIME_FOR_THE_CODE = dt.timedelta(minutes=5)
_BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignIn(LoginView):
    """The login page; in demo mode it names the accounts of the demonstration."""

    template_name = "accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | demonstration()

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """With a second factor the right password opens nothing but the page that asks for the code."""
        user = form.get_user()
        if not user.has_second_factor:
            return super().form_valid(form)
        self.request.session[HALF_SIGNED_IN] = {
            "user": str(user.pk),
            "hash": user.get_session_auth_hash(),
            "until": (timezone.now() + TIME_FOR_THE_CODE).timestamp(),
            "next": self.get_redirect_url(),
        }
        return redirect("second_step")


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """The code after the password. Wrong ones count with wrong passwords toward the lock-out."""
    user = _half_signed_in(request)
    if user is None:
        return redirect("login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = user.get_username()
        try:
            if not lockout.is_locked(request, username=name):
                second_factor.check(user, code=form.cleaned_data["code"], at=timezone.now())
                goal = request.session.pop(HALF_SIGNED_IN)["next"]
                login(request, user, backend=_BACKEND)
                return redirect(goal or resolve_url(settings.LOGIN_REDIRECT_URL))
        except WrongCode as refusal:
            form.add_error("code", refusal.detail)
        except NotSetUp:
            return redirect("login")
        lockout.count_failure(request, username=name)
    return render(request, "accounts/second_step.html", {"form": form})


def _half_signed_in(request: HttpRequest) -> User | None:
    """Who gave the right password in this session less than five minutes ago, unless it was changed since."""
    kept = request.session.get(HALF_SIGNED_IN)
    if kept is None or timezone.now().timestamp() > kept["until"]:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    return user if user and constant_time_compare(user.get_session_auth_hash(), kept["hash"]) else None


def demonstration() -> dict[str, Any]:
    """What the login page says of the demonstration's accounts; nothing outside demo mode."""
    names = list(DEMO_ROLES) if settings.DEMO else []
    return {"demo_accounts": names, "demo_password_rule": "the name followed by 123"}


def locked_out(
    request: HttpRequest, _response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """429 with the seconds to wait, as JSON to programs and as the login page to people."""
    username = (credentials or {}).get("username", "")
    wait = lockout.seconds_to_wait(username=username, ip_address=get_client_ip_address(request), at=timezone.now())
    detail = f"Too many failed tries. Wait {wait} seconds, then try again."
    response: HttpResponse
    if request.path_info.startswith("/api/"):
        response = JsonResponse({"code": "locked_out", "detail": detail}, status=429)
    else:
        form = LockedOutForm(request, username=username, detail=detail)
        context = {"form": form, "next": request.POST.get("next", "")} | demonstration()
        response = render(request, "accounts/login.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response
