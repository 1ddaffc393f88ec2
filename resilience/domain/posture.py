"""The program's posture: the table of triggers, and how a posture rises, comes down and is overridden."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import ge, gt, le, lt

from resilience.domain.levels import Level, Measured, Reading, Unknown

CLEAR_EVALUATIONS = 3
CLEAR_TIME = dt.timedelta(hours=24)
OVERRIDE_LIMIT = dt.timedelta(hours=24)
NEEDS_A_PERSON = frozenset({Level.RED, Level.BLACK})
"""Postures that are left only when a person says so."""


class Metric(StrEnum):
    """What posture is read from. A k* is the lowest of its window, in the pool *anyone*."""

    UTILIZATION = "utilization"
    COVERAGE = "coverage"
    MARGIN_ALL = "k*(all) within 14 days"
    MARGIN_SAFETY = "k*(safety) within 7 days"
    UNFILLED_HARD = "unfilled hard demand within 7 days"
    HARD_DUTY_HOURS = "hard duty-hour violations that have happened"
    PENDING_DECISIONS = "pending decisions"
    READINESS = "readiness (C)"


Readings = Mapping[Metric, Reading[float]]
"""A metric that is missing is unknown."""


@dataclass(frozen=True, slots=True)
class Calm:
    """How often, and for how long, nothing must have asked for a posture before it comes down by one step."""

    evaluations: int = CLEAR_EVALUATIONS
    time: dt.timedelta = CLEAR_TIME


DEFAULT_CALM = Calm()
_SIGNS: Mapping[object, str] = {ge: ">=", gt: ">", le: "<=", lt: "<"}


@dataclass(frozen=True, slots=True)
class Condition:
    metric: Metric
    compare: Callable[[float, float], bool]
    threshold: float

    @property
    def sentence(self) -> str:
        """As it is shown, e.g. ``coverage < 0.95``."""
        return f"{self.metric} {_SIGNS[self.compare]} {self.threshold:g}"

    def holds(self, readings: Readings) -> bool:
        """Whether the measured value meets it; an unknown one does not (it has a trigger of its own)."""
        reading = readings.get(self.metric)
        return isinstance(reading, Measured) and self.compare(reading.value, self.threshold)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One entry of the table: all its conditions together ask for the level."""

    level: Level
    conditions: tuple[Condition, ...]
    certificate: bool
    """A proven fact about the roster escalates at once; a rate needs two evaluations."""

    @property
    def key(self) -> str:
        """Names the row in stored records, and says what it asks for."""
        return f"{self.level.name}: {' and '.join(condition.sentence for condition in self.conditions)}"

    def fires(self, readings: Readings) -> bool:
        return all(condition.holds(readings) for condition in self.conditions)


CERTIFICATES = frozenset(
    {Metric.MARGIN_ALL, Metric.MARGIN_SAFETY, Metric.UNFILLED_HARD, Metric.HARD_DUTY_HOURS},
)


def _row(level: Level, *conditions: tuple[Metric, Callable[[float, float], bool], float]) -> Trigger:
    asked = tuple(Condition(*condition) for condition in conditions)
    return Trigger(level, asked, certificate=all(condition.metric in CERTIFICATES for condition in asked))


TRIGGERS = (
    _row(Level.YELLOW, (Metric.UTILIZATION, ge, 0.70)),
    _row(Level.YELLOW, (Metric.COVERAGE, lt, 0.95)),
    _row(Level.YELLOW, (Metric.MARGIN_ALL, le, 1)),
    _row(Level.YELLOW, (Metric.MARGIN_SAFETY, le, 1)),
    _row(Level.YELLOW, (Metric.UNFILLED_HARD, gt, 0)),
    _row(Level.YELLOW, (Metric.PENDING_DECISIONS, gt, 7)),
    _row(Level.YELLOW, (Metric.READINESS, ge, 3)),
    _row(Level.ORANGE, (Metric.UTILIZATION, ge, 0.80)),
    _row(Level.ORANGE, (Metric.COVERAGE, lt, 0.90)),
    _row(Level.ORANGE, (Metric.MARGIN_ALL, le, 0)),
    _row(Level.ORANGE, (Metric.MARGIN_SAFETY, le, 0)),
    _row(Level.ORANGE, (Metric.PENDING_DECISIONS, gt, 12)),
    _row(Level.ORANGE, (Metric.READINESS, ge, 4)),
    _row(Level.RED, (Metric.UTILIZATION, ge, 0.90)),
    _row(Level.RED, (Metric.COVERAGE, lt, 0.80)),
    _row(Level.RED, (Metric.MARGIN_ALL, lt, 0)),
    _row(Level.RED, (Metric.HARD_DUTY_HOURS, gt, 0)),
    _row(Level.BLACK, (Metric.COVERAGE, lt, 0.70)),
    _row(Level.BLACK, (Metric.MARGIN_SAFETY, lt, 0)),
    _row(Level.BLACK, (Metric.UTILIZATION, ge, 0.95), (Metric.MARGIN_SAFETY, le, 0)),
)
"""Resilience, section 3. A k* "= 1" or "= 0" is at most that: what is lower still has its own row."""

