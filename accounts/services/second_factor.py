"""The second factor of a sign-in: codes of an authenticator app (TOTP, RFC 6238), and recovery codes without it."""

from __future__ import annotations

import datetime as dt
import secrets

import pyotp
import segno
import structlog
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import RecoveryCode, SecondFactor, User
from accounts.permissions import Permission
from accounts.services import sealing
from accounts.services.notifications import notify
from common.errors import DomainError, NotAllowed
from common.models import signed

ISSUER = "Residency Scheduler"
STEP_SECONDS = 30
_DRIFT = (0, -1, 1)
"""Steps of a phone's clock that are accepted: the present one and its neighbours (RFC 6238, 5.2)."""

RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else
_PART, _PARTS = 4, 3
_PURPOSE = "second factor"

_log = structlog.get_logger(__name__)


class WrongCode(DomainError):
    """Neither a code of the app at this moment nor an unused recovery code."""

    code = "otp_wrong"
    status = 401

    def __init__(self) -> None:
        super().__init__(
            "This code is wrong or was used already. Wait for the app's next code, or use a recovery code; "
            "without either, an administrator resets the second factor."
        )


class CodeNeeded(DomainError):
    """The password was right; the account asks for a code as well."""

    code = "otp_required"
    status = 401

    def __init__(self) -> None:
        super().__init__(
            "This account has a second factor. Send `otp` too: the code of the authenticator app, or a recovery code."
        )


class AlreadyOn(DomainError):
    """A second factor is there; it must be turned off before another is set up."""

    code = "second_factor_on"


class NotSetUp(DomainError):
    """There is nothing to confirm or to turn off."""

    code = "second_factor_missing"


@transaction.atomic
def begin(user: User, /, *, at: dt.datetime) -> SecondFactor:
    """Start setting one up, with a new secret; it counts for nothing until `confirm`. Raises `AlreadyOn`."""
    factor = SecondFactor.objects.select_for_update().filter(user=user).first() or SecondFactor(user=user)
    if factor.confirmed_at is not None:
        raise AlreadyOn("A second factor is on already. Turn it off before you set up another.")
    factor.sealed_secret = sealing.seal(pyotp.random_base32(), purpose=_PURPOSE)
    factor.created_at, factor.last_step = at, 0
    factor.save()
    return factor


@transaction.atomic
def confirm(user: User, /, *, code: str, at: dt.datetime) -> list[str]:
    """Turn it on once the app has given a right code. Returns the recovery codes, which nobody can see again.

    Raises `NotSetUp`, `AlreadyOn`, `WrongCode`.
    """
    factor = _locked(user)
    if factor.confirmed_at is not None:
        raise AlreadyOn("The second factor is on already.")
    _use_app_code(factor, code, at=at)
    factor.confirmed_at = at
    factor.save()
    _note(user, "second factor turned on", by=user, at=at)
    return _new_recovery_codes(factor)


@transaction.atomic
def check(user: User, /, *, code: str, at: dt.datetime) -> None:
    """Accept a code of the app or an unused recovery code, once. Raises `NotSetUp`, `WrongCode`.

    A recovery code that is used is told to its owner: nobody else should have had it.
    """
    factor = _locked(user)
    if factor.confirmed_at is None:
        raise NotSetUp("No second factor is on.")
    if not _spend_recovery_code(factor, code, at=at):
        _use_app_code(factor, code, at=at)
        return
    left = factor.recovery_codes.filter(used_at__isnull=True).count()
    _tell(user, "A recovery code was used to sign in", f"{left} are left. Make new ones in your profile.", at=at)


@transaction.atomic
def renew_recovery_codes(user: User, /, *, code: str, at: dt.datetime) -> list[str]:
    """New recovery codes for a code; the old ones end. Raises `NotSetUp`, `WrongCode`."""
    check(user, code=code, at=at)
    _note(user, "recovery codes renewed", by=user, at=at)
    return _new_recovery_codes(_locked(user))


@transaction.atomic
def turn_off(user: User, /, *, code: str, at: dt.datetime) -> None:
    """Go back to the password alone, for a code. Raises `NotSetUp`, `WrongCode`."""
    check(user, code=code, at=at)
    _locked(user).delete()
    _note(user, "second factor turned off", by=user, at=at)


