"""From the response to the end: watching, recovery with its conditions, review, closing; false alarms and merging."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from common.errors import Invalid
from resilience.domain.homeostasis import IN_BAND_NOW
from resilience.domain.incidents import IncidentState, Recovery
from resilience.domain.levels import Level, Measured, Reading, Unknown
from resilience.enums import IncidentKind, SheddingState, TimelineEvent
from resilience.models import DayMargin, Incident, PostureRecord, SheddingExecution
from resilience.services import posture, timeline
from resilience.services.incidents import clock
from resilience.services.incidents.acting import require_actor
from resilience.services.incidents.opening import ask_for_analysis, either, missing_title
from resilience.services.timeline import IncidentRefused
from resilience.services.tools import analyze_homeostasis_tool, analyze_le_chatelier_tool
from schedules.domain.problem import ONE_DAY

GAP_DAYS, MARGIN_DAYS = 7, 14
"""Windows of recovery (resilience, section 4)."""


@transaction.atomic
def monitor(incident: Incident, *, by: User, at: dt.datetime) -> Incident:
    """The response is done; from now on it is watched. Raises `NotAllowed`, `IncidentRefused`."""
    require_actor(by)
    return timeline.move(timeline.lock(incident), IncidentState.MONITORING, by=by, at=at)


def recover(incident: Incident, *, by: User, at: dt.datetime, resolution: str = "") -> Incident:
    """Say that it is over. Raises `NotAllowed`, and `IncidentRefused` (`not_recovered`, with what is missing)."""
    require_actor(by)
    missing = recovery(at=at).missing
    with transaction.atomic():
        row = timeline.lock(incident)
        timeline.save(
            row, by=by, at=at, why="recovery looked at", recovery_missing=list(missing), recovery_checked_at=at
        )
        if not missing:
            timeline.move(row, IncidentState.RECOVERED, by=by, at=at, text=resolution.strip())
            timeline.save(row, by=by, at=at, why="recovered", resolution=resolution.strip())
            clock.stop(row, at=at)
    if missing:
        raise IncidentRefused("It is not over yet: " + " ".join(missing), code="not_recovered", missing=list(missing))
    return row


@transaction.atomic
def review(
    incident: Incident, *, resolution: str, lessons: str, follow_ups: list[dict[str, Any]], by: User, at: dt.datetime
) -> Incident:
    """Write down what it was and what it taught. Raises `NotAllowed`, `Invalid` (no resolution), `IncidentRefused`."""
    require_actor(by)
    if not resolution.strip():
        raise Invalid("Say how it was resolved.")
    row = timeline.move(timeline.lock(incident), IncidentState.REVIEWED, by=by, at=at)
    return timeline.save(
        row,
        by=by,
        at=at,
        why="reviewed",
        resolution=resolution.strip(),
        lessons=lessons.strip(),
        follow_ups=follow_ups,
    )


@transaction.atomic
def close(incident: Incident, *, by: User, at: dt.datetime) -> Incident:
    """Close it after its review. Raises `NotAllowed`, `IncidentRefused`."""
    require_actor(by)
    row = timeline.move(timeline.lock(incident), IncidentState.CLOSED, by=by, at=at)
    return timeline.save(row, by=by, at=at, why="closed", closed_at=at, closed_by=by)


@transaction.atomic
def dismiss(incident: Incident, *, by: User, at: dt.datetime, reason: str) -> Incident:
    """It was a false alarm. Raises `NotAllowed`, `Invalid` (no reason), `IncidentRefused`."""
    require_actor(by)
    if not reason.strip():
        raise Invalid("Give the reason: why is it no incident?")
    row = timeline.move(timeline.lock(incident), IncidentState.FALSE_ALARM, by=by, at=at, text=reason.strip())
    clock.stop(row, at=at)
    return timeline.save(row, by=by, at=at, why="false alarm", closed_at=at, closed_by=by)


@transaction.atomic
def merge(incident: Incident, into: Incident, *, by: User, at: dt.datetime, reason: str) -> Incident:
    """It is part of another one, which stays open. Raises `NotAllowed`, `Invalid`, `IncidentRefused`."""
    require_actor(by)
    if incident.pk == into.pk:
        raise Invalid("An incident cannot be merged into itself.")
    kept = timeline.lock(into)
    if not kept.is_open:
        raise IncidentRefused("The other incident is over: merge into an open one.")
    row = timeline.lock(incident)
    row.merged_into = kept
    timeline.move(row, IncidentState.MERGED, by=by, at=at, text=reason.strip(), closed_at=at, closed_by=by)
    clock.stop(row, at=at)
    _take_over(kept, row, by=by, at=at)
    timeline.note(
        kept, TimelineEvent.MERGED_IN, by=by, at=at, text=f"Incident {row.number}: {row.title}", merged=str(row.pk)
    )
    return row


def _take_over(kept: Incident, merged: Incident, *, by: User, at: dt.datetime) -> None:
    """The people and dates of a merged absence are those of the incident that stays; it is analysed anew with them."""
    if {kept.kind, merged.kind} != {IncidentKind.ABSENCE}:
        return
    people = sorted({*kept.people, *merged.people})
    start, end = either(min, kept.start_date, merged.start_date), either(max, kept.end_date, merged.end_date)
    title = missing_title(people, start, end)
    timeline.save(kept, by=by, at=at, why="merged", people=people, start_date=start, end_date=end, title=title)
    ask_for_analysis(kept, at=at)


def note_recovery(incident: Incident, missing: list[str], *, at: dt.datetime) -> None:
    """The system looks by itself, so that the page says what is missing. Recovering stays a person's word."""
    with transaction.atomic():
        row = timeline.lock(incident)
        if row.state != IncidentState.MONITORING:
            return
        # The time of looking is no news: only what changed leaves a line of history.
        Incident._base_manager.filter(pk=row.pk).update(recovery_checked_at=at)
        if missing != row.recovery_missing:
            timeline.save(
                row, by=None, at=at, why="recovery looked at", recovery_missing=missing, recovery_checked_at=at
            )
        if not missing and incident.recovery_missing:
            timeline.note(row, TimelineEvent.CAUSE_GONE, at=at, text="Everything that recovery needs is there.")


