"""The REST API's common shape: pages of lists, and errors."""

from __future__ import annotations

import json
import math
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, RequestDataTooBig, ValidationError
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions, status, views
from rest_framework.filters import BaseFilterBackend, OrderingFilter
from rest_framework.pagination import BasePagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import DomainError
from common.services.throttling import Throttled

_log = structlog.get_logger(__name__)


class Pages(BasePagination):
    """`?limit&page`: limit defaults to 50 and is clamped to 1000; a page past the end is empty, not an error."""

    default_limit = 50
    largest_limit = 1000

    def paginate_queryset(self, queryset: Any, request: Request, view: views.APIView | None = None) -> list[Any]:
        _refuse_unknown(request, view, queryset)
        self.limit = min(_whole_number(request, "limit", self.default_limit), self.largest_limit)
        self.page = _whole_number(request, "page", 1)
        self.total = queryset.count()
        start = (self.page - 1) * self.limit
        return list(queryset[start : start + self.limit]) if start < self.total else []

    def get_paginated_response(self, data: Any) -> Response:
        pages = math.ceil(self.total / self.limit)
        return Response(
            {"items": data, "total": self.total, "page": self.page, "page_size": self.limit, "pages": pages}
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        number = {"type": "integer", "minimum": 0}
        figures = dict.fromkeys(("total", "page", "page_size", "pages"), number)
        return {
            "type": "object",
            "required": ["items", *figures],
            "properties": {"items": schema, **figures},
        }

    def get_schema_operation_parameters(self, view: views.APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": text,
                "schema": {"type": "integer", "minimum": 1, "default": default},
            }
            for name, default, text in (
                ("limit", self.default_limit, f"Items per page; more than {self.largest_limit} gives that many."),
                ("page", 1, "Page, from 1; one past the end is empty."),
            )
        ]


class Whole(Pages):
    """A short list as a bare array. `limit` and `page` are taken and change nothing."""

    def paginate_queryset(self, queryset: Any, request: Request, view: views.APIView | None = None) -> None:  # type: ignore[override]
        _refuse_unknown(request, view, queryset)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema

    def get_schema_operation_parameters(self, view: views.APIView) -> list[dict[str, Any]]:
        return []


def _refuse_unknown(request: Request, view: Any, rows: Any) -> None:
    """A misspelt filter is an error and not a list that looks as if it were filtered; the same for an order.

    A view names what else it reads from the address in `own_parameters`.
    """
    known = {"limit", "page", "format", *getattr(view, "own_parameters", ())}
    for backend in map(_made, getattr(view, "filter_backends", ())):
        if isinstance(backend, DjangoFilterBackend):
            filters = backend.get_filterset_class(view, rows)
            known |= set(filters.base_filters) if filters else set()
        elif isinstance(backend, OrderingFilter):
            known.add(backend.ordering_param)
            _refuse_unknown_order(request, view, rows, backend)
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        said = f"There is no such filter here. This list takes: {', '.join(sorted(known))}."
        raise exceptions.ValidationError({name: [said] for name in unknown})


def _made(backend: type[BaseFilterBackend]) -> BaseFilterBackend:
    return backend()


def _refuse_unknown_order(request: Request, view: Any, rows: Any, backend: OrderingFilter) -> None:
    fields = {name for name, _ in backend.get_valid_fields(rows, view, {"request": request})}
    asked = request.query_params.get(backend.ordering_param, "")
    if {name.strip().lstrip("-") for name in asked.split(",") if name.strip()} - fields:
        said = f"This list is ordered by: {', '.join(sorted(fields))}; a minus sign before a name turns it round."
        raise exceptions.ValidationError({backend.ordering_param: [said]})


def _whole_number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or int(text[:12]) < 1:
        raise exceptions.ValidationError({name: ["Give a whole number from 1."]})
    return int(text[:12])


class TextParser(JSONParser):
    """JSON whose strings are text: half of a surrogate pair, which JSON can spell, could not even be answered."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        data = super().parse(stream, media_type, parser_context)
        try:
            json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError as broken:
            raise exceptions.ParseError from broken
        return data


_CODES = {
    400: "invalid",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
}
_SENTENCES = {
    401: "Sign in first: a session of this site, or Authorization: Bearer <access token>.",
    404: "There is no such thing here.",
}


def answer_error(error: Exception, context: dict[str, Any]) -> Response:
    """Translate an exception to an answer.

    400: field -> list of sentences. Every other refusal: ``{"code", "detail", ...}``. What nobody expected is logged
    and answers 500 ``{"code": "server_error"}`` without a word of what it was.
    """
    views.set_rollback()
    if isinstance(error, exceptions.Throttled):
        error = Throttled(getattr(error, "wait", None))
    if isinstance(error, RequestDataTooBig):
        most = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) / 2**20
        return Response({"code": "too_large", "detail": f"The body is larger than {most:g} MB. Send less."}, status=413)
    if isinstance(error, DomainError):
        return Response(
            {"code": error.code, "detail": error.detail, **error.extra}, status=error.status, headers=error.headers
        )
    if isinstance(error, (Http404, ValidationError)) and not isinstance(error, exceptions.APIException):
        error = _as_api_error(error)
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        return Response(_field_errors(error.detail), status=400)
    if isinstance(error, exceptions.APIException):
        return _refusal(error)
    _log.error("request_failed", exc_info=error, view=type(context.get("view")).__name__)
    return Response(
        {"code": "server_error", "detail": "Something went wrong here. It has been recorded; try again later."},
        status=status.HTTP_500_INTERNAL_SERVER_ERROR,
    )


def _as_api_error(error: Http404 | ValidationError) -> exceptions.APIException:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if not hasattr(error, "error_dict"):
        return exceptions.ValidationError(error.messages)
    named = error.message_dict
    if NON_FIELD_ERRORS in named:
        named["non_field_errors"] = named.pop(NON_FIELD_ERRORS)
    return exceptions.ValidationError(named)


def _field_errors(detail: Any) -> dict[str, Any]:
    return detail if isinstance(detail, dict) else {"non_field_errors": detail}


def _refusal(error: exceptions.APIException) -> Response:
    code = str(getattr(error.detail, "code", "")) or _CODES.get(error.status_code, "error")
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]
    if isinstance(error, exceptions.ParseError):
        return Response({"code": "not_json", "detail": "The body is not valid JSON."}, status=400)
    if code in {"permission_denied", "error"}:
        code = _CODES.get(error.status_code, code)
    sentence = str(error.detail)
    if error.status_code == 404 or code == "not_authenticated":
        sentence = _SENTENCES[error.status_code]
    return Response({"code": code, "detail": sentence}, status=error.status_code, headers=headers)
