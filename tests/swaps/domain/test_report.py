"""The Markdown report, read whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from swaps.domain.findings import SwapFinding
from swaps.domain.report import Party, SwapReport, markdown
from swaps.domain.tables import Actor, Level, SwapStatus, SwapType, Tier, Verdict

AT = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)
CLEAN = SwapReport(
    request_id="7d7c0a54",
    type=SwapType.ONE_TO_ONE,
    status=SwapStatus.EXECUTED,
    requested_by="Attending 1",
    requested_at=AT,
    source=Party("Attending 1", "F1", dt.date(2026, 3, 13), 72.5),
    target=Party("Attending 2", "F2", dt.date(2026, 3, 27), 40),
    findings=(),
    outcome="EXECUTED",
    rationale="Both consent and every check passes.",
    next_steps=("Tell the clinic desk.", "Watch for complaints until the window ends."),
    utilization=(0.6, 0.625),
    executed_at=AT,
    transaction_id="4711",
    rollback_until=AT + dt.timedelta(hours=24),
)


def test_a_clean_exchange_has_exactly_the_fields_of_the_form():
    assert markdown(CLEAN, reader=Actor.COORDINATOR).splitlines() == [
        "## Swap Execution Report",
        "**Request ID:** 7d7c0a54",
        "**Type:** ONE_TO_ONE",
        "**Status:** EXECUTED",
        "**Requested By:** Attending 1",
        "**Requested At:** 2026-03-01T09:30:00+00:00",
        "### Parties",
        "- **Source Faculty:** Attending 1 (ID: F1)",
        "  - Week: 2026-03-13",
        "  - Current Hours: 72.5/80",
        "- **Target Faculty:** Attending 2 (ID: F2)",
        "  - Week: 2026-03-27",
        "  - Current Hours: 40/80",
        "### Safety Check Results",
        "- **Tier 1 (Hard Constraints):** PASS",
        "  - 80-Hour Rule: PASS",
        "  - 1-in-7 Rule: PASS",
        "  - Supervision Ratios: PASS",
        "- **Tier 2 (Soft Constraints):** PASS",
        "  - Back-to-back conflicts: PASS",
        "  - Coverage gaps: PASS",
        "- **Tier 3 (Resilience):** PASS",
        "  - Utilization impact: 0.60/0.62",
        "  - N-1 contingency: PASS",
        "### Decision",
        "- **Outcome:** EXECUTED",
        "- **Rationale:** Both consent and every check passes.",
        "- **Executed At:** 2026-03-01T09:30:00+00:00",
        "- **Swap ID:** 7d7c0a54",
        "### Audit Trail",
        "- Logged to: `swap_records` table",
        "- Transaction ID: 4711",
        "- Rollback eligible until: 2026-03-02T09:30:00+00:00",
        "### Next Steps",
        "1. Tell the clinic desk.",
        "2. Watch for complaints until the window ends.",
    ]


def test_findings_fail_their_tier_and_hide_what_the_reader_may_not_know():
    absent = SwapFinding("ABSENT", Tier.ONE, Verdict.REJECT, "Attending 2 is on TDY.", "The partner is away.")
    private = SwapFinding(
        "SENSITIVE_REASON",
        Tier.ANY,
        Verdict.ESCALATE,
        "medical",
        "The program director decides this request.",
        level=Level.PROGRAM_DIRECTOR,
        readers=frozenset({Actor.PROGRAM_DIRECTOR}),
    )
    report = replace(
        CLEAN,
        findings=(absent, private),
        executed_at=None,
        rollback_until=None,
        transaction_id="",
        utilization=(None, None),
        type=SwapType.ABSORB,
        target=replace(CLEAN.target, week=None),
    )

    text = markdown(report, reader=Actor.PARTNER)

    assert "- **Tier 1 (Hard Constraints):** FAIL\n" in text
    assert "  - ABSENT: REJECT: The partner is away.\n" in text
    assert "- **Tier 2 (Soft Constraints):** WARN\n" in text
    assert "  - SENSITIVE_REASON: ESCALATE: The program director decides this request.\n" in text
    assert "  - Week: null\n" in text
    assert "  - Utilization impact: not measured/not measured\n" in text
    assert "- **Swap ID:** -\n" in text
    assert "medical" not in text
    assert "medical" in markdown(report, reader=Actor.PROGRAM_DIRECTOR)
