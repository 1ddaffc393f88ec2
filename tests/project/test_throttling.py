"""Heavy work is counted per person, over the API and on pages alike; too much of it is 429 with the time to wait."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from accounts.enums import Role

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)
VALIDATE = "/api/v1/schedule/validate?start_date=2026-03-12&end_date=2026-03-12"
EXPORT = "/schedule/export/csv?start=2026-03-12&end=2026-03-12"


@pytest.fixture
def two_a_minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, "heavy", "2/min")
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def test_the_third_heavy_request_of_a_minute_is_told_to_wait(two_a_minute: Any, api_as: Callable[[Role], APIClient]):
    client = api_as(Role.COORDINATOR)
    client.get(VALIDATE)
    two_a_minute.shift(20)
    client.post("/api/v1/assignments/bulk", {})
    two_a_minute.shift(10)

    third = client.post("/api/v1/schedule/generate", {})
    light = client.get("/api/v1/people")
    other = api_as(Role.ARCHITECT).get(VALIDATE)
    two_a_minute.shift(30)
    later = client.get(VALIDATE)

    assert (third.status_code, third.headers["Retry-After"]) == (429, "30")
    assert third.json() == {
        "code": "throttled",
        "detail": "Too many requests. Wait 30 seconds, then try again.",
        "retry_after": 30,
    }
    assert (light.status_code, other.status_code, later.status_code) == (200, 200, 200)


def test_backups_count_where_one_is_made_and_not_where_they_are_listed(
    two_a_minute: Any, api_as: Callable[[Role], APIClient]
):
    client = api_as(Role.ADMINISTRATOR)
    listed = [client.get("/api/v1/backups").status_code for _ in range(3)]
    tried = [client.post("/api/v1/backups", {"label": "../x"}).status_code for _ in range(3)]

    assert (listed, tried) == ([200, 200, 200], [400, 400, 429])


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/schedules/{nothing}/publish",
        "/api/v1/schedules/{nothing}/rollback",
        "/api/v1/schedules/{nothing}/discard",
        "/api/v1/schedules/{nothing}/revalidate",
        "/api/v1/schedule/conflicts/{nothing}:x/apply",
        "/api/v1/absences/{nothing}/approve",
        "/absences/new",
        "/absences/{nothing}",
        "/backups/create",
        "/backups/prune",
        "/backups/{nothing}/restore",
        "/backups/{nothing}/verify",
        "/generate/check",
        "/generate/{nothing}/publish",
        "/generate/{nothing}/confirm",
        "/import",
        "/schedule/cell/check",
        "/schedule/cell/save",
        "/schedule/fixes/{nothing}/x",
    ],
)
def test_what_changes_or_judges_a_schedule_is_counted_at_every_door(
    two_a_minute: Any,
    api_as: Callable[[Role], APIClient],
    browser_as: Callable[[Role], Client],
    address: str,
):
    client = (api_as if address.startswith("/api/") else browser_as)(Role.PROGRAM_DIRECTOR)
    client.get(VALIDATE)
    client.get(VALIDATE)

    refused = client.post(address.format(nothing=uuid.UUID(int=0)), {})

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")


def test_downloads_of_pages_count_with_the_api(
    two_a_minute: Any, api_as: Callable[[Role], APIClient], browser_as: Callable[[Role], Client]
):
    browser = browser_as(Role.RESIDENT)
    api_as(Role.RESIDENT).get(VALIDATE)
    first = browser.get(EXPORT)

    second = browser.get(EXPORT)

    assert (first.status_code, second.status_code, second.headers["Retry-After"]) == (200, 429, "60")
    assert second.content.decode() == "Too many requests. Wait 60 seconds, then try again."
