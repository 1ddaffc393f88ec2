"""What the staff dashboard says about resilience, read from stored results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F
from django.db.models.functions import JSONObject

from resilience.domain.defense import current_defense
from resilience.domain.levels import Level, Measured, Unknown
from resilience.domain.posture import Metric
from resilience.enums import IncidentKind, IncidentStateName
from resilience.models import Incident, PostureState
from resilience.services import posture
from resilience.services.world import load_policy
from schedules.services.figures import Alarm, Figure

TONES: Mapping[Level, str] = {
    Level.GREEN: "ok",
    Level.YELLOW: "warn",
    Level.ORANGE: "warn",
    Level.RED: "bad",
    Level.BLACK: "bad",
}
"""Unknown has no tone: it is never shown as fine."""

SHOWN_ALARMS = 3


def dashboard_figures(at: dt.datetime) -> list[Figure]:
    """Posture with defense level, utilization, open incidents, in two queries."""
    state = PostureState.objects.annotate(open_incidents=_open_incidents()).filter(pk=1).first()
    if state is None:
        return [Figure("Posture and defense level", "", "never evaluated: start the workers", "/resilience")]
    return [
        _posture(state, posture.level_of(state, policy=load_policy(), at=at)),
        _utilization(state),
        _incidents(state.open_incidents),
    ]


def _open_incidents() -> ArraySubquery:
    """What the page says of each, newest first, beside the posture's row."""
    said = {name: F(name) for name in ("pk", "number", "kind", "title", "severity", "state", "acknowledged_at")}
    return ArraySubquery(Incident.objects.open().order_by("-detected_at").values(said=JSONObject(**said)))


def _posture(state: PostureState, level: Level) -> Figure:
    coverage = state.readings.get(Metric.COVERAGE)
    reached = current_defense(Unknown("not measured") if coverage is None else Measured(coverage))
    note = "defense level unknown"
    if not isinstance(reached, Unknown):
        note = f"defense level {reached.value.value}, {reached.value.name.replace('_', ' ').lower()}"
    value = "" if level is Level.UNKNOWN else level.name.capitalize()
    return Figure("Posture and defense level", value, note, "/resilience", TONES.get(level, ""))


def _utilization(state: PostureState) -> Figure:
    rate = state.readings.get(Metric.UTILIZATION)
    note = "nothing to measure in the coming days" if rate is None else "of the available people, threshold 0.80"
    return Figure("Utilization", "" if rate is None else f"{rate:.2f}", note, "/resilience")


def _incidents(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Their number; those from ORANGE on, and what nobody has acknowledged, are alarms: the gravest first."""
    note = "somebody has to see them to the end" if rows else "nothing is open"
    pressing = [row for row in rows if Level[row["severity"]] >= Level.ORANGE or not row["acknowledged_at"]]
    pressing.sort(key=lambda row: -Level[row["severity"]])
    alarms = tuple(_alarm(row) for row in pressing[:SHOWN_ALARMS])
    return Figure("Open incidents", str(len(rows)), note, "/incidents", "warn" if rows else "", alarms)


def _alarm(row: Mapping[str, Any]) -> Alarm:
    level, state = Level[row["severity"]], IncidentStateName(row["state"]).label
    return Alarm(
        title=f"{level.name.capitalize()}: {row['title']}",
        sentence=f"{state}." if row["acknowledged_at"] else f"{state}. Nobody has acknowledged it yet.",
        url=f"/incidents/{row['pk']}",
        button=f"Open incident {row['number']}",
        tone=TONES[level],
        subject="breaker" if row["kind"] == IncidentKind.BREAKER else "",
    )
