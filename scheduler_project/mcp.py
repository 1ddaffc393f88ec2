"""POST /mcp: the tools over streamable HTTP, each message with the caller's own token (docs/adr/0011-mcp.md)."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from accounts.services.tokens import TokenNotValid, user_of
from common.services.throttling import count_heavy

SCHEME = "bearer "
FORWARDED = ("accept", "content-type", "content-length", "host", "last-event-id")
PREFIX = "mcp-"
"""Headers that the protocol reads: these, and those that begin so."""


@csrf_exempt
@login_not_required
@never_cache
def mcp(request: HttpRequest) -> HttpResponse:
    """One message of a client, answered as JSON. No session is kept, and no cookie counts: the token is the caller."""
    try:
        user = user_of(_token(request), at=timezone.now())
    except TokenNotValid as refusal:
        said = {"code": refusal.code, "detail": refusal.detail}
        return JsonResponse(said, status=401, headers={"WWW-Authenticate": "Bearer"})
    if request.method != "POST":
        # Streams and sessions, which other methods are for, are not offered.
        return HttpResponse(status=405, headers={"Allow": "POST"})
    return _answered(request, user)


def _token(request: HttpRequest) -> str:
    """The bearer token; an empty one opens nothing."""
    header = request.headers.get("Authorization", "")
    return header[len(SCHEME) :].strip() if header.lower().startswith(SCHEME) else ""


def _answered(request: HttpRequest, user: User) -> HttpResponse:
    """Hand the message to the SDK's server; its tools come back to this thread and its database connection."""
    # The SDK takes a second to load: only where it is asked for.
    from mcp.server.transport_security import TransportSecuritySettings

    from common.tools.server import CALLER, server

    def caller() -> User:
        count_heavy(request)
        return user

    request.user = user
    CALLER.set(caller)
    app = server().streamable_http_app(
        streamable_http_path=request.path_info,
        json_response=True,
        stateless_http=True,
        # ALLOWED_HOSTS has judged the host already, and without cookies a foreign page has nothing to ride on.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )

    @async_to_sync
    async def exchange() -> HttpResponse:
        reply = _Reply(request.body)
        async with app.router.lifespan_context(app):
            await app(_scope(request), reply.receive, reply.send)
        return reply.response

    return exchange()


def _scope(request: HttpRequest) -> dict[str, Any]:
    headers = [
        (name.lower().encode(), value.encode("latin-1", "replace"))
        for name, value in request.headers.items()
        if name.lower() in FORWARDED or name.lower().startswith(PREFIX)
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path_info,
        "raw_path": request.path_info.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
    }


class _Reply:
    """The two channels of an ASGI application over one request that has been read and one response to be made."""

    def __init__(self, body: bytes) -> None:
        self.response = HttpResponse()
        self._messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive(self) -> MutableMapping[str, Any]:
        return next(self._messages, {"type": "http.disconnect"})

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.response.status_code = int(message["status"])
            for name, value in message.get("headers", ()):
                self.response[name.decode("latin-1")] = value.decode("latin-1")
        else:
            self.response.write(message.get("body", b""))
