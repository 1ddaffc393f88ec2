"""Telling users something, in the application and by mail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django_q.tasks import async_task

from accounts.models import Notification, User

_log = structlog.get_logger(__name__)


@transaction.atomic
def notify(
    users: Iterable[User], /, *, kind: str, title: str, body: str, url: str, at: dt.datetime
) -> list[Notification]:
    """Leave one message for each active user; those who want mail get it when the transaction is committed.

    `kind` is a short constant in capitals, `url` a path inside this site. Tasks are queued inside the transaction:
    they roll back with it. Where a webhook is set, another program hears of the event, once for all users.
    """
    recipients = {user.pk: user for user in users if user.is_active}
    made = Notification.objects.bulk_create(
        Notification(user=user, kind=kind, title=title[:200], body=body, url=url, created_at=at)
        for user in recipients.values()
    )
    to_mail = [str(note.pk) for note in made if note.user.wants_mail and note.user.email]
    if to_mail:
        async_task("accounts.tasks.mail_notifications", to_mail, q_options={"task_name": "mail notifications"})
    if made and settings.WEBHOOK_URL:
        event = {"kind": kind, "at": at.isoformat(), "url": f"{settings.SITE_URL}{url}"}
        async_task("accounts.tasks.post_event", event, q_options={"task_name": "post event"})
    return made


def mail(ids: Iterable[UUID | str], /, *, at: dt.datetime) -> int:
    """Send the mails of notifications that were not mailed yet; returns how many went out.

    Each is claimed in its own transaction: a second worker with the same list sends nothing twice, and one that the
    mail server refuses stays unsent and leaves the others alone.
    """
    return sum(_mail_one(pk, at) for pk in ids)


@transaction.atomic
def _mail_one(pk: UUID | str, at: dt.datetime) -> bool:
    note = (
        Notification.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("user")
        .filter(pk=pk, mailed_at__isnull=True, user__is_active=True)
        .first()
    )
    if note is None:
        return False
    try:
        _message(note).send()
    except OSError as failure:
        _log.warning("mail_failed", notification=str(note.pk), failure=type(failure).__name__)
        return False
    note.mailed_at = at
    note.save(update_fields=["mailed_at"])
    return True


def _message(note: Notification) -> EmailMessage:
    link = f"\n\n{settings.SITE_URL}{note.url}" if note.url else ""
    return EmailMessage(
        subject=" ".join(note.title.split()),
        body=f"{note.body or note.title}{link}",
        to=[note.user.email],
    )


@transaction.atomic
def mark_read(notification: Notification, /, *, by: User, at: dt.datetime) -> Notification:
    """Mark one's own message as read; a second time changes nothing."""
    note = Notification.objects.select_for_update().get(pk=notification.pk, user=by)
    if note.read_at is None:
        note.read_at = at
        note.save(update_fields=["read_at"])
    return note


def mark_all_read(user: User, /, *, at: dt.datetime) -> int:
    """Mark all of a user's messages as read; returns how many were new."""
    return user.notifications.filter(read_at__isnull=True).update(read_at=at)


@transaction.atomic
def set_wants_mail(user: User, /, *, wants_mail: bool, by: User) -> User:
    """Choose whether notifications also come by mail."""
    user = User.objects.select_for_update().get(pk=user.pk)
    user.wants_mail = wants_mail
    user._history_user = by  # type: ignore[attr-defined]
    user._change_reason = "mail preference"  # type: ignore[attr-defined]
    user.save()
    return user
