"""The MCP server over the register of tools: nothing about any single tool is known here."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError, UnexpectedToolError
from mcp.types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations

from common.errors import DomainError, Invalid
from common.tools.registry import DOCUMENTS, TOOLS, Document, Tool, load

CALLER: ContextVar[Callable[[], Any]] = ContextVar("CALLER")
"""Set by the door: says whose call it is, anew for each call, or refuses it."""

INSTRUCTIONS = """\
Scheduling and resilience of a residency program. You act as the account whose token you carry, with its role and no
other. Ids and codes are in scheduler://people, scheduler://schedules and scheduler://activities. Sessions are AM, PM
and NIGHT; k* is how many people a session can lose, whoever they are, before a post stays open. Nothing is written
without a confirmation token: call the tool without one, show a person what its answer says, and call again with the
token that it gave. Approvals are given by people in the browser, never here. A level UNKNOWN means that it could not be
computed, for the reason given: never report it as good."""


class _Server(MCPServer):
    """The SDK's server, with arguments refused by name: one it does not know is a mistake, not a wish to be ignored."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context | None = None
    ) -> CallToolResult | InputRequiredResult:
        tool = TOOLS.get(name)
        if tool is None:
            raise ToolError(f"There is no tool {name!r}. Known are: {', '.join(TOOLS)}.")
        try:
            return await sync_to_async(_call, thread_sensitive=True)(tool, arguments)
        except Exception as unexpected:
            # Its text stays here: the SDK logs the cause and shows this sentence alone.
            raise UnexpectedToolError(
                "Something went wrong here. It has been recorded; try again later."
            ) from unexpected


@cache
def server() -> MCPServer:
    """The server with every tool and document of every app. It holds no state: one serves all callers."""
    load()
    made = _Server(
        "residency-scheduler",
        title="Residency Scheduler",
        instructions=INSTRUCTIONS,
        version=settings.APP_VERSION,
        subscriptions=False,
        log_level="WARNING",
    )
    for tool in TOOLS.values():
        made.add_tool(
            _described(tool),
            name=tool.name,
            title=tool.title,
            description=tool.description,
            annotations=ToolAnnotations(read_only_hint=not tool.writes, open_world_hint=False),
        )
    for document in DOCUMENTS.values():
        made.resource(
            document.address,
            name=document.name,
            description=document.description,
            mime_type=document.media_type,
        )(_readable(document))
    return made


def _call(tool: Tool, given: dict[str, Any]) -> CallToolResult:
    """One call, in the thread that owns the database connection; a refusal is an answer that says so."""
    try:
        answer = tool.call(_unwrapped(tool, given), by=CALLER.get()(), at=timezone.now())
    except DomainError as refusal:
        return _refused(refusal)
    except ValidationError as fault:
        return _refused(Invalid(" ".join(fault.messages)))
    return CallToolResult(content=[_text(json.dumps(answer, indent=1))], structured_content=answer)


def _unwrapped(tool: Tool, given: dict[str, Any]) -> dict[str, Any]:
    """Lists that came as JSON text are lists: some clients write every argument as text."""
    return {name: _listed(value) if name in tool.lists else value for name, value in given.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _refused(refusal: DomainError) -> CallToolResult:
    """The sentence for people; with its code and what belongs to it (pre-flight, confirmation token) for programs."""
    said = {"code": refusal.code, "detail": refusal.detail, **refusal.extra}
    return CallToolResult(content=[_text(refusal.detail)], structured_content=_plain(said), is_error=True)


def _text(text: str) -> TextContent:
    return TextContent(type="text", text=text)


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data, cls=DjangoJSONEncoder))


def _described(tool: Tool) -> Callable[..., Any]:
    """What the SDK reads the schemas from; calls go through `_Server.call_tool`."""

    async def described(**arguments: Any) -> Any:
        raise ToolError("This tool is called through the register.")

    described.__signature__ = tool.signature  # type: ignore[attr-defined]
    described.__annotations__ = {}
    described.__name__ = tool.name
    return described


def _readable(document: Document) -> Callable[..., Any]:
    async def read(**names: str) -> str:
        return await sync_to_async(_read, thread_sensitive=True)(document, names)

    read.__signature__ = document.signature  # type: ignore[attr-defined]
    read.__annotations__ = {name: item.annotation for name, item in document.signature.parameters.items()}
    read.__name__ = document.name
    return read


def _read(document: Document, names: dict[str, str]) -> str:
    try:
        return document.read(by=CALLER.get()(), at=timezone.now(), **names)
    except DomainError as refusal:
        raise ResourceError(refusal.detail) from refusal
