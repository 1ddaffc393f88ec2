"""Five levels of defense: which one the coverage has reached, and how each barrier stands on its own evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from resilience.domain.levels import Level, Measured, Reading, Unknown, worst


class Defense(IntEnum):
    """The levels of defense in depth, the first one holding in ordinary times."""

    PREVENTION = 1
    CONTROL = 2
    SAFETY_SYSTEMS = 3
    CONTAINMENT = 4
    EMERGENCY = 5

    @property
    def label(self) -> str:
        """As reports write it: ``2 - CONTROL``."""
        return f"{self.value} - {self.name}"


class BarrierState(StrEnum):
    READY = "READY"
    ACTIVE = "ACTIVE"
    DEGRADED = "DEGRADED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


COVERAGE_STEPS = (
    (0.95, Defense.PREVENTION),
    (0.90, Defense.CONTROL),
    (0.80, Defense.SAFETY_SYSTEMS),
    (0.70, Defense.CONTAINMENT),
)
"""Coverage of at least the number is held by the level; below all of them EMERGENCY."""

STATE_LEVELS = {
    BarrierState.READY: Level.GREEN,
    BarrierState.ACTIVE: Level.GREEN,
    BarrierState.DEGRADED: Level.YELLOW,
    BarrierState.UNKNOWN: Level.UNKNOWN,
    BarrierState.FAILED: Level.ORANGE,
}
DEFENSE_LEVELS = dict(zip(Defense, (level for level in Level if level is not Level.UNKNOWN), strict=True))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that a barrier needs, and whether it is there."""

    barrier: Defense
    what: str
    holds: Reading[bool]


@dataclass(frozen=True, slots=True)
class Barrier:
    defense: Defense
    state: BarrierState
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class DefenseMatrix:
    """`current` is unknown where coverage is."""

    current: Reading[Defense]
    barriers: tuple[Barrier, ...]

    @property
    def level(self) -> Level:
        """The worst of the current level of defense and all barriers."""
        reached = Level.UNKNOWN if isinstance(self.current, Unknown) else DEFENSE_LEVELS[self.current.value]
        return worst((reached, *(STATE_LEVELS[barrier.state] for barrier in self.barriers)))


def matrix(coverage: Reading[float], evidence: Iterable[Evidence]) -> DefenseMatrix:
    """The current level by coverage (filled / demanded) and the state of each barrier by its own evidence."""
    known = tuple(evidence)
    current = current_defense(coverage)
    reached = Defense.PREVENTION if isinstance(current, Unknown) else current.value
    barriers = (_barrier(level, tuple(item for item in known if item.barrier is level), reached) for level in Defense)
    return DefenseMatrix(current, tuple(barriers))


def current_defense(coverage: Reading[float]) -> Reading[Defense]:
    """The level of defense that holds at this coverage."""
    if isinstance(coverage, Unknown):
        return coverage
    found = (level for least, level in COVERAGE_STEPS if coverage.value >= least)
    return Measured(next(found, Defense.EMERGENCY))


def _barrier(defense: Defense, evidence: tuple[Evidence, ...], reached: Defense) -> Barrier:
    return Barrier(defense, _state(evidence, in_use=defense <= reached), evidence)


def _state(evidence: tuple[Evidence, ...], *, in_use: bool) -> BarrierState:
    """What is known to be missing weighs more than what is unknown; a barrier without evidence is unknown."""
    missing = [item for item in evidence if not isinstance(item.holds, Unknown) and not item.holds.value]
    if evidence and len(missing) == len(evidence):
        return BarrierState.FAILED
    if missing:
        return BarrierState.DEGRADED
    if not evidence or any(isinstance(item.holds, Unknown) for item in evidence):
        return BarrierState.UNKNOWN
    return BarrierState.ACTIVE if in_use else BarrierState.READY
