"""The table of transitions, literally: what follows what and who brings it about; everything else is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from common.errors import DomainError
from swaps.domain.tables import Actor, SwapStatus
from swaps.services import record
from tests.factories import program, swaps
from tests.factories.swaps import EARLY

pytestmark = pytest.mark.django_db

ALLOWED = {
    ("PENDING", "REJECTED"): "checks partner approver",
    ("PENDING", "APPROVED"): "partner approver coordinator program_director administrator system",
    ("PENDING", "CANCELLED"): "requester system",
    ("APPROVED", "EXECUTED"): "system",
    ("APPROVED", "REJECTED"): "system",
    ("EXECUTED", "ROLLED_BACK"): "requester administrator program_director system",
    ("EXECUTED", "ROLLBACK_FAILED"): "system",
}
EXECUTED = ("EXECUTED", "ROLLED_BACK", "ROLLBACK_FAILED")
STATUSES = [status.value for status in SwapStatus]


def made(status, people, number):
    extra = {"executed_at": EARLY} if status in EXECUTED else {}
    if status == "ROLLED_BACK":
        extra["rolled_back_at"] = EARLY
    week = EARLY.date() + dt.timedelta(weeks=number)
    return swaps.record(*people, status=status, source_week=week, **extra)


@pytest.mark.parametrize("after", STATUSES)
@pytest.mark.parametrize("before", STATUSES)
def test_a_state_follows_only_by_the_table_and_by_its_actors(before, after):
    who, people = set(), (program.faculty(duty=None), program.faculty(duty=None))
    for number, actor in enumerate(Actor):
        swap = made(before, people, number)
        fields = {"executed_at": EARLY} if after == "EXECUTED" else {}
        if after == "ROLLED_BACK":
            fields["rolled_back_at"] = EARLY
        try:
            record.move(swap, SwapStatus(after), actor=actor, by=None, at=EARLY + dt.timedelta(hours=1), **fields)
        except DomainError:
            swap.refresh_from_db()
            assert swap.status == before
        else:
            who.add(actor.value)

    assert who == set(ALLOWED.get((before, after), "").split())
