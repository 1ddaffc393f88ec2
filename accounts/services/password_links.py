"""Links with which somebody sets a forgotten password anew: made by an administrator, shown once, short-lived."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import Permission
from accounts.services import lockout
from accounts.services.notifications import notify
from accounts.services.users import set_password
from common.errors import DomainError, NotAllowed


class NoPassword(DomainError):
    """Barred accounts do not sign in, and agents do so with tokens."""

    code = "no_password"


class LinkTokens(PasswordResetTokenGenerator):
    """Django's signed tokens, of which nothing is stored, bound to the moment at which a link was made.

    So a link ends with the next one, with any change of the password or the address, with a sign-in, with the account,
    and after `PASSWORD_RESET_TIMEOUT`.
    """

    key_salt = "accounts.services.password_links"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.password_link_at}"

    def _now(self) -> dt.datetime:
        """In UTC: local clocks are put back and forth, and a link would last an hour more or not at all."""
        return dt.datetime.now(dt.UTC).replace(tzinfo=None)

    def check_token(self, user: User | None, token: str | None) -> bool:
        if user is None or user.password_link_at is None or not user.is_active:
            return False
        return super().check_token(user, token)


TOKENS = LinkTokens()


@transaction.atomic
def issue(user: User, /, *, by: User, at: dt.datetime) -> str:
    """Make a link for the account; an earlier one ends. Returns its path on this site, which nobody can see again.

    The account keeps its password until the link is used, is told, and its history says who made the link.
    Raises `NotAllowed`, `NoPassword` (barred, or an agent's account).
    """
    if not by.may(Permission.MANAGE_USERS):
        raise NotAllowed("Only an administrator makes links to set a password.")
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active or user.role == Role.AGENT:
        raise NoPassword("Choose an active account of a person: agents work with tokens.")
    user.password_link_at = at
    user._history_user = by  # type: ignore[attr-defined]
    user._change_reason = f"password link made at {at:%Y-%m-%d %H:%M}"  # type: ignore[attr-defined]
    user.save()
    body = "If you did not ask for one, tell an administrator at once. Your password works until the link is used."
    notify([user], kind="PASSWORD", title="A link to set your password was made", body=body, url="/profile", at=at)
    key = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("password_link", kwargs={"uidb64": key, "token": TOKENS.make_token(user)})


@transaction.atomic
def use(user: User, /, *, password: str, at: dt.datetime) -> User:
    """Set the password by a link that was checked: every session, token and lock-out of the account ends.

    Raises `Invalid` (weak password), `NoPassword` where the account was barred meanwhile.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active or user.password_link_at is None:
        raise NoPassword("This link has been used or has ended. Ask an administrator for another one.")
    changed = set_password(user, password=password, by=user, at=at)
    lockout.forget(username=user.get_username())
    return changed
