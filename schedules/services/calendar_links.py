"""The secret address of a person's calendar feed.

It is a stored name and a mark of it that only this installation's SECRET_KEY makes: whoever reads the database or a
backup cannot write the address.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from common.errors import NotAllowed
from schedules.models import Person


@transaction.atomic
def renew(person: Person, /, *, by: User) -> Person:
    """Give the person's feed a new secret; the old address stops working. Raises NotAllowed for anybody else's."""
    if person.user_id != by.pk:
        raise NotAllowed("You can make a calendar link for your own schedule only.")
    locked = Person.objects.select_for_update().get(pk=person.pk)
    locked.calendar_token = secrets.token_urlsafe(32)
    locked._history_user = by  # type: ignore[attr-defined]
    locked._change_reason = "calendar link renewed"  # type: ignore[attr-defined]
    locked.save()
    return locked


def token_of(person: Person, /) -> str:
    """The secret part of the feed's address; empty where the person has made none."""
    name = person.calendar_token
    return f"{name}.{_mark(name, settings.SECRET_KEY)}" if name else ""


def reader_of(token: str, /) -> Person | None:
    """Whose feed the address opens: nobody's where it is no longer good, or its person may not sign in any more."""
    name, _, mark = token.rpartition(".")
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(constant_time_compare(mark, _mark(name, key)) for key in keys):
        return None
    return Person.objects.filter(calendar_token=name, is_active=True).exclude(user__is_active=False).first()


def _mark(name: str, key: str) -> str:
    return salted_hmac("schedules.calendar_feed", name, secret=key, algorithm="sha256").hexdigest()
