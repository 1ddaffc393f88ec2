"""What is left once the cause of an incident is gone: a line that says so, and watching until it has recovered."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from resilience.domain.incidents import IncidentState, may_move
from resilience.enums import TimelineEvent
from resilience.models import Incident
from resilience.services import timeline


@transaction.atomic
def over(cause: str, text: str, *, value: str, at: dt.datetime) -> None:
    """The measure behind the open incident of a cause is good again: said once, with the `value` that it has now."""
    row = Incident.objects.open().select_for_update().filter(cause=cause).exclude(trigger_value=value).first()
    if row is not None:
        timeline.save(row, by=None, at=at, why="cause gone", trigger_value=value)
        watch(row, text, at=at)


def watch(incident: Incident, text: str, *, at: dt.datetime) -> None:
    """Note on a locked incident that its cause is gone; what was diagnosed or answered is only watched from now on."""
    timeline.note(incident, TimelineEvent.CAUSE_GONE, at=at, text=text)
    if may_move(IncidentState(incident.state), IncidentState.MONITORING):
        timeline.move(incident, IncidentState.MONITORING, by=None, at=at)
