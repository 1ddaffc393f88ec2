"""Findings of stored dates, each with a small fix that the rule table itself has checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Any

from accounts.models import User
from common.errors import DomainError
from schedules.domain.changes import CellChange, FindingChanges, compare_findings, differences, new_or_worsened
from schedules.domain.codes import (
    ADMIN_CODE,
    CALL_CODE,
    DAY_OFF_CODE,
    LEAVE_CODE,
    OFF_CODE,
    PCAT_CODE,
    POST_CALL_CODE,
    SUPERVISION_CODE,
)
from schedules.domain.coverage import Coverage, coverage
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    SESSIONS,
    Category,
    Date,
    Demand,
    PersonId,
    Problem,
    Session,
)
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import check
from schedules.domain.rules.report import Report, Severity, Violation
from schedules.mapping import load_problem, load_roster
from schedules.models import Schedule
from schedules.services import confirmation, editing
from schedules.services.validation import violation_json

MOST_TRIES = 24
"""Candidate fixes judged per finding: each costs one run of the rule table."""
MOST_OPTIONS = 3
"""Fixes of one finding that a person chooses among."""
SPARE_CATEGORIES = frozenset({Category.ADMIN, Category.RESEARCH})
"""Work that gives way first when somebody has to step in."""

Rows = tuple[editing.Change, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """A small change that ends a finding, and the lesser findings that it brings."""

    rows: Rows
    brings: tuple[Violation, ...] = ()
    advisories: int = 0
    """New or worse findings that are never counted."""


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
        locked = _locked(version)
        found += [Conflict(version, problem, v, propose(problem, roster, report, v, locked)) for v in report.counted]
    return found


def _locked(version: Schedule) -> frozenset[Slot]:
    """Cells that no fix touches. What was set by hand and left unlocked may be proposed: a person decides again."""
    rows = version.assignments.filter(locked=True).values_list("person_id", "date", "session")
    return frozenset(Slot(str(person), day, Session(session)) for person, day, session in rows)


@dataclass(frozen=True)
class Option:
    """One checked fix of a finding: the cells before and after, and what it does to findings and filled demand."""

    fix: Fix
    cells: tuple[CellChange, ...]
    findings: FindingChanges
    before: Coverage
    after: Coverage
    fingerprint: str
    """What a yes to this fix answers: these changes to this version of the rows."""


@dataclass(frozen=True)
class Examined:
    """One finding of a version as it stands now, and the fixes that were found; `violation` None: it is gone."""

    schedule: Schedule
    problem: Problem
    roster: Roster
    violation: Violation | None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Applied:
    """What was written, and the fix that it was."""

    preview: editing.Preview
    option: Option

    @property
    def undo(self) -> Rows:
        """The changes that put its cells back. A fix touches no locked cell."""
        slots = ((cell.slot, cell.before) for cell in self.option.cells)
        return tuple(editing.Change(slot.person, slot.day, slot.session, before) for slot, before in slots)


def examine(schedule: Schedule, key: str) -> Examined:
    """The finding judged anew, with up to `MOST_OPTIONS` fixes, the one that brings least first. Reads only."""
    problem = load_problem(schedule.start_date, schedule.end_date, schedule=schedule)
    roster = load_roster(problem, schedule=schedule)
    report = check(problem, roster)
    violation = next((v for v in report.counted if v.key == key), None)
    if violation is None:
        return Examined(schedule, problem, roster, None)
    found = _fixes(problem, roster, report, violation, _locked(schedule))
    fixes = sorted(found, key=lambda fix: _cost(roster, fix))[:MOST_OPTIONS]
    before = coverage(problem, roster)
    options = tuple(_option(schedule, problem, roster, report, before, fix) for fix in fixes)
    return Examined(schedule, problem, roster, violation, options)


def _option(  # noqa: PLR0917
    schedule: Schedule, problem: Problem, roster: Roster, report: Report, before: Coverage, fix: Fix
) -> Option:
    after = roster.with_changes({change.slot: change.activity for change in fix.rows})
    return Option(
        fix=fix,
        cells=differences(roster, after),
        findings=compare_findings(report, check(problem, after)),
        before=before,
        after=coverage(problem, after),
        fingerprint=editing.fingerprint(schedule, fix.rows),
    )


def apply(schedule: Schedule, key: str, *, by: User, at: dt.datetime, shown: str = "") -> Applied:
    """Apply the fix of one finding, looked for and checked again now: the one whose fingerprint was `shown`, else the
    first.

    Raises NoFix, ConfirmationRefused where what was shown is no fix any more, and what editing raises.
    """
    found = examine(schedule, key)
    if found.violation is None:
        raise NoFix("This finding is gone; nothing was changed.")
    if not found.options:
        raise NoFix("No small change mends this finding without bringing another. Correct it by hand.")
    chosen = next((option for option in found.options if shown in {"", option.fingerprint}), None)
    if chosen is None:
        raise confirmation.ConfirmationRefused(
            "The schedule has changed since this fix was shown; nothing was changed. Look at the present ones.",
            code="confirmation_stale",
        )
    rows = chosen.fix.rows
    token = confirmation.issue(by, purpose=editing.PURPOSE, fingerprint=editing.fingerprint(schedule, rows), at=at)
    why = f"fix of {found.violation.rule}"
    preview = editing.apply(schedule, rows, token=token.token, by=by, at=at, reason=why)
    return Applied(preview, chosen)


def _cost(roster: Roster, fix: Fix) -> tuple[int, int, int]:
    """Findings that it brings; then advisories; then cells that people decided and that it would change."""
    return len(fix.brings), fix.advisories, sum(change.slot in roster.locked for change in fix.rows)


def propose(
    problem: Problem, roster: Roster, report: Report, violation: Violation, locked: Set[Slot] = frozenset()
) -> Fix | None:
    """The first fix that brings nothing, else the first of those that bring least."""
    best: Fix | None = None
    for fix in _fixes(problem, roster, report, violation, locked):
        if not fix.brings:
            return fix
        best = fix if best is None or len(fix.brings) < len(best.brings) else best
    return best


def _fixes(problem: Problem, roster: Roster, report: Report, violation: Violation, locked: Set[Slot]) -> Iterator[Fix]:
    """The candidates that end this finding and bring none as grave: never a hard one, and for a finding that is not
    hard no counted one.
    """
    for rows in islice(_candidates(problem, roster, violation), MOST_TRIES):
        if any(change.slot in locked for change in rows):
            continue
        after = check(problem, roster.with_changes({change.slot: change.activity for change in rows}))
        if any(v.key == violation.key for v in after.counted):
            continue
        caused = new_or_worsened(report, after)
        brings = tuple(v for v in caused if v.severity is not Severity.ADVISORY)
        is_lesser = violation.severity is Severity.HARD and all(v.severity is not Severity.HARD for v in brings)
        if not brings or is_lesser:
            yield Fix(rows, brings, len(caused) - len(brings))


def _candidates(problem: Problem, roster: Roster, violation: Violation) -> Iterator[Rows]:
    """Small changes that might mend a finding, the gentlest first."""
    by_rule = {
        "ABSENT": _leave,
        "SUPERVISION": _supervise,
        "DEMAND_MIN": _fill,
        "POST_CALL": _rest_after_call,
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
    """As many supervisors more as are missing, from those whose work may give way."""
    missing = int((violation.limit or 1) - (violation.measured or 0))
    for session in _sessions(violation):
        slots = [Slot(person.id, violation.start, session) for person in problem.faculty]
        spare = [slot for slot in slots if _is_spare(problem, roster, slot)]
        for chosen in combinations(spare, missing):
            yield tuple(editing.Change(slot.person, slot.day, session, SUPERVISION_CODE) for slot in chosen)


def _fill(problem: Problem, roster: Roster, violation: Violation) -> Iterator[Rows]:
    """One eligible person more; an overnight call with what the day after it owes."""
    for demand in _demands(problem, violation):
        for person in problem.in_order(demand.eligible):
            slot = Slot(person, demand.day, demand.session)
            if demand.session is Session.NIGHT or _is_spare(problem, roster, slot):
                rows = (editing.Change(person, demand.day, demand.session, demand.activity),)
                yield rows
                after = _day_after_call(problem, person, demand.day + ONE_DAY)
                if demand.activity == CALL_CODE and after:
                    yield (*rows, *after)


def _rest_after_call(problem: Problem, roster: Roster, violation: Violation) -> Iterator[Rows]:
    """What the day after a call owes, in place of the work that stands there."""
    yield _day_after_call(problem, violation.people[0], violation.start)


def _day_after_call(problem: Problem, person: PersonId, day: Date) -> Rows:
    """The rows of POST_CALL; none where the day lies behind the range."""
    resident = problem.person[person].is_resident
    codes = (POST_CALL_CODE, POST_CALL_CODE) if resident else (PCAT_CODE, DAY_OFF_CODE)
    pairs = zip(HALF_DAYS, codes, strict=True) if day <= problem.end else ()
    return tuple(editing.Change(person, day, session, code) for session, code in pairs)


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
    return list(Schedule.objects.published(start, end))
