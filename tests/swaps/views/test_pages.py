"""The pages of swaps: asking in steps, answering, deciding, rolling back, and who is shown what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from swaps.domain.tables import SwapStatus
from swaps.models import SwapRecord
from tests.factories import swaps as factory

pytestmark = pytest.mark.django_db

SECOND, THIRD = factory.FRIDAYS[1], factory.FRIDAYS[2]
"""A's and B's weeks."""


@pytest.fixture
def early() -> Iterator[None]:
    """Three weeks before the first swap week that lies in the block."""
    with time_machine.travel(factory.EARLY, tick=False):
        yield


@pytest.fixture
def world(early: None) -> factory.World:
    return factory.world()


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    def client(user: User) -> Client:
        browser = Client()
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return client


def test_asking_goes_from_the_week_over_the_partner_to_a_request(world: factory.World, as_user) -> None:
    browser = as_user(world.user["B"])

    weeks = browser.get("/swaps/new").content.decode()
    partners = browser.get(f"/swaps/new?week={THIRD}").content.decode()
    to_absorb = f"/swaps/new?week={THIRD}&partner={world.attending['D'].pk}&kind=absorb"
    checked = browser.get(to_absorb).content.decode()
    sent = browser.post(to_absorb, {"code": "conference", "text": "In Denver", "act": "send"})

    made = SwapRecord.objects.get()
    assert f"week={THIRD}" in weeks
    assert "Attending D" in partners
    assert "All clear" in checked
    assert sent.headers["Location"] == f"/swaps/{made.pk}"
    assert (made.status, made.reason_code, made.reason_text) == (
        SwapStatus.PENDING,
        "conference",
        "conference: In Denver",
    )