def recovery(*, at: dt.datetime) -> Recovery:
    """What RECOVERED needs, measured now."""
    loops = analyze_homeostasis_tool(at=at)
    stress = analyze_le_chatelier_tool(at=at)
    return Recovery(
        loops_in_band=(
            Unknown(loops.message)
            if not loops.loops or any(loop.state == "UNKNOWN" for loop in loops.loops)
            else Measured(all(loop.state in IN_BAND_NOW for loop in loops.loops))
        ),
        equilibrium_sustainable=(
            Unknown(stress.message) if stress.sustainable is None else Measured(stress.sustainable)
        ),
        safety_gaps_7_days=_gaps(at),
        margin_safety_14_days=_margin(at),
        calm_for=_calm_for(at),
        shed_items_settled=_shed_settled(),
    )


def _gaps(at: dt.datetime) -> Reading[int]:
    rows = _window(at, GAP_DAYS)
    return Unknown("Margins are missing.") if rows is None else Measured(sum(row.unfilled_hard for row in rows))


def _margin(at: dt.datetime) -> Reading[int]:
    rows = _window(at, MARGIN_DAYS)
    found = [row.margin_safety for row in rows or () if row.margin_safety is not None]
    return Measured(min(found)) if found else Unknown("Nothing was measured for these days.")


def _window(at: dt.datetime, days: int) -> list[DayMargin] | None:
    """The stored margins of every date of the window; None where one is missing or not published."""
    today = timezone.localdate(at)
    rows = list(DayMargin.objects.filter(date__gte=today, date__lt=today + days * ONE_DAY, is_published=True))
    return rows if len(rows) == days else None


def _calm_for(at: dt.datetime) -> Reading[dt.timedelta]:
    """How long the posture in force has been YELLOW or better, and watched: what is unknown is never calm."""
    state = posture.current()
    if state is None or posture.in_force(at=at) is Level.UNKNOWN:
        return Unknown("The posture is unknown.")
    if posture.in_force(at=at) > Level.YELLOW:
        return Measured(dt.timedelta())
    not_calm = [Level.UNKNOWN.name, Level.ORANGE.name, Level.RED.name, Level.BLACK.name]
    left = PostureRecord.objects.filter(before__in=not_calm).exclude(after__in=not_calm).order_by("-at").first()
    first = PostureRecord.objects.order_by("at").first()
    since = left.at if left else first.at if first else state.since
    return Measured(at - since)


def _shed_settled() -> Reading[bool]:
    undated = SheddingExecution.objects.filter(state=SheddingState.EXECUTED, restore_due__isnull=True)
    return Measured(not undated.exists())
