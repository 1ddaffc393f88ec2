"""A story told through the doors: people speak over REST, the worker does what waits in its queue, time passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import time_machine
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from rest_framework.test import APIClient

from accounts.enums import Role
from resilience import tasks

BEAT = dt.timedelta(hours=12)
"""Between two heartbeats of a story: the policy's five minutes, slowed down."""
LEFT_OUT = frozenset({"resilience.tasks.recompute_fallbacks"})
"""Standing plans for everybody, made in parts at night: they have tests of their own."""


@dataclass(frozen=True)
class Story:
    """`clock` stands still until somebody lets time pass."""

    clock: time_machine.Coordinates
    api_as: Callable[[Role], APIClient]

    def says(self, role: Role, address: str, body: dict[str, Any] | None = None, *, refused: int = 0) -> Any:
        """What a person of the role posts, and the answer; `refused` is the status where a refusal is expected."""
        answer = self.api_as(role).post(f"/api/v1/{address}", body or {})
        expected = {refused} if refused else {200, 201}
        assert answer.status_code in expected, (address, answer.status_code, answer.content)
        return answer.json()

    def reads(self, role: Role, address: str) -> Any:
        answer = self.api_as(role).get(f"/api/v1/{address}")
        assert answer.status_code == 200, (address, answer.content)
        return answer.json()

    def work_off(self) -> None:
        """What waits, in order, and what that asks for in turn, as the worker calls it."""
        while waiting := list(OrmQ.objects.order_by("id")):
            OrmQ.objects.all().delete()
            for item in waiting:
                if item.task["func"] not in LEFT_OUT:
                    import_string(item.task["func"])(*item.task["args"], **item.task["kwargs"])

    def passes(self, time: dt.timedelta) -> None:
        """Let time pass, with a heartbeat and a sweep at every beat of the worker."""
        for _ in range(time // BEAT):
            self.clock.shift(BEAT)
            tasks.heartbeat()
            tasks.sweep_incidents()
            self.work_off()

    def passes_until(self, done: Callable[[], bool], *, days: int, lacks: Callable[[], object]) -> None:
        """Let days pass, in which a director lowers the posture as soon as it may be, until something holds.

        `lacks` says what stands in the way, should it not come to that.
        """
        for _ in range(days):
            if done():
                return
            self.passes(dt.timedelta(days=1))
            if self.reads(Role.PROGRAM_DIRECTOR, "resilience/posture")["may_lower"]:
                self.says(Role.PROGRAM_DIRECTOR, "resilience/posture/lower", {"reason": "It has been clear."})
                self.work_off()
        assert done(), f"not within {days} days: {lacks()}"

    def after(self, minutes: int) -> None:
        """A few minutes later."""
        self.clock.shift(dt.timedelta(minutes=minutes))
