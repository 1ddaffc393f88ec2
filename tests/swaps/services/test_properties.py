"""Random swaps one after the other on a published schedule: no rule newly broken, and all the way back to the byte."""

from __future__ import annotations

import random

import pytest

from common.errors import DomainError
from schedules.domain.rules.report import Severity
from schedules.models import Assignment, FmitWeek
from schedules.services.validation import validate
from swaps import services
from swaps.domain.tables import SwapStatus
from swaps.models import SwapPolicy, SwapRecord
from tests.factories.swaps import EARLY, END, FRIDAYS, START

pytestmark = pytest.mark.django_db
REQUESTS = 14
COLUMNS = ("id", "person_id", "date", "session", "activity__code", "source", "locked", "rotation_id", "created_at")


def everything():
    rows = set(Assignment.objects.values_list(*COLUMNS))
    return rows, set(FmitWeek.objects.values_list("start_date", "person_id"))


def broken():
    report = validate(START, END).report
    return {violation.key for violation in report.violations if violation.severity is Severity.HARD}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_swaps_break_nothing_and_come_back_in_reverse_order(seed, world, coordinator, director):
    SwapPolicy.objects.create(requests_per_day=1000, pending_per_person=1000, failed_attempts=1000)
    chance, untouched, before = random.Random(seed), everything(), broken()
    done: list[SwapRecord] = []
    for _ in range(REQUESTS):
        giver, taker = chance.sample(sorted(world.attending), 2)
        target = chance.choice([None, None, *FRIDAYS[1:4]])
        order = services.Order(
            world.attending[giver].pk,
            chance.choice(FRIDAYS[1:4]),
            world.attending[taker].pk,
            "absorb" if target is None else "one_to_one",
            "conference",
            target,
            partner_consented=True,
        )
        try:
            swap = services.request(order, by=coordinator, at=EARLY)
            if swap.status == SwapStatus.PENDING:
                swap = services.approve(swap, by=director, at=EARLY, rationale="For the test.")
        except DomainError:
            continue
        if swap.status == SwapStatus.EXECUTED:
            done.append(swap)
            assert broken() <= before

    assert done
    for swap in reversed(done):
        services.roll_back(swap, by=coordinator, at=EARLY, reason="All the way back.")
    assert everything() == untouched
