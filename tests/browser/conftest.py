"""A real browser on a live server: signed-in pages that fail their test on console errors and outside requests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.enums import Role
from accounts.models import User
from schedules.enums import ScheduleStatus
from schedules.models import Schedule
from tests.backups.conftest import own_database  # noqa: F401 (a fixture)
from tests.factories import generation, program
from tests.strictness import BROWSERS

# Playwright's event loop lives in the tests' thread from the first browser test on; Django would refuse the ORM there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

PATIENCE_MS = 60_000
"""What a page may take on a busy machine, where Playwright's own five seconds fail tests of something else."""
expect.set_options(timeout=PATIENCE_MS)

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}

REFUSALS = tuple(f"Failed to load resource: the server responded with a status of {code}" for code in (409, 422))

SignIn = Callable[..., Page]


@pytest.fixture(autouse=True)
def _no_connection_outlives_its_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser keeps the server's threads alive; their database connections would bar dropping the test database."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    return {"executable_path": found, "args": ["--no-sandbox", "--disable-gpu", *quiet]}


@pytest.fixture
def watched(browser: Browser, live_server: Any) -> Iterator[Callable[..., BrowserContext]]:
    """Browser contexts on the live server; at the end nothing may have failed in the console or left the server."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def open_context(**options: Any) -> BrowserContext:
        context = browser.new_context(base_url=live_server.url, **{"viewport": DESKTOP} | options)
        context.on("console", lambda m: complaints.append(m.text) if _is_complaint(m.type, m.text) else None)
        context.on("weberror", lambda e: complaints.append(str(e.error)))
        context.on("request", lambda r: None if _is_own(r.url, live_server.url) else complaints.append(r.url))
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()
    assert complaints == []


def _is_complaint(kind: str, text: str) -> bool:
    """Errors and warnings, but for the browser's own line about a refusal (409, 422) that the page explains."""
    return kind in {"error", "warning"} and not text.startswith(REFUSALS)


def _is_own(url: str, server: str) -> bool:
    return url.startswith((server, "data:", "blob:"))


@pytest.fixture
def page_of(watched: Callable[..., BrowserContext], transactional_db: None) -> Callable[..., Page]:
    """A page of any user, signed in by session; the login form has its own test."""

    def page(user: User, **options: Any) -> Page:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        context = watched(**options)
        cookie = client.cookies["sessionid"].value
        url = context._impl_obj._options["baseURL"]  # the live server's address
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": url}])
        return context.new_page()

    return page


@pytest.fixture
def signed_in(page_of: Callable[..., Page], user_as: Callable[[Role], User]) -> SignIn:
    """A page of a role's user."""
    return lambda role, **options: page_of(user_as(role), **options)


@pytest.fixture
def tiny(transactional_db: None) -> program.Program:
    return program.tiny_program()


@pytest.fixture
def published(tiny: program.Program) -> Schedule:
    """Block 10 of the tiny program, solved and published."""
    made = generation.draft(tiny.block.start_date, tiny.block.end_date)
    with program.open_gate():
        made.status = ScheduleStatus.PUBLISHED
        made.published_at = made.created_at
        made.save()
    return made
