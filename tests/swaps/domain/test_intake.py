"""Every intake code on both sides of its boundary."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from swaps.domain.intake import Intake, next_request_at, refusals
from swaps.domain.tables import SwapPolicy

POLICY = SwapPolicy()
AT = dt.datetime(2026, 3, 12, 9, tzinfo=dt.UTC)
TODAY = AT.date()
ASKED = Intake(
    at=AT,
    type="absorb",
    giver_known=True,
    taker_known=True,
    same_person=False,
    first_day=TODAY + dt.timedelta(days=1),
    has_duty=True,
)
HOURLY = tuple(AT - dt.timedelta(hours=hours) for hours in range(1, 11))


def in_days(days: int) -> dt.date:
    return TODAY + dt.timedelta(days=days)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"giver_known": False}, ["SOURCE_NOT_FOUND"]),
        ({"taker_known": False}, ["TARGET_NOT_FOUND"]),
        ({"same_person": True}, ["SELF_SWAP"]),
        ({"type": "barter"}, ["INVALID_SWAP_TYPE"]),
        ({"type": "one_to_one"}, ["INVALID_SWAP_TYPE"]),
        ({"type": "one_to_one", "target_day": in_days(8)}, []),
        ({"target_day": in_days(8)}, ["INVALID_SWAP_TYPE"]),
        ({"has_duty": False}, ["WEEK_NOT_ASSIGNED"]),
        ({"already_open": True}, ["DUPLICATE_REQUEST"]),
        ({"first_day": TODAY}, ["PAST_DATE"]),
        ({"first_day": in_days(180)}, []),
        ({"first_day": in_days(181)}, ["TOO_FAR"]),
        ({"type": "one_to_one", "target_day": in_days(181)}, ["TOO_FAR"]),
        ({"requested": HOURLY[:9]}, []),
        ({"requested": HOURLY}, ["RATE_LIMITED"]),
        ({"pending": 4}, []),
        ({"pending": 5}, ["RATE_LIMITED"]),
    ],
)
def test_what_is_refused(change, codes):
    assert [item.code for item in refusals(replace(ASKED, **change), POLICY)] == codes


def test_the_refusal_names_the_time_of_the_next_request():
    late = replace(ASKED, requested=HOURLY)

    assert next_request_at(late, POLICY) == AT + dt.timedelta(hours=14)
    assert "2026-03-12T23:00:00+00:00" in refusals(late, POLICY)[0].public


def test_a_request_of_24_hours_ago_no_longer_counts():
    assert next_request_at(replace(ASKED, requested=(*HOURLY[:9], AT - dt.timedelta(hours=24))), POLICY) is None
