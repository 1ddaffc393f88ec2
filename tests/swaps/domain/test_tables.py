"""The tables of swaps, read literally."""

from __future__ import annotations

import datetime as dt

import pytest

from swaps.domain.tables import (
    CHECK,
    CHECKS,
    ESCALATION,
    SENSITIVE_REASONS,
    TRANSITIONS,
    Actor,
    Level,
    SwapPolicy,
    SwapStatus,
    Tier,
    Verdict,
    can_roll_back,
    may_move,
)

POLICY = SwapPolicy()
PASS, WARN, UP, REJECT = Verdict.PASS, Verdict.WARN, Verdict.ESCALATE, Verdict.REJECT
AT = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)


def test_the_transitions_are_those_of_the_specification():
    assert [
        (row.before and row.before.value, row.after.value, {who.value for who in row.who}) for row in TRANSITIONS
    ] == [
        (None, "PENDING", {"requester", "coordinator", "program_director", "administrator"}),
        ("PENDING", "REJECTED", {"checks", "partner", "approver"}),
        (
            "PENDING",
            "APPROVED",
            {"partner", "approver", "coordinator", "program_director", "administrator", "system"},
        ),
        ("APPROVED", "EXECUTED", {"system"}),
        ("APPROVED", "REJECTED", {"system"}),
        ("PENDING", "CANCELLED", {"requester", "system"}),
        ("EXECUTED", "ROLLED_BACK", {"requester", "administrator", "program_director", "system"}),
        ("EXECUTED", "ROLLBACK_FAILED", {"system"}),
    ]


@pytest.mark.parametrize(
    "final", [SwapStatus.ROLLED_BACK, SwapStatus.ROLLBACK_FAILED, SwapStatus.REJECTED, SwapStatus.CANCELLED]
)
def test_nothing_follows_a_final_state(final):
    assert [(after, who) for after in SwapStatus for who in Actor if may_move(final, after, who)] == []


def test_a_coordinator_does_not_roll_back_and_a_partner_does_not_cancel():
    assert not may_move(SwapStatus.EXECUTED, SwapStatus.ROLLED_BACK, Actor.COORDINATOR)
    assert not may_move(SwapStatus.PENDING, SwapStatus.CANCELLED, Actor.PARTNER)
    assert may_move(SwapStatus.PENDING, SwapStatus.REJECTED, Actor.PARTNER)


def test_the_rollback_window_ends_after_its_24th_hour():
    end = AT + dt.timedelta(hours=24)

    assert can_roll_back(SwapStatus.EXECUTED, AT, end, POLICY)
    assert not can_roll_back(SwapStatus.EXECUTED, AT, end + dt.timedelta(microseconds=1), POLICY)
    assert not can_roll_back(SwapStatus.ROLLED_BACK, AT, AT, POLICY)


def test_the_check_table_has_every_code_in_its_tier():
    codes = {tier: [check.code for check in CHECKS if check.tier is tier] for tier in Tier}

    assert codes == {
        Tier.INTAKE: [
            *("SOURCE_NOT_FOUND", "TARGET_NOT_FOUND", "SELF_SWAP", "INVALID_SWAP_TYPE", "WEEK_NOT_ASSIGNED"),
            *("DUPLICATE_REQUEST", "PAST_DATE", "TOO_FAR", "RATE_LIMITED"),
        ],
        Tier.ONE: [
            *("HOURS_80", "DAY_FREE_IN_7", "REST_8", "REST_14", "SUPERVISION", "ABSENT", "NOT_ELIGIBLE"),
            *("DOUBLE_BOOKED", "BACK_TO_BACK_FMIT_3"),
        ],
        Tier.TWO: [
            *("BACK_TO_BACK_FMIT_2", "COVERAGE_GAP", "APPROACHING_80", "IMMINENT", "MOONLIGHTING", "FAIRNESS"),
            "CONTINUITY",
        ],
        Tier.THREE: ["UTILIZATION", "RESILIENCE_DELTA", "N1", "BLAST_RADIUS"],
        Tier.ANY: ["SENSITIVE_REASON", "FAILED_ATTEMPTS"],
    }


@pytest.mark.parametrize(
    ("code", "measured", "verdict", "level"),
    [
        ("BACK_TO_BACK_FMIT_3", 2, PASS, None),
        ("BACK_TO_BACK_FMIT_3", 3, REJECT, None),
        ("BACK_TO_BACK_FMIT_2", 1, PASS, None),
        ("BACK_TO_BACK_FMIT_2", 2, UP, Level.COORDINATOR),
        ("IMMINENT", 14, PASS, None),
        ("IMMINENT", 13.9, WARN, None),
        ("IMMINENT", 7, WARN, None),
        ("IMMINENT", 6.9, UP, Level.COORDINATOR),
        ("MOONLIGHTING", 80, UP, Level.PROGRAM_DIRECTOR),
        ("MOONLIGHTING", 80.1, REJECT, None),
        ("FAIRNESS", 1.5, PASS, None),
        ("FAIRNESS", 2, WARN, None),
        ("FAIRNESS", 2.1, UP, Level.COORDINATOR),
        ("CONTINUITY", 2, PASS, None),
        ("CONTINUITY", 3, WARN, None),
        ("CONTINUITY", 4, WARN, None),
        ("CONTINUITY", 5, UP, Level.PROGRAM_DIRECTOR),
        ("UTILIZATION", 0.80, PASS, None),
        ("UTILIZATION", 0.85, WARN, None),
        ("UTILIZATION", 0.86, UP, Level.ARCHITECT),
        ("RESILIENCE_DELTA", 0.05, PASS, None),
        ("RESILIENCE_DELTA", 0.10, UP, Level.COORDINATOR),
        ("RESILIENCE_DELTA", 0.11, UP, Level.ARCHITECT),
        ("BLAST_RADIUS", 10, PASS, None),
        ("BLAST_RADIUS", 11, UP, Level.ARCHITECT),
        ("FAILED_ATTEMPTS", 2, PASS, None),
        ("FAILED_ATTEMPTS", 3, UP, Level.COORDINATOR),
    ],
)
def test_every_threshold_on_both_sides(code, measured, verdict, level):
    band = CHECK[code].band(measured, POLICY)

    assert (band.verdict if band else PASS, band.level if band else None) == (verdict, level)


def test_the_escalation_matrix_is_that_of_the_specification():
    assert {
        row.level.name: (
            getattr(SwapPolicy(), row.time).total_seconds() / 3600,
            row.business,
            row.channels,
            row.next_level,
        )
        for row in ESCALATION.values()
    } == {
        "COORDINATOR": (4, True, ("queue", "mail"), Level.PROGRAM_DIRECTOR),
        "PROGRAM_DIRECTOR": (24, False, ("queue", "mail"), None),
        "ARCHITECT": (48, False, ("queue", "mail"), Level.PROGRAM_DIRECTOR),
    }


def test_the_limits_are_those_of_the_specification():
    assert (POLICY.requests_per_day, POLICY.pending_per_person, POLICY.days_ahead, POLICY.reason_length) == (
        *(10, 5, 180, 500),
    )
    assert (POLICY.consent_time, POLICY.rollback_time) == (dt.timedelta(hours=48), dt.timedelta(hours=24))
    assert {kind.value: points for kind, points in POLICY.continuity_points.items()} == {
        "own panel clinic": 2,
        "follow-up": 3,
        "teaching": 1,
        "procedure": 2,
    }
    assert {reason.value for reason in SENSITIVE_REASONS} == {
        *("fellowship_interview", "job_interview", "medical", "family"),
    }
