"""Incidents: the states and moves between them, time targets, who approves what, and what recovery means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from resilience.domain.levels import Level, Reading, Unknown
from resilience.domain.shedding import ShedLevel


class IncidentState(StrEnum):
    DETECTED = "DETECTED"
    TRIAGED = "TRIAGED"
    DIAGNOSED = "DIAGNOSED"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    RESPONDING = "RESPONDING"
    MONITORING = "MONITORING"
    RECOVERED = "RECOVERED"
    REVIEWED = "REVIEWED"
    CLOSED = "CLOSED"
    FALSE_ALARM = "FALSE_ALARM"
    MERGED = "MERGED"


_S = IncidentState
_DISMISSED = frozenset({_S.FALSE_ALARM, _S.MERGED})
MOVES: Mapping[IncidentState, frozenset[IncidentState]] = {
    _S.DETECTED: frozenset({_S.TRIAGED}) | _DISMISSED,
    _S.TRIAGED: frozenset({_S.DIAGNOSED}) | _DISMISSED,
    _S.DIAGNOSED: frozenset({_S.AWAITING_APPROVAL, _S.RESPONDING, _S.MONITORING}) | _DISMISSED,
    _S.AWAITING_APPROVAL: frozenset({_S.DIAGNOSED, _S.RESPONDING, _S.MONITORING, _S.MERGED}),
    _S.RESPONDING: frozenset({_S.DIAGNOSED, _S.MONITORING}),
    _S.MONITORING: frozenset({_S.DIAGNOSED, _S.RECOVERED}),
    _S.RECOVERED: frozenset({_S.DIAGNOSED, _S.REVIEWED}),
    _S.REVIEWED: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.FALSE_ALARM: frozenset(),
    _S.MERGED: frozenset(),
}
"""What worsens goes back to DIAGNOSED; an approval that dies does too."""


def may_move(before: IncidentState, after: IncidentState) -> bool:
    return after in MOVES[before]


@dataclass(frozen=True, slots=True)
class Targets:
    """How soon after what happened; zero = at once. `sitrep_every` None = no situation reports."""

    detected: dt.timedelta
    analysed: dt.timedelta
    responded: dt.timedelta
    acknowledged: dt.timedelta
    update_every: dt.timedelta
    sitrep_every: dt.timedelta | None = None
    page_all: bool = False


def _minutes(count: int) -> dt.timedelta:
    return dt.timedelta(minutes=count)


NOW = dt.timedelta()
TARGETS: Mapping[Level, Targets] = {
    Level.YELLOW: Targets(_minutes(5), _minutes(10), _minutes(60), _minutes(60), dt.timedelta(days=1)),
    Level.ORANGE: Targets(_minutes(1), _minutes(5), _minutes(30), _minutes(15), dt.timedelta(hours=4)),
    Level.RED: Targets(NOW, _minutes(2), _minutes(15), _minutes(5), dt.timedelta(hours=1), dt.timedelta(hours=4)),
    Level.BLACK: Targets(NOW, _minutes(1), NOW, NOW, _minutes(30), dt.timedelta(hours=1), page_all=True),
}
"""Resilience, section 4. GREEN has no incident."""


class Approver(StrEnum):
    COORDINATOR = "COORDINATOR"
    PROGRAM_DIRECTOR = "PROGRAM_DIRECTOR"
    CLINICAL_LEAD = "CLINICAL_LEAD"
    SECOND_AUTHORITY = "SECOND_AUTHORITY"


_PD = Approver.PROGRAM_DIRECTOR
SHEDDING_APPROVERS: Mapping[ShedLevel, frozenset[Approver]] = {
    ShedLevel.YELLOW: frozenset({Approver.COORDINATOR}),
    ShedLevel.ORANGE: frozenset({_PD}),
    ShedLevel.RED: frozenset({_PD, Approver.CLINICAL_LEAD}),
    ShedLevel.BLACK: frozenset({_PD, Approver.SECOND_AUTHORITY}),
    ShedLevel.CRITICAL: frozenset({_PD, Approver.SECOND_AUTHORITY}),
}
"""All of them together."""


def fallback_approvers(posture: Level) -> frozenset[Approver]:
    """The coordinator up to ORANGE, the program director from RED on; UNKNOWN counts as YELLOW."""
    return frozenset({_PD if posture.alarm >= Level.RED else Approver.COORDINATOR})


class Impact(StrEnum):
    """Of an absence."""

    LOW = "LOW"
    """Idle people or a swap cover it."""
    MEDIUM = "MEDIUM"
    """It needs the backup pool or a fallback."""
    HIGH = "HIGH"
    """k*(all) < 0 or k*(safety) = 0 with the person gone."""
    UNKNOWN = "UNKNOWN"
    """Not measured; treated as no less than MEDIUM."""


def absence_impact(margin_all: Reading[int], margin_safety: Reading[int], idle_covers: Reading[bool]) -> Impact:
    """Judge an absence by the margins of its dates with the person gone, worst first."""
    if not isinstance(margin_all, Unknown) and margin_all.value < 0:
        return Impact.HIGH
    if not isinstance(margin_safety, Unknown) and margin_safety.value <= 0:
        return Impact.HIGH
    if any(isinstance(reading, Unknown) for reading in (margin_all, margin_safety, idle_covers)):
        return Impact.UNKNOWN
    return Impact.LOW if not isinstance(idle_covers, Unknown) and idle_covers.value else Impact.MEDIUM


RECOVERY_CALM = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What RECOVERED needs; every reading must be there and good."""

    loops_in_band: Reading[bool]
    equilibrium_sustainable: Reading[bool]
    safety_gaps_7_days: Reading[int]
    margin_safety_14_days: Reading[int]
    calm_for: Reading[dt.timedelta]
    """How long the posture has been YELLOW or better."""
    shed_items_settled: Reading[bool]
    """Everything shed is restored, or has a date."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What still stands in the way, in words; empty = recovered."""
        return tuple(
            sentence
            for sentence, reading, good in (
                ("Every homeostasis loop in band", self.loops_in_band, _true(self.loops_in_band)),
                ("A sustainable equilibrium", self.equilibrium_sustainable, _true(self.equilibrium_sustainable)),
                ("No safety gap for 7 days", self.safety_gaps_7_days, _at_most(self.safety_gaps_7_days, 0)),
                ("k*(safety) of 1 for 14 days", self.margin_safety_14_days, _at_least(self.margin_safety_14_days, 1)),
                ("YELLOW or better for 24 hours", self.calm_for, _calm(self.calm_for)),
                ("Shed items restored or dated", self.shed_items_settled, _true(self.shed_items_settled)),
            )
            for sentence in [_sentence(sentence, reading)]
            if not good
        )


def _sentence(what: str, reading: Reading[bool] | Reading[int] | Reading[dt.timedelta]) -> str:
    return f"{what}: unknown. {reading.reason}" if isinstance(reading, Unknown) else f"{what}."


def _true(reading: Reading[bool]) -> bool:
    return not isinstance(reading, Unknown) and reading.value


def _at_most(reading: Reading[int], limit: int) -> bool:
    return not isinstance(reading, Unknown) and reading.value <= limit


def _at_least(reading: Reading[int], limit: int) -> bool:
    return not isinstance(reading, Unknown) and reading.value >= limit


def _calm(reading: Reading[dt.timedelta]) -> bool:
    return not isinstance(reading, Unknown) and reading.value >= RECOVERY_CALM
