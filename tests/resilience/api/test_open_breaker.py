"""The open breaker at every door through which a schedule changes: refused with 423, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from accounts.enums import Role
from schedules.models import Assignment, Schedule
from swaps.models import SwapRecord
from tests.factories import backups, program, swaps

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_backups")]

COORDINATOR, DIRECTOR = Role.COORDINATOR, Role.PROGRAM_DIRECTOR
CAUSE = "The data look wrong."
Clients = Callable[[Role], APIClient]


@pytest.fixture
def world(api_as: Clients) -> Iterator[swaps.World]:
    """A published block, and a breaker that the director opened by hand."""
    with time_machine.travel(swaps.EARLY, tick=False):
        made = swaps.world()
        backups.verified_backup()
        opened = api_as(DIRECTOR).post("/api/v1/resilience/breaker/trip", {"reason": CAUSE})
        assert opened.json()["state"] == "OPEN"
        yield made


def work_of(world: swaps.World) -> Assignment:
    """A half-day of E's: to turn it into leave makes nothing better."""
    rows = Assignment.objects.filter(person=world.attending["E"], locked=False).exclude(session="NIGHT")
    row = rows.exclude(activity__code="OFF").select_related("activity").order_by("date", "session").first()
    assert row is not None
    return row


def refused(answer: Any) -> tuple[int, str, bool]:
    return answer.status_code, answer.json()["code"], CAUSE in answer.json()["detail"]


def test_an_edit_over_rest_is_shown_and_not_applied(world: swaps.World, api_as: Clients):
    cell, client = work_of(world), api_as(COORDINATOR)
    held = cell.activity.code
    row = {"person": str(cell.person_id), "date": cell.date.isoformat(), "session": cell.session, "activity": "OFF"}
    asked = {"schedule": str(cell.schedule_id), "set": [row]}

    shown = client.post("/api/v1/assignments/bulk", asked)
    sure = {"dry_run": False, "confirmation_token": shown.json()["confirmation_token"]}
    answer = client.post("/api/v1/assignments/bulk", asked | sure)
    cell.refresh_from_db()

    assert shown.status_code == 200
    assert refused(answer) == (423, "breaker_open", True)
    assert cell.activity.code == held


def test_an_edit_on_the_page_says_why_and_changes_nothing(world: swaps.World, browser_as: Callable[[Role], Client]):
    cell = work_of(world)
    held = cell.activity.code
    place = {"schedule": str(cell.schedule_id), "person": str(cell.person_id), "date": cell.date.isoformat()}

    answer = browser_as(COORDINATOR).post("/schedule/cell/save", place | {"session": cell.session, "activity": "OFF"})
    page = answer.content.decode()
    cell.refresh_from_db()

    assert "The schedule circuit breaker is open" in page
    assert CAUSE in page
    assert cell.activity.code == held


def test_a_swap_is_not_executed(world: swaps.World, api_as: Clients):
    order = {
        "source_faculty_id": str(world.attending["A"].pk),
        "source_week": "2026-03-13",
        "target_faculty_id": str(world.attending["B"].pk),
        "target_week": "2026-03-20",
        "swap_type": "one_to_one",
        "reason": "Conference attendance",
        "partner_consented": True,
    }
    before = world.cells()

    answer = api_as(COORDINATOR).post("/api/v1/swaps", order)

    assert refused(answer) == (423, "breaker_open", True)
    assert (world.cells(), SwapRecord.objects.filter(status="EXECUTED").count()) == (before, 0)


def test_a_draft_is_not_published(world: swaps.World, api_as: Clients):
    published = Schedule.objects.get(status="PUBLISHED")
    draft = program.schedule(published.start_date, published.end_date)

    answer = api_as(DIRECTOR).post(f"/api/v1/schedules/{draft.pk}/publish", {"override_reason": "Now."})
    draft.refresh_from_db()

    assert refused(answer) == (423, "breaker_open", True)
    assert draft.status == "DRAFT"
