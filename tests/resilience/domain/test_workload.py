"""The coordinator's queue: its boundaries, what is overdue, and no invented time."""

from __future__ import annotations

import datetime as dt

import pytest

from resilience.domain.levels import Level
from resilience.domain.workload import Decision, workload

NOON = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)


def queue(count, *, minutes=5):
    return [
        Decision(f"d{n:02}", "swap" if n % 2 else "absence", NOON + dt.timedelta(hours=n), minutes)
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "level"),
    [(0, Level.GREEN), (7, Level.GREEN), (8, Level.YELLOW), (12, Level.YELLOW), (13, Level.ORANGE)],
)
def test_level_at_its_boundaries(count, level):
    assert workload(queue(count), at=NOON).level is level


def test_overdue_batches_and_time():
    found = workload(queue(4), at=NOON + dt.timedelta(hours=1, minutes=1))

    assert [decision.key for decision in found.overdue] == ["d00", "d01"]
    assert [(batch.kind, len(batch.decisions)) for batch in found.batches] == [("absence", 2), ("swap", 2)]
    assert found.minutes == 20


def test_a_kind_without_estimate_leaves_the_time_unknown():
    assert workload([*queue(2), Decision("x", "incident", None, None)], at=NOON).minutes is None


def test_only_an_overloaded_queue_is_rerouted_and_the_least_urgent_of_it():
    assert workload(queue(12), at=NOON).reroute == ()
    assert [decision.key for decision in workload(queue(13), at=NOON).reroute] == [f"d{n:02}" for n in range(7, 13)]
