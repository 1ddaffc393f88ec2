"""Sweeping by the queue: each minute, and within seconds when something is due; what waits for a person is named."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django_q.models import OrmQ, Schedule

from schedules.services.decisions import pending_decisions
from schedules.signals import workers_look_up
from swaps import tasks
from swaps.domain.tables import Level
from swaps.models import EscalationCase, SwapRecord
from tests.factories import accounts, program, swaps

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def pending() -> SwapRecord:
    """Asked for at EARLY; its consent lapses 48 hours later."""
    return swaps.record(program.faculty(user=accounts.user()), program.faculty(user=accounts.user()))


def looked(at: dt.datetime) -> int:
    """How many sweeps the queue holds after the workers looked up at that moment."""
    with time_machine.travel(at, tick=False):
        workers_look_up.send(sender=None, at=at)
    return sum(row.task["func"] == "swaps.tasks.sweep_swaps" for row in OrmQ.objects.all())


def test_the_queues_calendar_sweeps_each_minute():
    row = Schedule.objects.get(name="sweep swaps")

    assert (row.func, row.schedule_type, row.minutes) == ("swaps.tasks.sweep_swaps", Schedule.MINUTES, 1)


@pytest.mark.parametrize(("hours", "queued"), [(0, 0), (35.9, 0), (36, 1), (48, 1), (48.1, 1)])
def test_the_bell_rings_when_a_partner_is_to_be_reminded_or_the_consent_lapses(pending, hours, queued):
    assert looked(swaps.EARLY + hours * HOUR) == queued


def test_whoever_was_reminded_is_left_alone_until_it_lapses(pending):
    pending.reminded_at = swaps.EARLY + 36 * HOUR
    pending.save()

    assert [looked(swaps.EARLY + hours * HOUR) for hours in (37, 48, 48.1)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("level", "overdue", "hours", "queued"),
    [
        (Level.COORDINATOR, False, 17, 0),
        (Level.COORDINATOR, False, 18, 1),
        (Level.COORDINATOR, False, 25, 1),
        (Level.PROGRAM_DIRECTOR, False, 25, 1),
        # Nobody is above: it was marked, and there is nothing more to do.
        (Level.PROGRAM_DIRECTOR, True, 25, 0),
    ],
)
def test_the_bell_rings_for_cases(pending, level, overdue, hours, queued):
    pending.consent_at = swaps.EARLY
    pending.save()
    swaps.case(pending, level, overdue_at=swaps.EARLY if overdue else None)

    assert looked(swaps.EARLY + hours * HOUR) == queued


def test_the_bell_rings_for_an_executed_swap_that_is_to_be_looked_at():
    at = swaps.EARLY + dt.timedelta(minutes=5)
    swaps.executed(program.faculty(), program.faculty(), next_check_at=at)

    assert [looked(at - dt.timedelta(seconds=1)), looked(at)] == [0, 1]


def test_a_bell_that_was_rung_is_not_rung_again_until_somebody_came(pending):
    late = swaps.EARLY + 49 * HOUR

    rung = [looked(late), looked(late + dt.timedelta(seconds=3))]
    with time_machine.travel(late + dt.timedelta(seconds=4), tick=False):
        tasks.sweep_swaps()
    OrmQ.objects.all().delete()

    pending.refresh_from_db()
    assert (rung, pending.status) == ([1, 1], "CANCELLED")
    assert looked(late + dt.timedelta(seconds=6)) == 0


def test_a_lost_bell_rings_again_after_a_minute(pending):
    late = swaps.EARLY + 49 * HOUR
    looked(late)
    OrmQ.objects.all().delete()

    assert [looked(late + dt.timedelta(seconds=59)), looked(late + dt.timedelta(seconds=61))] == [0, 1]


def test_what_waits_is_named_without_names(pending):
    case = swaps.case(pending, Level.ARCHITECT)

    (found,) = [item for item in pending_decisions(swaps.EARLY) if item.kind == "swap"]
    case.overdue_at = swaps.EARLY
    case.save()
    (late,) = [item for item in pending_decisions(swaps.EARLY) if item.kind == "swap"]

    assert (found.title, found.url, found.due) == (
        "A swap for the architect (resilience lead)",
        f"/swaps/{pending.pk}",
        EscalationCase.objects.get().due_at,
    )
    assert late.title == "A swap for the architect (resilience lead), overdue"
