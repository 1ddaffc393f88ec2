"""Answers about the balance of the whole: loops, the load of decisions and readiness."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from resilience.services.answers.answering import Answer, PersonRef

# --- analyze_homeostasis_tool -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoopView:
    loop: str
    state: str
    """IN_BAND, RETURNING, DRIFTING, OUT_OF_BAND or UNKNOWN."""
    value: float | None
    average: float | None
    trend: float | None
    setpoint: float | None
    width: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class StrainView:
    person: PersonRef
    count: int | None
    """How many of the eight signs are over; None = some are unknown."""
    over: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HomeostasisAnswer(Answer):
    loops: tuple[LoopView, ...] = ()
    strained: tuple[StrainView, ...] = ()
    strain_unknown: int = 0
    measured_people: int = 0
    corrections: tuple[str, ...] = ()
    """Each needs a person's approval."""


# --- assess_cognitive_load_tool ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DecisionView:
    key: str
    kind: str
    title: str
    url: str
    due: dt.datetime | None
    minutes: int | None


@dataclass(frozen=True, slots=True)
class BatchView:
    kind: str
    count: int
    minutes: int | None


@dataclass(frozen=True, kw_only=True)
class LoadAnswer(Answer):
    pending: int | None = None
    overdue: tuple[DecisionView, ...] = ()
    minutes: int | None = None
    clear_at: dt.datetime | None = None
    """When the queue is empty if worked on without a break from now."""
    queue: tuple[DecisionView, ...] = ()
    batches: tuple[BatchView, ...] = ()
    reroute: tuple[DecisionView, ...] = ()
    """Offered to the deputy; never decided here."""
    deputy: str = ""


# --- check_mtf_compliance_tool ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AreaView:
    area: str
    """P, S or T."""
    name: str
    measured: int | None
    rating: int | None
    """As adjusted by a person, else as measured."""
    filled: float | None
    demanded: float | None
    reason: str
    adjusted_by: str = ""
    adjustment_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ReadinessAnswer(Answer):
    areas: tuple[AreaView, ...] = ()
    overall: int | None = None
    """C: the worst rated area."""
    deficiencies: tuple[str, ...] = ()
    breaker: str = "UNKNOWN"
    breaker_cause: str = ""
    hard_violations: int | None = None
    drafts: tuple[str, ...] = ()
    """Ids of the documents that were drafted."""
