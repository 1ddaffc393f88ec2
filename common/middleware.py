"""What every request passes through: a log line without personal data, what browsers may do, refusals as pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template import loader
from django.views import defaults
from django_structlog.middlewares import RequestMiddleware

from common.errors import DomainError, NotAllowed, NotFound
from common.services import maintenance


class RequestLogMiddleware(RequestMiddleware):
    """One line per request: id, method, route, status, user id.

    The route and not the address: addresses carry search terms and the secret of calendar feeds.
    """

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        route = request.resolver_match.route if request.resolver_match else "(no route yet)"
        return f"{request.method} /{route}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Only a user that something else has already loaded: the log costs no query and works without a database."""
        loaded = [request.__dict__.get("user"), getattr(request, "_cached_user", None)]
        ids = [user.pk for user in loaded if user is not None and "_wrapped" not in user.__dict__ and user.pk]
        if ids:
            structlog.contextvars.bind_contextvars(user_id=str(ids[0]))


class ContentPolicyMiddleware(CSPMiddleware):
    """The strict policy everywhere; under /admin/ also what Unfold's Alpine scripts need."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request=request, response=response, report_only=report_only)
        if request.path_info.startswith("/admin/") and not report_only:
            parts.update = {**(parts.update or {}), "script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}
        return parts


class PrivacyMiddleware:
    """No browser and no proxy keeps an answer that says nothing else: wards share their computers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class MaintenanceMiddleware:
    """While a restore swaps the database: 503 with Retry-After, as JSON for programs. Touches no database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not maintenance.is_on():
            return self.get_response(request)
        headers = {"Retry-After": str(maintenance.RETRY_AFTER_SECONDS), "Cache-Control": "no-store"}
        sentence = "The database is being restored. Try again in half a minute."
        if request.path_info.startswith(("/api/", "/health", "/mcp")):
            return JsonResponse({"code": "maintenance", "detail": sentence}, status=503, headers=headers)
        return HttpResponse(loader.render_to_string("503.html"), status=503, headers=headers)


class SignInMiddleware(LoginRequiredMiddleware):
    """Asks who it is only where a page wants to know: public ones, /health first of all, work without a database."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class RefusalMiddleware:
    """Shows a service's refusal that a page did not answer itself: hidden things as 404, forbidden ones as 403."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NotFound):
            return defaults.page_not_found(request, exception)
        if isinstance(exception, NotAllowed):
            return defaults.permission_denied(request, exception)
        if isinstance(exception, DomainError):
            return HttpResponse(
                exception.detail,
                status=exception.status,
                headers=exception.headers,
                content_type="text/plain; charset=utf-8",
            )
        return None
