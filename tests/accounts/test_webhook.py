"""News for another program: what is posted, when, and what happens where nobody listens."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.db import transaction
from django_q.models import OrmQ

from accounts import services, tasks
from tests.factories import accounts

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)
EVENT = {"kind": "SWAP_EXECUTED", "at": "2026-03-12T12:00:00+00:00", "url": "https://scheduler.example.org/swaps/1"}


class _Listener(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, self.headers["Content-Type"], json.loads(body)))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.heard.append((self.path, None, None))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def listener(settings: Any) -> Iterator[Any]:
    """Another program on this machine; `heard` holds what was posted, `status` is its answer."""
    with HTTPServer(("127.0.0.1", 0), _Listener) as server:
        server.heard, server.status = [], 204  # type: ignore[attr-defined]
        settings.WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/news"
        settings.SITE_URL = "https://scheduler.example.org"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _tell(*users: Any) -> None:
    services.notify(
        users, kind="SWAP_EXECUTED", title="Ida takes your week", body="Ida is happy.", url="/swaps/1", at=AT
    )


def _queued() -> list[tuple[str, Any]]:
    return [(row.task["func"], row.task["args"]) for row in OrmQ.objects.order_by("pk")]


def test_nothing_is_posted_unless_it_is_set():
    _tell(accounts.user(email=""))

    assert _queued() == []


def test_one_event_for_all_users_goes_out_without_a_word_about_anybody(listener):
    _tell(accounts.user(email=""), accounts.user(email=""))

    (func, (event,)) = _queued()[0]
    assert (len(_queued()), func, event) == (1, "accounts.tasks.post_event", EVENT)
    assert tasks.post_event(event) is True
    assert listener.heard == [("/news", "application/json", EVENT)]


def test_the_event_rolls_back_with_the_deed(listener):
    with transaction.atomic():
        _tell(accounts.user(email=""))
        transaction.set_rollback(True)

    assert _queued() == []


def test_a_listener_that_refuses_is_no_error(listener):
    listener.status = 500

    assert tasks.post_event(EVENT) is False


def test_a_listener_cannot_send_us_elsewhere(listener):
    listener.status = 302

    assert (tasks.post_event(EVENT), [path for path, *_ in listener.heard]) == (False, ["/news"])


def test_nobody_listening_is_no_error(settings):
    settings.WEBHOOK_URL = "http://127.0.0.1:1/"

    assert tasks.post_event(EVENT) is False
