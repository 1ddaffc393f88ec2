"""What the tools answer: one dataclass each, plain enough to be sent as JSON and typed enough to be shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from resilience.domain.covering import OpenPost
from resilience.domain.levels import Level


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person as answers name them."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What every tool says. UNKNOWN levels carry their reason in `message`; figures that are unknown are None."""

    level: Level
    message: str
    data_age_seconds: int | None
    """Age of the oldest evaluation that the answer rests on; None = nothing was ever evaluated."""
    start: dt.date | None = None
    end: dt.date | None = None
    """The dates that were looked at, both included; None where the tool looks at none."""

    def as_json(self) -> dict[str, Any]:
        """Plain data: levels and enums by name, dates as ISO text, fractions as numbers."""
        found = plain(self)
        assert isinstance(found, dict)  # noqa: S101 - for the type checker
        return found


def plain(value: Any) -> Any:
    """Dataclasses, enums, numbers, dates and collections as JSON data."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    return next((to_plain(value) for kinds, to_plain in _PLAIN if isinstance(value, kinds)), value)


_PLAIN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (IntEnum, lambda value: value.name),
    (Enum, lambda value: value.value),
    ((Fraction, float), lambda value: round(float(value), 4)),
    (dt.date, lambda value: value.isoformat()),
    (Mapping, lambda value: {str(plain(key)): plain(item) for key, item in value.items()}),
    ((tuple, list), lambda value: [plain(item) for item in value]),
    ((set, frozenset), lambda value: sorted(plain(item) for item in value)),
    (UUID, str),
)
"""The first kind that fits: an IntEnum goes by its name, any other enum by its value."""


# --- parts that several answers share --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MarginPoint:
    """k* of one session."""

    date: dt.date
    session: str
    margin: int
    certificate: str
    people: tuple[PersonRef, ...] = ()
    critical: tuple[PersonRef, ...] = ()


@dataclass(frozen=True, slots=True)
class CellView:
    """One changed cell."""

    person: PersonRef
    date: dt.date
    session: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class OpenView:
    """A post that stays short of people."""

    date: dt.date
    session: str
    post: str
    missing: int


def open_views(posts: Iterable[OpenPost]) -> tuple[OpenView, ...]:
    """Open posts of the core as answers show them."""
    return tuple(OpenView(post.day, post.session.value, post.label, post.missing) for post in posts)


# --- check_utilization_threshold_tool --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BottleneckView:
    """The posts that take the greatest share of the people who could do them."""

    date: dt.date
    session: str
    posts: tuple[str, ...]
    needed: int
    people: tuple[PersonRef, ...]
    rate: float | None
    """d(X) / |N(X)|; None where nobody could do what is asked."""
    margin: int


@dataclass(frozen=True, kw_only=True)
class UtilizationAnswer(Answer):
    demanded: int | None = None
    """Person-half-days."""
    available: int | None = None
    rate: float | None = None
    threshold: float = 0.80
    bottleneck: BottleneckView | None = None
    margin: int | None = None
    """k* over every demand of the horizon's half-days."""
    pool: int | None = None
    buffer: int | None = None
    """Further person-half-days up to a rate of 0.80; negative = too many."""
    safe_maximum: int | None = None
    wait_days: float | None = None
    wait_reason: str = ""


# --- get_defense_level_tool ------------------------------------------------------------------------------------------


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


# --- run_contingency_analysis_resilience_tool ------------------------------------------------------------------------


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
class ScenarioView:
    name: str
    people: tuple[PersonRef, ...]
    start: dt.date
    end: dt.date
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


# --- get_static_fallbacks_tool ---------------------------------------------------------------------------------------


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


# --- execute_sacrifice_hierarchy_tool --------------------------------------------------------------------------------


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


# --- analyze_homeostasis_tool ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoopView:
    loop: str
    state: str
    """IN_BAND, DRIFTING, OUT_OF_BAND or UNKNOWN."""
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


# --- calculate_blast_radius_tool -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ZoneView:
    zone: str
    demanded: int
    isolated: int
    """Session posts open if the zone had only its own people."""
    borrowing: int
    """Open with the legal loans."""
    pooled: int
    """Open with everybody in one pool."""
    margin: int | None
    """k* of the zone's posts over its own people; None where it demands nobody."""
    borrowed: int
    lent: int
    affected: bool


@dataclass(frozen=True, slots=True)
class LoanView:
    person: PersonRef
    lender: str
    borrower: str
    date: dt.date
    session: str
    post: str


@dataclass(frozen=True, kw_only=True)
class BlastAnswer(Answer):
    zones: tuple[ZoneView, ...] = ()
    affected: float | None = None
    """Zones that are short or lend, out of all."""
    loans: tuple[LoanView, ...] = ()
    containment: str = "UNKNOWN"
    needs_approval: bool = False
    """Loans at MODERATE or above."""


# --- analyze_le_chatelier_tool ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EquilibriumView:
    shed: str | None
    """Level of work given up; None = none."""
    days: int
    exhausted_on: dt.date | None
    debt: int
    sustainable: bool


@dataclass(frozen=True, kw_only=True)
class LeChatelierAnswer(Answer):
    lost: tuple[PersonRef, ...] = ()
    horizon_days: int | None = None
    days_until_exhaustion: int | None = None
    exhausted_on: dt.date | None = None
    debt: int | None = None
    """Owed half-days off."""
    sustainable: bool | None = None
    by_level: tuple[EquilibriumView, ...] = ()
    approvals: tuple[str, ...] = ()
    """Of what follows: overtime, deferred leave, external staff."""


# --- analyze_hub_centrality_tool -------------------------------------------------------------------------------------


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


# --- assess_cognitive_load_tool --------------------------------------------------------------------------------------


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


# --- check_mtf_compliance_tool ---------------------------------------------------------------------------------------


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
