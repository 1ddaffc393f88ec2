"""Background work of the app, called by the task queue with ids alone, or an event without names."""

from __future__ import annotations

from django.utils import timezone

from accounts import services


def mail_notifications(ids: list[str]) -> int:
    """Send the mails of these notifications; returns how many went out."""
    return services.mail(ids, at=timezone.now())


def post_event(event: dict[str, str]) -> bool:
    """Tell the program behind the webhook; the event holds no personal data."""
    return services.post_event(event)
