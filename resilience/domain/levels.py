"""Levels of alarm, and values that were measured or are unknown for a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Level(IntEnum):
    """GREEN < YELLOW < ORANGE < RED < BLACK. UNKNOWN lies above GREEN: it is never shown green, never a pass."""

    GREEN = 0
    UNKNOWN = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4
    BLACK = 5

    @property
    def alarm(self) -> Level:
        """What it counts as where only a color will do: UNKNOWN is YELLOW."""
        return Level.YELLOW if self is Level.UNKNOWN else self

    @property
    def passes(self) -> bool:
        return self is Level.GREEN

    @property
    def one_lower(self) -> Level:
        """The next color down; GREEN stays."""
        alarm = self.alarm
        return Level.GREEN if alarm <= Level.YELLOW else Level(alarm - 1)


@dataclass(frozen=True, slots=True)
class Measured(Generic[T]):
    """A value that data gave."""

    value: T


@dataclass(frozen=True, slots=True)
class Unknown:
    """No value, and why: no data, stale data, or a calculation that could not be done."""

    reason: str


Reading = Measured[T] | Unknown


def worst(levels: Iterable[Level]) -> Level:
    """The gravest of all; UNKNOWN of none at all, since nothing was looked at. Never an average."""
    return max(levels, default=Level.UNKNOWN)
