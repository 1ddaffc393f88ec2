"""Confirmation tokens: an explicit yes, bound to what was shown, to the person, and short-lived."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from accounts.models import User
from common.errors import DomainError
from schedules.models import ConfirmationToken

VALID_FOR = dt.timedelta(minutes=15)
KEPT_FOR = dt.timedelta(days=1)
"""Until then an old token is told from an unknown one."""


class ConfirmationRefused(DomainError):
    """The token does not answer the question as it stands now. `code` says why."""

    code = "confirmation_invalid"


def issue(user: User, *, purpose: str, fingerprint: str, at: dt.datetime) -> ConfirmationToken:
    """Hand out a token that answers exactly this question of this user within 15 minutes."""
    return ConfirmationToken.objects.create(
        token=secrets.token_urlsafe(32),
        user=user,
        purpose=purpose,
        fingerprint=fingerprint,
        created_at=at,
        expires_at=at + VALID_FOR,
    )


def require_valid(token: str, *, by: User, purpose: str, at: dt.datetime) -> ConfirmationToken:
    """The token, if it may still be used; what it was given for is `redeem`'s to look at. Writes nothing.

    Raises ConfirmationRefused: unknown or another person's (`confirmation_invalid`), used before (`confirmation_used`),
    or older than 15 minutes (`confirmation_expired`).
    """
    found = ConfirmationToken.objects.filter(token=token, user=by, purpose=purpose).first()
    if found is None:
        raise ConfirmationRefused("This confirmation is not known. Ask for a new one and confirm that.")
    if found.used_at is not None:
        raise ConfirmationRefused(
            "This confirmation was used before. Ask for a new one to do it again.", code="confirmation_used"
        )
    if at > found.expires_at:
        raise ConfirmationRefused(
            "This confirmation is older than 15 minutes. Look at the present state and confirm again.",
            code="confirmation_expired",
        )
    return found


def redeem(token: str, *, by: User, purpose: str, fingerprint: str, at: dt.datetime) -> None:
    """Use a token up. Runs in the caller's transaction: an act that fails leaves the token unused.

    Raises what `require_valid` raises, and ConfirmationRefused for one given for another state (`confirmation_stale`).
    """
    found = require_valid(token, by=by, purpose=purpose, at=at)
    if found.fingerprint != fingerprint:
        raise ConfirmationRefused(
            "What you confirmed has changed since. Look at the present state and confirm again.",
            code="confirmation_stale",
        )
    if not ConfirmationToken.objects.filter(token=token, used_at__isnull=True).update(used_at=at):
        raise ConfirmationRefused("This confirmation was used a moment ago.", code="confirmation_used")


def clear_expired(*, at: dt.datetime) -> int:
    """Delete the tokens that ended a day ago: every question leaves one. Returns how many."""
    gone, _ = ConfirmationToken.objects.filter(expires_at__lt=at - KEPT_FOR).delete()
    return gone


def digest(*parts: object) -> str:
    """SHA-256 over the parts in order: the fingerprint of a question."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
