"""The report of the checks as a page shows it: hours of both people, each tier with what was found and what passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from swaps.domain.findings import SwapFinding
from swaps.domain.tables import CHECKS, Actor, Tier, Verdict
from swaps.views.wording import CHECK, LEVEL, TIER, VERDICT, Word

SCALE = 1.5
"""The bar of hours ends at so many times the limit: an inpatient week of faculty alone is 108 of 80."""

NOT_LISTED = {"SENSITIVE_REASON"}
"""A check that passed is named, but for this one: not being sensitive is nobody's news."""


@dataclass(frozen=True)
class PartyView:
    """One side: hours of the week judged, before and after, of the weekly limit."""

    name: str
    week: str
    before: float
    after: float
    judged: bool
    """Duty-hour rules bind residents; of faculty the hours are only told."""


@dataclass(frozen=True)
class LineView:
    """One finding."""

    title: str
    text: str
    word: Word
    level: str


@dataclass(frozen=True)
class TierView:
    """One tier with its findings, gravest first, and the names of the checks that passed."""

    title: str
    word: Word
    lines: list[LineView]
    passed: list[str]


@dataclass(frozen=True)
class ReportView:
    """Everything the page says of the checks."""

    word: Word
    outcome: str
    tiers: list[TierView]
    parties: list[PartyView] = field(default_factory=list)
    limit: float = 80

    @property
    def hours(self) -> list[dict[str, Any]]:
        """The parties with their bars, in percent of a scale beyond the limit."""
        scale = self.limit * SCALE
        return [
            {
                "party": party,
                "percent": min(100, round(party.after / scale * 100)),
                "tone": "warn" if party.judged and party.after > self.limit else "",
            }
            for party in self.parties
        ]

    @property
    def has_faculty(self) -> bool:
        return any(not party.judged for party in self.parties)

    @property
    def limit_percent(self) -> float:
        return round(100 / SCALE, 1)

    @property
    def possible(self) -> bool:
        return self.word is not VERDICT[Verdict.REJECT]


def lines_of(findings: Iterable[SwapFinding], reader: Actor) -> list[LineView]:
    """Findings as one reader may read them, the gravest first."""
    ranked = sorted(findings, key=lambda found: -found.verdict)
    return [
        LineView(
            title=CHECK.get(found.code, found.code),
            text=found.text_for(reader),
            word=VERDICT[found.verdict],
            level=LEVEL[found.level] if found.level else "",
        )
        for found in ranked
    ]


def report_of(
    findings: Sequence[SwapFinding], *, reader: Actor, outcome: str, parties: list[PartyView], limit: float
) -> ReportView:
    """Tiers 1 to 3 always, the others where they found something."""
    worst = max((found.verdict for found in findings), default=Verdict.PASS)
    tiers = [_tier(tier, findings, reader) for tier in (Tier.INTAKE, Tier.ONE, Tier.TWO, Tier.THREE, Tier.ANY)]
    shown = [tier for tier in tiers if tier.lines or tier.title in {TIER[t] for t in (Tier.ONE, Tier.TWO, Tier.THREE)}]
    return ReportView(VERDICT[worst], outcome, shown, parties, limit)


def _tier(tier: Tier, findings: Iterable[SwapFinding], reader: Actor) -> TierView:
    found = [item for item in findings if item.tier == tier]
    worst = max((item.verdict for item in found), default=Verdict.PASS)
    met = {item.code for item in found} | NOT_LISTED
    passed = [CHECK[check.code] for check in CHECKS if check.tier == tier and check.code in CHECK]
    return TierView(
        title=TIER[tier],
        word=VERDICT[worst],
        lines=lines_of(found, reader),
        passed=[name for name in passed if name not in {CHECK.get(code) for code in met}],
    )
