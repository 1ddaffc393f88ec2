"""The tools over REST: the same answers as over MCP, arguments refused by name, colleagues left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from resilience.models import DayMargin, FallbackPlan
from resilience.services.tools import TOOLS
from tests.factories import agents, program
from tests.factories.resilience import MONDAY, MORNING, plan, watched_ward

pytestmark = pytest.mark.django_db

LATER = MORNING + dt.timedelta(minutes=5)


@pytest.fixture
def ward() -> Iterator[Any]:
    with time_machine.travel(LATER, tick=False):
        yield watched_ward()


@pytest.mark.parametrize("name", TOOLS)
def test_rest_and_mcp_say_the_same(ward: Any, user_as: Callable[[Role], User], name: str):
    director = user_as(Role.PROGRAM_DIRECTOR)
    client = APIClient()
    client.force_authenticate(director)

    ask = client.post if name in {"execute_sacrifice_hierarchy_tool", "check_mtf_compliance_tool"} else client.get
    over_rest = ask(f"/api/v1/resilience/{name}")
    over_mcp = agents.call(director, name)

    assert over_rest.status_code == 200
    assert over_rest.json() == over_mcp.structured_content
    assert over_rest.json()["message"]


def test_the_figures_are_those_of_the_ward(ward: Any, api_as: Callable[[Role], APIClient]):
    answer = api_as(Role.ARCHITECT).get("/api/v1/resilience/check_utilization_threshold_tool").json()

    figures = {name: answer[name] for name in ("level", "demanded", "available", "margin", "data_age_seconds")}
    assert figures == {"level": "GREEN", "demanded": 5, "available": 15, "margin": 2, "data_age_seconds": 300}


def test_who_is_lost_is_given_more_than_once(ward: Any, api_as: Callable[[Role], APIClient]):
    lost = f"people={ward['A'].pk}&people={ward['B'].pk}"

    answer = api_as(Role.COORDINATOR).get(f"/api/v1/resilience/analyze_le_chatelier_tool?{lost}").json()

    assert [person["name"][-1] for person in answer["lost"]] == ["A", "B"]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("days=0", {"days": ["Input should be greater than or equal to 1."]}),
        ("dayz=7", {"dayz": ["There is no such argument."]}),
        ("days=many", {"days": ["Input should be a valid integer, unable to parse string as an integer."]}),
    ],
)
def test_bad_arguments_are_field_errors(api_as: Callable[[Role], APIClient], query: str, fields: dict[str, list[str]]):
    answer = api_as(Role.COORDINATOR).get(f"/api/v1/resilience/check_utilization_threshold_tool?{query}")

    assert (answer.status_code, answer.json()) == (400, fields)


def test_a_body_that_is_no_object_is_refused(api_as: Callable[[Role], APIClient]):
    answer = api_as(Role.COORDINATOR).post("/api/v1/resilience/execute_sacrifice_hierarchy_tool", [1])

    assert (answer.status_code, answer.json()) == (400, {"non_field_errors": ["Send an object of arguments."]})


def test_residents_read_figures_without_their_colleagues(ward: Any, api_as: Callable[[Role], APIClient]):
    address = "/api/v1/resilience/analyze_hub_centrality_tool"

    staff, resident = api_as(Role.COORDINATOR).get(address).json(), api_as(Role.RESIDENT).get(address).json()

    assert len(staff["hubs"]) == 3
    assert (resident["hubs"], resident["withheld"] >= 3) == ([], True)
    assert [person.name for person in ward.people.values() if person.name in str(resident)] == []


@pytest.mark.parametrize(
    "name", sorted(TOOLS.keys() - {"assess_cognitive_load_tool", "execute_sacrifice_hierarchy_tool"})
)
def test_no_answer_names_a_colleague_to_a_resident(ward: Any, resident: User, name: str):
    program.absence(ward["A"], MONDAY)

    answer = agents.call(resident, name)

    said = str(answer.structured_content)
    assert not answer.is_error
    assert [person.name for person in ward.people.values() if person.name in said or str(person.pk) in said] == []


def test_attendings_read_of_themselves(ward: Any, faculty: User, api_as: Callable[[Role], APIClient]):
    own = ward["A"]
    own.user = faculty
    own.save()

    answer = api_as(Role.FACULTY).get("/api/v1/resilience/analyze_hub_centrality_tool").json()

    assert [hub["person"]["id"] for hub in answer["hubs"]] == [str(own.pk)]


@pytest.mark.parametrize("name", TOOLS)
def test_without_a_published_schedule_nothing_is_green(coordinator: User, name: str):
    DayMargin.objects.all().delete()
    FallbackPlan.objects.all().delete()

    answer = agents.call(coordinator, name)

    assert not answer.is_error
    assert answer.structured_content["level"] != "GREEN"


def test_looking_at_plans_says_their_state_and_stores_nothing(ward: Any, api_as: Callable[[Role], APIClient]):
    stale = plan(MONDAY, MONDAY)

    answer = api_as(Role.COORDINATOR).get("/api/v1/resilience/get_static_fallbacks_tool").json()

    stale.refresh_from_db()
    assert ([item["state"] for item in answer["plans"]], stale.state) == (["STALE"], "VALID")


def test_an_agent_may_simulate_and_not_execute(ward: Any, agent: User):
    shown = agents.call(agent, "execute_sacrifice_hierarchy_tool", target_level="RED")
    tried = agents.call(agent, "execute_sacrifice_hierarchy_tool", target_level="RED", simulate_only=False)

    assert (shown.is_error, shown.structured_content["simulated"]) == (False, True)
    assert (tried.is_error, tried.structured_content["code"]) == (True, "forbidden")


def test_nothing_is_executed_without_an_approval(ward: Any, director: User):
    program.policy()

    tried = agents.call(director, "execute_sacrifice_hierarchy_tool", simulate_only=False)

    assert tried.structured_content["code"] == "approval_required"
