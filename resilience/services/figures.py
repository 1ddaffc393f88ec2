"""What the staff dashboard says about resilience, read from stored results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db.models import Count, IntegerField, Subquery, Value
from django.db.models.functions import Coalesce

from resilience.domain.defense import current_defense
from resilience.domain.levels import Level, Measured, Unknown
from resilience.domain.posture import Metric
from resilience.models import Incident, PostureState
from resilience.services import posture
from resilience.services.world import load_policy
from schedules.services.figures import Figure

TONES: Mapping[Level, str] = {
    Level.GREEN: "ok",
    Level.YELLOW: "warn",
    Level.ORANGE: "warn",
    Level.RED: "bad",
    Level.BLACK: "bad",
}
"""Unknown has no tone: it is never shown as fine."""


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


def _open_incidents() -> Coalesce:
    """Their number, beside the posture's row."""
    counted = Incident.objects.open().order_by().annotate(all=Value(1)).values("all").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)


def _posture(state: PostureState, level: Level) -> Figure:
    coverage = state.readings.get(Metric.COVERAGE)
    reached = current_defense(Unknown("not measured") if coverage is None else Measured(coverage))
    note = "defense level unknown" if isinstance(reached, Unknown) else f"defense {reached.value.label}"
    value = "" if level is Level.UNKNOWN else level.name.capitalize()
    return Figure("Posture and defense level", value, note, "/resilience", TONES.get(level, ""))


def _utilization(state: PostureState) -> Figure:
    rate = state.readings.get(Metric.UTILIZATION)
    note = "nothing to measure in the coming days" if rate is None else "of the available people, threshold 0.80"
    return Figure("Utilization", "" if rate is None else f"{rate:.2f}", note, "/resilience")


def _incidents(count: int) -> Figure:
    note = "somebody has to see them to the end" if count else "nothing is open"
    return Figure("Open incidents", str(count), note, "/incidents", "warn" if count else "")
