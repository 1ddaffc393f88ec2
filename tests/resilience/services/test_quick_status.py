"""The quick status: exactly the seven lines of the operating procedure, UNKNOWN where nothing is measured."""

from __future__ import annotations

import dataclasses
import io

import pytest
import time_machine
from django.core.management import call_command

from resilience.services import documents, posture
from schedules.models import Breaker
from tests.factories import program, resilience

pytestmark = pytest.mark.django_db(transaction=True)


def printed() -> list[str]:
    out = io.StringIO()
    with time_machine.travel(resilience.MORNING, tick=False):
        call_command("quick_status", stdout=out)
    return out.getvalue().splitlines()


def test_an_empty_installation_says_what_it_does_not_know():
    assert printed() == [
        "PRODUCTION STATUS: UNKNOWN",
        "Utilization: UNKNOWN (threshold: 80%)",
        "Defense Level: UNKNOWN",
        "Coverage: UNKNOWN",
        "Pending Decisions: 0",
        "Active Alerts: 0",
        "Next Action: Find out what is unknown: see the reasons.",
    ]


def test_the_small_ward_in_seven_lines():
    resilience.ward()
    posture.evaluate_fully(at=resilience.MORNING)

    lines = documents.quick_status(at=resilience.MORNING).lines

    assert len(lines) == 7
    # Five mornings ask for one of the three who hold the credential: 5 of 15 person-half-days.
    assert lines[1] == "Utilization: 33% (threshold: 80%)"
    assert lines[2:4] == ("Defense Level: 1 - PREVENTION", "Coverage: 100%")


def test_pending_requests_and_an_open_breaker_are_counted():
    program.absence(program.resident(), resilience.MONDAY, status="REQUESTED")
    Breaker.objects.create(pk=1, state="OPEN", cause="coverage fell")

    assert printed()[4:6] == ["Pending Decisions: 1", "Active Alerts: 1"]


def test_what_is_just_below_a_threshold_never_reads_as_having_reached_it():
    status = documents.quick_status(at=resilience.MORNING)

    shown = dataclasses.replace(status, utilization=0.7999, coverage=0.9499).lines

    assert (shown[1], shown[3]) == ("Utilization: 79% (threshold: 80%)", "Coverage: 94%")
