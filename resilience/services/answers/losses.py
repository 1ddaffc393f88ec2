"""Answers about losing people: contingencies and hubs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from resilience.services.answers.answering import Answer, CellView, MarginPoint, OpenView, PersonRef

# --- run_contingency_analysis_resilience_tool -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CriticalView:
    person: PersonRef
    uncovered: int
    """Session posts that this loss alone leaves open."""


@dataclass(frozen=True, slots=True)
class GroupView:
    """Any two of these people gone leave a post open."""

    people: tuple[PersonRef, ...]
    sessions: int


@dataclass(frozen=True, slots=True)
class LossView:
    """One person gone, both days included."""

    person: PersonRef
    start: dt.date
    end: dt.date


@dataclass(frozen=True, slots=True)
class ScenarioView:
    name: str
    people: tuple[PersonRef, ...]
    start: dt.date
    end: dt.date
    losses: tuple[LossView, ...]
    """Who is gone from when to when."""
    outcome: str
    """SAFE with a witness, FATAL with certificates, or UNKNOWN with a reason."""
    reason: str
    uncovered: int
    certificates: tuple[str, ...]
    witness: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class CascadeDayView:
    date: dt.date
    open: tuple[OpenView, ...]
    dropped: tuple[PersonRef, ...]


@dataclass(frozen=True, slots=True)
class CascadeView:
    risk: str
    """LOW, MEDIUM or HIGH."""
    dropped: tuple[PersonRef, ...]
    first_open: dt.date | None
    days: tuple[CascadeDayView, ...]


@dataclass(frozen=True, kw_only=True)
class ContingencyAnswer(Answer):
    margin_safety: int | None = None
    margin_all: int | None = None
    n1_compliant: bool | None = None
    n2_compliant: bool | None = None
    timeline: tuple[MarginPoint, ...] = ()
    """k*(safety) of every session."""
    critical: tuple[CriticalView, ...] = ()
    fatal_groups: tuple[GroupView, ...] = ()
    pairs_analysed: int = 0
    fatal_pairs: int = 0
    """Pairs whose loss opens more than the two losses alone already did, or a post at all."""
    scenarios: tuple[ScenarioView, ...] = ()
    cascade: CascadeView | None = None
    absence_rate: float | None = None
    """Observed share of person-days away."""
    expected_uncovered: float | None = None
    """Half-days per 28 days at that rate."""
    expected_reason: str = ""
    unknown_count: int = 0


# --- analyze_hub_centrality_tool --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HubView:
    person: PersonRef
    uncovered: int
    fatal_sessions: int
    degree: int
    betweenness: float


@dataclass(frozen=True, slots=True)
class TrainingView:
    person: PersonRef
    post: str
    margin_before: int
    margin_after: int
    uncovered_before: int
    uncovered_after: int


@dataclass(frozen=True, kw_only=True)
class HubsAnswer(Answer):
    hubs: tuple[HubView, ...] = ()
    trainings: tuple[TrainingView, ...] = ()
