"""Loops that hold the program steady: each a measure with a band on its bad side and a trend; and strain per person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from resilience.domain.levels import Level, Measured, Reading, Unknown, worst

SMOOTHING = 0.3
"""Weight of the newest value in the moving average (EWMA, Roberts 1959)."""


class Loop(StrEnum):
    COVERAGE = "coverage"
    UTILIZATION = "utilization"
    WORKLOAD_SPREAD = "workload spread"
    STABILITY = "schedule stability"
    COMPLIANCE = "compliance"


@dataclass(frozen=True, slots=True)
class Band:
    """A setpoint and how far the measure may stray to its bad side; the good side has no limit."""

    setpoint: float
    width: float
    high_is_bad: bool = False

    def excess(self, value: float) -> float:
        """How far outside the band; 0 or less = inside. Rounded: bands are sums of decimals."""
        strayed = value - self.setpoint if self.high_is_bad else self.setpoint - value
        return round(strayed - self.width, 9)


BANDS: Mapping[Loop, Band] = {
    Loop.COVERAGE: Band(0.95, 0.05),
    Loop.UTILIZATION: Band(0.75, 0.10, high_is_bad=True),
    Loop.STABILITY: Band(0.95, 0.05),
    Loop.COMPLIANCE: Band(1.0, 0.0),
}
"""Resilience, section 2. The workload spread has no fixed band: the program's own is passed in."""


class LoopState(StrEnum):
    IN_BAND = "IN_BAND"
    RETURNING = "RETURNING"
    """Inside the band again, its average not yet: for a band without width the average never is, quite."""
    DRIFTING = "DRIFTING"
    """Outside the band by the newest value, not by the average."""
    OUT_OF_BAND = "OUT_OF_BAND"
    UNKNOWN = "UNKNOWN"


LOOP_LEVELS = {
    LoopState.IN_BAND: Level.GREEN,
    LoopState.UNKNOWN: Level.UNKNOWN,
    LoopState.RETURNING: Level.YELLOW,
    LoopState.DRIFTING: Level.YELLOW,
    LoopState.OUT_OF_BAND: Level.ORANGE,
}


IN_BAND_NOW = frozenset({LoopState.IN_BAND, LoopState.RETURNING})
"""What recovery asks for: the measure itself. The average tells the trend."""
_STATES = {
    (False, False): LoopState.IN_BAND,
    (False, True): LoopState.RETURNING,
    (True, False): LoopState.DRIFTING,
    (True, True): LoopState.OUT_OF_BAND,
}
"""By the newest value being outside, and the average."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One loop's newest value, its average, and where they stand."""

    loop: Loop
    state: LoopState
    value: Reading[float]
    average: Reading[float]
    trend: Reading[float]
    """Newest value minus the average before it."""


def loops(history: Mapping[Loop, Sequence[float]], *, spread: Band | None = None) -> tuple[Reported, ...]:
    """Judge every loop by its values in the order of time. Without values, or without a band, it is unknown."""
    bands = dict(BANDS) | ({Loop.WORKLOAD_SPREAD: spread} if spread else {})
    return tuple(_report(loop, history.get(loop, ()), bands.get(loop)) for loop in Loop)


def level_of(reported: Sequence[Reported]) -> Level:
    """The worst loop; UNKNOWN of none."""
    return worst(LOOP_LEVELS[item.state] for item in reported)


def average(values: Sequence[float]) -> float:
    """The exponentially weighted moving average of one value or more."""
    result = values[0]
    for value in values[1:]:
        result += SMOOTHING * (value - result)
    return result


def _report(loop: Loop, values: Sequence[float], band: Band | None) -> Reported:
    if band is None or not values:
        missing = Unknown("No band is set for it." if band is None else "No value was recorded.")
        return Reported(loop, LoopState.UNKNOWN, missing, missing, missing)
    newest, mean = values[-1], average(values)
    state = _STATES[band.excess(newest) > 0, band.excess(mean) > 0]
    trend: Reading[float] = (
        Measured(newest - average(values[:-1])) if len(values) > 1 else Unknown("One value has no trend.")
    )
    return Reported(loop, state, Measured(newest), Measured(mean), trend)


class Indicator(StrEnum):
    """The eight signs of schedule strain."""

    HOURS = "hours"
    NIGHTS = "nights"
    WEEKENDS = "weekends"
    STREAK = "streak of worked days"
    QUICK_RETURNS = "quick returns"
    SHORT_NOTICE = "short-notice changes"
    FREE_DAY_GAP = "days since a free day"
    FLIPS = "changes between day and night"


@dataclass(frozen=True, slots=True)
class Strain:
    """One person: which signs are over their limit, and which have no value."""

    over: tuple[Indicator, ...]
    unknown: tuple[Indicator, ...]

    @property
    def count(self) -> Reading[int]:
        """How many of the eight are over; unknown while any is, since the true count may be higher."""
        if self.unknown:
            return Unknown(f"Not measured: {', '.join(self.unknown)}. At least {len(self.over)} over the limit.")
        return Measured(len(self.over))


def strain(measured: Mapping[Indicator, Reading[float]], limits: Mapping[Indicator, float]) -> Strain:
    """Compare a person's signs with the program's limits; a sign without value or limit is unknown."""
    over, unknown = [], []
    for indicator in Indicator:
        reading = measured.get(indicator)
        if reading is None or isinstance(reading, Unknown) or indicator not in limits:
            unknown.append(indicator)
        elif reading.value > limits[indicator]:
            over.append(indicator)
    return Strain(tuple(over), tuple(unknown))
