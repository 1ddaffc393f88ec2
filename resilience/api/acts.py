"""What the resources share: for those who see drafts, with POST addresses made from a table of deeds."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import caller
from accounts.api import RefusalOut
from accounts.models import User
from accounts.permissions import Permission
from common.errors import NotAllowed
from resilience import access
from schedules.api.resource import Readable

View = TypeVar("View", bound=type[Any])


class ForStaff(Readable):
    """A list that others are refused, of things that for others are not there."""

    def visible(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        if self.action == "list":
            access.require(user, Permission.SEE_DRAFTS)
        return rows if user.may(Permission.SEE_DRAFTS) else rows.none()


@dataclass(frozen=True)
class Act:
    """A deed: the end of its address, what it says of itself, its service ``(thing, *, by, at, **given)``."""

    name: str
    says: str
    do: Callable[..., Any]
    shape: type[serializers.Serializer] | None = None
    right: Permission = Permission.APPROVE_RESILIENCE
    """Asked for before what was sent is looked at; the service knows the rest."""
    shown: type[serializers.BaseSerializer] | None = None
    """What it answers, where that is not the thing itself."""
    in_person: bool = False
    """A person's own word: a session of the browser gives it, a client with a token never (resilience, section 4)."""


def acting(
    acts: Iterable[Act],
    *,
    load: Callable[[User, uuid.UUID], Any],
    shown: type[serializers.BaseSerializer],
    name: str,
    tag: str,
) -> Callable[[View], View]:
    """Give a viewset one POST address per deed. `load` finds the thing or says that it is not there."""

    def decorate(view: View) -> View:
        for act in acts:
            setattr(view, f"act_{act.name}", _method(act, load=load, shown=act.shown or shown, of=name, tag=tag))
        return view

    return decorate


def _method(
    act: Act, *, load: Callable[[User, uuid.UUID], Any], shown: type[Any], of: str, tag: str
) -> Callable[..., Response]:
    def method(self: Any, request: Request, pk: uuid.UUID) -> Response:
        user = caller(request)
        thing = load(user, pk)
        access.require(user, act.right)
        if act.in_person and request.auth is not None:
            raise NotAllowed("Clients with a token propose and never approve: say it on the page of the approval.")
        given = _given(act.shape, request)
        done = act.do(thing, by=user, at=timezone.now(), **given)
        result = done if act.shown else load(user, pk)
        return Response(shown(result, context=self.get_serializer_context()).data)

    # The router keeps names such as `update` for itself.
    method.__name__, method.__doc__ = f"act_{act.name}", act.says
    routed = action(detail=True, methods=["post"], url_path=act.name.replace("_", "-"))(method)
    # Outermost: the router's decorator would throw the description away.
    return extend_schema(
        operation_id=f"resilience_{of}_{act.name}",
        tags=[tag],
        request=act.shape,
        responses={200: shown, 403: RefusalOut, 404: RefusalOut, 409: RefusalOut},
    )(routed)


def _given(shape: type[serializers.Serializer] | None, request: Request) -> dict[str, Any]:
    if shape is None:
        return {}
    sent = shape(data=request.data or {})
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)
