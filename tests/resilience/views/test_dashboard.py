"""What the dashboard says of incidents: the gravest first, whoever has not been heard of named as such."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounts.enums import Role
from resilience.domain.incidents import IncidentState
from resilience.enums import ApproverPart
from resilience.models import PostureState
from schedules.enums import BreakerState
from schedules.models import Breaker
from tests.factories import resilience

pytestmark = pytest.mark.django_db


def test_it_begins_with_open_incidents_the_gravest_first(browser_as):
    now = timezone.now()
    PostureState.objects.create(level="RED", since=now, evaluated_at=now)
    resilience.incident(severity="YELLOW", title="A run failed", acknowledged_at=now)
    resilience.incident(severity="YELLOW", title="Backups are old")
    resilience.incident(severity="RED", title="Missing from 2026-11-20", acknowledged_at=now)
    resilience.incident(severity="BLACK", title="Long over", state=IncidentState.CLOSED)

    shown = browser_as(Role.PROGRAM_DIRECTOR).get("/dashboard")

    assert [(alarm.title, alarm.sentence, alarm.tone) for alarm in shown.context["alarms"]] == [
        ("Red: Missing from 2026-11-20", "Detected.", "bad"),
        ("Yellow: Backups are old", "Detected. Nobody has acknowledged it yet.", "warn"),
    ]
    assert "Red: Missing from 20 Nov 2026" in shown.text


def test_an_open_breaker_is_told_once(browser_as):
    now = timezone.now()
    PostureState.objects.create(level="RED", since=now, evaluated_at=now)
    Breaker.objects.update_or_create(pk=1, defaults={"state": BreakerState.OPEN})
    client = browser_as(Role.PROGRAM_DIRECTOR)

    by_itself = client.get("/dashboard").text
    resilience.incident(kind="BREAKER", severity="RED", title="The schedule circuit breaker opened")
    with_its_incident = client.get("/dashboard").text

    assert ("circuit breaker is open" in by_itself, "circuit breaker is open" in with_its_incident) == (True, False)
    assert [text.count("only changes that improve coverage pass") for text in (by_itself, with_its_incident)] == [1, 1]


def test_what_waits_for_the_director_is_next_until_they_have_spoken(browser_as, user_as):
    now = timezone.now()
    asked = resilience.asked(
        resilience.START,
        resilience.END,
        needed=[ApproverPart.PROGRAM_DIRECTOR, ApproverPart.SECOND_AUTHORITY],
        title="Shedding at BLACK",
        expires_at=now + dt.timedelta(hours=2),
    )
    client = browser_as(Role.PROGRAM_DIRECTOR)

    before = client.get("/dashboard").context["action"]
    asked.votes.create(part=ApproverPart.PROGRAM_DIRECTOR, by=user_as(Role.PROGRAM_DIRECTOR), at=now, agrees=True)
    after = client.get("/dashboard").context["action"]

    assert (before.href, before.sentence[:45]) == (
        f"/incidents/approvals/{asked.pk}",
        "Shedding at BLACK waits for your decision, un",
    )
    assert after.href != before.href
