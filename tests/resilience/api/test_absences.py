"""What absences do to the program, over REST: read by staff, and proposed from by whoever may propose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from resilience.services import incidents
from schedules.enums import AbsenceKind, AbsenceStatus
from schedules.models import Assignment
from tests.factories import program
from tests.factories.resilience import MONDAY, MORNING, watched_ward

pytestmark = pytest.mark.django_db

URL = "/api/v1/resilience/absences"
FRIDAY = MONDAY + dt.timedelta(4)
Clients = Callable[[Role], APIClient]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[Any]:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def medium(coordinator: User, director: User) -> Any:
    """A reports sick; B and C could take the post, and give up a supervision for it."""
    ward = watched_ward()
    busy = Assignment.objects.filter(person__in=[ward["B"], ward["C"]], session="AM", activity__code="ADM")
    with program.open_gate():
        for cell in busy:
            cell.activity = program.standard_activities()["AT"]
            cell.save()
    sick = program.absence(ward["A"], MONDAY, FRIDAY, kind=AbsenceKind.SICK, status=AbsenceStatus.REQUESTED)
    return incidents.look_at_absence(sick, at=MORNING)


def test_medium_impact_reaches_the_coordinator_once_and_is_proposed_from(
    medium: Any, api_as: Clients, coordinator: User
):
    incidents.look_at_absence(medium.absence, at=MORNING)
    client = api_as(Role.COORDINATOR)

    (shown,) = client.get(f"{URL}?absence={medium.absence_id}").json()["items"]
    (plan,) = [item for item in shown["proposals"] if item["key"].startswith("fallback:")]
    early = client.post(f"{URL}/{shown['id']}/propose", {"key": plan["key"]})
    medium.absence.status = AbsenceStatus.APPROVED
    medium.absence.save()
    asked = client.post(f"{URL}/{shown['id']}/propose", {"key": plan["key"]})
    unknown = client.post(f"{URL}/{shown['id']}/propose", {"key": "shedding:RED"})

    assert (shown["impact"], shown["margin_all"], shown["incident"]) == ("MEDIUM", 1, None)
    assert (plan["act"], "Not to be proposed yet" in plan["text"]) == ("", True)
    assert (early.status_code, "approve the absence first" in early.json()["detail"]) == (409, True)
    assert (asked.status_code, asked.json()["action"], asked.json()["state"]) == (200, "fallback", "PENDING")
    assert unknown.status_code == 400
    assert coordinator.notifications.filter(kind="ABSENCE_IMPACT").count() == 1


def test_the_page_of_incidents_says_what_absences_do(medium: Any, browser_as: Callable[[Role], Any]):
    page = browser_as(Role.COORDINATOR).get("/incidents").content.decode()

    assert "Medium impact" in page
    assert "Put the fallback for one absence in force" in page
    assert f"/resilience/fallbacks/{medium.proposals[-1]['key'].partition(':')[2]}" in page
