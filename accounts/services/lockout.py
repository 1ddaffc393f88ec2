"""How failed sign-ins lock a name at an address: five a minute, then a wait that doubles with every further try.

An address that tries many names, one password on each, is locked as well.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt, AccessAttemptExpiration
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

FIRST_WAIT = dt.timedelta(minutes=1)
LONGEST_WAIT = dt.timedelta(hours=1)
MOST_OF_AN_ADDRESS = 30
"""Failures that count at once for all names of one address: a whole ward behind one address stays far below."""


class LockoutHandler(AxesDatabaseHandler):
    """Axes' database handler, remembering on the request how many failures came before: the wait depends on it."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        failures = int(super().get_failures(request, credentials))
        request.axes_failures_since_start = failures  # type: ignore[attr-defined]
        if failures < settings.AXES_FAILURE_LIMIT and _of_the_address(request) >= MOST_OF_AN_ADDRESS:
            return int(settings.AXES_FAILURE_LIMIT)
        return failures


def _of_the_address(request: HttpRequest) -> int:
    """Failures of all names from the request's address that still count."""
    counting = AccessAttempt.objects.filter(
        ip_address=getattr(request, "axes_ip_address", None), expiration__expires_at__gt=timezone.now()
    )
    return int(counting.aggregate(found=Sum("failures_since_start"))["found"] or 0)


def cool_off(request: HttpRequest | None) -> dt.timedelta:
    """How long the failure being recorded counts: a minute, doubled for each beyond the limit, at most an hour."""
    before = getattr(request, "axes_failures_since_start", None) or 0
    beyond = max(0, before + 1 - settings.AXES_FAILURE_LIMIT)
    return min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT)


def seconds_to_wait(*, username: str, ip_address: str | None, at: dt.datetime) -> int:
    """Whole seconds until the name may try again from that address; at least 1."""
    until = (
        AccessAttemptExpiration.objects.filter(access_attempt__username=username, access_attempt__ip_address=ip_address)
        .order_by("-expires_at")
        .values_list("expires_at", flat=True)
        .first()
    )
    return max(1, round((until - at).total_seconds())) if until else round(FIRST_WAIT.total_seconds())


def is_locked(request: HttpRequest, *, username: str) -> bool:
    """Whether the name may not try from the request's address now."""
    return bool(AxesProxyHandler.is_locked(request, {"username": username}))


def count_failure(request: HttpRequest, *, username: str) -> None:
    """Count a wrong code like a wrong password; the fifth in a minute is answered by the lock-out's own page."""
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)


def forget(*, username: str) -> None:
    """Let a name try again from everywhere: whoever has just set a new password need not wait for old guesses."""
    AccessAttempt.objects.filter(username=username).delete()


def client_without_name(*_args: Any) -> str:
    """What logs call whoever tries to sign in."""
    return "a client"
