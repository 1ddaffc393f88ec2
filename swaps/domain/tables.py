"""The tables of swaps as data: states and transitions, checks, escalation, limits and reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType

from schedules.domain.problem import Weekday


class SwapType(StrEnum):
    ONE_TO_ONE = "one_to_one"
    ABSORB = "absorb"


class SwapStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    EXECUTED = "EXECUTED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    ROLLED_BACK = "ROLLED_BACK"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"


class Actor(StrEnum):
    """In which capacity somebody moves a swap."""

    REQUESTER = "requester"
    PARTNER = "partner"
    APPROVER = "approver"
    """The escalation matrix's approver of the case; never requester or partner."""
    COORDINATOR = "coordinator"
    PROGRAM_DIRECTOR = "program_director"
    ADMINISTRATOR = "administrator"
    CHECKS = "checks"
    SYSTEM = "system"


class Level(IntEnum):
    """Who decides an escalated case, the highest last: a late architect's case goes to the program director."""

    COORDINATOR = 1
    ARCHITECT = 2
    PROGRAM_DIRECTOR = 3


class Tier(StrEnum):
    INTAKE = "intake"
    ONE = "1"
    TWO = "2"
    THREE = "3"
    ANY = "any"


class Verdict(IntEnum):
    """What a finding asks for, the gravest last."""

    PASS = 0
    WARN = 1
    ESCALATE = 2
    REJECT = 3


class Compare(StrEnum):
    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"

    def holds(self, measured: float, limit: float) -> bool:
        if self is Compare.ABOVE:
            return measured > limit
        return measured >= limit if self is Compare.AT_LEAST else measured < limit


class Reason(StrEnum):
    """Why somebody gives duty away; free text is kept beside it."""

    CONFERENCE = "conference"
    PTO = "pto"
    FAMILY = "family"
    ILLNESS = "illness"
    MEDICAL = "medical"
    FELLOWSHIP_INTERVIEW = "fellowship_interview"
    JOB_INTERVIEW = "job_interview"
    OTHER = "other"


SENSITIVE_REASONS = frozenset({Reason.FELLOWSHIP_INTERVIEW, Reason.JOB_INTERVIEW, Reason.MEDICAL, Reason.FAMILY})
"""The program director decides, and reads the text alone."""

SENSITIVE_WORDS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.FELLOWSHIP_INTERVIEW: r"_fellowships?_",
        Reason.JOB_INTERVIEW: r"_(interview\w*|jobs?)_",
        Reason.MEDICAL: r"_medical\w*_",
        Reason.FAMILY: r"_family_(?!medicine_)",
    }
)
"""How free text without a code tells a sensitive reason, the first that matches: lower-case words between underscores.
Family medicine is the program's field, not its people's families."""


class ContinuityKind(StrEnum):
    """Kinds of continuity-clinic sessions that a hand-off has to bridge."""

    PANEL = "own panel clinic"
    FOLLOW_UP = "follow-up"
    TEACHING = "teaching"
    PROCEDURE = "procedure"


