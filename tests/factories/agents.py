"""The SDK's own client against the product: over HTTP in the test's transaction, and over stdio in a process."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.test import Client as Browser
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from rest_framework.throttling import ScopedRateThrottle

from accounts.models import User
from accounts.services import tokens
from tests.schedules.worker.cluster import database_url

URL = "http://testserver/mcp"
HEAVY_RATES = ScopedRateThrottle.THROTTLE_RATES


class _Site(httpx2.AsyncBaseTransport):
    """Carries the client's requests to the site in this process, in the thread that owns the test's transaction."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        body = await request.aread()
        answer = await sync_to_async(Browser(raise_request_exception=False).generic, thread_sensitive=True)(
            request.method, request.url.path, body, content_type=headers.pop("content-type", ""), headers=headers
        )
        return httpx2.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)


@asynccontextmanager
async def over_http(token: str) -> AsyncIterator[Client]:
    """A client on /mcp of the site in this process."""
    http = httpx2.AsyncClient(transport=_Site(), headers={"Authorization": f"Bearer {token}"})
    async with http, Client(streamable_http_client(URL, http_client=http)) as client:
        yield client


@asynccontextmanager
async def over_network(token: str, url: str) -> AsyncIterator[Client]:
    """A client on /mcp of a running server."""
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=120)
    async with http, Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client:
        yield client


COMMAND = [sys.executable, "manage.py", "mcp"]


def environment(token: str, folder: Path) -> dict[str, str]:
    """What `manage.py mcp` needs to serve the test's database."""
    return {
        "MCP_TOKEN": token,
        "DEBUG": "1",
        "LOG_LEVEL": "DEBUG",
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(folder),
        "BACKUP_DIR": str(folder / "backups"),
        "SECRET_KEY": settings.SECRET_KEY,
    }


@asynccontextmanager
async def over_stdio(token: str, folder: Path) -> AsyncIterator[Client]:
    """A client of `manage.py mcp` on the database of a transactional test: the process sees what is committed."""
    command = StdioServerParameters(
        command=COMMAND[0], args=COMMAND[1:], env=environment(token, folder), cwd=settings.BASE_DIR
    )
    async with Client(stdio_client(command)) as client:
        yield client


def talk(user: User, conversation: Callable[[Client], Awaitable[Any]]) -> Any:
    """What a conversation over HTTP with the user's access token comes to."""
    token = tokens.issue(user).access_token

    @async_to_sync
    async def held() -> Any:
        async with over_http(token) as client:
            return await conversation(client)

    return held()


def call(user: User, tool: str, **arguments: Any) -> Any:
    """The result of one call over HTTP."""
    return talk(user, lambda client: client.call_tool(tool, arguments))
