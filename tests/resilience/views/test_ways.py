"""The page of an incident about several people: the ways out answer the same questions side by side."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from accounts.enums import Role
from resilience.domain.levels import Level
from resilience.enums import IncidentKind
from resilience.services import incidents
from resilience.services.incidents import Finding
from tests.factories.resilience import MONDAY, MORNING, watched_ward

pytestmark = pytest.mark.django_db


def test_the_ways_out_of_a_deployment_stand_side_by_side(browser_as):
    ward = watched_ward()
    people = [ward.id(letter) for letter in "ABC"]
    finding = Finding(
        kind=IncidentKind.REPORTED,
        cause="three",
        severity=Level.ORANGE,
        title="Three are missing",
        people=people,
        start=MONDAY,
        end=MONDAY + dt.timedelta(4),
    )
    made = incidents.analyse(incidents.open_incident(finding, at=MORNING), at=MORNING)

    with time_machine.travel(MORNING, tick=False):
        page = browser_as(Role.COORDINATOR).get(f"/incidents/{made.pk}")

    assert [item["option"] for item in page.context["ways"]["options"]] == [
        "Partial shedding",
        "People from outside",
        "Cross-training",
    ]
    questions = [question for question, _ in page.context["ways"]["rows"]]
    assert questions == ["Fills", "Costs", "Stays open", "Ready", "Needs the word of"]
    assert ward.credential.name in page.content.decode()
    assert not [item for item in page.context["advice"] if item.get("option")]
