"""The quick status: where production stands, in the seven lines that monitors and people read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from math import floor

from resilience.domain.levels import Level
from resilience.models import Incident
from resilience.services import breaker, posture
from resilience.services.tools import (
    assess_cognitive_load_tool,
    check_utilization_threshold_tool,
    get_defense_level_tool,
)

UNKNOWN = "UNKNOWN"
NOTHING_TO_DO = "Monitor, no immediate action required"


@dataclass(frozen=True)
class QuickStatus:
    """The figures and their seven lines; None = unknown, and said so."""

    at: dt.datetime
    level: Level
    utilization: float | None
    threshold: float
    defense: str | None
    coverage: float | None
    pending: int | None
    alerts: int
    next_action: str

    @property
    def lines(self) -> tuple[str, ...]:
        """Exactly seven, in the order of the operating procedure."""
        return (
            f"PRODUCTION STATUS: {self.level.name}",
            f"Utilization: {_percent(self.utilization)} (threshold: {self.threshold:.0%})",
            f"Defense Level: {self.defense or UNKNOWN}",
            f"Coverage: {_percent(self.coverage)}",
            f"Pending Decisions: {UNKNOWN if self.pending is None else self.pending}",
            f"Active Alerts: {self.alerts}",
            f"Next Action: {self.next_action}",
        )

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def quick_status(*, at: dt.datetime) -> QuickStatus:
    """Read from the tools; alerts are open incidents and an open breaker."""
    defense = get_defense_level_tool(at=at)
    used = check_utilization_threshold_tool(at=at)
    load = assess_cognitive_load_tool(at=at)
    level = posture.in_force(at=at)
    return QuickStatus(
        at=at,
        level=level,
        utilization=used.rate,
        threshold=used.threshold,
        defense=defense.defense,
        coverage=defense.coverage,
        pending=load.pending,
        alerts=Incident.objects.open().count() + (breaker.current().state != "CLOSED"),
        next_action=_next_action(level, defense.actions),
    )


def _next_action(level: Level, actions: tuple[str, ...]) -> str:
    """The most urgent thing due; where the posture is clear, nothing is."""
    if level is Level.GREEN or not actions:
        return NOTHING_TO_DO if level is Level.GREEN else "Find out what is unknown or wrong: open the Resilience page"
    return actions[0]


def _percent(share: float | None) -> str:
    """Whole percents, cut off: what is just below a threshold never reads as having reached it."""
    return UNKNOWN if share is None else f"{floor(round(share * 100, 6))}%"
