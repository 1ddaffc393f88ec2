"""Weeks offered to everybody: taken, refused, withdrawn, expired."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.enums import Role
from common.errors import Invalid, NotAllowed
from swaps import services
from swaps.models import MarketplaceOffer, SwapRecord
from swaps.services.refusals import OfferClosed, OfferUnfit
from tests.factories import accounts, program
from tests.factories.swaps import EARLY, FRIDAYS

pytestmark = pytest.mark.django_db
A_DAY = dt.timedelta(days=1)


@pytest.fixture
def offered(world):
    return services.offer(world.attending["A"], week=FRIDAYS[1] + 2 * A_DAY, by=world.user["A"], at=EARLY, note="Away")


def status(offer):
    return MarketplaceOffer.objects.get(pk=offer.pk).status


def test_an_offer_is_the_whole_swap_week(offered):
    assert (offered.week, offered.week_end, offered.note, offered.status) == (
        FRIDAYS[1],
        FRIDAYS[1] + 6 * A_DAY,
        "Away",
        "OPEN",
    )


def test_taking_it_carries_both_consents(world, offered):
    swap = services.take(offered, by=world.user["E"], at=EARLY + A_DAY)

    assert (swap.status, swap.requested_by, swap.consent_by) == ("EXECUTED", world.user["A"], world.user["E"])
    assert status(offered) == "TAKEN"
    with pytest.raises(OfferClosed):
        services.take(offered, by=world.user["C"], at=EARLY + A_DAY)


def test_it_is_taken_against_a_week_of_ones_own(world, offered):
    swap = services.take(offered, by=world.user["B"], at=EARLY, target_week=FRIDAYS[2])

    assert (swap.swap_type, swap.target_week, swap.status) == ("one_to_one", FRIDAYS[2], "EXECUTED")


def test_who_may_not_hold_it_leaves_it_open_and_counts_for_nobody(world, offered):
    program.absence(world.attending["E"], FRIDAYS[1])

    with pytest.raises(OfferUnfit) as refused:
        services.take(offered, by=world.user["E"], at=EARLY)

    told = refused.value.extra["findings"]
    assert [item["code"] for item in told] == ["ABSENT"]
    assert "Attending E" not in str((told, refused.value.detail)), "the taker is not told who is away, nor why"
    assert (status(offered), SwapRecord.objects.count()) == ("OPEN", 0)


def test_a_week_is_offered_once_and_only_by_whose_it_is(world, offered):
    with pytest.raises(OfferClosed):
        services.offer(world.attending["A"], week=FRIDAYS[1], by=world.user["A"], at=EARLY)
    with pytest.raises(NotAllowed):
        services.offer(world.attending["A"], week=FRIDAYS[1], by=world.user["B"], at=EARLY)
    with pytest.raises(Invalid):
        services.offer(world.attending["A"], week=FRIDAYS[1] + 400 * A_DAY, by=world.user["A"], at=EARLY)


def test_nobody_takes_it_for_somebody_else(world, offered):
    with pytest.raises(NotAllowed):
        services.take(offered, by=world.user["C"], at=EARLY, person=world.attending["B"])


def test_an_agent_takes_it_for_somebody_who_has_yet_to_agree(world, offered):
    agent = accounts.user("AGENT")

    swap = services.take(offered, by=agent, at=EARLY, person=world.attending["E"])

    assert (swap.status, swap.consent_by) == ("PENDING", None)
    assert services.consent(swap, by=world.user["E"], at=EARLY).status == "EXECUTED"


def test_an_offer_whose_swap_comes_to_nothing_is_open_again(world, offered):
    agent = accounts.user("AGENT")
    declined = services.take(offered, by=agent, at=EARLY, person=world.attending["E"])
    services.decline(declined, by=world.user["E"], at=EARLY)
    assert status(offered) == "OPEN"

    services.take(MarketplaceOffer.objects.get(), by=agent, at=EARLY, person=world.attending["C"])
    assert status(offered) == "TAKEN"
    services.sweep(EARLY + 2 * A_DAY + dt.timedelta(seconds=1))

    again = MarketplaceOffer.objects.get()
    assert (again.status, again.closed_at, again.swap) == ("OPEN", None, None)
    swap = services.take(again, by=world.user["E"], at=EARLY + 3 * A_DAY)
    assert (swap.status, status(offered)) == ("EXECUTED", "TAKEN")


def test_an_offer_made_anew_meanwhile_is_not_open_twice(world, offered):
    swap = services.take(offered, by=accounts.user("AGENT"), at=EARLY, person=world.attending["E"])
    anew = services.offer(world.attending["A"], week=FRIDAYS[1], by=world.user["A"], at=EARLY)

    services.decline(swap, by=world.user["E"], at=EARLY)

    assert (status(offered), status(anew)) == ("EXPIRED", "OPEN")


def test_withdrawn_and_begun_offers_are_closed(world, offered):
    other = services.offer(world.attending["B"], week=FRIDAYS[2], by=world.user["B"], at=EARLY)
    services.withdraw(offered, by=world.user["A"], at=EARLY)
    services.sweep(EARLY + 28 * A_DAY)

    assert (status(offered), status(other)) == ("WITHDRAWN", "EXPIRED")


def test_a_program_offers_nobodys_week(world, user_as):
    # Taking an offer executes at once: the person's own word has to stand behind it.
    with pytest.raises(NotAllowed, match="your own weeks"):
        services.offer(world.attending["A"], week=FRIDAYS[1], by=user_as(Role.AGENT), at=EARLY)
