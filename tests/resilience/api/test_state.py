"""Posture, breaker and readiness over REST: what stands, what a person sets, and who reads whose words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.enums import Role
from tests.factories.resilience import MORNING, watched_ward

pytestmark = pytest.mark.django_db

URL = "/api/v1/resilience"
Clients = Callable[[Role], APIClient]


@pytest.fixture(autouse=True)
def _ward() -> Iterator[Any]:
    with time_machine.travel(MORNING, tick=False):
        yield watched_ward()


def test_an_override_stands_until_it_ends_and_its_reason_is_for_those_who_decide(api_as: Clients):
    director, resident = api_as(Role.PROGRAM_DIRECTOR), api_as(Role.RESIDENT)

    before = director.get(f"{URL}/posture").json()
    sent = {"level": "RED", "hours": 2, "reason": "A storm is coming."}
    after = director.post(f"{URL}/posture/override", sent).json()
    read = resident.get(f"{URL}/posture").json()

    assert (before["level"], before["override_until"]) == ("GREEN", None)
    assert (after["level"], after["calculated"], after["override_reason"]) == ("RED", "GREEN", "A storm is coming.")
    assert "OVERRIDDEN" in {line["event"] for line in after["log"]}
    assert (read["level"], read["log"], read["override_reason"]) == ("RED", [], "")


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"level": "UNKNOWN", "hours": 1, "reason": "x"}, ["level"]),
        ({"level": "RED", "hours": 25, "reason": "x"}, ["hours"]),
        ({"level": "RED", "hours": 1}, ["reason"]),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(api_as: Clients, sent: dict[str, Any], fields: list[str]):
    answer = api_as(Role.PROGRAM_DIRECTOR).post(f"{URL}/posture/override", sent)

    assert (answer.status_code, list(answer.json())) == (400, fields)


def test_the_breaker_opens_by_hand_and_its_reason_is_told_to_everybody(api_as: Clients):
    director = api_as(Role.PROGRAM_DIRECTOR)

    opened = director.post(f"{URL}/breaker/trip", {"reason": "The data look wrong."}).json()
    read = api_as(Role.RESIDENT).get(f"{URL}/breaker").json()
    cleared = director.post(f"{URL}/breaker/clear", {"reason": "They are right."}).json()
    again = director.post(f"{URL}/breaker/clear", {"reason": "They are right."})

    assert (opened["state"], opened["cause"]) == ("OPEN", "The data look wrong.")
    assert (read["state"], read["cause"]) == ("OPEN", "The data look wrong.")
    assert (cleared["state"], cleared["causes"], again.status_code) == ("HALF_OPEN", [], 409)


def test_a_rating_is_set_by_name_and_reason(api_as: Clients):
    sent = {"area": "S", "rating": 3, "days": 7, "reason": "Two new attendings."}

    row = api_as(Role.COORDINATOR).post(f"{URL}/readiness/adjust", sent).json()
    sheet = api_as(Role.COORDINATOR).post(f"{URL}/check_mtf_compliance_tool", {}).json()

    area = next(item for item in sheet["areas"] if item["area"] == "S")
    assert (row["rating"], row["reason"]) == (3, "Two new attendings.")
    assert (area["rating"], area["adjustment_reason"]) == (3, "Two new attendings.")