@dataclass(frozen=True, slots=True)
class SwapPolicy:
    """The program's numbers for swaps, every one editable: no constants of the code."""

    # Limits of requests
    requests_per_day: int = 10
    pending_per_person: int = 5
    days_ahead: int = 180
    reason_length: int = 500
    consent_time: dt.timedelta = dt.timedelta(hours=48)
    rollback_time: dt.timedelta = dt.timedelta(hours=24)
    monitoring_time: dt.timedelta = dt.timedelta(hours=24)
    first_monitoring_after: dt.timedelta = dt.timedelta(minutes=5)
    monitoring_every: dt.timedelta = dt.timedelta(hours=1)
    alternatives: int = 3
    # The swap week
    fmit_week_starts_on: int = Weekday.FRI
    other_week_starts_on: int = Weekday.MON
    # Thresholds of the checks, named by the bands of `CHECKS`
    fmit_weeks_reject: float = 3
    fmit_weeks_escalate: float = 2
    imminent_warn_days: float = 14
    imminent_escalate_days: float = 7
    gap_at_once_days: float = 1
    moonlighting_reject_hours: float = 80
    fairness_warn_sigma: float = 1.5
    fairness_escalate_sigma: float = 2
    continuity_plan_points: float = 3
    continuity_escalate_points: float = 5
    utilization_warn: float = 0.80
    utilization_escalate: float = 0.85
    resilience_coordinator_delta: float = 0.05
    resilience_architect_delta: float = 0.10
    blast_radius: float = 10
    failed_attempts: float = 3
    failed_attempts_days: int = 30
    fairness_months: int = 3
    fairness_least_sigma: float = 1
    """Weeks: with everybody even, one absorbed week is no outlier."""
    continuity_points: Mapping[ContinuityKind, int] = field(
        default_factory=lambda: MappingProxyType(
            {
                ContinuityKind.PANEL: 2,
                ContinuityKind.FOLLOW_UP: 3,
                ContinuityKind.TEACHING: 1,
                ContinuityKind.PROCEDURE: 2,
            }
        )
    )
    continuity_activities: Mapping[str, ContinuityKind] = field(
        default_factory=lambda: MappingProxyType(
            {
                "C": ContinuityKind.PANEL,
                "CV": ContinuityKind.FOLLOW_UP,
                "HV": ContinuityKind.FOLLOW_UP,
                "PR": ContinuityKind.PROCEDURE,
                "VAS": ContinuityKind.PROCEDURE,
            }
        )
    )
    """What a resident's half-day of an activity is to continuity; faculty hold clinics of no panel of their own."""
    # How long the approvers of each level have, and the working hours that the coordinator's time counts
    coordinator_time: dt.timedelta = dt.timedelta(hours=4)
    director_time: dt.timedelta = dt.timedelta(hours=24)
    architect_time: dt.timedelta = dt.timedelta(hours=48)
    opens_at: dt.time = dt.time(8)
    closes_at: dt.time = dt.time(17)
    working_days: frozenset[int] = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the transition table. `before` None = the request is new."""

    before: SwapStatus | None
    after: SwapStatus
    who: frozenset[Actor]
    note: str


def _row(before: SwapStatus | None, after: SwapStatus, who: str, note: str) -> Transition:
    return Transition(before, after, frozenset(Actor(name) for name in who.split()), note)


_S = SwapStatus
TRANSITIONS = (
    _row(
        None,
        _S.PENDING,
        "requester coordinator program_director administrator",
        "The person for their own assignments; coordinator, program director, administrator for others.",
    ),
    _row(
        _S.PENDING,
        _S.REJECTED,
        "checks partner approver",
        "The checks (tier 1), the partner (declines), or the approver.",
    ),
    _row(
        _S.PENDING,
        _S.APPROVED,
        "partner approver coordinator program_director administrator system",
        "The partner consents (48 h) and nothing escalates, or the approver of the matrix; a staff request that "
        "states the consent and one that takes a marketplace offer carry consent.",
    ),
    _row(_S.APPROVED, _S.EXECUTED, "system", "At once, where consent is given and all is clean."),
    _row(_S.APPROVED, _S.REJECTED, "system", "Execution or verification failed: INTEGRITY_VIOLATION."),
    _row(
        _S.PENDING,
        _S.CANCELLED,
        "requester system",
        "The requester; the system after 48 h without consent.",
    ),
    _row(
        _S.EXECUTED,
        _S.ROLLED_BACK,
        "requester administrator program_director system",
        "With a reason, within 24 h of the execution, inclusive; the system on a critical finding.",
    ),
    _row(_S.EXECUTED, _S.ROLLBACK_FAILED, "system", "Touched rows were changed meanwhile."),
)


def transition(before: SwapStatus | None, after: SwapStatus) -> Transition | None:
    """The row of the table, or None where the state may not follow."""
    return next((row for row in TRANSITIONS if (row.before, row.after) == (before, after)), None)


def may_move(before: SwapStatus | None, after: SwapStatus, actor: Actor) -> bool:
    """Whether the state may follow and this actor may bring it about."""
    row = transition(before, after)
    return row is not None and actor in row.who


def can_roll_back(status: SwapStatus, executed_at: dt.datetime | None, at: dt.datetime, policy: SwapPolicy) -> bool:
    """Whether an executed swap is still within its window, the last instant included."""
    return status is _S.EXECUTED and executed_at is not None and at <= executed_at + policy.rollback_time


@dataclass(frozen=True, slots=True)
class Band:
    """What follows where the measure compares so with the named number of the policy; '' = whenever it is found."""

    verdict: Verdict
    level: Level | None = None
    compare: Compare = Compare.AT_LEAST
    limit: str = ""

    def holds(self, measured: float | None, policy: SwapPolicy) -> bool:
        if not self.limit:
            return True
        return measured is not None and self.compare.holds(measured, float(getattr(policy, self.limit)))


@dataclass(frozen=True, slots=True)
class Check:
    """One code of the check table with its bands, the gravest last."""

    tier: Tier
    code: str
    sentence: str
    bands: tuple[Band, ...]

    def band(self, measured: float | None, policy: SwapPolicy) -> Band | None:
        """The gravest band that the measure reaches; None = passed."""
        return next((band for band in reversed(self.bands) if band.holds(measured, policy)), None)


_REJECT = (Band(Verdict.REJECT),)
_INTAKE = {
    "SOURCE_NOT_FOUND": "The person who gives is known and active.",
    "TARGET_NOT_FOUND": "The person who takes is known and active.",
    "SELF_SWAP": "Nobody swaps with themselves.",
    "INVALID_SWAP_TYPE": "one_to_one names a week of the partner, absorb names none.",
    "WEEK_NOT_ASSIGNED": "The giver has duty in the week.",
    "DUPLICATE_REQUEST": "One open request per person and week.",
    "PAST_DATE": "The week has not begun.",
    "TOO_FAR": "The week begins within 180 days.",
    "RATE_LIMITED": "10 requests a day and 5 pending ones.",
}
_RULES = {
    "HOURS_80": "A resident party stays within 80.0 h a week.",
    "DAY_FREE_IN_7": "A resident party keeps the days free of duty.",
    "REST_8": "A resident party keeps the rest between duties.",
    "REST_14": "A resident party keeps the rest after 24 hours.",
    "SUPERVISION": "Every half-day keeps its supervisors.",
    "ABSENT": "Nobody takes duty during an approved absence.",
    "NOT_ELIGIBLE": "Role, level and credential allow the activity.",
    "DOUBLE_BOOKED": "One activity per person and session.",
}


def _over(verdict: Verdict, limit: str, level: Level | None = None, compare: Compare = Compare.ABOVE) -> Band:
    return Band(verdict, level, compare, limit)


_WARN, _UP = Verdict.WARN, Verdict.ESCALATE
CHECKS = (
    *(Check(Tier.INTAKE, code, sentence, _REJECT) for code, sentence in _INTAKE.items()),
    *(Check(Tier.ONE, code, sentence, _REJECT) for code, sentence in _RULES.items()),
    Check(
        Tier.ONE,
        "BACK_TO_BACK_FMIT_3",
        "Nobody leads three or more consecutive FMIT weeks.",
        (_over(Verdict.REJECT, "fmit_weeks_reject", compare=Compare.AT_LEAST),),
    ),
    Check(
        Tier.TWO,
        "BACK_TO_BACK_FMIT_2",
        "Two consecutive FMIT weeks are for the coordinator to decide.",
        (_over(_UP, "fmit_weeks_escalate", Level.COORDINATOR, Compare.AT_LEAST),),
    ),
    Check(
        Tier.TWO,
        "COVERAGE_GAP",
        "A demand minimum newly unfilled: with a replacement the coordinator, without one the program director.",
        (Band(_UP, Level.COORDINATOR), Band(_UP, Level.PROGRAM_DIRECTOR)),
    ),
    Check(Tier.TWO, "APPROACHING_80", "Above 75 h a week is a warning.", (Band(_WARN),)),
    Check(
        Tier.TWO,
        "IMMINENT",
        "Starts in less than 14 days: warning; less than 7: coordinator; a gap in less than 24 h: program director.",
        (
            _over(_WARN, "imminent_warn_days", compare=Compare.BELOW),
            _over(_UP, "imminent_escalate_days", Level.COORDINATOR, Compare.BELOW),
            _over(_UP, "gap_at_once_days", Level.PROGRAM_DIRECTOR, Compare.BELOW),
        ),
    ),
    Check(
        Tier.TWO,
        "MOONLIGHTING",
        "With moonlighting above 80 h: rejected, otherwise the program director decides.",
        (Band(_UP, Level.PROGRAM_DIRECTOR), _over(Verdict.REJECT, "moonlighting_reject_hours")),
    ),
    Check(
        Tier.TWO,
        "FAIRNESS",
        "Given minus taken of three months: above 1.5 sigma a warning, above 2 the coordinator.",
        (_over(_WARN, "fairness_warn_sigma"), _over(_UP, "fairness_escalate_sigma", Level.COORDINATOR)),
    ),
    Check(
        Tier.TWO,
        "CONTINUITY",
        "3 or 4 points of continuity clinic need a hand-off plan, 5 the program director.",
        (
            _over(_WARN, "continuity_plan_points", compare=Compare.AT_LEAST),
            _over(_UP, "continuity_escalate_points", Level.PROGRAM_DIRECTOR, Compare.AT_LEAST),
        ),
    ),
    Check(
        Tier.THREE,
        "UTILIZATION",
        "Above 0.80 a warning, above 0.85 the architect.",
        (_over(_WARN, "utilization_warn"), _over(_UP, "utilization_escalate", Level.ARCHITECT)),
    ),
    Check(
        Tier.THREE,
        "RESILIENCE_DELTA",
        "Worse by more than 0.05: coordinator; by more than 0.10: architect.",
        (
            _over(_UP, "resilience_coordinator_delta", Level.COORDINATOR),
            _over(_UP, "resilience_architect_delta", Level.ARCHITECT),
        ),
    ),
    Check(Tier.THREE, "N1", "Newly not N-1 secure: the architect decides.", (Band(_UP, Level.ARCHITECT),)),
    Check(
        Tier.THREE,
        "BLAST_RADIUS",
        "More than 10 assignments touched: the architect decides.",
        (_over(_UP, "blast_radius", Level.ARCHITECT),),
    ),
    Check(
        Tier.ANY,
        "SENSITIVE_REASON",
        "Interviews, medical and family reasons go to the program director, who alone reads the text.",
        (Band(_UP, Level.PROGRAM_DIRECTOR),),
    ),
    Check(
        Tier.ANY,
        "FAILED_ATTEMPTS",
        "Three failed requests in 30 days: the coordinator looks.",
        (_over(_UP, "failed_attempts", Level.COORDINATOR, Compare.AT_LEAST),),
    ),
)
CHECK = {check.code: check for check in CHECKS}


@dataclass(frozen=True, slots=True)
class Escalation:
    """One row of the escalation matrix: `time` names the policy's field; `business` = it counts working hours only."""

    level: Level
    time: str
    business: bool
    channels: tuple[str, ...]
    next_level: Level | None


_CHANNELS = ("queue", "mail")
ESCALATION = {
    row.level: row
    for row in (
        Escalation(Level.COORDINATOR, "coordinator_time", True, _CHANNELS, Level.PROGRAM_DIRECTOR),
        Escalation(Level.PROGRAM_DIRECTOR, "director_time", False, _CHANNELS, None),
        Escalation(Level.ARCHITECT, "architect_time", False, _CHANNELS, Level.PROGRAM_DIRECTOR),
    )
}
"""Nobody is above the program director: a case overdue there stays and is marked so."""
