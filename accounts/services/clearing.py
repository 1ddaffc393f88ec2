"""What has expired and is only ballast: sessions and refresh tokens that open nothing any more."""

from __future__ import annotations

import datetime as dt

from django.contrib.sessions.models import Session
from django.db import transaction
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken


@transaction.atomic
def clear_expired(*, at: dt.datetime) -> int:
    """Delete expired sessions and refresh tokens, used-up ones with them; returns how many rows went.

    Every sign-in and every refresh leaves one, and all of them would lie in every backup for ever.
    """
    sessions, _ = Session.objects.filter(expire_date__lt=at).delete()
    tokens, _ = OutstandingToken.objects.filter(expires_at__lt=at).delete()
    return sessions + tokens
