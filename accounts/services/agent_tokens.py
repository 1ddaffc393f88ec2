"""Long-lived tokens of agent accounts: issued by an administrator, shown once, kept as a digest, revocable."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import transaction

from accounts.enums import Role
from accounts.models import AgentToken, User
from accounts.permissions import Permission
from common.errors import DomainError, Invalid, NotAllowed

PREFIX = "rsa_"
"""Tells an agent token from a signed one at sight, and lets scanners of leaked secrets find it."""

LONGEST_LIFE = dt.timedelta(days=365)
_USE_IS_NOTED_EVERY = dt.timedelta(minutes=1)


class NotAnAgent(DomainError):
    """Long-lived tokens are for agent accounts: people sign in."""

    code = "not_an_agent"


@transaction.atomic
def issue(user: User, /, *, name: str, expires_at: dt.datetime, by: User, at: dt.datetime) -> tuple[AgentToken, str]:
    """Make a token for an agent account. Returns the record and the token itself, which nobody can see again.

    Raises `NotAllowed`, `NotAnAgent`, `Invalid` (no name, or an end that is past or more than a year away).
    """
    _require_manager(by)
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.role != Role.AGENT or not user.is_active:
        raise NotAnAgent("Tokens are made for active agent accounts. Give the account that role first.")
    name = name.strip()
    if not name or len(name) > 80:
        raise Invalid("Give the token a name of at most 80 characters: the program and the machine that will use it.")
    if not at < expires_at <= at + LONGEST_LIFE:
        raise Invalid("Choose an end that lies ahead, at most a year away.")
    token = PREFIX + secrets.token_urlsafe(32)
    record = AgentToken.objects.create(
        user=user,
        name=name,
        digest=_digest(token),
        hint=token[-4:],
        created_at=at,
        created_by=by,
        expires_at=expires_at,
    )
    return record, token


@transaction.atomic
def revoke(token: AgentToken, /, *, by: User, at: dt.datetime) -> AgentToken:
    """End a token at once; one that is revoked already stays as it is. Raises `NotAllowed`."""
    _require_manager(by)
    token = AgentToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at, token.revoked_by = at, by
        token.save(update_fields=["revoked_at", "revoked_by"])
    return token


def holder_of(token: str, /, *, at: dt.datetime) -> User | None:
    """The account of a valid token, or None. Notes the use, at most once a minute."""
    record = AgentToken.objects.select_related("user").filter(digest=_digest(token)).first()
    if record is None or not record.is_valid(at=at):
        return None
    if record.last_used_at is None or record.last_used_at <= at - _USE_IS_NOTED_EVERY:
        AgentToken.objects.filter(pk=record.pk).update(last_used_at=at)
    return record.user


def _digest(token: str) -> str:
    """Plain SHA-256: 256 random bits need no slow hash, and the lookup stays one indexed query."""
    return hashlib.sha256(token.encode()).hexdigest()


def _require_manager(by: User) -> None:
    if not by.may(Permission.MANAGE_USERS):
        raise NotAllowed("Only an administrator manages tokens.")
