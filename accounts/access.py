"""Who may reach which user, notification and token: loads the thing or says that it is not there."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import AgentToken, Notification, User
from accounts.permissions import Permission
from common.errors import NotAllowed, NotFound


def caller(request: HttpRequest | Request, /) -> User:
    """Who asks. Every view here is for people who are signed in; middleware and API permissions have seen to it."""
    return cast(User, request.user)


class SignedInRequest(HttpRequest):
    """What views receive behind LoginRequiredMiddleware."""

    user: User


def require(user: User, permission: Permission, /, detail: str = "") -> None:
    """Raises `NotAllowed` unless the user's role has the permission."""
    if not user.may(permission):
        raise NotAllowed(detail or f"Your role may not {permission.value}.")


def own_notification(user: User, pk: UUID | str, /) -> Notification:
    """One of the user's own messages; anybody else's, or what is no id, is not there. Raises `NotFound`."""
    try:
        return Notification.objects.get(user=user, pk=pk)
    except (Notification.DoesNotExist, ValidationError) as missing:
        raise NotFound("There is no such notification.") from missing


def agent_token(user: User, pk: UUID | str, /) -> AgentToken:
    """One token of an agent, for those who manage users. Raises `NotAllowed`, `NotFound`."""
    require(user, Permission.MANAGE_USERS)
    try:
        return AgentToken.objects.select_related("user").get(pk=pk)
    except (AgentToken.DoesNotExist, ValidationError) as missing:
        raise NotFound("There is no such token.") from missing
