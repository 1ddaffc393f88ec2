"""Findings of stored dates, each with a small fix that the rule table itself has checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from accounts.models import User
from common.errors import DomainError
from schedules.domain.changes import new_or_worsened
from schedules.domain.codes import ADMIN_CODE, LEAVE_CODE, OFF_CODE, SUPERVISION_CODE
from schedules.domain.problem import HALF_DAYS, SESSIONS, Category, Demand, Problem, Session
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import check
from schedules.domain.rules.report import Report, Severity, Violation
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Schedule
from schedules.services import confirmation, editing
from schedules.services.validation import violation_json

MOST_TRIES = 24
"""Candidate fixes judged per finding: each costs one run of the rule table."""
SPARE_CATEGORIES = frozenset({Category.ADMIN, Category.RESEARCH})
"""Work that gives way first when somebody has to step in."""

Rows = tuple[editing.Change, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """A small change that ends a finding, and the lesser findings that it brings."""

    rows: Rows
    brings: tuple[Violation, ...] = ()


class NoFix(DomainError):
    """The finding is gone, or no small change mends it without a new one."""

    code = "no_fix"


@dataclass(frozen=True)
class Conflict:
    """One counted finding and a checked fix, if one was found."""

    schedule: Schedule
    problem: Problem
    violation: Violation
    fix: Fix | None

    def as_json(self) -> dict[str, Any]:
        rows = [
            {
                "person": change.person,
                "name": self.problem.person[change.person].name,
                "date": change.day.isoformat(),
                "session": change.session.value,
                "activity": change.activity,
            }
            for change in (self.fix.rows if self.fix else ())
        ]
        return {
            "id": f"{self.schedule.pk}:{self.violation.key}",
            "schedule": str(self.schedule.pk),
            **violation_json(self.violation, self.problem),
            "proposed_fix": rows or None,
            "fix_brings": [violation_json(v, self.problem) for v in (self.fix.brings if self.fix else ())],
        }


def detect(start: dt.date, end: dt.date, *, schedule: Schedule | None = None) -> list[Conflict]:
    """Counted findings of a version, or of what is published, with checked fixes. Reads only."""
    versions = [schedule] if schedule else _published(start, end)
    found = []
    for version in versions:
        first, last = max(start, version.start_date), min(end, version.end_date)
        if first > last:
            continue
        problem = load_problem(first, last, schedule=version)
        roster = load_roster(problem, schedule=version)
        report = check(problem, roster)
        found += [Conflict(version, problem, v, propose(problem, roster, report, v)) for v in report.counted]
    return found


def apply(schedule: Schedule, key: str, *, by: User, at: dt.datetime) -> editing.Preview:
    """Apply the fix of one finding, looked for and checked again now. Raises NoFix and what editing raises."""
    problem = load_problem(schedule.start_date, schedule.end_date, schedule=schedule)
    roster = load_roster(problem, schedule=schedule)
    report = check(problem, roster)
    violation = next((v for v in report.counted if v.key == key), None)
    if violation is None:
        raise NoFix("This finding is gone; nothing was changed.")
    fix = propose(problem, roster, report, violation)
    if fix is None:
        raise NoFix("No small change mends this finding without bringing another. Correct it by hand.")
    shown = editing.preview(schedule, fix.rows)
    token = confirmation.issue(by, purpose=editing.PURPOSE, fingerprint=shown.fingerprint, at=at)
    return editing.apply(schedule, fix.rows, token=token.token, by=by, at=at, reason=f"fix of {violation.rule}")


def propose(problem: Problem, roster: Roster, report: Report, violation: Violation) -> Fix | None:
    """The first candidate that ends this finding and brings none as grave: never a hard one, and for a finding that is
    not hard no counted one.
    """
    best: Fix | None = None
    for rows in islice(_candidates(problem, roster, violation), MOST_TRIES):
        if any(change.slot in roster.locked for change in rows):
            continue
        after = check(problem, roster.with_changes({change.slot: change.activity for change in rows}))
        if any(v.key == violation.key for v in after.counted):
            continue
        brings = tuple(v for v in new_or_worsened(report, after) if v.severity is not Severity.ADVISORY)
        if not brings:
            return Fix(rows)
        is_lesser = violation.severity is Severity.HARD and all(v.severity is not Severity.HARD for v in brings)
        if is_lesser and (best is None or len(brings) < len(best.brings)):
            best = Fix(rows, brings)
    return best


def _candidates(problem: Problem, roster: Roster, violation: Violation) -> Iterator[Rows]:
    """Small changes that might mend a finding, the gentlest first."""
    by_rule = {
        "ABSENT": _leave,
        "SUPERVISION": _supervise,
        "DEMAND_MIN": _fill,
        "CLINIC_CAPACITY": _empty_clinic,
        "DAY_FREE_IN_7": _day_off,
        "HOURS_80": _day_off,
    }
    find = by_rule.get(violation.rule)
    return find(problem, roster, violation) if find else iter(())


def _leave(problem: Problem, roster: Roster, violation: Violation) -> Iterator[Rows]:
    """Leave in place of the work that falls on an absence."""
    person = violation.people[0]
    yield tuple(
        editing.Change(person, slot.day, slot.session, LEAVE_CODE if slot.session in HALF_DAYS else None)
        for slot in sorted(roster.cells)
        if slot.person == person and violation.start <= slot.day <= violation.end
    )


def _supervise(problem: Problem, roster: Roster, violation: Violation) -> Iterator[Rows]:
    for session in _sessions(violation):
        for person in problem.faculty:
            if _is_spare(problem, roster, Slot(person.id, violation.start, session)):
                yield (editing.Change(person.id, violation.start, session, SUPERVISION_CODE),)


def _fill(problem: Problem, roster: Roster, violation: Violation) -> Iterator[Rows]:
    for demand in _demands(problem, violation):
        for person in sorted(demand.eligible):
            slot = Slot(person, demand.day, demand.session)
            if demand.session is Session.NIGHT or _is_spare(problem, roster, slot):
                yield (editing.Change(person, demand.day, demand.session, demand.activity),)


def _demands(problem: Problem, violation: Violation) -> list[Demand]:
    code = violation.facts.get("activity")
    return [
        demand
        for demand in problem.demands
        if demand.day == violation.start
        and demand.session in _sessions(violation)
        and (code is None or demand.activity == code)
        and demand.minimum > 0
    ]


def _empty_clinic(problem: Problem, roster: Roster, violation: Violation) -> Iterator[Rows]:
    """One person less in the clinic; residents' half-days become administration."""
    for session in _sessions(violation):
        for person in problem.people:
            code = roster.cells.get(Slot(person.id, violation.start, session))
            if code and problem.activities[code].counts_toward_clinic_capacity:
                yield (editing.Change(person.id, violation.start, session, ADMIN_CODE),)


