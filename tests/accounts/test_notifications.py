"""Notifications: who gets them, and their mails through the queue."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.db import transaction
from django_q.models import OrmQ

from accounts import services, tasks
from accounts.enums import Role
from accounts.models import Notification
from tests.factories import accounts

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)


def _tell(*users, **fields):
    standard = {"kind": "TEST", "title": "Draft ready", "body": "Look at it.", "url": "/generate", "at": AT}
    return services.notify(users, **standard | fields)


def test_each_active_user_gets_one_message():
    user, gone = accounts.user(), accounts.user(is_active=False)

    _tell(user, user, gone)

    note = Notification.objects.get()
    assert (note.user, note.title, note.created_at, note.read_at) == (user, "Draft ready", AT, None)


def test_the_mail_waits_in_the_queue_and_rolls_back_with_the_deed():
    user = accounts.user()
    with transaction.atomic():
        _tell(user)
        transaction.set_rollback(True)
    assert (OrmQ.objects.count(), Notification.objects.count()) == (0, 0)

    _tell(user)

    (queued,) = OrmQ.objects.all()
    assert queued.task["func"] == "accounts.tasks.mail_notifications"
    assert queued.task["args"] == ([str(Notification.objects.get().pk)],)
    assert mail.outbox == []


def test_a_mail_goes_out_once_with_a_link_to_the_site(settings):
    settings.SITE_URL = "https://scheduler.example.org"
    user = accounts.user(email="k@example.org")
    ids = [str(note.pk) for note in _tell(user, title="Draft\nready")]

    assert tasks.mail_notifications(ids) == 1
    assert tasks.mail_notifications(ids) == 0

    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["k@example.org"], "Draft ready")
    assert sent.body == "Look at it.\n\nhttps://scheduler.example.org/generate"
    assert Notification.objects.get().mailed_at is not None


def test_who_wants_no_mail_or_has_no_address_gets_none():
    _tell(accounts.user(wants_mail=False), accounts.user(email=""))

    assert Notification.objects.count() == 2
    assert OrmQ.objects.count() == 0


def test_a_dead_mail_server_leaves_the_message_unsent(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    ids = [str(note.pk) for note in _tell(accounts.user())]

    assert tasks.mail_notifications(ids) == 0
    assert Notification.objects.get().mailed_at is None


def test_reading_is_marked_once_and_for_oneself():
    user, other = accounts.user(), accounts.user()
    (note,) = _tell(user)

    with pytest.raises(Notification.DoesNotExist):
        services.mark_read(note, by=other, at=AT)
    assert services.mark_read(note, by=user, at=AT).read_at == AT
    assert services.mark_read(note, by=user, at=AT + dt.timedelta(hours=1)).read_at == AT


def test_all_are_marked_read_at_once():
    user = accounts.user()
    _tell(user)
    _tell(user)

    assert services.mark_all_read(user, at=AT) == 2
    assert services.mark_all_read(user, at=AT) == 0


def test_mail_is_a_choice():
    user = accounts.user()

    assert services.set_wants_mail(user, wants_mail=False, by=user).wants_mail is False


def test_the_inbox_shows_what_is_unread_or_of_a_kind_and_opening_marks_as_read(browser_as, user_as):
    reader, browser = user_as(Role.RESIDENT), browser_as(Role.RESIDENT)
    (old,) = _tell(reader, title="Old", kind="SWAP_EXECUTED")
    services.mark_read(old, by=reader, at=AT)
    (swap,) = _tell(reader, title="Swap", kind="SWAP_EXECUTED", url="/my-schedule")
    (run,) = _tell(reader, title="Run", kind="DRAFT_READY")

    def titles(query: str) -> list[str]:
        return sorted(note.title for note in browser.get(f"/notifications{query}").context["page"])

    shown = [titles(query) for query in ("", "?unread=1", "?kind=SWAP_EXECUTED", "?unread=1&kind=SWAP_EXECUTED")]
    opened = browser.post("/notifications/read", {"id": str(swap.pk), "open": "1"})
    back = browser.post("/notifications/read", {"id": str(run.pk), "query": "unread=1&kind=DRAFT_READY"})

    assert shown == [["Old", "Run", "Swap"], ["Run", "Swap"], ["Old", "Swap"], ["Swap"]]
    assert opened["Location"] == "/my-schedule"
    assert back["Location"] == "/notifications?unread=1&kind=DRAFT_READY"
    assert titles("?unread=1") == []
