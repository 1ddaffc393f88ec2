"""Asking and answering over REST: programs ask, persons answer, nobody says yes to their own, and it comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.services import tokens
from resilience.models import Approval, SheddingExecution
from tests.factories import accounts, agents, backups, generation, program
from tests.factories.resilience import MONDAY, MORNING, watched_ward

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_backups")]

URL = "/api/v1/resilience"
TUESDAY, THURSDAY = MONDAY + dt.timedelta(1), MONDAY + dt.timedelta(3)
SHED = {"action": "shedding", "target_level": "ORANGE"}

Clients = Callable[[Role], APIClient]


@pytest.fixture
def ward() -> Iterator[Any]:
    """A is on leave for three days: their post in intensive care is open."""
    with time_machine.travel(MORNING, tick=False):
        made = watched_ward()
        program.absence(made["A"], TUESDAY, THURSDAY)
        yield made


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_an_agent_asks_persons_answer_and_it_comes_back_exactly(ward: Any, api_as: Clients):
    agent, coordinator, director = map(api_as, (Role.AGENT, Role.COORDINATOR, Role.PROGRAM_DIRECTOR))
    before = generation.cells(ward.schedule)

    asked = agent.post(f"{URL}/approvals", SHED)
    one = f"{URL}/approvals/{asked.json()['id']}"
    own = agent.post(f"{one}/approve", {})
    early = director.post(f"{one}/carry-out", {})
    granted = director.post(f"{one}/approve", {"reason": "Cover the unit."})
    done = coordinator.post(f"{one}/carry-out", {})
    again = coordinator.post(f"{one}/carry-out", {})
    shed = generation.cells(ward.schedule)
    execution = SheddingExecution.objects.get()
    back = coordinator.post(f"{URL}/shedding/{execution.pk}/restore", {"confirm": True})

    assert (asked.status_code, asked.json()["state"], asked.json()["missing"]) == (201, "PENDING", ["PROGRAM_DIRECTOR"])
    assert (code(own), code(early)) == ((403, "forbidden"), (409, "approval_state"))
    assert (granted.json()["state"], done.json()["state"], code(again)[0]) == ("GRANTED", "USED", 409)
    assert (shed != before, back.status_code, back.json()["state"]) == (True, 200, "RESTORED")
    assert generation.cells(ward.schedule) == before


@pytest.mark.parametrize("deed", ["approve", "approve-in-emergency", "review"])
def test_a_client_with_a_directors_token_approves_nothing(ward: Any, api_as: Clients, api: APIClient, deed: str):
    token = tokens.issue(accounts.user(Role.PROGRAM_DIRECTOR)).access_token
    asked = api_as(Role.COORDINATOR).post(f"{URL}/approvals", SHED).json()

    refused = api.post(
        f"{URL}/approvals/{asked['id']}/{deed}", {"reason": "Now."}, HTTP_AUTHORIZATION=f"Bearer {token}"
    )

    assert code(refused) == (403, "forbidden")
    assert "page of the approval" in refused.json()["detail"]
    assert Approval.objects.get(pk=asked["id"]).state == "PENDING"


def test_nobody_says_yes_to_what_they_asked_for(ward: Any, api_as: Clients):
    director = api_as(Role.PROGRAM_DIRECTOR)
    alone = director.post(f"{URL}/approvals", SHED)
    accounts.user(Role.PROGRAM_DIRECTOR)
    asked = director.post(f"{URL}/approvals", SHED).json()

    refused = director.post(f"{URL}/approvals/{asked['id']}/approve", {})

    assert (alone.status_code, refused.status_code, asked["may"]) == (409, 403, ["withdraw"])


def test_a_changed_schedule_ends_what_was_granted(ward: Any, api_as: Clients):
    director = api_as(Role.PROGRAM_DIRECTOR)
    asked = api_as(Role.COORDINATOR).post(f"{URL}/approvals", SHED).json()
    director.post(f"{URL}/approvals/{asked['id']}/approve", {})
    with program.open_gate():
        ward.schedule.assignments.filter(person=ward["D"], date=TUESDAY, session="PM").delete()

    refused = director.post(f"{URL}/approvals/{asked['id']}/carry-out", {})

    assert refused.status_code == 409
    assert not SheddingExecution.objects.exists()


def test_over_mcp_it_is_executed_with_the_granted_approval_and_no_other(
    ward: Any, api_as: Clients, user_as: Callable[[Role], Any]
):
    coordinator, director = user_as(Role.COORDINATOR), user_as(Role.PROGRAM_DIRECTOR)
    backups.verified_backup()
    asked = api_as(Role.COORDINATOR).post(f"{URL}/approvals", SHED).json()
    order = {"target_level": "ORANGE", "simulate_only": False, "approval": asked["id"]}

    early = agents.call(coordinator, "execute_sacrifice_hierarchy_tool", **order)
    api_as(Role.PROGRAM_DIRECTOR).post(f"{URL}/approvals/{asked['id']}/approve", {})
    done = agents.call(director, "execute_sacrifice_hierarchy_tool", **order)

    assert early.structured_content["code"] == "approval_state"
    assert (done.structured_content["simulated"], SheddingExecution.objects.count()) == (False, 1)


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"action": "shedding"}, ["target_level"]),
        ({"action": "fallback"}, ["plan"]),
        ({"action": "override", "reason": "x"}, ["hours"]),
        ({"action": "dance"}, ["action"]),
    ],
)
def test_what_an_action_needs_is_named(api_as: Clients, sent: dict[str, Any], fields: list[str]):
    answer = api_as(Role.PROGRAM_DIRECTOR).post(f"{URL}/approvals", sent)

    assert (answer.status_code, list(answer.json())) == (400, fields)
