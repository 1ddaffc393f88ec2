"""Nothing that a person typed is lost where an act is refused."""

from __future__ import annotations

import pytest

from accounts.enums import Role
from tests.factories import resilience

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("act", "typed", "shown"),
    [
        ("recover", {"resolution": "Two locums came."}, "Two locums came.</textarea>"),
        ("set_severity", {"severity": "YELLOW", "reason": "It is small."}, 'value="It is small."'),
    ],
)
def test_a_refused_act_of_an_incident_keeps_the_text(act, typed, shown, browser_as):
    incident = resilience.incident(state="MONITORING")

    page = browser_as(Role.PROGRAM_DIRECTOR).post(f"/incidents/{incident.pk}/{act}", typed)

    assert (page.status_code, shown in page.text) == (409, True)


def test_a_report_without_a_title_is_shown_again(browser_as):
    page = browser_as(Role.COORDINATOR).post("/incidents/report", {"summary": "The line is down.", "severity": "RED"})

    assert (page.status_code, page.context["report_form"].errors) == (422, {"title": ["Fill in “What happened”."]})
    assert "The line is down." in page.text


def test_a_refused_override_stands_at_its_form(browser_as):
    sent = {"posture-level": "RED", "posture-hours": "99", "posture-reason": "A storm."}

    page = browser_as(Role.PROGRAM_DIRECTOR).post("/resilience/posture/override", sent)

    assert (page.status_code, list(page.context["forms"]["override"].errors)) == (422, ["hours"])
    assert "A storm." in page.text
