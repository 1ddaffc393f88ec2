"""The report of the checks as a page shows it: hours of both people, each tier with what was found and what passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from swaps.domain.findings import SwapFinding
from swaps.domain.tables import CHECKS, Actor, Tier, Verdict
from swaps.views.wording import CHECK, LEVEL, TIER, VERDICT, Word

SCALE = 1.5
"""The bar of hours ends at so many times the limit: an inpatient week of faculty alone is 108 of 80."""

CHECKED = (Tier.ONE, Tier.TWO, Tier.THREE, Tier.ANY)
"""What is checked once the intake is passed."""

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
    possible: bool = True

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


def lines_of(findings: Iterable[SwapFinding], reader: Actor, words: Mapping[int, Word] = VERDICT) -> list[LineView]:
    """Findings as one reader may read them, the gravest first."""
    ranked = sorted(findings, key=lambda found: -found.verdict)
    return [
        LineView(
            title=CHECK.get(found.code, found.code),
            text=found.text_for(reader),
            word=words[found.verdict],
            level=LEVEL[found.level] if found.level else "",
        )
        for found in ranked
    ]


def report_of(
    findings: Sequence[SwapFinding],
    *,
    reader: Actor,
    outcome: str,
    parties: list[PartyView],
    limit: float,
    words: Mapping[int, Word] = VERDICT,
) -> ReportView:
    """Tiers 1 to 3 always, the others where they found something; what is refused at intake is not checked further."""
    worst = max((found.verdict for found in findings), default=Verdict.PASS)
    refused = any(found.tier is Tier.INTAKE for found in findings)
    wanted = (Tier.INTAKE,) if refused else CHECKED
    met = {found.tier for found in findings}
    tiers = [_tier(tier, findings, reader, words) for tier in wanted if tier is not Tier.ANY or tier in met]
    return ReportView(words[worst], outcome, tiers, parties, limit, possible=worst is not Verdict.REJECT)


def _tier(tier: Tier, findings: Iterable[SwapFinding], reader: Actor, words: Mapping[int, Word]) -> TierView:
    found = [item for item in findings if item.tier == tier]
    worst = max((item.verdict for item in found), default=Verdict.PASS)
    met = {item.code for item in found} | NOT_LISTED
    passed = [check.code for check in CHECKS if check.tier == tier and check.code not in met and tier in CHECKED]
    return TierView(TIER[tier], words[worst], lines_of(found, reader, words), [CHECK[code] for code in passed])
