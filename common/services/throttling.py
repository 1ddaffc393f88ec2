"""How often one person may ask for heavy work."""

from __future__ import annotations

import math
from types import SimpleNamespace

from django.http import HttpRequest
from rest_framework.throttling import ScopedRateThrottle

from common.errors import DomainError

HEAVY = "heavy"
"""The scope of work that takes long or writes a file: generation, bulk edits, judging, exports, backups."""


class Throttled(DomainError):
    """Too many requests; `retry_after` says for how many seconds to wait."""

    code = "throttled"
    status = 429

    def __init__(self, seconds: float | None) -> None:
        wait = math.ceil(seconds or 60)
        super().__init__(f"Too many requests. Wait {wait} seconds, then try again.", retry_after=wait)


def count_heavy(request: HttpRequest) -> None:
    """Count one heavy request of a page's caller together with those over the API. Raises Throttled."""
    throttle = ScopedRateThrottle()
    # The framework asks only for a user and a view's scope.
    if not throttle.allow_request(request, SimpleNamespace(throttle_scope=HEAVY)):  # type: ignore[arg-type]
        raise Throttled(throttle.wait())
