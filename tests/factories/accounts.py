"""Users for tests: one function, a sequence for names."""

from __future__ import annotations

import itertools
from typing import Any

from accounts.enums import Role
from accounts.models import User

PASSWORD = "correct horse 1"

_numbers = itertools.count(1)


def user(role: Role = Role.RESIDENT, **fields: Any) -> User:
    """A user of a role with a name of their own and `PASSWORD`."""
    username = fields.pop("username", f"{role.lower()}-{next(_numbers)}")
    made = User(username=username, role=role, **{"email": f"{username}@example.org"} | fields)
    made.set_password(PASSWORD)
    made.save()
    return made
