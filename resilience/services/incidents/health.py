"""Failing health of the system itself: nobody evaluates any more, or there is no backup that could be gone back to."""

from __future__ import annotations

import datetime as dt

from resilience.domain.levels import Level
from resilience.enums import IncidentKind
from resilience.models import Incident, PostureState
from resilience.services.incidents.opening import Finding, open_incident
from resilience.services.incidents.watching import over
from resilience.services.world import load_policy
from schedules.services.health import assess

OLDEST_BACKUP = dt.timedelta(hours=26)
"""The nightly backup is two hours late: the system itself is unwell."""
PATIENCE = dt.timedelta(minutes=2)
"""So late a heartbeat may be: the workers may be busy. Within what detection is given at YELLOW."""
BACKUP, WATCH = "health:backup", "health:watch"


def look_at_health(*, at: dt.datetime) -> None:
    """Both; by the workers themselves, and by whatever process still lives when they do not."""
    look_at_watch(at=at)
    _look_at_backup(at)


def look_at_watch(*, at: dt.datetime) -> Incident | None:
    """Whether the program was evaluated when it was due; one incident as long as it is not.

    YELLOW, since what is unknown is YELLOW; ORANGE once no tool vouches for its answers. It happened when the first
    heartbeat failed to come, so that a late discovery is a missed time.
    """
    state = PostureState.objects.filter(pk=1).only("evaluated_at").first()
    if state is None:
        return None
    policy = load_policy()
    due = state.evaluated_at + dt.timedelta(seconds=policy.heartbeat_seconds)
    if at <= due + PATIENCE:
        over(WATCH, "The program is evaluated again.", value="evaluated", at=at)
        return None
    is_blind = (at - state.evaluated_at).total_seconds() > policy.unwatched_after_seconds
    last = f"{state.evaluated_at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
    return open_incident(
        Finding(
            kind=IncidentKind.HEALTH,
            cause=WATCH,
            severity=Level.ORANGE if is_blind else Level.YELLOW,
            title="Nobody watches the program",
            summary=(
                f"The last evaluation was at {last}. The workers of the task queue do not run, or are stuck: until they"
                " do, nothing is detected, analysed or escalated by itself. Start manage.py cluster and read its log."
            ),
            metric="last evaluation",
            value=last,
            threshold=f"every {policy.heartbeat_seconds} s",
            happened_at=due,
        ),
        at=at,
    )


def _look_at_backup(at: dt.datetime) -> None:
    """No verified backup for more than a day: nothing could be written, and nothing restored."""
    age = assess(at)["backup_age_seconds"]
    if age is not None and age <= OLDEST_BACKUP.total_seconds():
        over(BACKUP, "There is a verified backup of this day again.", value="verified", at=at)
        return
    open_incident(
        Finding(
            kind=IncidentKind.HEALTH,
            cause=BACKUP,
            severity=Level.ORANGE if age is None else Level.YELLOW,
            title="There is no verified backup" if age is None else "The newest verified backup is more than a day old",
            summary="Schedules cannot be written safely. Make a backup, and look why the nightly one did not come.",
            metric="age of the newest verified backup",
            value="none" if age is None else "over 26 h",
            threshold="26 h",
        ),
        at=at,
    )
