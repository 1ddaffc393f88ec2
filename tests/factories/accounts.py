"""Users and tokens for tests, with a sequence for names."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from accounts.enums import Role
from accounts.models import AgentToken, User

PASSWORD = "correct horse 1"

_numbers = itertools.count(1)


def user(role: Role = Role.RESIDENT, **fields: Any) -> User:
    """A user of a role with a name of their own and `PASSWORD`."""
    username = fields.pop("username", f"{role.lower()}-{next(_numbers)}")
    made = User(username=username, role=role, **{"email": f"{username}@example.org"} | fields)
    made.set_password(PASSWORD)
    made.save()
    return made


def agent_token(user: User) -> AgentToken:
    """The record of a token that nobody holds."""
    number = next(_numbers)
    made_at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    return AgentToken.objects.create(
        user=user,
        name=f"Program {number}",
        digest=f"{number:064x}",
        hint=f"{number:04}",
        created_at=made_at,
        created_by=user,
        expires_at=made_at + dt.timedelta(days=90),
    )
