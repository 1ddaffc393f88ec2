"""REST: the eleven tools by their names, made from the register that agents see; nothing is described twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import QueryDict
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import resilience.tools  # noqa: F401 - registers the tools
from accounts.access import caller
from accounts.api import RefusalOut
from common.services.throttling import HEAVY
from common.tools import TOOLS, BadArguments, Tool
from resilience.services.tools import TOOLS as COMPUTED

REFUSALS = {403: RefusalOut, 409: RefusalOut}


def _answer(tool: Tool, request: Request, given: dict[str, Any]) -> Response:
    try:
        return Response(tool.call(given, by=caller(request), at=timezone.now()))
    except BadArguments as fault:
        raise exceptions.ValidationError(fault.extra["fields"]) from fault


def _from_query(tool: Tool, query: QueryDict) -> dict[str, Any]:
    """Query parameters as arguments: one that takes several values may be repeated."""
    return {name: query.getlist(name) if name in tool.lists else query[name] for name in query}


def _parameters(tool: Tool) -> list[OpenApiParameter]:
    schema = tool.arguments.model_json_schema()
    return [
        OpenApiParameter(
            name,
            {key: value for key, value in shape.items() if key not in {"title", "description"}},
            description=shape.get("description", ""),
            required=name in schema.get("required", ()),
        )
        for name, shape in schema["properties"].items()
    ] if "properties" in schema else []  # fmt: skip


def _reading(tool: Tool) -> type[APIView]:
    class ToolView(APIView):
        throttle_scope = HEAVY

        @extend_schema(
            operation_id=tool.name,
            description=tool.description,
            tags=["resilience"],
            parameters=_parameters(tool),
            responses={200: tool.answer, **REFUSALS},
        )
        def get(self, request: Request) -> Response:
            return _answer(tool, request, _from_query(tool, request.query_params))

    return ToolView


def _writing(tool: Tool) -> type[APIView]:
    class ToolView(APIView):
        throttle_scope = HEAVY

        @extend_schema(
            operation_id=tool.name,
            description=tool.description,
            tags=["resilience"],
            request=tool.arguments,
            responses={200: tool.answer, **REFUSALS},
        )
        def post(self, request: Request) -> Response:
            if not isinstance(request.data, dict):
                raise exceptions.ValidationError("Send an object of arguments.")
            return _answer(tool, request, request.data)

    return ToolView


def _view(name: str) -> Callable[..., Any]:
    """GET of a tool that only reads; POST of one that can write."""
    tool = TOOLS[name]
    return (_writing if tool.writes else _reading)(tool).as_view()


urlpatterns = [path(f"resilience/{name}", _view(name), name=f"api-{name}") for name in COMPUTED]
