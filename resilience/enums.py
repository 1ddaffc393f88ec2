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
