"""Swaps and versions through the API: a new version holds them or asks, and nobody takes a publish from under them."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules.models import Schedule
from swaps.models import SwapAudit, SwapRecord
from tests.factories import generation, program, swaps

SWAPS, SCHEDULES = "/api/v1/swaps", "/api/v1/schedules"

pytestmark = pytest.mark.django_db


@pytest.fixture
def lenient(world):
    """Publishing is not the question here."""
    program.policy(require_n1=False, max_violations=100)
    return world


@pytest.fixture
def publish(lenient, people, django_capture_on_commit_callbacks):
    """Publish a draft as the director; what waits for the commit runs."""

    def published(draft):
        with django_capture_on_commit_callbacks(execute=True):
            answer = people.director.post(f"{SCHEDULES}/{draft.pk}/publish", {"override_reason": "A test."})
        assert answer.status_code == 200, answer.json()
        return Schedule.objects.get(pk=draft.pk)

    return published


def executed(people, body):
    """A's week taken by E, asked for and agreed to by themselves: the coordinator is no party."""
    pk = people.A.post(SWAPS, body("A", "E")).json()["id"]
    assert people.E.post(f"{SWAPS}/{pk}/consent").json()["status"] == "EXECUTED"
    return pk


def taken_back(people, version):
    return people.director.post(f"{SCHEDULES}/{version.pk}/rollback", {"reason": "A mistake.", "confirm": True})


def events(pk) -> set[str]:
    return set(SwapAudit.objects.filter(swap=pk).values_list("event", flat=True))


def test_a_new_version_that_holds_a_swap_carries_it_over(lenient, people, body, publish):
    pk = executed(people, body)

    publish(swaps.copy_of(lenient.schedule))

    assert "CARRIED_OVER" in events(pk)
    assert people.coordinator.get(f"{SWAPS}/escalations").json()["total"] == 0


def test_a_swap_before_a_new_versions_dates_is_rolled_back_in_what_was_carried_over(lenient, people, body, publish):
    before = lenient.cells()
    pk = executed(people, body)
    publish(swaps.copy_of(lenient.schedule, start=dt.date(2026, 4, 2)))

    answer = people.A.post(f"{SWAPS}/{pk}/rollback", {"reason": "Changed plans."})

    shown = Schedule.objects.filter(status="PUBLISHED")
    assert (answer.status_code, answer.json()["status"]) == (200, "ROLLED_BACK")
    assert shown.count() == 2
    assert {slot: code for schedule in shown for slot, code in generation.cells(schedule).items()} == before


@pytest.fixture
def dropped(lenient, people, body, publish, clock):
    """An executed swap, and a version that has the week where it was before."""
    old = swaps.copy_of(lenient.schedule)
    pk = executed(people, body)
    swap = SwapRecord.objects.get(pk=pk)
    draft = swaps.copy_of(lenient.schedule)
    with program.open_gate():
        for change in swap.changes.all():
            rows = draft.assignments.filter(person=change.person, date=change.date, session=change.session)
            for row in rows:
                row.delete()
    was = [
        (row.person, row.date, row.session, row.activity.code)
        for change in swap.changes.all()
        for row in old.assignments.filter(person=change.person, date=change.date, session=change.session)
    ]
    program.assignments(draft, was)
    clock.shift(60)
    publish(draft)
    return pk


def test_a_new_version_that_does_not_hold_a_swap_lists_it_for_the_coordinator(dropped, people):
    queue = people.coordinator.get(f"{SWAPS}/escalations").json()

    assert "NOT_CARRIED" in events(dropped)
    assert [(item["kind"], item["swap"]["id"]) for item in queue["items"]] == [("CARRY_OVER", dropped)]


def test_the_coordinator_lets_it_go(dropped, people):
    answer = people.coordinator.post(f"{SWAPS}/{dropped}/reject", {"rationale": "The new version is better."})

    assert (answer.status_code, answer.json()["can_rollback"]) == (200, False)
    assert people.coordinator.get(f"{SWAPS}/escalations").json()["total"] == 0
    assert people.A.post(f"{SWAPS}/{dropped}/rollback", {"reason": "Late."}).status_code == 409


def test_the_coordinator_swaps_again_on_the_new_version(dropped, people, world):
    answer = people.coordinator.post(f"{SWAPS}/{dropped}/approve", {"rationale": "Agreed before."})

    assert (answer.status_code, answer.json()["status"]) == (200, "EXECUTED")
    assert answer.json()["id"] != dropped
    assert answer.json()["target_faculty_id"] == str(world.attending["E"].pk)


def test_a_publish_is_not_taken_back_under_a_later_swap(lenient, people, body, publish):
    version = publish(swaps.copy_of(lenient.schedule))
    pk = executed(people, body)
    asked = {"reason": "A mistake.", "confirm": True}

    refused = people.director.post(f"{SCHEDULES}/{version.pk}/rollback", asked)
    people.director.post(f"{SWAPS}/{pk}/rollback", {"reason": "First this."})
    done = people.director.post(f"{SCHEDULES}/{version.pk}/rollback", asked)

    assert (refused.status_code, refused.json()["code"]) == (409, "stands_on_it")
    assert done.status_code == 200, done.json()
    assert Schedule.objects.get(pk=lenient.schedule.pk).status == "PUBLISHED"


def test_a_case_is_closed_where_the_publish_that_dropped_the_swap_is_taken_back(
    dropped, people, django_capture_on_commit_callbacks
):
    """While nothing was decided about it. Afterwards the version before holds a swap that is over."""
    version = Schedule.objects.get(status="PUBLISHED")

    with django_capture_on_commit_callbacks(execute=True):
        taken_back(people, version)

    assert people.coordinator.get(f"{SWAPS}/escalations").json()["total"] == 0
    assert people.A.post(f"{SWAPS}/{dropped}/rollback", {"reason": "Changed plans."}).json()["status"] == "ROLLED_BACK"


def test_a_publish_is_not_taken_back_under_an_older_swap_that_was_rolled_back_on_it(
    lenient, people, body, publish, clock
):
    pk = executed(people, body)
    clock.shift(60)
    version = publish(swaps.copy_of(lenient.schedule))
    assert people.A.post(f"{SWAPS}/{pk}/rollback", {"reason": "Changed plans."}).status_code == 200

    answer = taken_back(people, version)

    assert (answer.status_code, answer.json()["code"]) == (409, "stands_on_it")
    assert "the one before still holds them" in answer.json()["detail"]


def test_a_publish_is_not_taken_back_under_an_older_swap_that_was_given_up_for_it(dropped, people):
    people.coordinator.post(f"{SWAPS}/{dropped}/reject", {"rationale": "The new version is better."})

    assert taken_back(people, Schedule.objects.get(status="PUBLISHED")).json()["code"] == "stands_on_it"


def test_a_publish_is_taken_back_where_the_swap_is_older(lenient, people, body, publish, clock):
    pk = executed(people, body)
    clock.shift(60)
    version = publish(swaps.copy_of(lenient.schedule))

    answer = taken_back(people, version)

    assert answer.status_code == 200, answer.json()
    assert SwapRecord.objects.get(pk=pk).status == "EXECUTED"
