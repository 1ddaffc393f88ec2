"""The one place where an incident changes its state, and where its append-only timeline grows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from common.errors import DomainError
from common.models import signed
from resilience.domain.incidents import MOVES, IncidentState
from resilience.enums import TimelineEvent
from resilience.models import Incident, IncidentEvent


class IncidentRefused(DomainError):
    """The incident is not in a state in which this can be done."""

    code = "incident_state"


def lock(incident: Incident) -> Incident:
    """The row as it is now, locked to the end of the transaction."""
    return Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)


def move(
    incident: Incident, to: IncidentState, *, by: User | None, at: dt.datetime, text: str = "", **fields: Any
) -> Incident:
    """Change the state of a locked incident by the table, with history and a line in its timeline.

    `fields` are written with it. Raises IncidentRefused where the state may not follow.
    """
    before = IncidentState(incident.state)
    if to not in MOVES[before]:
        raise IncidentRefused(
            f"Incident {incident.number} is {incident.get_state_display().lower()}; it cannot become"
            f" {to.value.replace('_', ' ').lower()} from there.",
            state=before.value,
        )
    incident.state = to.value
    save(incident, by=by, at=at, why=f"{before.value} -> {to.value}", **fields)
    note(incident, TimelineEvent.MOVED, text=text, by=by, at=at, before=before.value, after=to.value)
    return incident


def save(incident: Incident, *, by: User | None, at: dt.datetime, why: str, **fields: Any) -> Incident:
    """Write fields of a locked incident, with history."""
    for name, value in fields.items():
        setattr(incident, name, value)
    signed(incident, by=by, at=at, reason=why).save()
    return incident


def note(
    incident: Incident, event: TimelineEvent, *, at: dt.datetime, by: User | None = None, text: str = "", **detail: Any
) -> IncidentEvent:
    """Add a line. `text` and `detail` hold no names of people and no reasons of absences."""
    return IncidentEvent.objects.create(incident=incident, event=event, at=at, by=by, text=text, detail=detail)