def _day_off(problem: Problem, roster: Roster, violation: Violation) -> Iterator[Rows]:
    """A whole day of inpatient duty off."""
    person = violation.people[0]
    for day in problem.days:
        cells = {s: roster.cells.get(Slot(person, day, s)) for s in SESSIONS}
        worked = {s: code for s, code in cells.items() if code and problem.activities[code].is_duty}
        if worked and all(problem.activities[code].category is Category.INPATIENT for code in worked.values()):
            yield tuple(editing.Change(person, day, s, OFF_CODE if s in HALF_DAYS else None) for s in worked)


def _sessions(violation: Violation) -> tuple[Session, ...]:
    return (violation.session,) if violation.session else HALF_DAYS


def _is_spare(problem: Problem, roster: Roster, slot: Slot) -> bool:
    """Whether the person is there and does something that may give way."""
    code = roster.cells.get(slot)
    if code is None or problem.is_absent(slot.person, slot.day):
        return False
    return code == OFF_CODE or problem.activities[code].category in SPARE_CATEGORIES


def _published(start: dt.date, end: dt.date) -> list[Schedule]:
    rows = Schedule.objects.filter(status=ScheduleStatus.PUBLISHED, start_date__lte=end, end_date__gte=start)
    return list(rows.order_by("start_date"))
