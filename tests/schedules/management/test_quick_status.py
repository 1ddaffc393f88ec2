"""manage.py quick_status: seven lines, with UNKNOWN where nothing measures it yet."""

import datetime as dt
import io

import pytest
import time_machine
from django.core.management import call_command

from schedules.domain.problem import Session
from schedules.models import Activity, Breaker
from tests.factories import program

NOON = dt.datetime(2026, 3, 12, 22, 0, tzinfo=dt.UTC)
"""Noon of 12 March in the program's time zone."""
START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)

pytestmark = pytest.mark.django_db


def lines():
    out = io.StringIO()
    with time_machine.travel(NOON, tick=False):
        call_command("quick_status", stdout=out)
    return out.getvalue().splitlines()


def test_an_empty_installation_says_what_it_does_not_know():
    assert lines() == [
        "PRODUCTION STATUS: UNKNOWN",
        "Utilization: UNKNOWN (threshold 80 %)",
        "Defense level: UNKNOWN",
        "Coverage: UNKNOWN (2026-03-12 to 2026-04-08)",
        "Pending decisions: 0",
        "Active alerts: 0",
        "Next action: none",
    ]


def test_a_draft_is_the_next_thing_to_decide():
    program.schedule(START, END)

    assert lines()[-1] == "Next action: compare and publish the drafts"


def test_requests_come_before_drafts_and_alerts_before_both():
    program.schedule(START, END)
    program.absence(program.resident(), START, status="REQUESTED")
    without_alert = lines()
    Breaker.objects.create(pk=1, state="OPEN", cause="coverage fell")

    assert without_alert[4:] == [
        "Pending decisions: 1",
        "Active alerts: 0",
        "Next action: decide the pending requests",
    ]
    assert lines()[5] == "Active alerts: 1"


def test_coverage_of_the_next_28_days_is_that_of_the_published_schedule():
    member = program.faculty()
    thursdays = [START + dt.timedelta(weeks=week) for week in range(4)]
    published = program.schedule(START, END, status="PUBLISHED")
    program.assignments(published, [(member, day, Session.AM, "C") for day in thursdays[:3]])
    program.demand(Activity.objects.get(code="C"), weekdays=[3])

    assert lines()[3] == "Coverage: 75.0% (2026-03-12 to 2026-04-08)"
