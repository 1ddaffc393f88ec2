"""Making users and changing what they may do."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import Permission
from accounts.services.notifications import notify
from common.errors import DomainError, Invalid, NotAllowed


class LastAdministrator(DomainError):
    """Nobody could manage users any more."""

    code = "last_administrator"


class UsernameTaken(DomainError):
    """Two users cannot share a name, whatever its case."""

    code = "username_taken"


@transaction.atomic
def create_user(
    username: str, /, *, role: Role, password: str | None, email: str = "", by: User | None, at: dt.datetime
) -> User:
    """Make a sign-in. Without a password nobody can use it until one is set.

    Raises `UsernameTaken`, `Invalid` (weak password), `NotAllowed`. `by` None is the command line.
    """
    user = User(username=username, email=email, role=role)
    return save_user(user, password=password, by=by, at=at)


@transaction.atomic
def save_user(user: User, /, *, password: str | None, by: User | None, at: dt.datetime) -> User:
    """Write a new or edited user, whole; without `password` that of an existing one stays.

    Raises `UsernameTaken`, `Invalid` (weak password), `LastAdministrator`, `NotAllowed`.
    """
    _require_manager(by)
    if User.objects.filter(username__iexact=user.username).exclude(pk=user.pk).exists():
        raise UsernameTaken("This user name is taken. Choose another.")
    before = User.objects.select_for_update().filter(pk=user.pk).first()
    if before is None:
        user.date_joined = at
        _set_checked_password(user, password)
        return _save(user, reason="created", by=by)
    if _is_working_administrator(before) and not _is_working_administrator(user):
        _require_another_administrator(before)
    if password is not None:
        _set_checked_password(user, password)
    return _save(user, reason=f"edited at {at:%Y-%m-%d %H:%M}", by=by)


@transaction.atomic
def set_role(user: User, /, *, role: Role, by: User | None, at: dt.datetime) -> User:
    """Give another role. Raises `LastAdministrator`, `NotAllowed`."""
    _require_manager(by)
    user = _locked(user)
    if user.role == Role.ADMINISTRATOR and role != Role.ADMINISTRATOR:
        _require_another_administrator(user)
    before, user.role = user.role, role
    return _save(user, reason=f"role {before} -> {role} at {at:%Y-%m-%d %H:%M}", by=by)


@transaction.atomic
def deactivate(user: User, /, *, reason: str, by: User | None, at: dt.datetime) -> User:
    """Bar a sign-in at once, its tokens and sessions with it. Raises `LastAdministrator`, `NotAllowed`."""
    _require_manager(by)
    user = _locked(user)
    if user.role == Role.ADMINISTRATOR:
        _require_another_administrator(user)
    user.is_active = False
    return _save(user, reason=f"{reason} ({at:%Y-%m-%d %H:%M})", by=by)


@transaction.atomic
def activate(user: User, /, *, reason: str, by: User | None, at: dt.datetime) -> User:
    """Let a barred sign-in back in. Raises `NotAllowed`."""
    _require_manager(by)
    user = _locked(user)
    user.is_active = True
    return _save(user, reason=f"{reason} ({at:%Y-%m-%d %H:%M})", by=by)


@transaction.atomic
def set_password(user: User, /, *, password: str, by: User | None, at: dt.datetime) -> User:
    """Change a password: one's own, or anybody's with the right to manage users. Ends every token; the user is told.

    Raises `Invalid` (weak password), `NotAllowed`.
    """
    if by is None or by.pk != user.pk:
        _require_manager(by)
    user = _locked(user)
    _set_checked_password(user, password)
    body = "Every other session and token has ended. If it was not you, tell an administrator at once."
    notify([user], kind="PASSWORD", title="Your password was changed", body=body, url="/profile", at=at)
    return _save(user, reason=f"password changed at {at:%Y-%m-%d %H:%M}", by=by)


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _require_manager(by: User | None) -> None:
    if by is not None and not by.may(Permission.MANAGE_USERS):
        raise NotAllowed("Only an administrator manages users and roles.")


def _is_working_administrator(user: User) -> bool:
    return user.is_active and user.role == Role.ADMINISTRATOR


def _require_another_administrator(user: User) -> None:
    """Locks all administrators in one order, so that two who demote each other cannot both succeed."""
    administrators = User.objects.select_for_update().filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk")
    if not [other for other in administrators if other.pk != user.pk]:
        raise LastAdministrator("This is the last administrator. Make another one first.")


def _set_checked_password(user: User, password: str | None) -> None:
    user.password_link_at = None
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise Invalid(" ".join(weak.messages), code="weak_password") from weak
    user.set_password(password)


def _save(user: User, *, reason: str, by: User | None) -> User:
    user._history_user = by  # type: ignore[attr-defined]
    user._change_reason = reason[:100]  # type: ignore[attr-defined]
    user.save()
    return user
