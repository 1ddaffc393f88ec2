"""Searches side by side, one thread each, whose results do not depend on which of them is faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from schedules.solver.search import Line

POLL_SECONDS = 0.1

Result = TypeVar("Result")


def side_by_side(
    attempts: Sequence[Callable[[Line], Result]],
    *,
    deadline: float,
    threads: int,
    keep_going: Callable[[], bool],
    suffices: Callable[[Result], bool],
) -> list[Result]:
    """The attempts' results in their order, up to and including the first that suffices; the rest is stopped.

    A later attempt that suffices waits for the earlier ones, so that the same seed always gives the same results.
    `keep_going` is asked ten times a second in the calling thread: after a no, every attempt ends at once.
    """
    lines = [Line(deadline) for _ in attempts]
    with ThreadPoolExecutor(threads, thread_name_prefix="search") as pool:
        running = [pool.submit(attempt, line) for attempt, line in zip(attempts, lines, strict=True)]
        try:
            while True:
                ended = all(future.done() for future in running)
                first = _first_sufficient(running, suffices)
                if first is not None or ended:
                    _stop(lines)
                    counted = running if first is None else running[: first + 1]
                    return [future.result() for future in counted]
                if not keep_going():
                    _stop(lines)
                wait([each for each in running if not each.done()], POLL_SECONDS, return_when=FIRST_COMPLETED)
        finally:
            _stop(lines)


def _first_sufficient(running: Sequence[Future[Result]], suffices: Callable[[Result], bool]) -> int | None:
    """The first attempt that suffices, once all before it have ended."""
    for index, future in enumerate(running):
        if not future.done():
            return None
        if suffices(future.result()):
            return index
    return None


def _stop(lines: Sequence[Line]) -> None:
    for line in lines:
        line.stop()
