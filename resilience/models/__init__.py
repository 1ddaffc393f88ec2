"""What resilience keeps: posture, margins, plans, shedding, incidents, approvals, documents, and its own numbers."""

from resilience.models.approvals import Approval, ApprovalVote
from resilience.models.documents import Document, DocumentVersion
from resilience.models.incidents import AbsenceAnalysis, Incident, IncidentEvent, IncidentTarget
from resilience.models.plans import FallbackPlan, SheddingExecution
from resilience.models.policy import ResiliencePolicy
from resilience.models.posture import DayMargin, Measurement, PostureRecord, PostureState
from resilience.models.readiness import ReadinessAdjustment

__all__ = [
    "AbsenceAnalysis",
    "Approval",
    "ApprovalVote",
    "DayMargin",
    "Document",
    "DocumentVersion",
    "FallbackPlan",
    "Incident",
    "IncidentEvent",
    "IncidentTarget",
    "Measurement",
    "PostureRecord",
    "PostureState",
    "ReadinessAdjustment",
    "ResiliencePolicy",
    "SheddingExecution",
]
