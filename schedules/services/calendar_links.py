"""The secret address of a person's calendar feed."""

from __future__ import annotations

import secrets

from django.db import transaction

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
