"""States and kinds of the schedules app, as stored. The pure core's own enums are in `schedules.domain`."""

from __future__ import annotations

from django.db.models import TextChoices


class ScheduleStatus(TextChoices):
    DRAFT = "DRAFT", "Draft"
    PUBLISHED = "PUBLISHED", "Published"
    SUPERSEDED = "SUPERSEDED", "Superseded"
    DISCARDED = "DISCARDED", "Discarded"


class AbsenceStatus(TextChoices):
    REQUESTED = "REQUESTED", "Requested"
    APPROVED = "APPROVED", "Approved"
    REJECTED = "REJECTED", "Rejected"
    CANCELLED = "CANCELLED", "Cancelled"


class AbsenceKind(TextChoices):
    LEAVE = "LEAVE", "Leave"
    SICK = "SICK", "Sick"
    TDY = "TDY", "Temporary duty (TDY)"
    DEPLOYMENT = "DEPLOYMENT", "Deployment"
    TRAINING = "TRAINING", "Training"
    CONFERENCE = "CONFERENCE", "Conference"
    MEDICAL = "MEDICAL", "Medical"
    PARENTAL = "PARENTAL", "Parental"
    BEREAVEMENT = "BEREAVEMENT", "Bereavement"
    EMERGENCY = "EMERGENCY", "Emergency"
    OTHER = "OTHER", "Other"


BLOCKING_ABSENCES = frozenset(
    {
        AbsenceKind.DEPLOYMENT,
        AbsenceKind.TDY,
        AbsenceKind.MEDICAL,
        AbsenceKind.PARENTAL,
        AbsenceKind.BEREAVEMENT,
        AbsenceKind.EMERGENCY,
    }
)
"""Kinds that also bar a swap into the dates."""

SENSITIVE_ABSENCES = frozenset({AbsenceKind.MEDICAL, AbsenceKind.PARENTAL, AbsenceKind.BEREAVEMENT})
"""Kinds whose reason only the person and the program director see."""


ABSENCE_TRANSITIONS: dict[AbsenceStatus, frozenset[AbsenceStatus]] = {
    AbsenceStatus.REQUESTED: frozenset({AbsenceStatus.APPROVED, AbsenceStatus.REJECTED, AbsenceStatus.CANCELLED}),
    AbsenceStatus.APPROVED: frozenset({AbsenceStatus.CANCELLED}),
    AbsenceStatus.REJECTED: frozenset(),
    AbsenceStatus.CANCELLED: frozenset(),
}
"""The only changes of an absence's status there are."""


class RotationKind(TextChoices):
    INPATIENT = "INPATIENT", "Inpatient"
    OUTPATIENT = "OUTPATIENT", "Outpatient"
    NIGHT = "NIGHT", "Night"
    OFF_SITE = "OFF_SITE", "Off-site"
    EDUCATION = "EDUCATION", "Education"


class DemandBasis(TextChoices):
    FIXED = "FIXED", "A fixed number"
    TEAM = "TEAM", "Derived from the residents whose pattern names it that day"


class RunStatus(TextChoices):
    QUEUED = "QUEUED", "Queued"
    PREFLIGHT = "PREFLIGHT", "Pre-flight"
    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION", "Awaiting confirmation"
    BACKING_UP = "BACKING_UP", "Backing up"
    SOLVING = "SOLVING", "Solving"
    VALIDATING = "VALIDATING", "Validating"
    DRAFT_READY = "DRAFT_READY", "Draft ready"
    PUBLISHED = "PUBLISHED", "Published"
    DISCARDED = "DISCARDED", "Discarded"
    FAILED = "FAILED", "Failed"
    CANCELLED = "CANCELLED", "Cancelled"
    INFEASIBLE = "INFEASIBLE", "Infeasible"
    TIMED_OUT = "TIMED_OUT", "Timed out"


OPEN_RUN_STATUSES = (
    RunStatus.QUEUED,
    RunStatus.PREFLIGHT,
    RunStatus.AWAITING_CONFIRMATION,
    RunStatus.BACKING_UP,
    RunStatus.SOLVING,
    RunStatus.VALIDATING,
)
"""Statuses from which a run can still fail or be cancelled."""

BLOCKING_RUN_STATUSES = tuple(s for s in OPEN_RUN_STATUSES if s is not RunStatus.AWAITING_CONFIRMATION)
"""A run in one of these bars another on overlapping dates; one that waits for a person does not."""

RUN_TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.PREFLIGHT, RunStatus.FAILED, RunStatus.CANCELLED}),
    RunStatus.PREFLIGHT: frozenset(
        {RunStatus.AWAITING_CONFIRMATION, RunStatus.BACKING_UP, RunStatus.FAILED, RunStatus.CANCELLED}
    ),
    RunStatus.AWAITING_CONFIRMATION: frozenset({RunStatus.BACKING_UP, RunStatus.FAILED, RunStatus.CANCELLED}),
    RunStatus.BACKING_UP: frozenset({RunStatus.SOLVING, RunStatus.FAILED, RunStatus.CANCELLED}),
    RunStatus.SOLVING: frozenset(
        {
            RunStatus.VALIDATING,
            RunStatus.INFEASIBLE,
            RunStatus.TIMED_OUT,
            RunStatus.FAILED,
            RunStatus.CANCELLED,
        }
    ),
    RunStatus.VALIDATING: frozenset({RunStatus.DRAFT_READY, RunStatus.FAILED, RunStatus.CANCELLED}),
    RunStatus.DRAFT_READY: frozenset({RunStatus.PUBLISHED, RunStatus.DISCARDED}),
    RunStatus.PUBLISHED: frozenset(),
    RunStatus.DISCARDED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
    RunStatus.INFEASIBLE: frozenset(),
    RunStatus.TIMED_OUT: frozenset(),
}
"""The only changes of a run's status there are."""

SCHEDULE_TRANSITIONS: dict[ScheduleStatus, frozenset[ScheduleStatus]] = {
    ScheduleStatus.DRAFT: frozenset({ScheduleStatus.PUBLISHED, ScheduleStatus.DISCARDED}),
    ScheduleStatus.PUBLISHED: frozenset({ScheduleStatus.SUPERSEDED}),
    ScheduleStatus.SUPERSEDED: frozenset({ScheduleStatus.PUBLISHED}),
    ScheduleStatus.DISCARDED: frozenset(),
}
"""SUPERSEDED becomes PUBLISHED again only by rolling back the publish that superseded it."""


class Algorithm(TextChoices):
    CP_SAT = "cp_sat", "CP-SAT (optimal)"
    GREEDY = "greedy", "Greedy (quick)"


class StopRequest(TextChoices):
    NONE = "", "None"
    STOP = "STOP", "Stop and keep the best"
    ABORT = "ABORT", "Abort"


class BreakerState(TextChoices):
    CLOSED = "CLOSED", "Closed"
    HALF_OPEN = "HALF_OPEN", "Half open"
    OPEN = "OPEN", "Open"


class ComplianceStatus(TextChoices):
    OPEN = "OPEN", "Open"
    CLOSED = "CLOSED", "Closed"
