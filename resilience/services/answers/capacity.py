"""Answers about how full the horizon is, what the zones carry, and how long a loss can be borne."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from resilience.services.answers.answering import Answer, PersonRef

# --- check_utilization_threshold_tool ---------------------------------------------------------------------------------


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


# --- calculate_blast_radius_tool --------------------------------------------------------------------------------------


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


# --- analyze_le_chatelier_tool ----------------------------------------------------------------------------------------


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
