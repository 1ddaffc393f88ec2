"""Answers about what is done: levels of defense, standing plans and shedding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from resilience.services.answers.answering import Answer, CellView, OpenView, PersonRef

# --- get_defense_level_tool -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EvidenceView:
    what: str
    holds: bool | None
    """None = unknown, for the reason."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BarrierView:
    name: str
    number: int
    state: str
    """READY, ACTIVE, DEGRADED, FAILED or UNKNOWN."""
    evidence: tuple[EvidenceView, ...]


@dataclass(frozen=True, kw_only=True)
class DefenseAnswer(Answer):
    defense: str | None = None
    """As reports write it: ``2 - CONTROL``; None = unknown."""
    coverage: float | None = None
    posture: str = "UNKNOWN"
    """In force."""
    calculated_posture: str = "UNKNOWN"
    """By the table, whatever an override says."""
    since: dt.datetime | None = None
    trigger: str = ""
    """What asks for the posture, in words."""
    triggers: tuple[str, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    override: str = ""
    barriers: tuple[BarrierView, ...] = ()
    actions: tuple[str, ...] = ()
    """What is due, the most urgent first."""
    may_lower: bool = False


# --- get_static_fallbacks_tool ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanView:
    id: str
    scenario: str
    people: tuple[PersonRef, ...]
    start: dt.date
    end: dt.date
    state: str
    """VALID, STALE, EXPIRED or ACTIVATED."""
    coverage: float | None
    moved: tuple[PersonRef, ...]
    changes: int
    open: tuple[OpenView, ...]
    unresolved: tuple[str, ...]
    assumptions: tuple[str, ...]
    computed_at: dt.datetime
    fingerprint: str
    """What an approval answers."""


@dataclass(frozen=True, kw_only=True)
class FallbacksAnswer(Answer):
    plans: tuple[PlanView, ...] = ()
    by_state: Mapping[str, int] = field(default_factory=dict)


# --- execute_sacrifice_hierarchy_tool ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EffectView:
    level: str
    filled: int
    shed: int
    missing: int
    gaps: tuple[OpenView, ...]


@dataclass(frozen=True, slots=True)
class RestoreStep:
    level: str
    changes: int


@dataclass(frozen=True, kw_only=True)
class SheddingAnswer(Answer):
    simulated: bool = True
    needed: bool | None = None
    """Whether any patient care is uncovered."""
    smallest: str | None = None
    """The smallest level that fills everything; None = no level does, or nothing is open."""
    chosen: str | None = None
    effects: tuple[EffectView, ...] = ()
    freed: Mapping[str, int] = field(default_factory=dict)
    """Freed half-days by the credential that the filled posts need ('' = none)."""
    changes: tuple[CellView, ...] = ()
    gaps: tuple[OpenView, ...] = ()
    restore_plan: tuple[RestoreStep, ...] = ()
    fingerprint: str = ""
    """What an approval answers."""
    execution: str | None = None
    """Id of the execution, once executed."""
    in_force: tuple[str, ...] = ()
    """Ids of executions that are not restored yet."""
