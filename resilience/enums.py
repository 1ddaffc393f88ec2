"""States of the resilience app, as stored. The pure core's own enums are in `resilience.domain`."""

from __future__ import annotations

from django.db.models import TextChoices


class LevelName(TextChoices):
    """The names of `resilience.domain.levels.Level`."""

    GREEN = "GREEN", "Green"
    UNKNOWN = "UNKNOWN", "Unknown"
    YELLOW = "YELLOW", "Yellow"
    ORANGE = "ORANGE", "Orange"
    RED = "RED", "Red"
    BLACK = "BLACK", "Black"


class PostureEvent(TextChoices):
    """Why the log of the posture has a line."""

    EVALUATED = "EVALUATED", "Evaluated"
    OVERRIDDEN = "OVERRIDDEN", "Overridden"
    OVERRIDE_ENDED = "OVERRIDE_ENDED", "Override ended"
    LOWERED = "LOWERED", "Lowered by a person"


class FallbackScenario(TextChoices):
    """The kinds of loss for which plans are kept."""

    SINGLE_ABSENCE = "single_absence", "One person absent"
    DUAL_ABSENCE = "dual_absence", "Two people absent"
    DEPLOYMENT = "deployment", "Deployment"
    PCS_SEASON = "pcs_season", "PCS season"
    HOLIDAY_PERIOD = "holiday_period", "Holiday period"
    MASS_CASUALTY = "mass_casualty", "Mass casualty"


class PlanState(TextChoices):
    """The names of `resilience.domain.fallbacks.PlanStatus`, and what became of a used plan."""

    VALID = "VALID", "Valid"
    STALE = "STALE", "Stale"
    EXPIRED = "EXPIRED", "Expired"
    ACTIVATED = "ACTIVATED", "Activated"


class SheddingState(TextChoices):
    EXECUTED = "EXECUTED", "Executed"
    RESTORED = "RESTORED", "Restored"


class ShedLevelName(TextChoices):
    """The names of `resilience.domain.shedding.ShedLevel`."""

    YELLOW = "YELLOW", "Yellow"
    ORANGE = "ORANGE", "Orange"
    RED = "RED", "Red"
    BLACK = "BLACK", "Black"
    CRITICAL = "CRITICAL", "Critical"


class BreakerCause(TextChoices):
    """What opens the schedule circuit breaker."""

    SAFETY_MARGIN = "SAFETY_MARGIN", "k*(safety) is below 0 within 7 days"
    HARD_VIOLATION = "HARD_VIOLATION", "The published schedule has an unresolved hard violation"
    STALE_DATA = "STALE_DATA", "The data behind the margins are stale"
    BY_HAND = "BY_HAND", "Opened by hand"


class IncidentKind(TextChoices):
    """What an incident is about."""

    POSTURE = "POSTURE", "Posture"
    BREAKER = "BREAKER", "Circuit breaker"
    ROLLBACK = "ROLLBACK", "Failed roll back"
    ABSENCE = "ABSENCE", "Absence"
    HEALTH = "HEALTH", "System health"
    RUN = "RUN", "Failed generation"
    VIOLATION = "VIOLATION", "Duty hours and supervision"
    REPORTED = "REPORTED", "Reported by a person"


class IncidentStateName(TextChoices):
    """The names of `resilience.domain.incidents.IncidentState`."""

    DETECTED = "DETECTED", "Detected"
    TRIAGED = "TRIAGED", "Triaged"
    DIAGNOSED = "DIAGNOSED", "Diagnosed"
    AWAITING_APPROVAL = "AWAITING_APPROVAL", "Awaiting human approval"
    RESPONDING = "RESPONDING", "Responding"
    MONITORING = "MONITORING", "Monitoring"
    RECOVERED = "RECOVERED", "Recovered"
    REVIEWED = "REVIEWED", "Reviewed"
    CLOSED = "CLOSED", "Closed"
    FALSE_ALARM = "FALSE_ALARM", "False alarm"
    MERGED = "MERGED", "Merged"


OPEN_INCIDENTS = ["DETECTED", "TRIAGED", "DIAGNOSED", "AWAITING_APPROVAL", "RESPONDING", "MONITORING"]
"""What recovered waits for its review alone: the same cause opens another incident then."""


class TimelineEvent(TextChoices):
    """What a line of an incident's timeline says."""

    OPENED = "OPENED", "Opened"
    SEEN_AGAIN = "SEEN_AGAIN", "Seen again"
    MOVED = "MOVED", "State changed"
    SEVERITY = "SEVERITY", "Severity changed"
    NOTIFIED = "NOTIFIED", "People told"
    ACKNOWLEDGED = "ACKNOWLEDGED", "Acknowledged"
    UPDATED = "UPDATED", "Update"
    ANALYSED = "ANALYSED", "Analysed"
    ANALYSIS_FAILED = "ANALYSIS_FAILED", "Analysis failed"
    RESPONDED = "RESPONDED", "Response given"
    PROPOSED = "PROPOSED", "Approval asked for"
    DECIDED = "DECIDED", "Approval decided"
    ACTION = "ACTION", "Action"
    DOCUMENT = "DOCUMENT", "Document"
    MISSED = "MISSED", "Time missed"
    CAUSE_GONE = "CAUSE_GONE", "Cause gone"
    MERGED_IN = "MERGED_IN", "Another incident merged in"


class TargetStep(TextChoices):
    """What is to be done by a time."""

    DETECTED = "DETECTED", "Detected"
    ANALYSED = "ANALYSED", "Analysed"
    RESPONDED = "RESPONDED", "Responded"
    ACKNOWLEDGED = "ACKNOWLEDGED", "Acknowledged"
    UPDATE = "UPDATE", "Update"
    SITREP = "SITREP", "Situation report"


class ImpactName(TextChoices):
    """The names of `resilience.domain.incidents.Impact`."""

    LOW = "LOW", "Low"
    MEDIUM = "MEDIUM", "Medium"
    HIGH = "HIGH", "High"
    UNKNOWN = "UNKNOWN", "Unknown"


class ApprovalAction(TextChoices):
    """Acts that need the word of persons."""

    FALLBACK = "fallback", "Put a fallback plan in force"
    SHEDDING = "shedding", "Shed work"
    OVERRIDE = "override", "Override the circuit breaker"


class ApprovalState(TextChoices):
    PENDING = "PENDING", "Pending"
    GRANTED = "GRANTED", "Granted"
    USED = "USED", "Carried out"
    REFUSED = "REFUSED", "Refused"
    EXPIRED = "EXPIRED", "Expired"
    VOID = "VOID", "Void: the schedule changed"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"


OPEN_APPROVALS = ["PENDING", "GRANTED"]


class ApproverPart(TextChoices):
    """The names of `resilience.domain.incidents.Approver`."""

    COORDINATOR = "COORDINATOR", "Coordinator"
    PROGRAM_DIRECTOR = "PROGRAM_DIRECTOR", "Program director"
    CLINICAL_LEAD = "CLINICAL_LEAD", "Clinical lead"
    SECOND_AUTHORITY = "SECOND_AUTHORITY", "Second authority"


class DocumentKind(TextChoices):
    INCIDENT_REPORT = "INCIDENT_REPORT", "Incident report"
    SITREP = "SITREP", "Situation report"
    MFR = "MFR", "Memorandum for record"
    RFF = "RFF", "Request for forces"
    WORKSHEET = "WORKSHEET", "Readiness worksheet"


class DocumentState(TextChoices):
    DRAFT = "DRAFT", "Draft"
    REVIEWED = "REVIEWED", "Reviewed"
    SIGNED = "SIGNED", "Signed"
