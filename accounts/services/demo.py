"""The accounts of a demonstration: one per role, with passwords that everybody knows."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction

from accounts.enums import Role
from accounts.models import User
from common.errors import NotAllowed

DEMO_ROLES = {
    "admin": Role.ADMINISTRATOR,
    "resident": Role.RESIDENT,
    "faculty": Role.FACULTY,
    "coordinator": Role.COORDINATOR,
    "architect": Role.ARCHITECT,
    "pd": Role.PROGRAM_DIRECTOR,
    "agent": Role.AGENT,
}


@transaction.atomic
def create_demo_accounts(*, at: dt.datetime) -> dict[str, User]:
    """Make (or find) the demonstration's accounts, by user name. Existing ones keep their password and role.

    Raises `NotAllowed` outside demo mode, whose settings in turn refuse to load while DEBUG is off.
    """
    if not settings.DEMO:
        raise NotAllowed("Accounts with known passwords are made only in demo mode (DEMO=1 and DEBUG=1).")
    return {name: _find_or_create(name, role, at) for name, role in DEMO_ROLES.items()}


def _find_or_create(name: str, role: Role, at: dt.datetime) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        user = User(username=name, email=f"{name}@example.org", role=role, date_joined=at)
        user.set_password(f"{name}123")
        user._change_reason = "demo account"  # type: ignore[attr-defined]
        user.save()
    return user
