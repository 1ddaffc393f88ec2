"""Violations of duty hours and supervision in the published schedule: one incident for them all, with checked fixes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from common.errors import Invalid
from resilience.domain.levels import Level
from resilience.enums import IncidentKind, TimelineEvent
from resilience.models import Incident
from resilience.services import timeline
from resilience.services.incidents.acting import require_actor
from resilience.services.incidents.advice import Advice
from resilience.services.incidents.opening import Finding, open_incident, tell
from resilience.services.incidents.watching import over
from resilience.services.world import load_policy
from schedules.domain.problem import ONE_DAY
from schedules.domain.rules.report import Severity
from schedules.models import Schedule
from schedules.services import conflicts
from schedules.services.conflicts import Conflict
from schedules.services.validation import is_acgme

CAUSE = "violations"
MANY = 2
"""From so many on, or where one has no fix, the director is told as well."""


def look_at_violations(*, at: dt.datetime) -> Incident | None:
    """Look for hard violations of duty hours and supervision in the coming days. None where there are none."""
    today = timezone.localdate(at)
    end = today + (load_policy().horizon_days - 1) * ONE_DAY
    found = _once(
        item
        for item in conflicts.detect(today, end)
        if item.violation.severity is Severity.HARD and is_acgme(item.violation)
    )
    if not found:
        over(CAUSE, "No hard violation is left in the coming days.", value="0", at=at)
        return None
    return _open(found, at=at)


def _once(found: Iterable[Conflict]) -> list[Conflict]:
    """Each violation once: what goes over the edge of two versions is found in both, and one fix is enough."""
    kept: dict[str, Conflict] = {}
    for item in found:
        known = kept.get(item.violation.key)
        if known is None or known.fix is None:
            kept[item.violation.key] = item
    return list(kept.values())


def fix_violation(incident: Incident, key: str, *, by: User, at: dt.datetime) -> Incident:
    """Apply the checked fix of one violation, looked for and checked again now.

    Raises `NotAllowed`, `Invalid` (no such advice), `NoFix`, and what editing and the gate raise.
    """
    require_actor(by)
    known = {item["key"] for item in incident.recommendations if item.get("act") == "fix_violation"}
    if key not in known:
        raise Invalid("There is no such fix any more. Reload the incident.")
    _, schedule, finding = key.split(":", 2)
    version = Schedule.objects.filter(pk=schedule).first()
    if version is None:
        raise Invalid("This version of the schedule is gone.")
    conflicts.apply(version, finding, by=by, at=at)
    with transaction.atomic():
        row = timeline.lock(incident)
        left = [item for item in row.recommendations if item["key"] != key]
        timeline.save(row, by=by, at=at, why="violation fixed", recommendations=left)
        timeline.note(row, TimelineEvent.ACTION, by=by, at=at, text="A violation was fixed by its checked change.")
    return row


@transaction.atomic
def _open(found: list[Conflict], *, at: dt.datetime) -> Incident:
    unfixed = [item for item in found if item.fix is None]
    escalates = len(found) >= MANY or bool(unfixed)
    known = Incident.objects.open().filter(cause=CAUSE).first()
    rules = sorted({item.violation.rule for item in found})
    made = open_incident(
        Finding(
            kind=IncidentKind.VIOLATION,
            cause=CAUSE,
            severity=Level.ORANGE if escalates else Level.YELLOW,
            title=f"{len(found)} hard violation{'s' if len(found) > 1 else ''} in the published schedule",
            summary=f"{', '.join(rules)}: {len(found) - len(unfixed)} with a checked fix, {len(unfixed)} without.",
            metric="hard violations of duty hours and supervision",
            value=str(len(found)),
            threshold="0",
            start=min(item.violation.start for item in found),
            end=max(item.violation.end for item in found),
        ),
        at=at,
    )
    row = timeline.lock(made)
    other = [item for item in row.recommendations if item.get("act") != "fix_violation"]
    fixes = [_fix(item).as_json() for item in found if item.fix is not None]
    if fixes != [item for item in row.recommendations if item.get("act") == "fix_violation"]:
        timeline.save(row, by=None, at=at, why="violations looked at", recommendations=[*fixes, *other])
    if escalates and (known is None or known.trigger_value != str(len(found))):
        tell(row, title=f"{len(found)} violations need a person", at=at, upward=True)
    return row


def _fix(item: Conflict) -> Advice:
    """No names: who is concerned is on the schedule itself."""
    assert item.fix is not None  # noqa: S101 - for the type checker
    span = f"{item.violation.start} to {item.violation.end}"
    return Advice(
        key=f"fix:{item.schedule.pk}:{item.violation.key}",
        title=f"{item.violation.rule}, {span}: apply the checked fix",
        effect=f"{len(item.fix.rows)} changes, {len(item.fix.brings)} lesser findings follow",
        act="fix_violation",
    )
