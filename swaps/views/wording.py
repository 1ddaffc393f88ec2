"""The words of swaps on pages: states, kinds, reasons, checks and actions, each with the tone it is shown in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from django.utils import timezone

from swaps.domain.candidates import Component
from swaps.domain.tables import Level, Reason, SwapStatus, SwapType, Tier, Verdict


class Word(NamedTuple):
    """A word and the tone of its tag (`ok`, `warn`, `bad`, `info`, or plain)."""

    text: str
    tone: str


STATUS: Mapping[str, Word] = {
    SwapStatus.PENDING: Word("Pending", "info"),
    SwapStatus.APPROVED: Word("Approved", "info"),
    SwapStatus.EXECUTED: Word("Executed", "ok"),
    SwapStatus.REJECTED: Word("Rejected", "bad"),
    SwapStatus.CANCELLED: Word("Cancelled", ""),
    SwapStatus.ROLLED_BACK: Word("Rolled back", ""),
    SwapStatus.ROLLBACK_FAILED: Word("Rollback failed", "bad"),
}

TYPE: Mapping[str, str] = {SwapType.ONE_TO_ONE: "Exchange", SwapType.ABSORB: "Takeover"}

REASON: Mapping[str, str] = {
    Reason.CONFERENCE: "Conference",
    Reason.PTO: "Time off (PTO)",
    Reason.FAMILY: "Family",
    Reason.ILLNESS: "Illness",
    Reason.MEDICAL: "Medical",
    Reason.FELLOWSHIP_INTERVIEW: "Fellowship interview",
    Reason.JOB_INTERVIEW: "Job interview",
    Reason.OTHER: "Other",
}

LEVEL: Mapping[int, str] = {
    Level.COORDINATOR: "coordinator",
    Level.ARCHITECT: "architect",
    Level.PROGRAM_DIRECTOR: "program director",
}

VERDICT: Mapping[int, Word] = {
    Verdict.PASS: Word("Passes", "ok"),
    Verdict.WARN: Word("Warning", "warn"),
    Verdict.ESCALATE: Word("To decide", "warn"),
    Verdict.REJECT: Word("Not possible", "bad"),
}

DECIDED_VERDICT: Mapping[int, Word] = {
    Verdict.PASS: Word("Passed", "ok"),
    Verdict.WARN: Word("Warning", "warn"),
    Verdict.ESCALATE: Word("Needed a decision", "warn"),
    Verdict.REJECT: Word("Not possible", "bad"),
}
"""The same once the swap is decided."""

TIER: Mapping[str, str] = {
    Tier.INTAKE: "The request itself",
    Tier.ONE: "Tier 1 · rules nobody may override",
    Tier.TWO: "Tier 2 · coverage, fairness, notice",
    Tier.THREE: "Tier 3 · how much the program can still lose",
    Tier.ANY: "Who has to look",
}

CHECK: Mapping[str, str] = {
    "HOURS_80": "80-hour rule",
    "DAY_FREE_IN_7": "1-in-7 rule",
    "REST_8": "8-hour rest",
    "REST_14": "14-hour rest after 24 h",
    "SUPERVISION": "Supervision ratios",
    "ABSENT": "Absences",
    "NOT_ELIGIBLE": "Eligibility",
    "DOUBLE_BOOKED": "Double booking",
    "BACK_TO_BACK_FMIT_3": "Consecutive FMIT weeks (3)",
    "BACK_TO_BACK_FMIT_2": "Consecutive FMIT weeks (2)",
    "COVERAGE_GAP": "Coverage",
    "APPROACHING_80": "75-hour warning",
    "IMMINENT": "Notice",
    "MOONLIGHTING": "Moonlighting",
    "FAIRNESS": "Fairness",
    "CONTINUITY": "Continuity clinic",
    "UTILIZATION": "Utilization",
    "RESILIENCE_DELTA": "Change of resilience",
    "N1": "Loss of any one person (N-1)",
    "BLAST_RADIUS": "Assignments touched",
    "SENSITIVE_REASON": "Confidential",
    "FAILED_ATTEMPTS": "Earlier attempts",
    "NOT_CARRIED": "Not in the new version",
    # What is refused at intake
    "SOURCE_NOT_FOUND": "The person who gives",
    "TARGET_NOT_FOUND": "The person who takes",
    "SELF_SWAP": "Two different people",
    "INVALID_SWAP_TYPE": "Kind of swap",
    "WEEK_NOT_ASSIGNED": "Duty to give",
    "DUPLICATE_REQUEST": "One request for a week",
    "PAST_DATE": "A week that has not begun",
    "TOO_FAR": "Not too far ahead",
    "RATE_LIMITED": "Number of requests",
    # Rules of the schedule that a swap may break beside those that the check table names
    "CALL_BEFORE_LEAVE": "Call before leave",
    "CALL_CONSECUTIVE": "Calls on consecutive nights",
    "CALL_EQUITY": "Even calls",
    "CALL_EVERY_3RD": "Call every third night",
    "CALL_SPACING": "Spacing of calls",
    "CLINIC_CAPACITY": "Clinic capacity",
    "CONTINUOUS_24": "24 hours of continuous duty",
    "DEMAND_MIN": "Demand",
    "FACULTY_WEEK_MAX": "Faculty week, most",
    "FACULTY_WEEK_MIN": "Faculty week, least",
    "FMIT_WEEK": "FMIT week and its calls",
    "FULL_DAYS": "Whole days",
    "HOME_CALL": "Home call",
    "HOURS_80_ROLLING": "80-hour rule, any four weeks",
    "N1_MARGIN": "Margins (N-1)",
    "NIGHT_FLOAT_6": "Nights in a row",
    "PATTERN": "Rotation pattern",
    "PGY1_MOONLIGHTING": "Moonlighting of a PGY-1",
    "POST_CALL": "Day after call",
    "PREFERENCE": "Wishes",
    "PROTECTED": "Protected sessions",
    "WEEKEND_EQUITY": "Even weekends",
}
"""Short names of the checks and rules, as titles of their findings."""

ENDED: Mapping[str, str] = {
    "DECLINED": "The partner declined.",
    "NOT_APPROVED": "It was not approved.",
    "NO_CONSENT": "Nobody answered in time.",
    "INTEGRITY_VIOLATION": "The rows were changed at the same moment; nothing was done.",
}
"""Why a swap ended, by its code; every other code is that of a check."""

COMPONENT: Mapping[str, str] = {
    Component.PREFERENCE: "Wishes",
    Component.DATE_CLOSENESS: "Own week close by",
    Component.WORKLOAD_BALANCE: "Lighter workload",
    Component.HISTORY: "Says yes often",
    Component.AVAILABILITY_SLACK: "Free in these sessions",
}


SHOWN_AS_DAYS = 48
"""Hours from which days are counted."""


def time_left(until: dt.datetime | None, at: dt.datetime) -> str:
    """``23 h 12 min``, ``4 min``, ``2 days 3 h``; empty when it is over or there is no end."""
    if until is None or until < at:
        return ""
    minutes = int((until - at).total_seconds() // 60)
    hours = minutes // 60
    if hours >= SHOWN_AS_DAYS:
        return f"{hours // 24} days {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def moment(at: dt.datetime | None) -> str:
    """``Sat 21 Nov, 14:05`` in the program's time zone; empty where it has not come."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{local:%a} {local.day} {local:%b, %H:%M}"


def week_label(days: tuple[dt.date, dt.date]) -> str:
    """``Fri 12 – Thu 18 Feb 2027``."""
    first, last = days
    start = f"{first:%a} {first.day}" if first.month == last.month else f"{first:%a} {first.day} {first:%b}"
    return f"{start} – {last:%a} {last.day} {last:%b %Y}"
