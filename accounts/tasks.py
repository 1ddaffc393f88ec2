"""Background work of the app, called by the task queue with ids alone."""

from __future__ import annotations

from django.utils import timezone

from accounts import services


def mail_notifications(ids: list[str]) -> int:
    """Send the mails of these notifications; returns how many went out."""
    return services.mail(ids, at=timezone.now())
