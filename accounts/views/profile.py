"""One's own profile, password, second factor and notifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import access, services
from accounts.access import SignedInRequest
from accounts.enums import Role
from accounts.forms import CodeForm, OwnPasswordForm
from accounts.models import SecondFactor
from accounts.permissions import ROLE_TABLE, Permission
from accounts.services import lockout, second_factor
from accounts.services.second_factor import WrongCode
from common.errors import DomainError

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
    context = {
        "granted": [permission.value for permission in Permission if permission in granted],
        "has_second_factor": access.caller(request).has_second_factor,
    }
    return render(request, "accounts/profile.html", context)


@require_GET
def notifications(request: SignedInRequest) -> HttpResponse:
    """The inbox, newest first: all of it, or what is unread or of one kind."""
    own = access.caller(request).notifications.all()
    kinds = sorted(set(own.order_by().values_list("kind", flat=True)))
    unread, kind = "unread" in request.GET, request.GET.get("kind", "")
    shown = own.filter(read_at__isnull=True) if unread else own
    shown = shown.filter(kind=kind) if kind in kinds else shown
    query = QueryDict(mutable=True)
    query.update({"unread": "1"} if unread else {})
    query.update({"kind": kind} if kind in kinds else {})
    context = {
        "page": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
        "kinds": [(name, name.replace("_", " ").capitalize()) for name in kinds],
        "kind": kind,
        "unread": unread,
        "query": f"{query.urlencode()}&" if query else "",
    }
    return render(request, "accounts/notifications.html", context)


@require_POST
def notifications_read(request: SignedInRequest) -> HttpResponse:
    """Mark one message (`id`) or all as read; then back to what was shown, or with `open` to what it is about."""
    now, reader = timezone.now(), access.caller(request)
    if not request.POST.get("id"):
        services.mark_all_read(reader, at=now)
        return redirect("notifications")
    note = services.mark_read(access.own_notification(reader, request.POST["id"]), by=reader, at=now)
    if "open" in request.POST and note.url:
        return redirect(note.url)
    return redirect(f"{reverse('notifications')}?{QueryDict(request.POST.get('query', '')).urlencode()}".rstrip("?"))


@require_http_methods(["GET", "POST"])
def own_password(request: SignedInRequest) -> HttpResponse:
    """Change the password for the present one; this session goes on, every other one and all tokens end."""
    user = request.user
    sent = request.POST if request.method == "POST" else None
    form = OwnPasswordForm(user, sent, is_locked=lockout.is_locked(request, username=user.username))
    if form.is_valid():
        changed = services.set_password(user, password=form.cleaned_data["new_password1"], by=user, at=timezone.now())
        update_session_auth_hash(request, changed)
        messages.success(request, "Your password is changed. Other sessions and tokens have ended.")
        return redirect("profile")
    if "old_password" in form.errors:
        lockout.count_failure(request, username=user.username)
    return render(request, "accounts/password.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def own_second_factor(request: SignedInRequest) -> HttpResponse:
    """Set up, prove and turn off the codes of an authenticator app; recovery codes are shown once."""
    if request.method == "GET":
        return _factor_page(request)
    deed = _DEEDS.get(request.POST.get("deed", ""))
    if deed is None:
        return _factor_page(request, error="Choose what to do.", status=400)
    try:
        return deed(request)
    except WrongCode as refusal:
        lockout.count_failure(request, username=request.user.get_username())
        return _factor_page(request, error=refusal.detail, status=422)
    except DomainError as refusal:
        return _factor_page(request, error=refusal.detail, status=refusal.status)


def _begin(request: SignedInRequest) -> HttpResponse:
    second_factor.begin(request.user, at=timezone.now())
    return redirect("second_factor")


def _confirm(request: SignedInRequest) -> HttpResponse:
    codes = second_factor.confirm(request.user, code=_code(request), at=timezone.now())
    return _factor_page(request, codes=codes)


def _renew(request: SignedInRequest) -> HttpResponse:
    codes = second_factor.renew_recovery_codes(request.user, code=_code(request), at=timezone.now())
    return _factor_page(request, codes=codes)


def _turn_off(request: SignedInRequest) -> HttpResponse:
    second_factor.turn_off(request.user, code=_code(request), at=timezone.now())
    messages.success(request, "The second factor is off.")
    return redirect("second_factor")


_DEEDS: Mapping[str, Callable[[SignedInRequest], HttpResponse]] = {
    "begin": _begin,
    "confirm": _confirm,
    "renew": _renew,
    "off": _turn_off,
}


def _code(request: SignedInRequest) -> str:
    """The code as sent. Raises WrongCode for what cannot be one, or while tries are locked."""
    form = CodeForm(request.POST)
    if not form.is_valid() or lockout.is_locked(request, username=request.user.get_username()):
        raise WrongCode
    return str(form.cleaned_data["code"])


def _factor_page(
    request: SignedInRequest, *, codes: list[str] | None = None, error: str = "", status: int = 200
) -> HttpResponse:
    factor = SecondFactor.objects.filter(user=request.user, confirmed_at__isnull=False).first()
    waiting = second_factor.being_set_up(request.user)
    context: dict[str, Any] = {
        "factor": factor,
        "waiting": waiting,
        "picture": second_factor.picture_of(waiting) if waiting else "",
        "key": second_factor.key_of(waiting) if waiting else "",
        "codes": codes or [],
        "codes_left": factor.recovery_codes.filter(used_at__isnull=True).count() if factor else 0,
        "form": CodeForm(),
        "error": error,
    }
    return render(request, "accounts/second_factor.html", context, status=status)
