"""Committed changes reach the posture: what is rung for which dates, and what the rung task then does."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.cache import cache
from django_q.models import OrmQ

from resilience import tasks
from resilience.models import DayMargin, FallbackPlan, PostureState
from schedules.models import PersonCredential
from schedules.services import absences, editing, program, publishing
from schedules.signals import workers_look_up
from tests.factories import program as rows
from tests.factories.resilience import END, MONDAY, MORNING, START, policy, watched_ward

pytestmark = pytest.mark.django_db

TUESDAY = MONDAY + dt.timedelta(1)
EVALUATE, HEARTBEAT, PLANS = (
    "resilience.tasks.evaluate_days",
    "resilience.tasks.heartbeat",
    "resilience.tasks.recompute_fallbacks",
)


@pytest.fixture(autouse=True)
def frozen():
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture(autouse=True)
def no_bell_was_rung(db):
    """Bells are kept in the cache's table, which outlives the clusters of other tests."""
    cache.clear()


@pytest.fixture
def ward():
    return watched_ward()


def rung():
    """(function, arguments) of what waits in the queue for posture and plans."""
    found = [(item.task["func"], item.task["args"]) for item in OrmQ.objects.order_by("id")]
    return [item for item in found if item[0] in (EVALUATE, HEARTBEAT, PLANS)]


def work_off():
    """Do what waits, in order, and what that asks for in turn."""
    while waiting := rung():
        OrmQ.objects.all().delete()
        for name, arguments in waiting:
            getattr(tasks, name.rsplit(".", 1)[1])(*arguments)


def test_an_approved_absence_moves_the_posture(ward, coordinator, django_capture_on_commit_callbacks):
    asked = [
        absences.request(ward[letter], start=TUESDAY, end=TUESDAY, kind="SICK", by=coordinator, at=MORNING)
        for letter in "BC"
    ]
    with django_capture_on_commit_callbacks(execute=True):
        for absence in asked:
            absences.approve(absence, by=coordinator, at=MORNING)
    seen = rung()
    work_off()

    assert seen == [(EVALUATE, ("2026-03-17", "2026-03-17"))] * 2
    assert PostureState.objects.get().level == "ORANGE"
    assert DayMargin.objects.get(date=TUESDAY).margin_safety == 0


def test_a_request_only_rings_for_a_heartbeat_once(ward, coordinator, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for letter in "BC":
            absences.request(ward[letter], start=TUESDAY, end=TUESDAY, kind="SICK", by=coordinator, at=MORNING)

    assert rung() == [(HEARTBEAT, ())]


def test_a_credential_that_ends_is_evaluated(ward, director, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for letter in "BC":
            held = PersonCredential.objects.get(person=ward[letter])
            program.change(held, {"expires_on": MONDAY}, by=director, at=MORNING)
    work_off()

    assert PostureState.objects.get().level == "ORANGE"


def test_a_demand_that_grows_is_evaluated(ward, director, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        program.change(ward.demand, {"minimum": 4, "desired": 4}, by=director, at=MORNING)
    work_off()

    assert PostureState.objects.get().level == "BLACK"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("quick_backups")
def test_an_edited_cell_rings_for_its_date(ward, director):
    change = editing.Change(ward.id("D"), TUESDAY, "PM", "OFF")

    editing.set_cell(ward.schedule, change, by=director, at=MORNING)

    assert rung() == [(EVALUATE, ("2026-03-17", "2026-03-17"))]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("quick_backups")
def test_a_publish_rings_for_its_dates_and_for_the_plans(ward, director):
    draft = rows.schedule(START, END)
    rows.assignments(draft, [(row.person, row.date, row.session, row.activity.code) for row in _of(ward.schedule)])
    publishing.publish(draft, by=director, at=MORNING, override_reason="test")

    seen = rung()
    work_off()

    assert seen == [(EVALUATE, ("2026-03-12", "2026-04-08")), (PLANS, (0,))]
    assert FallbackPlan.objects.filter(state="VALID").count() == 4


def test_time_alone_rings_for_a_heartbeat_within_the_policys_seconds(ward):
    policy(heartbeat_seconds=2)

    workers_look_up.send(sender=None, at=MORNING + dt.timedelta(seconds=1))
    early = rung()
    workers_look_up.send(sender=None, at=MORNING + dt.timedelta(seconds=2))

    assert (early, rung()) == ([], [(HEARTBEAT, ())])


def test_a_heartbeat_does_the_nightly_work_where_that_is_overdue(ward):
    PostureState.objects.update(fully_evaluated_at=MORNING - dt.timedelta(days=1))

    tasks.heartbeat()
    work_off()

    assert PostureState.objects.get().fully_evaluated_at == MORNING
    assert FallbackPlan.objects.count() == 4


def test_the_nightly_run_computes_every_published_date(ward):
    tasks.nightly()

    assert DayMargin.objects.filter(is_published=True).count() == 24


def _of(schedule):
    return schedule.assignments.select_related("person", "activity")


def test_plans_are_made_in_parts_so_that_urgent_news_comes_between(ward):
    for _ in range(8):
        rows.faculty()

    tasks.recompute_fallbacks()
    between = rung(), FallbackPlan.objects.count()
    work_off()

    assert between == ([(PLANS, (10,))], 10)
    assert FallbackPlan.objects.count() == 12
