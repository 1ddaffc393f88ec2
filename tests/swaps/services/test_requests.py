"""Asking for a swap: what is taken up, what is refused, what is executed at once."""

from __future__ import annotations

import datetime as dt

import pytest

from swaps import services
from swaps.services import Order
from tests.factories.swaps import EARLY, FRIDAYS, world
from tests.factories import backups

pytestmark = pytest.mark.django_db


def test_a_clean_exchange_with_consent_executes_at_once(coordinator):
    made = world()
    order = Order(
        made.attending["A"].pk, FRIDAYS[1], made.attending["B"].pk, "one_to_one", "conference", FRIDAYS[2],
        partner_consented=True,
    )

    swap = services.request(order, by=coordinator, at=EARLY)

    assert (swap.status, swap.judgement["findings"]) == ("EXECUTED", [])
