"""Access and refresh tokens: the only module that knows the token library."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import update_last_login
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.models import User
from accounts.services import agent_tokens
from common.errors import DomainError

BEARER = "bearer"
"""How a client with a token is told from a person's session: what `request.auth` then holds, and never the token."""


class TokenRefused(DomainError):
    """The refresh token is no good; signing in again is the way on."""

    code = "token_refused"
    status = 401


@dataclass(frozen=True, slots=True)
class Tokens:
    """A pair as clients get it: 15 minutes and 7 days."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105


class TokenNotValid(DomainError):
    """What was shown as a bearer token opens nothing; why, is not said."""

    code = "token_not_valid"
    status = 401

    def __init__(self) -> None:
        super().__init__(
            "The access token is not valid or has expired. Sign in again or refresh it; "
            "an agent asks an administrator for a new token."
        )


class BearerAuthentication(JWTAuthentication):
    """`Authorization: Bearer <token>`, signed or of an agent; every fault of a token is one plain 401."""

    def authenticate(self, request: Request) -> Any:
        header = self.get_header(request)
        try:
            token = None if header is None else self.get_raw_token(header)
            return None if token is None else (user_of(token.decode("latin-1"), at=timezone.now()), BEARER)
        except (AuthenticationFailed, TokenNotValid) as refusal:
            raise AuthenticationFailed(TokenNotValid().detail, code=TokenNotValid.code) from refusal


def user_of(token: str, /, *, at: dt.datetime) -> User:
    """Whose token it is: an access token of somebody who signed in, or the long-lived one of an agent.

    The one answer for every door that takes bearer tokens. Raises `TokenNotValid` (401) for whatever opens nothing:
    expired, revoked, of an inactive account, or no token at all.
    """
    if token.startswith(agent_tokens.PREFIX):
        user = agent_tokens.holder_of(token, at=at)
        if user is None:
            raise TokenNotValid
        return user
    library = JWTAuthentication()
    try:
        signed = library.get_validated_token(token.encode())
        signed.check_exp(current_time=at)
        return library.get_user(signed)  # type: ignore[return-value]  # the library also knows users without a row
    except (AuthenticationFailed, TokenError) as refusal:
        raise TokenNotValid from refusal


@transaction.atomic
def issue(user: User, /) -> Tokens:
    """Tokens for somebody who has just proven who they are."""
    update_last_login(User, user)
    refresh = RefreshToken.for_user(user)
    return Tokens(str(refresh.access_token), str(refresh))


@transaction.atomic
def rotate(refresh_token: str, /) -> Tokens:
    """A new pair for a refresh token, which is used up by this. Raises `TokenRefused`, also on a second use."""
    token, user = _checked(refresh_token)
    entry: Any = token.blacklist()  # the library names one type and returns (row, created)
    _, first_use = entry
    if not first_use:
        raise TokenRefused("This refresh token has been used already. Sign in again.")
    fresh = RefreshToken.for_user(user)
    return Tokens(str(fresh.access_token), str(fresh))


@transaction.atomic
def revoke(refresh_token: str, /) -> None:
    """End a refresh token; one that is over already is no error."""
    try:
        RefreshToken(refresh_token).blacklist()  # type: ignore[arg-type]
    except TokenError:
        return


def _checked(refresh_token: str) -> tuple[RefreshToken, User]:
    refusal = TokenRefused("The refresh token is not valid or has expired. Sign in again.")
    try:
        token = RefreshToken(refresh_token)  # type: ignore[arg-type]
    except TokenError as fault:
        raise refusal from fault
    user = User.objects.filter(pk=token[api_settings.USER_ID_CLAIM], is_active=True).first()
    if user is None or token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        raise refusal
    return token, user
