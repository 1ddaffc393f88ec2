"""What a person does with an incident while it lasts, and who may do what now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import Permission
from common.errors import Invalid, NotAllowed
from resilience.domain.incidents import TARGETS, IncidentState, may_move
from resilience.domain.levels import Level
from resilience.enums import TargetStep, TimelineEvent
from resilience.models import AbsenceAnalysis, Approval, Incident
from resilience.services import timeline
from resilience.services.incidents import clock
from resilience.services.incidents.analysing import propose_advice
from resilience.services.incidents.opening import ask_for_analysis, raise_severity
from resilience.services.timeline import IncidentRefused

LONGEST_TEXT = 2000


@transaction.atomic
def acknowledge(incident: Incident, *, by: User, at: dt.datetime) -> Incident:
    """Say that somebody has it. Raises `NotAllowed`, `IncidentRefused` (over, or acknowledged before)."""
    row = _mine(incident, by)
    if row.acknowledged_at is not None:
        raise IncidentRefused("Somebody has acknowledged it already.")
    timeline.save(row, by=by, at=at, why="acknowledged", acknowledged_at=at, acknowledged_by=by)
    clock.done(row, TargetStep.ACKNOWLEDGED, at=at)
    timeline.note(row, TimelineEvent.ACKNOWLEDGED, by=by, at=at)
    return row


@transaction.atomic
def update(incident: Incident, *, text: str, by: User, at: dt.datetime) -> Incident:
    """Tell the others how it stands. Raises `NotAllowed`, `Invalid`, `IncidentRefused`."""
    row = _mine(incident, by)
    timeline.note(row, TimelineEvent.UPDATED, by=by, at=at, text=_said(text))
    clock.done(row, TargetStep.UPDATE, at=at)
    return row


@transaction.atomic
def note_action(incident: Incident, *, text: str, by: User, at: dt.datetime) -> Incident:
    """Put something that was done on the timeline; the response has begun. Raises as `update`."""
    row = _mine(incident, by)
    timeline.note(row, TimelineEvent.ACTION, by=by, at=at, text=_said(text))
    if row.state == IncidentState.DIAGNOSED:
        timeline.move(row, IncidentState.RESPONDING, by=by, at=at)
    return row


@transaction.atomic
def set_severity(incident: Incident, severity: Level, *, by: User, at: dt.datetime, reason: str) -> Incident:
    """Raise or lower it, with a reason. Leaving RED or BLACK is the program director's word.

    Raises `NotAllowed`, `Invalid`, `IncidentRefused`.
    """
    row = _mine(incident, by)
    if severity not in TARGETS:
        raise Invalid("Choose YELLOW, ORANGE, RED or BLACK.")
    before = Level[row.severity]
    if severity is before:
        raise IncidentRefused(f"It is {before.name} already.")
    if severity < before and before >= Level.RED and not by.may(Permission.DECIDE_DIRECTOR):
        raise NotAllowed("Only the program director lowers RED and BLACK.")
    return raise_severity(row, severity, by=by, at=at, reason=_said(reason))


@transaction.atomic
def analyse_again(incident: Incident, *, by: User, at: dt.datetime) -> Incident:
    """Have the workers analyse it anew. Raises `NotAllowed`, `IncidentRefused`."""
    row = _mine(incident, by)
    ask_for_analysis(row, at=at)
    return row


def propose(incident: Incident, key: str, *, by: User, at: dt.datetime) -> Approval:
    """Ask persons for a recommended act. Raises `NotAllowed`, `Invalid` (no such advice), what proposing raises."""
    _require_proposable(incident.recommendations, key, by=by)
    return propose_advice(incident, key, by=by, at=at)


def propose_for_absence(analysis: AbsenceAnalysis, key: str, *, by: User, at: dt.datetime) -> Approval:
    """Ask persons for what an absence's analysis proposes, in its incident where it has one. Raises as `propose`."""
    _require_proposable(analysis.proposals, key, by=by)
    return propose_advice(analysis.incident, key, by=by, at=at)


def _require_proposable(listed: Iterable[Mapping[str, Any]], key: str, *, by: User) -> None:
    if not by.may(Permission.SIMULATE_RESILIENCE):
        raise NotAllowed("Your role does not propose actions.")
    # A plan that had to wait for something when it was advised may be possible by now: proposing it looks anew.
    if key not in {
        item["key"] for item in listed if item.get("act") == "propose" or item["key"].startswith("fallback:")
    }:
        raise Invalid("There is no such recommendation any more. Load it again.")


def acts_for(incident: Incident, user: User) -> frozenset[str]:
    """Names of the functions of this package that the user may call on it now."""
    state = IncidentState(incident.state)
    acts: set[str] = set()
    if incident.is_open and user.may(Permission.SIMULATE_RESILIENCE):
        acts.add("propose")
    if not may_act(user):
        return frozenset(acts)
    if incident.is_open:
        acts |= {"update", "note_action", "set_severity", "analyse_again", "fix_violation"}
        acts |= set() if incident.acknowledged_at else {"acknowledge"}
    acts |= {act for act, to in _MOVES.items() if may_move(state, to)}
    return frozenset(acts)


_MOVES = {
    "monitor": IncidentState.MONITORING,
    "recover": IncidentState.RECOVERED,
    "review": IncidentState.REVIEWED,
    "close": IncidentState.CLOSED,
    "dismiss": IncidentState.FALSE_ALARM,
    "merge": IncidentState.MERGED,
}


def may_act(user: User) -> bool:
    """Staff who approve at some level; never an account of a program."""
    return user.role != Role.AGENT and user.may(Permission.APPROVE_RESILIENCE)


def require_actor(by: User) -> None:
    """Raise NotAllowed unless the user works on incidents."""
    if not may_act(by):
        raise NotAllowed("Coordinators, architects and program directors work on incidents.")


def _mine(incident: Incident, by: User) -> Incident:
    """The open incident, locked, for somebody who may act."""
    require_actor(by)
    row = timeline.lock(incident)
    if not row.is_open:
        raise IncidentRefused(
            f"Incident {row.number} is {row.get_state_display().lower()}: nothing more is done with it."
        )
    return row


def _said(text: str) -> str:
    words = text.strip()
    if not 1 <= len(words) <= LONGEST_TEXT:
        raise Invalid(f"Say it in 1 to {LONGEST_TEXT} characters.")
    return words
