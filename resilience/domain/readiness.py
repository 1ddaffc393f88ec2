"""The readiness worksheet in DRRS style: people, supervision, required experience, and the overall rating."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from resilience.domain.levels import Level, Measured, Reading, Unknown
from schedules.domain.coverage import Filled


class Area(StrEnum):
    P = "People"
    S = "Supervision"
    T = "Required experience"


STEPS = ((Fraction(90, 100), 1), (Fraction(80, 100), 2), (Fraction(70, 100), 3))
"""At least this share has the rating; below all of them 4. The bands of the personnel rating of AR 220-1."""
WORST_RATING = 4
RATING_LEVELS = {1: Level.GREEN, 2: Level.GREEN, 3: Level.YELLOW, 4: Level.ORANGE}


@dataclass(frozen=True, slots=True)
class Readiness:
    """Ratings 1 (best) to 4 by area; an internal draft that people may adjust by name and reason."""

    ratings: Mapping[Area, Reading[int]]

    @property
    def overall(self) -> Reading[int]:
        """C: the lowest measured area, at most C-4; unknown where no area was measured."""
        measured = [reading.value for reading in self.ratings.values() if not isinstance(reading, Unknown)]
        return Measured(max(measured)) if measured else Unknown("No area of readiness was measured.")

    @property
    def level(self) -> Level:
        """C-3 is YELLOW, C-4 ORANGE; an area that was not measured is never green."""
        overall = self.overall
        missing = any(isinstance(reading, Unknown) for reading in self.ratings.values())
        floor = Level.UNKNOWN if missing or not self.ratings else Level.GREEN
        return floor if isinstance(overall, Unknown) else max(floor, RATING_LEVELS[overall.value])


def readiness(measured: Mapping[Area, Reading[Filled]]) -> Readiness:
    """Rate every area by what is there of what is asked for; an area that is missing is unknown."""
    return Readiness({area: rating(measured.get(area, Unknown("Not measured."))) for area in Area})


def rating(filled: Reading[Filled]) -> Reading[int]:
    """1 to 4 by the share; unknown where nothing is asked for."""
    if isinstance(filled, Unknown):
        return filled
    if not filled.value.demanded:
        return Unknown("Nothing is asked for in this area.")
    share = Fraction(filled.value.filled, filled.value.demanded)
    return Measured(next((rank for least, rank in STEPS if share >= least), WORST_RATING))
