"""Attempts side by side: the first in order that suffices wins, however fast the others are."""

from __future__ import annotations

import threading

import pytest

from schedules.solver.rounds import side_by_side
from schedules.solver.search import Line


def run(attempts, *, threads=2, keep_going=lambda: True, suffices=lambda result: result == "good"):
    return side_by_side(attempts, deadline=float("inf"), threads=threads, keep_going=keep_going, suffices=suffices)


def until_stopped(result: str):
    """An attempt that only ends when it is stopped."""

    def attempt(line: Line) -> str:
        while not line.stopped:
            threading.Event().wait(0.001)
        return result

    return attempt


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_all_results_come_in_the_order_of_the_attempts(threads: int) -> None:
    assert run([lambda line: "a", lambda line: "b", lambda line: "c"], threads=threads) == ["a", "b", "c"]


def test_first_that_suffices_stops_the_later_ones() -> None:
    assert run([lambda line: "good", until_stopped("late")]) == ["good"]


def test_later_attempt_that_suffices_waits_for_the_earlier_ones() -> None:
    late_is_done = threading.Event()

    def slow(line: Line) -> str:
        late_is_done.wait(5)
        return "good"

    def fast(line: Line) -> str:
        late_is_done.set()
        return "good"

    assert run([slow, fast]) == ["good"]


def test_later_attempt_counts_where_the_earlier_ones_do_not_suffice() -> None:
    assert run([lambda line: "poor", lambda line: "good", until_stopped("late")], threads=3) == ["poor", "good"]


def test_a_no_stops_every_attempt_and_keeps_what_each_has() -> None:
    assert run([until_stopped("a"), until_stopped("b")], keep_going=lambda: False) == ["a", "b"]


def test_an_error_stops_the_others_and_is_raised() -> None:
    def broken(line: Line) -> str:
        raise ValueError("no model")

    with pytest.raises(ValueError, match="no model"):
        run([broken, until_stopped("b")])
