"""The report of one swap as Markdown, with the fields of the program's report form, from plain data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from swaps.domain.findings import SwapFinding
from swaps.domain.tables import Actor, SwapStatus, SwapType, Tier, Verdict

HOURS_CODES = ("HOURS_80", "APPROACHING_80", "MOONLIGHTING")
SHOWN = {
    "80-Hour Rule": HOURS_CODES,
    "1-in-7 Rule": ("DAY_FREE_IN_7",),
    "Supervision Ratios": ("SUPERVISION",),
    "Back-to-back conflicts": ("BACK_TO_BACK_FMIT_3", "BACK_TO_BACK_FMIT_2"),
    "Coverage gaps": ("COVERAGE_GAP",),
    "N-1 contingency": ("N1",),
}
"""The lines that the form names, by the codes they speak of; further findings follow in their tier."""


@dataclass(frozen=True, slots=True)
class Party:
    """One side. `week` None = takes without giving; `hours` a week, of 80."""

    name: str
    id: str
    week: dt.date | None
    hours: float


@dataclass(frozen=True, slots=True)
class SwapReport:
    """Everything the report says; times are aware. `utilization` is before and after, None = not measured."""

    request_id: str
    type: SwapType
    status: SwapStatus
    requested_by: str
    requested_at: dt.datetime
    source: Party
    target: Party
    findings: tuple[SwapFinding, ...]
    outcome: str
    """EXECUTED, REJECTED, ESCALATED or the state in which it waits."""
    rationale: str
    next_steps: tuple[str, ...]
    utilization: tuple[float | None, float | None] = (None, None)
    executed_at: dt.datetime | None = None
    transaction_id: str = ""
    rollback_until: dt.datetime | None = None
    hours_limit: float = 80


def markdown(report: SwapReport, *, reader: Actor) -> str:
    """The whole report for one reader: names and reasons only where a finding lets that reader see them."""
    lines = (
        "## Swap Execution Report",
        f"**Request ID:** {report.request_id}",
        f"**Type:** {report.type.name}",
        f"**Status:** {report.status.value}",
        f"**Requested By:** {report.requested_by}",
        f"**Requested At:** {report.requested_at.isoformat()}",
        "### Parties",
        *_party("Source Faculty", report.source, report.hours_limit),
        *_party("Target Faculty", report.target, report.hours_limit),
        "### Safety Check Results",
        *_tier_one(report, reader),
        *_tier_two(report, reader),
        *_tier_three(report, reader),
        "### Decision",
        f"- **Outcome:** {report.outcome}",
        f"- **Rationale:** {report.rationale}",
        f"- **Executed At:** {_time(report.executed_at)}",
        f"- **Swap ID:** {report.request_id if report.executed_at else '-'}",
        "### Audit Trail",
        "- Logged to: `swap_records` table",
        f"- Transaction ID: {report.transaction_id or '-'}",
        f"- Rollback eligible until: {_time(report.rollback_until)}",
        "### Next Steps",
        *(f"{number}. {step}" for number, step in enumerate(report.next_steps, start=1)),
    )
    return "\n".join(lines) + "\n"


def _time(at: dt.datetime | None) -> str:
    return at.isoformat() if at else "-"


def _party(title: str, party: Party, limit: float) -> Iterable[str]:
    yield f"- **{title}:** {party.name} (ID: {party.id})"
    yield f"  - Week: {party.week.isoformat() if party.week else 'null'}"
    yield f"  - Current Hours: {party.hours:.4g}/{limit:g}"


def _tier_one(report: SwapReport, reader: Actor) -> Iterable[str]:
    found = [item for item in report.findings if item.tier in (Tier.INTAKE, Tier.ONE) or item.verdict is Verdict.REJECT]
    failed = any(item.verdict is Verdict.REJECT for item in found)
    named = ("80-Hour Rule", "1-in-7 Rule", "Supervision Ratios")
    yield f"- **Tier 1 (Hard Constraints):** {'FAIL' if failed else 'PASS'}"
    yield from _lines(report, named, found, reader)


def _tier_two(report: SwapReport, reader: Actor) -> Iterable[str]:
    found = [
        item for item in report.findings if item.tier in (Tier.TWO, Tier.ANY) and item.verdict is not Verdict.REJECT
    ]
    yield f"- **Tier 2 (Soft Constraints):** {'WARN' if found else 'PASS'}"
    yield from _lines(report, ("Back-to-back conflicts", "Coverage gaps"), found, reader)


def _tier_three(report: SwapReport, reader: Actor) -> Iterable[str]:
    found = [item for item in report.findings if item.tier is Tier.THREE]
    before, after = ("not measured" if rate is None else f"{rate:.2f}" for rate in report.utilization)
    yield f"- **Tier 3 (Resilience):** {'WARN' if found else 'PASS'}"
    yield f"  - Utilization impact: {before}/{after}"
    yield from _lines(report, ("N-1 contingency",), found, reader)


def _lines(report: SwapReport, named: tuple[str, ...], found: Iterable[SwapFinding], reader: Actor) -> Iterable[str]:
    """A line for each named check, and one for every other finding of the tier."""
    shown: set[str] = set()
    for title in named:
        codes = SHOWN[title]
        about = [item for item in report.findings if item.code in codes]
        shown.update(codes)
        said = "; ".join(f"{item.verdict.name}: {item.text_for(reader)}" for item in about)
        yield f"  - {title}: {said or 'PASS'}"
    for item in found:
        if item.code not in shown:
            yield f"  - {item.code}: {item.verdict.name}: {item.text_for(reader)}"
