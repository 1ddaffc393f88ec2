"""GET /health: whether the system can do its work, for monitors and for people; needs no login and no database."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from schedules.services.health import check


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """`healthy`; `degraded` without a worker or without a fresh backup; `unhealthy` (503) without a database."""
    state = check(timezone.now())
    return JsonResponse(state, status=503 if state["status"] == "unhealthy" else 200)
