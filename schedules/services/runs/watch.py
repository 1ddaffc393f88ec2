"""How a worker holds a run: a lock that dies with it, a heartbeat each second, and ears for stop and abort."""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any

import structlog
from django.db import DatabaseError, connection

from common.services import presence
from schedules.enums import StopRequest
from schedules.models import GenerationRun

BEAT_SECONDS = 1.0
CURVE_POINTS = 600
"""Points of the objective and bound kept for the chart; beyond that every second one is dropped."""

log = structlog.get_logger(__name__)


class Watch:
    """Holds the run while it is worked on. `held` is False where another living worker has it.

    The thread has a database connection of its own: it keeps the run's lock, writes progress under the claim, and
    learns of stop, abort and of having been declared dead. A lost connection counts as declared dead.
    """

    def __init__(self, run_id: uuid.UUID, *, clock: Callable[[], dt.datetime]) -> None:
        self.run_id = run_id
        self.claim = uuid.uuid4()
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self.held = False
        self.lost = False
        self.claimed = False
        self.wish = StopRequest.NONE
        self._clock = clock
        self._progress: dict[str, Any] = {}
        self._curve: list[tuple[float, float | None, float | None]] = []
        self._guard = threading.Lock()
        self._ready = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat {run_id}", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def should_stop(self) -> bool:
        """For the solver: a person asked, or nobody wants the answer any more."""
        return self.lost or self.wish != StopRequest.NONE

    def report(self, **figures: Any) -> None:
        """Replace figures of the progress; written with the next beat."""
        with self._guard:
            self._progress |= figures

    def point(self, seconds: float, objective: float | None, bound: float | None) -> None:
        """Add a point to the curve of objective and bound."""
        with self._guard:
            self._curve.append((round(seconds, 2), objective, bound))
            if len(self._curve) > CURVE_POINTS:
                self._curve = self._curve[::2]

    @property
    def progress(self) -> dict[str, Any]:
        with self._guard:
            return {**self._progress, "curve": [list(point) for point in self._curve]}

    def _beat(self) -> None:
        try:
            self.held = presence.try_hold_run(self.run_id)
            self._ready.set()
            while self.held and not self.lost and not self._over.wait(BEAT_SECONDS):
                self._write()
        except DatabaseError as error:
            self.lost = True
            log.warning("heartbeat_lost", run=str(self.run_id), error=type(error).__name__)
        finally:
            self._ready.set()
            connection.close()

    def _write(self) -> None:
        mine = GenerationRun._base_manager.filter(pk=self.run_id)
        found = mine.values_list("claim", "stop_request").first()
        if found is None or (self.claimed and found[0] != self.claim):
            self.lost = True
            return
        self.wish = StopRequest(found[1])
        mine.filter(claim=self.claim).update(heartbeat_at=self._clock(), progress=self.progress)