TRIGGER_OF: Mapping[str, Trigger] = {row.key: row for row in TRIGGERS}

_GRAVEST = {
    metric: max(row.level for row in TRIGGERS for condition in row.conditions if condition.metric is metric)
    for metric in Metric
}


@dataclass(frozen=True, slots=True)
class Override:
    """A person's word against the table; it ends by itself."""

    level: Level
    by: str
    reason: str
    until: dt.datetime
    against: Level
    """The posture it was given against: a graver one ends it."""


@dataclass(frozen=True, slots=True)
class Posture:
    """Where the program stands. `level` is what the table says; `shown` what counts."""

    level: Level
    since: dt.datetime
    triggers: tuple[Trigger, ...] = ()
    """What asks for a level now, confirmed or not."""
    unknown: Mapping[Metric, str] | None = None
    """Metrics without a value, and why."""
    clear_evaluations: int = 0
    """Evaluations in a row that asked for less than `level`."""
    clear_since: dt.datetime | None = None
    override: Override | None = None

    def shown(self, at: dt.datetime) -> Level:
        """The posture in force."""
        return self.override.level if self.override and at < self.override.until else self.level

    def may_lower(self, at: dt.datetime, calm: Calm = DEFAULT_CALM) -> bool:
        """Whether it has been clear often and long enough to come down by one step."""
        return (
            self.level > Level.GREEN
            and self.clear_since is not None
            and self.clear_evaluations >= calm.evaluations
            and at - self.clear_since >= calm.time
        )


def evaluate(before: Posture | None, readings: Readings, *, at: dt.datetime, calm: Calm = DEFAULT_CALM) -> Posture:
    """The posture after one more evaluation; `before` None is the first, which has nothing to wait for.

    Rises at once by certificates and by anything unknown, by rates once two evaluations in a row say so. Comes down
    one step after three clear evaluations and 24 h; RED and BLACK wait for a person (`lower`).
    """
    fired = tuple(row for row in TRIGGERS if row.fires(readings))
    unknown = _unknown(readings)
    if before is None:
        return Posture(_level(fired, unknown), at, fired, unknown)
    sure = [row for row in fired if row.certificate or row in before.triggers]
    asked = _level(sure, unknown)
    if asked > before.level:
        return Posture(asked, at, fired, unknown, override=_still(before.override, asked, at))
    clear = _is_clear(before.level, fired, unknown)
    after = replace(
        before,
        triggers=fired,
        unknown=unknown,
        clear_evaluations=before.clear_evaluations + 1 if clear else 0,
        clear_since=(before.clear_since or at) if clear else None,
        override=_still(before.override, before.level, at),
    )
    if after.may_lower(at, calm) and after.level not in NEEDS_A_PERSON:
        return _one_step_down(after, at)
    return after


def lower(posture: Posture, *, at: dt.datetime, calm: Calm = DEFAULT_CALM) -> Posture:
    """Leave RED or BLACK (or any posture) by one step, on a person's word. Raises ValueError before it is due."""
    if not posture.may_lower(at, calm):
        raise ValueError("A posture comes down after 3 clear evaluations and 24 hours; use an override until then.")
    return _one_step_down(posture, at)


def overridden(posture: Posture, level: Level, *, by: str, reason: str, at: dt.datetime, until: dt.datetime) -> Posture:
    """Put another posture in force for a while. Raises ValueError without a reason, past 24 h, or for UNKNOWN."""
    if level is Level.UNKNOWN:
        raise ValueError("UNKNOWN is a finding and cannot be ordered: choose a color.")
    if not reason.strip():
        raise ValueError("Give the reason of the override: it is kept in the log.")
    if not at < until <= at + OVERRIDE_LIMIT:
        raise ValueError("An override ends within 24 hours: choose an earlier end.")
    return replace(posture, override=Override(level, by, reason, until, against=posture.level))


def _unknown(readings: Readings) -> dict[Metric, str]:
    found = {metric: readings.get(metric, Unknown("Never measured.")) for metric in Metric}
    return {metric: reading.reason for metric, reading in found.items() if isinstance(reading, Unknown)}


def _level(rows: tuple[Trigger, ...] | list[Trigger], unknown: Mapping[Metric, str]) -> Level:
    floor = Level.UNKNOWN.alarm if unknown else Level.GREEN
    return max((floor, *(row.level for row in rows)))


def _is_clear(level: Level, fired: tuple[Trigger, ...], unknown: Mapping[Metric, str]) -> bool:
    """Nothing asks for the level, and nothing unknown could."""
    hidden = any(_GRAVEST[metric] >= level for metric in unknown)
    return not hidden and all(row.level < level for row in fired)


def _one_step_down(posture: Posture, at: dt.datetime) -> Posture:
    return replace(posture, level=posture.level.one_lower, since=at, clear_evaluations=0, clear_since=None)


def _still(override: Override | None, level: Level, at: dt.datetime) -> Override | None:
    return override if override and at < override.until and level <= override.against else None