@transaction.atomic
def reset(user: User, /, *, by: User, at: dt.datetime) -> None:
    """Take a second factor away whose phone and codes are lost; the user is told. Raises `NotAllowed`, `NotSetUp`."""
    if not by.may(Permission.MANAGE_USERS):
        raise NotAllowed("Only an administrator resets a second factor.")
    _locked(user).delete()
    _note(user, "second factor reset", by=by, at=at)
    _tell(user, "Your second factor was reset", "An administrator did it. Set up a new one in your profile.", at=at)


def key_of(factor: SecondFactor, /) -> str:
    """What the server and the app share, in Base32. Raises `sealing.Unreadable`."""
    return sealing.unseal(factor.sealed_secret, purpose=_PURPOSE)


def being_set_up(user: User, /) -> SecondFactor | None:
    """The one that waits for its first code; None where there is none, or its key was lost with a former SECRET_KEY."""
    factor = SecondFactor.objects.select_related("user").filter(user=user, confirmed_at__isnull=True).first()
    try:
        return factor if factor and key_of(factor) else None
    except sealing.Unreadable:
        return None


def address_of(factor: SecondFactor, /) -> str:
    """What the QR code says: the key URI that authenticator apps read."""
    return pyotp.TOTP(key_of(factor)).provisioning_uri(name=factor.user.get_username(), issuer_name=ISSUER)


def picture_of(factor: SecondFactor, /) -> str:
    """The QR code as SVG in a data address: dark on white in every theme, and nothing leaves the page."""
    return str(segno.make(address_of(factor), error="m").svg_data_uri(scale=5, border=4, light="#fff", dark="#000"))


def _locked(user: User) -> SecondFactor:
    factor = SecondFactor.objects.select_for_update().filter(user=user).first()
    if factor is None:
        raise NotSetUp("No second factor is set up.")
    return factor


def _use_app_code(factor: SecondFactor, code: str, *, at: dt.datetime) -> None:
    """Each step's code counts once, so that a code seen over a shoulder is worth nothing.

    Every use seals the key anew, so that a former SECRET_KEY is soon needed no more.
    """
    given = "".join(code.split())
    now = int(at.timestamp()) // STEP_SECONDS
    try:
        key = key_of(factor)
    except sealing.Unreadable as lost:
        _log.warning("second_factor_unreadable", user=str(factor.user_id))
        raise WrongCode from lost
    app = pyotp.TOTP(key, interval=STEP_SECONDS)
    for step in (now + drift for drift in _DRIFT):
        if step > factor.last_step and constant_time_compare(app.generate_otp(step), given):
            factor.last_step, factor.sealed_secret = step, sealing.seal(key, purpose=_PURPOSE)
            factor.save(update_fields=["last_step", "sealed_secret"])
            return
    raise WrongCode


def _new_recovery_codes(factor: SecondFactor) -> list[str]:
    codes = ["-".join(_random_part() for _ in range(_PARTS)) for _ in range(RECOVERY_CODES)]
    factor.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(factor=factor, digest=_digest(code, settings.SECRET_KEY)) for code in codes]
    )
    return codes


def _random_part() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_PART))


def _spend_recovery_code(factor: SecondFactor, code: str, *, at: dt.datetime) -> bool:
    digests = [_digest(code, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    unused = factor.recovery_codes.filter(digest__in=digests, used_at__isnull=True)
    return unused.update(used_at=at) == 1


def _digest(code: str, key: str) -> str:
    """Keyed with the installation's secret, so that a stolen dump does not give the codes away."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return salted_hmac("accounts.recovery_code", plain, secret=key, algorithm="sha256").hexdigest()


def _note(user: User, reason: str, *, by: User, at: dt.datetime) -> None:
    signed(User.objects.get(pk=user.pk), by=by, at=at, reason=reason).save()


def _tell(user: User, title: str, body: str, *, at: dt.datetime) -> None:
    notify([user], kind="SECOND_FACTOR", title=title, body=body, url="/profile/second-factor", at=at)
