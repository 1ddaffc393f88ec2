"""Every deed in every state by everybody: what the API refuses, and with which status."""

from __future__ import annotations

import datetime as dt

import pytest

from swaps.domain.tables import SwapStatus
from swaps.models import SwapRecord
from tests.factories import swaps

URL = "/api/v1/swaps"
HOUR = dt.timedelta(hours=1)

pytestmark = pytest.mark.django_db

BODIES = {
    "consent": {},
    "decline": {"note": "No."},
    "approve": {"rationale": "Yes."},
    "reject": {"rationale": "No."},
    "cancel": {},
    "rollback": {"reason": "A mistake."},
    "complain": {"text": "It went wrong."},
}
PEOPLE = ("A", "E", "C", "coordinator", "architect", "director", "administrator", "agent", "resident")

# Who is refused with 403, and who may (and then meets the state); everybody else finds nothing (404).
ALLOWED = {
    "consent": {"E"},
    "decline": {"E"},
    "approve": {"coordinator"},
    "reject": {"coordinator"},
    "cancel": {"A"},
    "rollback": {"A", "director", "administrator"},
    "complain": {"A", "E"},
}
FITTING = {
    "consent": SwapStatus.PENDING,
    "decline": SwapStatus.PENDING,
    "approve": SwapStatus.PENDING,
    "reject": SwapStatus.PENDING,
    "cancel": SwapStatus.PENDING,
    "rollback": SwapStatus.EXECUTED,
    "complain": SwapStatus.EXECUTED,
}

OUTSIDERS = {"C", "resident"}
"""C is of the faculty, and no party."""


def made(world, status: SwapStatus):
    """A's week for E in that state, with a case at the coordinator's while it is pending."""
    fields = {"status": status.value}
    if status in {SwapStatus.EXECUTED, SwapStatus.ROLLED_BACK, SwapStatus.ROLLBACK_FAILED}:
        fields["executed_at"] = swaps.EARLY
    if status is SwapStatus.ROLLED_BACK:
        fields["rolled_back_at"] = swaps.EARLY
    swap = swaps.record(world.attending["A"], world.attending["E"], **fields)
    if status is SwapStatus.PENDING:
        swaps.case(swap)
    return swap


def test_who_may_not_is_told_so_and_outsiders_find_nothing(world, people):
    swap_of = {state: made(world, state) for state in (SwapStatus.PENDING, SwapStatus.EXECUTED)}
    asked = [(deed, name) for deed in BODIES for name in PEOPLE if name not in ALLOWED[deed]]

    refused = {
        (deed, name): getattr(people, name).post(f"{URL}/{swap_of[FITTING[deed]].pk}/{deed}", BODIES[deed]).status_code
        for deed, name in asked
    }

    assert refused == {(deed, name): 404 if name in OUTSIDERS else 403 for deed, name in asked}
    assert {SwapRecord.objects.get(pk=swap.pk).status for swap in swap_of.values()} == {"PENDING", "EXECUTED"}


@pytest.mark.parametrize("status", list(SwapStatus))
def test_a_state_that_does_not_allow_it_is_409(world, people, status):
    swap = made(world, status)

    answers = {
        (name, deed): getattr(people, name).post(f"{URL}/{swap.pk}/{deed}", BODIES[deed])
        for deed, state in FITTING.items()
        if state is not status
        for name in sorted(ALLOWED[deed])
    }

    assert {key: answer.status_code for key, answer in answers.items()} == dict.fromkeys(answers, 409)
    assert all({"code", "detail"} <= set(answer.json()) for answer in answers.values())
    swap.refresh_from_db()
    assert swap.status == status.value


def test_a_deed_without_its_reason_is_400(world, people):
    pending, executed = made(world, SwapStatus.PENDING), made(world, SwapStatus.EXECUTED)
    asked = {
        ("coordinator", "approve"): pending,
        ("coordinator", "reject"): pending,
        ("A", "rollback"): executed,
        ("E", "complain"): executed,
    }

    answers = {
        (name, deed): getattr(people, name).post(f"{URL}/{swap.pk}/{deed}", {}).status_code
        for (name, deed), swap in asked.items()
    }

    assert answers == dict.fromkeys(asked, 400)


def test_the_last_instant_of_the_window_rolls_back_and_later_nobody_does(clock, world, people, body):
    pks = [
        people.coordinator.post(URL, body(giver, taker, source_week=week, partner_consented=True)).json()["id"]
        for giver, taker, week in (("A", "E", "2026-03-13"), ("B", "D", "2026-03-20"))
    ]
    clock.shift(24 * HOUR)

    last = people.A.post(f"{URL}/{pks[0]}/rollback", {"reason": "In time."})
    clock.shift(dt.timedelta(seconds=1))
    later = {
        name: getattr(people, name).post(f"{URL}/{pks[1]}/rollback", {"reason": "Too late."})
        for name in ("B", "director", "administrator")
    }

    assert (last.status_code, last.json()["status"]) == (200, "ROLLED_BACK")
    assert {(answer.status_code, answer.json()["code"]) for answer in later.values()} == {
        (409, "ROLLBACK_WINDOW_EXPIRED")
    }


def test_an_id_that_is_none_is_404(people):
    assert people.coordinator.get(f"{URL}/not-an-id").status_code == 404
    assert people.coordinator.post(f"{URL}/00000000-0000-0000-0000-000000000001/cancel").status_code == 404


def test_a_party_may_not_decide_their_own_swap(world, people, user_as):
    from accounts.enums import Role

    coordinator = user_as(Role.COORDINATOR)
    world.attending["A"].user = coordinator
    world.attending["A"].save()
    swap = made(world, SwapStatus.PENDING)

    assert people.coordinator.post(f"{URL}/{swap.pk}/approve", {"rationale": "Mine."}).status_code == 403
