"""Every check of a swap, and what they find together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from schedules.domain.rules import HARD_RULES
from swaps.domain.checks.case import Case, Checked, Untouched
from swaps.domain.checks.coverage import coverage_gap, resilience
from swaps.domain.checks.parties import approaching_80, back_to_back, fairness, moonlighting
from swaps.domain.checks.request import blast_radius, continuity, failed_attempts, imminent, sensitive_reason
from swaps.domain.checks.rules import absences, broken_rules, kept_rows
from swaps.domain.exchange import Exchange
from swaps.domain.findings import Assessment, SwapFacts
from swaps.domain.tables import SwapPolicy

TIER_ONE_CHECKS: tuple[Callable[[Case], Checked], ...] = (broken_rules, absences, kept_rows, back_to_back)

ALL_CHECKS = (
    *TIER_ONE_CHECKS,
    coverage_gap,
    approaching_80,
    imminent,
    moonlighting,
    fairness,
    continuity,
    resilience,
    blast_radius,
    sensitive_reason,
    failed_attempts,
)


def assess(before: Untouched, exchange: Exchange, facts: SwapFacts, *, policy: SwapPolicy) -> Assessment:
    """Judge a planned swap by every row of the check table; intake is judged before, by what was asked."""
    case = Case(before, exchange, facts, policy)
    return replace(_decide(case, ALL_CHECKS), utilization=case.utilization)


def assess_tier_one(before: Untouched, exchange: Exchange, facts: SwapFacts, *, policy: SwapPolicy) -> Assessment:
    """Only what may reject: the hard rules and three FMIT weeks in a row. For searching partners and weeks."""
    return _decide(Case(before, exchange, facts, policy, HARD_RULES), TIER_ONE_CHECKS)


def _decide(case: Case, checks: tuple[Callable[[Case], Checked], ...]) -> Assessment:
    found = tuple(item for judge in checks for item in judge(case) if item is not None)
    return Assessment(findings=found, before=case.reports[0], after=case.reports[1])
