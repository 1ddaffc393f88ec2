"""An open circuit breaker stops swaps, and lets pass what makes coverage better."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules.models import Breaker
from schedules.services.gate import BreakerOpen
from swaps import services
from swaps.domain.tables import SwapStatus, SwapType
from swaps.models import SwapRecord
from tests.factories import program, swaps

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(quick_backups: None) -> swaps.World:
    made = swaps.world()
    Breaker.objects.update_or_create(pk=1, defaults={"state": "OPEN", "cause": "A post is open"})
    return made


def absorb(world: swaps.World) -> services.Order:
    """D takes over the week that B leads."""
    week = swaps.fridays(world.schedule.start_date)[2]
    return services.Order(
        world.attending["B"].pk,
        week,
        world.attending["D"].pk,
        SwapType.ABSORB.value,
        "conference",
        partner_consented=True,
    )


def test_an_ordinary_swap_waits_until_the_breaker_is_closed(world, coordinator):
    with pytest.raises(BreakerOpen):
        services.request(absorb(world), by=coordinator, at=swaps.EARLY)

    assert SwapRecord.objects.count() == 0


def test_a_swap_that_covers_an_absence_passes(world, coordinator, architect):
    week = swaps.fridays(world.schedule.start_date)[2]
    program.absence(world.attending["B"], week, week + dt.timedelta(days=6))

    swap = services.request(absorb(world), by=coordinator, at=swaps.EARLY)
    # What lapses by the absence makes it large: the architect looks at it.
    executed = services.approve(swap, by=architect, at=swaps.EARLY, rationale="It covers the week.")

    assert (swap.status, executed.status) == (SwapStatus.PENDING, SwapStatus.EXECUTED)
