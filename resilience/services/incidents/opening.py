"""Opening incidents: at most one of a cause is open; what is seen again adds to it, and what is graver raises it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Max
from django_q.tasks import async_task

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import Permission
from accounts.services import notify
from common.errors import Invalid, NotAllowed
from common.models import signed
from resilience.domain.incidents import TARGETS, IncidentState
from resilience.domain.levels import Level
from resilience.enums import IncidentKind, TimelineEvent
from resilience.models import Incident
from resilience.services import timeline
from resilience.services.incidents import clock
from schedules.models import ProgramPolicy

_LOCK = 5_120_392
STAFF = (Role.COORDINATOR, Role.ARCHITECT, Role.PROGRAM_DIRECTOR)
TOLD = {
    Level.YELLOW: (Role.COORDINATOR,),
    Level.ORANGE: (Role.COORDINATOR, Role.ARCHITECT),
    Level.RED: STAFF,
    Level.BLACK: (*STAFF, Role.ADMINISTRATOR),
}
"""Who hears of an incident first; BLACK pages everybody who can act."""
_ANSWERED = (IncidentState.RESPONDING, IncidentState.MONITORING)
"""What was answered goes back where it worsens: it needs another answer."""


@dataclass(frozen=True)
class Finding:
    """What was noticed. `cause` names it: a second finding of the same cause joins the open incident."""

    kind: IncidentKind
    cause: str
    severity: Level
    title: str
    summary: str = ""
    """Without names of people and reasons of absences."""
    metric: str = ""
    value: str = ""
    threshold: str = ""
    people: Sequence[str] = ()
    start: dt.date | None = None
    end: dt.date | None = None
    happened_at: dt.datetime | None = None
    """None = at the moment of its detection."""


@transaction.atomic
def open_incident(finding: Finding, *, at: dt.datetime, by: User | None = None) -> Incident:
    """Open an incident, or add the finding to the open one of its cause. Its analysis is asked of the queue."""
    _one_at_a_time()
    found = Incident.objects.open().select_for_update().filter(cause=finding.cause).first()
    return _opened(finding, by=by, at=at) if found is None else _seen_again(found, finding, at=at)


def report(
    *,
    title: str,
    summary: str,
    severity: Level,
    by: User,
    at: dt.datetime,
    people: Sequence[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> Incident:
    """A person saw something that no measure did. Raises `NotAllowed`, `Invalid` (no title, no severity, dates)."""
    if not by.may(Permission.APPROVE_RESILIENCE):
        raise NotAllowed("Coordinators, architects and program directors report incidents.")
    if not title.strip():
        raise Invalid("Say in a few words what happened.")
    if severity not in TARGETS:
        raise Invalid("Choose YELLOW, ORANGE, RED or BLACK.")
    if (start is None) != (end is None) or (start is not None and end is not None and end < start):
        raise Invalid("Give both dates, the first one first, or none.")
    finding = Finding(
        kind=IncidentKind.REPORTED,
        cause=f"reported:{by.pk}:{at.isoformat()}",
        severity=severity,
        title=title.strip()[:200],
        summary=summary.strip(),
        people=people,
        start=start,
        end=end,
    )
    return open_incident(finding, at=at, by=by)


def raise_severity(incident: Incident, to: Level, *, by: User | None, at: dt.datetime, reason: str) -> Incident:
    """Set another severity of a locked incident: targets anew, a line, and people told where it rose."""
    before = Level[incident.severity]
    timeline.save(
        incident,
        by=by,
        at=at,
        why=f"severity {before.name} -> {to.name}",
        severity=to.name,
        severity_since=at,
        highest=max(Level[incident.highest], to).name,
    )
    timeline.note(incident, TimelineEvent.SEVERITY, by=by, at=at, text=reason, before=before.name, after=to.name)
    clock.restart(incident, at=at)
    if to > before:
        if incident.state in _ANSWERED:
            timeline.move(incident, IncidentState.DIAGNOSED, by=by, at=at, text="It has become graver.")
        tell(incident, title=f"{to.name}: incident {incident.number} has become graver", at=at)
        ask_for_analysis(incident, at=at)
    return incident


def ask_for_analysis(incident: Incident, *, at: dt.datetime) -> None:
    """Ask the queue, inside the transaction: the bell rolls back with it, and the sweep rings again."""
    incident.analysis_asked_at = at
    Incident._base_manager.filter(pk=incident.pk).update(analysis_asked_at=at)
    async_task("resilience.tasks.analyse_incident", str(incident.pk), q_options={"task_name": "incident analysis"})


def tell(incident: Incident, *, title: str, at: dt.datetime, upward: bool = False) -> None:
    """Notify whom the severity names; `upward` also the directors and the deputy."""
    severity = Level[incident.severity]
    roles = set(TOLD[severity]) | ({Role.PROGRAM_DIRECTOR} if upward else set())
    people = {user.pk: user for user in User.objects.filter(is_active=True, role__in=roles)}
    deputy = _deputy() if upward else None
    if deputy is not None:
        people[deputy.pk] = deputy
    notify(people.values(), kind="INCIDENT", title=title, body=incident.title, url=f"/incidents/{incident.pk}", at=at)
    names = ", ".join(sorted(role.label for role in map(Role, roles)))
    timeline.note(incident, TimelineEvent.NOTIFIED, at=at, text=f"Told: {names}. {title}", count=len(people))


def _opened(finding: Finding, *, by: User | None, at: dt.datetime) -> Incident:
    last = Incident.objects.aggregate(last=Max("number"))["last"] or 0
    made = Incident(
        number=last + 1,
        kind=finding.kind,
        cause=finding.cause,
        severity=finding.severity.name,
        highest=finding.severity.name,
        severity_since=at,
        title=finding.title,
        summary=finding.summary,
        trigger_metric=finding.metric,
        trigger_value=finding.value,
        trigger_threshold=finding.threshold,
        people=list(finding.people),
        start_date=finding.start,
        end_date=finding.end,
        happened_at=finding.happened_at or at,
        detected_at=at,
    )
    signed(made, by=by, at=at, reason="opened").save(force_insert=True)
    timeline.note(made, TimelineEvent.OPENED, by=by, at=at, text=finding.summary or finding.title)
    clock.begin(made, at=at)
    tell(made, title=f"{finding.severity.name}: incident {made.number}", at=at)
    ask_for_analysis(made, at=at)
    return made


def _seen_again(found: Incident, finding: Finding, *, at: dt.datetime) -> Incident:
    """More of the same: a line where anything is new, a higher severity where it is graver."""
    people = sorted({*found.people, *finding.people})
    is_news = people != sorted(found.people) or finding.value != found.trigger_value
    if is_news:
        timeline.save(
            found,
            by=None,
            at=at,
            why="seen again",
            people=people,
            trigger_value=finding.value,
            title=finding.title,
            summary=finding.summary,
            start_date=either(min, found.start_date, finding.start),
            end_date=either(max, found.end_date, finding.end),
        )
        timeline.note(found, TimelineEvent.SEEN_AGAIN, at=at, text=finding.summary or finding.title)
    if finding.severity > Level[found.severity]:
        raise_severity(found, finding.severity, by=None, at=at, reason=finding.summary or finding.title)
    elif is_news:
        ask_for_analysis(found, at=at)
    return found


def missing_title(people: Sequence[str], start: dt.date | None, end: dt.date | None) -> str:
    """The title of an incident about absent people: all of them, over its whole span."""
    who = f"{len(people)} people are" if len(people) > 1 else "One person is"
    return f"{who} missing from {start} to {end}"


def either(choose: Callable[..., dt.date], *days: dt.date | None) -> dt.date | None:
    """The earlier or later of the dates that are known."""
    known = [day for day in days if day is not None]
    return choose(known) if known else None


def _deputy() -> User | None:
    policy = ProgramPolicy.objects.select_related("deputy").filter(pk=1).first()
    return policy.deputy if policy and policy.deputy and policy.deputy.is_active else None


def _one_at_a_time() -> None:
    """Numbers follow each other, and two findings of a cause do not meet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
