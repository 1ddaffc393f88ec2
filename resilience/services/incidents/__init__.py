"""Incidents from detection to review: opened by the system or by a person, analysed, answered, watched, closed."""

from resilience.services.incidents.absences import look_at_absence, look_at_reported
from resilience.services.incidents.acting import (
    acknowledge,
    acts_for,
    analyse_again,
    note_action,
    propose,
    propose_for_absence,
    set_severity,
    update,
)
from resilience.services.incidents.analysing import analyse
from resilience.services.incidents.clock import TargetTime, times
from resilience.services.incidents.ending import close, dismiss, merge, monitor, recover, recovery, review
from resilience.services.incidents.health import look_at_health, look_at_watch
from resilience.services.incidents.opening import Finding, open_incident, report
from resilience.services.incidents.sweeping import Swept, sweep
from resilience.services.incidents.violations import fix_violation, look_at_violations
from resilience.services.timeline import IncidentRefused

__all__ = [
    "Finding",
    "IncidentRefused",
    "Swept",
    "TargetTime",
    "acknowledge",
    "acts_for",
    "analyse",
    "analyse_again",
    "close",
    "dismiss",
    "fix_violation",
    "look_at_absence",
    "look_at_health",
    "look_at_reported",
    "look_at_violations",
    "look_at_watch",
    "merge",
    "monitor",
    "note_action",
    "open_incident",
    "propose",
    "propose_for_absence",
    "recover",
    "recovery",
    "report",
    "review",
    "set_severity",
    "sweep",
    "times",
    "update",
]
