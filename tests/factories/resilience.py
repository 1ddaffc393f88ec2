"""Resilience for tests: stored rows without the calculations behind them, and a small ward worked by hand."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from dataclasses import dataclass
from typing import Any

from resilience.domain.incidents import Approver
from resilience.enums import (
    ApprovalAction,
    ApprovalState,
    ApproverPart,
    FallbackScenario,
    ImpactName,
    IncidentKind,
    LevelName,
    ShedLevelName,
)
from resilience.models import (
    AbsenceAnalysis,
    Approval,
    ApprovalVote,
    FallbackPlan,
    Incident,
    ResiliencePolicy,
    SheddingExecution,
)
from resilience.services import posture
from resilience.services.approvals.asking import schedule_digest
from schedules.domain.problem import Category, Role, Session, ShedTier, days_between
from schedules.enums import ScheduleStatus
from schedules.models import Absence, Credential, Demand, Person, Schedule
from tests.factories import program
from tests.factories.kept import kept

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
_numbers = itertools.count(1)


def plan(start: dt.date, end: dt.date, **fields: Any) -> FallbackPlan:
    """A plan that changes nothing, made for cells that are no longer so: stale."""
    standard: dict[str, Any] = {
        "key": f"{next(_numbers):064}",
        "scenario": FallbackScenario.SINGLE_ABSENCE,
        "people": [],
        "base": "0" * 64,
        "result": "1" * 64,
        "computed_at": NOON,
        "expires_at": NOON + dt.timedelta(days=60),
    }
    return FallbackPlan.objects.create(start_date=start, end_date=end, **standard | fields)


def asked(start: dt.date, end: dt.date, **fields: Any) -> Approval:
    """Shedding that waits for the program director's word; the system asked for it."""
    standard: dict[str, Any] = {
        "action": ApprovalAction.SHEDDING,
        "target": ShedLevelName.ORANGE,
        "title": "Shed work",
        "shown": "1" * 64,
        "base": "0" * 64,
        "posture": LevelName.ORANGE,
        "needed": [ApproverPart.PROGRAM_DIRECTOR],
        "proposed_at": NOON,
        "expires_at": NOON + dt.timedelta(hours=4),
    }
    return Approval.objects.create(start_date=start, end_date=end, **standard | fields)


def incident(**fields: Any) -> Incident:
    """A bare incident that was just detected."""
    number = next(_numbers)
    standard: dict[str, Any] = {
        "number": 1000 + number,
        "kind": IncidentKind.REPORTED,
        "cause": f"test:{number}",
        "severity": LevelName.YELLOW,
        "highest": LevelName.YELLOW,
        "severity_since": NOON,
        "title": "Something happened",
        "happened_at": NOON,
        "detected_at": NOON,
    }
    return Incident.objects.create(**standard | fields)


def analysis(absence: Absence, **fields: Any) -> AbsenceAnalysis:
    """What was found about an absence: MEDIUM, with nothing to propose."""
    standard: dict[str, Any] = {"impact": ImpactName.MEDIUM, "computed_at": NOON, "margin_all": 1, "margin_safety": 1}
    return AbsenceAnalysis.objects.create(absence=absence, **standard | fields)


def execution(start: dt.date, end: dt.date, **fields: Any) -> SheddingExecution:
    """A shedding that took nothing and is not restored."""
    standard: dict[str, Any] = {
        "level": ShedLevelName.YELLOW,
        "base": "0" * 64,
        "result": "1" * 64,
        "executed_at": NOON,
        "approval": uuid.uuid4(),
    }
    return SheddingExecution.objects.create(start_date=start, end_date=end, **standard | fields)


START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
"""Block 10 of 2025-26, which the small ward's schedule covers."""
MONDAY = dt.date(2026, 3, 16)
MORNING = dt.datetime(2026, 3, 16, 18, tzinfo=dt.UTC)
"""08:00 of that Monday in the program's time zone."""
WEEK = 7


@dataclass(frozen=True)
class Ward:
    """Four attendings; the intensive care unit needs one of them, with its credential, every weekday morning.

    Windows and horizon are the week from Monday 16 March: five mornings ask for one person each. A holds the post,
    B and C could take it (they have administration), D lacks the credential. So over the week 5 person-half-days are
    demanded and 15 available, and k* is 2.
    """

    schedule: Schedule
    people: dict[str, Person]
    credential: Credential
    demand: Demand

    def __getitem__(self, letter: str) -> Person:
        return self.people[letter]

    def id(self, letter: str) -> str:
        return str(self.people[letter].pk)


def policy(**fields: Any) -> ResiliencePolicy:
    """The small ward's numbers: a week for every window."""
    standard = {"horizon_days": WEEK, "margin_days": WEEK, "safety_days": WEEK}
    record, _ = ResiliencePolicy.objects.update_or_create(id=1, defaults=standard | fields)
    return record


@kept
def ward(*, minimum: int = 1, start: dt.date = START, **fields: Any) -> Ward:
    """Make and publish the small ward, for four weeks from `start`, a Thursday."""
    end = start + (END - START)
    program.standard_activities()
    program.policy(require_n1=False, max_violations=100)
    policy(**fields)
    program.block(start=start)
    credential = program.credential(code="icu")
    unit = program.activity(
        "ICU",
        name="Intensive care",
        category=Category.INPATIENT,
        shed_tier=ShedTier.PATIENT_SAFETY,
        credential=credential,
        roles=[Role.FACULTY],
    )
    people = {letter: program.faculty(name=f"Attending {letter}") for letter in "ABCD"}
    for letter in "ABC":
        program.holds(people[letter], credential)
    demand = program.demand(unit, Session.AM, minimum=minimum, desired=minimum, weekdays=[0, 1, 2, 3, 4])
    schedule = program.schedule(start, end, status=ScheduleStatus.PUBLISHED)
    rows = [
        (person, day, session, _held(letter, day, session))
        for letter, person in people.items()
        for day in days_between(start, end)
        for session in (Session.AM, Session.PM)
    ]
    program.assignments(schedule, rows, source="SOLVER")
    return Ward(schedule, people, credential, demand)


@kept
def watched_ward(*, at: dt.datetime = MORNING, **fields: Any) -> Ward:
    """The small ward with its first full evaluation done."""
    made = ward(**fields)
    posture.evaluate_fully(at=at)
    return made


def granted(action: str, shown: str, *, at: dt.datetime, target: str = "CRITICAL") -> Approval:
    """An approval of what was shown by its hash, with everybody's yes, about the small ward's cells as they are."""
    row = Approval(
        action=action,
        target=target,
        title="Test",
        shown=shown,
        start_date=START,
        end_date=END,
        posture="GREEN",
        needed=[],
        state=ApprovalState.GRANTED,
        proposed_at=at,
        expires_at=at + dt.timedelta(hours=4),
    )
    row.base = schedule_digest(START, END)
    row.save()
    for part in Approver:
        ApprovalVote.objects.create(approval=row, part=part.value, at=at, agrees=True)
    return row


def _held(letter: str, day: dt.date, session: Session) -> str:
    if day.weekday() >= 5:
        return "W"
    return "ICU" if letter == "A" and session is Session.AM else "ADM"
