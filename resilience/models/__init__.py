"""What resilience keeps: posture and its log, margins by day, plans, shedding, measurements, its own numbers."""

from resilience.models.plans import FallbackPlan, SheddingExecution
from resilience.models.policy import ResiliencePolicy
from resilience.models.posture import DayMargin, Measurement, PostureRecord, PostureState
from resilience.models.readiness import ReadinessAdjustment

__all__ = [
    "DayMargin",
    "FallbackPlan",
    "Measurement",
    "PostureRecord",
    "PostureState",
    "ReadinessAdjustment",
    "ResiliencePolicy",
    "SheddingExecution",
]
