"""The coordinator as a server: how many decisions wait, how long they take, and who else could take them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from resilience.domain.levels import Level

BUSY_ABOVE = 7
OVERLOADED_ABOVE = 12


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that waits for a person. `minutes` None = nobody has estimated its kind."""

    key: str
    kind: str
    due: dt.datetime | None
    minutes: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Decisions of one kind, best taken in one go."""

    kind: str
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Workload:
    """The queue of pending decisions."""

    pending: int
    overdue: tuple[Decision, ...]
    minutes: int | None
    """Time to clear the queue; None where a kind has no estimate."""
    batches: tuple[Batch, ...]
    reroute: tuple[Decision, ...]
    """For the deputy: what is due last, down to what one person can keep in view. Offered, never decided."""

    @property
    def level(self) -> Level:
        """More than 7 is YELLOW, more than 12 ORANGE."""
        if self.pending > OVERLOADED_ABOVE:
            return Level.ORANGE
        return Level.YELLOW if self.pending > BUSY_ABOVE else Level.GREEN


def workload(decisions: Iterable[Decision], *, at: dt.datetime) -> Workload:
    """Measure the queue, the most urgent first; decisions without a date come last."""
    queue = sorted(decisions, key=_urgency)
    kinds = dict.fromkeys(decision.kind for decision in queue)
    estimates = [decision.minutes for decision in queue if decision.minutes is not None]
    return Workload(
        pending=len(queue),
        overdue=tuple(decision for decision in queue if decision.due is not None and decision.due < at),
        minutes=sum(estimates) if len(estimates) == len(queue) else None,
        batches=tuple(Batch(kind, tuple(d for d in queue if d.kind == kind)) for kind in kinds),
        reroute=tuple(queue[BUSY_ABOVE:]) if len(queue) > OVERLOADED_ABOVE else (),
    )


def _urgency(decision: Decision) -> tuple[bool, float, str]:
    return decision.due is None, decision.due.timestamp() if decision.due else 0, decision.key
