"""What a page refuses: every deed in every state that does not allow it, by whoever would have the right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from swaps.domain.tables import SwapStatus
from swaps.models import SwapRecord
from tests.factories import program, swaps

pytestmark = pytest.mark.django_db

LATER = swaps.EARLY + dt.timedelta(hours=1)
FIELDS: dict[SwapStatus, dict[str, Any]] = {
    SwapStatus.PENDING: {},
    SwapStatus.APPROVED: {"consent_at": swaps.EARLY},
    SwapStatus.EXECUTED: {"executed_at": swaps.EARLY},
    SwapStatus.REJECTED: {},
    SwapStatus.CANCELLED: {},
    SwapStatus.ROLLED_BACK: {"executed_at": swaps.EARLY, "rolled_back_at": LATER},
    SwapStatus.ROLLBACK_FAILED: {"executed_at": swaps.EARLY},
}

# The deed, who has the right to it, and the one state that allows it: in every other one the page says 409.
DEEDS = [
    ("consent", "partner", SwapStatus.PENDING),
    ("decline", "partner", SwapStatus.PENDING),
    ("cancel", "requester", SwapStatus.PENDING),
    ("approve", "coordinator", SwapStatus.PENDING),
    ("reject", "coordinator", SwapStatus.PENDING),
    ("rollback", "requester", SwapStatus.EXECUTED),
    ("complain", "partner", SwapStatus.EXECUTED),
]
BOTH_MAY = {"complain": {"requester", "partner"}}


@pytest.fixture
def people(clock: Any, fresh_backup: None, coordinator: User) -> dict[str, Any]:
    giver, taker = program.faculty(), program.faculty()
    return {
        "giver": giver,
        "taker": taker,
        "requester": swaps.account(giver, "giver"),
        "partner": swaps.account(taker, "taker"),
        "coordinator": coordinator,
    }


@pytest.mark.parametrize(("deed", "who", "allowed"), DEEDS)
def test_a_deed_is_refused_in_every_other_state_and_changes_nothing(
    people: dict[str, Any], browser_of: Callable[[User], Client], deed: str, who: str, allowed: SwapStatus
) -> None:
    browser, answered = browser_of(people[who]), {}

    for number, status in enumerate(set(SwapStatus) - {allowed}):
        week = {"source_week": swaps.FRIDAYS[1] + dt.timedelta(weeks=number)}
        made = swaps.record(people["giver"], people["taker"], status=status.value, **week, **FIELDS[status])
        answer = browser.post(f"/swaps/{made.pk}", {"act": deed, "note": "A reason"})
        answered[status] = (answer.status_code, SwapRecord.objects.get(pk=made.pk).status)

    assert answered == {status: (409, status) for status in SwapStatus if status is not allowed}


@pytest.mark.parametrize(("deed", "who", "state"), DEEDS)
def test_nobody_does_what_is_somebody_elses(
    people: dict[str, Any],
    browser_of: Callable[[User], Client],
    user_as: Callable[[Role], User],
    deed: str,
    who: str,
    state: SwapStatus,
) -> None:
    made = swaps.record(people["giver"], people["taker"], status=state.value, **FIELDS[state])
    swaps.case(made)
    everybody = {name: people[name] for name in ("requester", "partner", "coordinator")}
    everybody |= {role.value: user_as(role) for role in (Role.ARCHITECT, Role.AGENT, Role.RESIDENT)}
    others = everybody.keys() - BOTH_MAY.get(deed, {who})

    answered = {
        name: browser_of(user).post(f"/swaps/{made.pk}", {"act": deed, "note": "A reason"}).status_code
        for name, user in everybody.items()
        if name in others
    }

    made.refresh_from_db()
    assert answered == {name: 404 if name == Role.RESIDENT else 403 for name in others}
    assert made.status == state
