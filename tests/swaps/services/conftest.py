"""A published block with a fresh backup, and orders by letter; services are told the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from swaps import services
from swaps.models import SwapRecord
from swaps.services import Order
from tests.factories import swaps
from tests.factories.swaps import EARLY, FRIDAYS


@pytest.fixture
def world(db: None, fresh_backup: None) -> swaps.World:
    return swaps.world()


Ordered = Callable[..., Order]


@pytest.fixture
def order(world: swaps.World) -> Ordered:
    """A's week absorbed by E, or in exchange for a week where one is named."""

    def made(giver: str = "A", taker: str = "E", week: int = 1, target: int | None = None, **fields: Any) -> Order:
        standard = {
            "source_person": world.attending[giver].pk,
            "source_week": FRIDAYS[week],
            "target_person": world.attending[taker].pk,
            "swap_type": "absorb" if target is None else "one_to_one",
            "reason": "conference",
            "target_week": None if target is None else FRIDAYS[target],
        }
        return Order(**standard | fields)

    return made


@pytest.fixture
def executed(world: swaps.World, order: Ordered, coordinator: User) -> SwapRecord:
    """A's and B's weeks exchanged at EARLY."""
    asked = order("A", "B", target=2, partner_consented=True)
    return services.request(asked, by=coordinator, at=EARLY)


@pytest.fixture
def waiting(world: swaps.World, order: Ordered) -> SwapRecord:
    """A asks B to exchange weeks at EARLY; B has not answered."""
    return services.request(order("A", "B", target=2), by=world.user["A"], at=EARLY)
