"""Changing the rows of a schedule by hand: one cell at once, or many behind a dry run; all or nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from common.errors import DomainError, Invalid, NotAllowed
from schedules.domain.changes import FindingChanges, compare_findings
from schedules.domain.problem import HALF_DAYS, ActivityCode, Problem, Session
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import check
from schedules.domain.rules.report import Violation
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.mapping.cells import Cell
from schedules.models import Assignment, Block, Schedule
from schedules.services import compliance, confirmation
from schedules.services.cells import write_cells
from schedules.services.gate import open_gate
from schedules.services.improving import Effect
from schedules.services.news import tell_assignments
from schedules.services.publishing.drafts import amend_neighbours, mark_stale, store_report
from schedules.services.publishing.versions import bump, lock
from schedules.services.validation import is_acgme, validate, violation_json

PURPOSE = "edit"
MOST_ROWS = 5000
EDITABLE = (ScheduleStatus.DRAFT, ScheduleStatus.PUBLISHED)


class NotEditable(DomainError):
    """The schedule is superseded or discarded, or changed since it was looked at."""

    code = "schedule_state"


class LockedCells(DomainError):
    """A change touches a locked cell without unlocking it."""

    code = "locked"


class WouldViolate(DomainError):
    """A published schedule would get a new hard violation of duty hours or supervision."""

    code = "would_violate"


@dataclass(frozen=True, slots=True)
class Change:
    """One cell to set, or to delete where `activity` is None. `locked` None leaves the lock as it is."""

    person: str
    day: dt.date
    session: Session
    activity: ActivityCode | None
    locked: bool | None = None

    @property
    def slot(self) -> Slot:
        return Slot(self.person, self.day, self.session)

    def concerns(self, violation: Violation) -> bool:
        """Whether a finding is about this cell's person and date (or about the date alone)."""
        if not violation.start <= self.day <= violation.end:
            return False
        return self.person in violation.people or violation.session is self.session


@dataclass(frozen=True)
class Preview:
    """What the changes would do to the findings of the rule table."""

    schedule: Schedule
    changes: tuple[Change, ...]
    problem: Problem
    findings: FindingChanges
    effect: Effect

    @property
    def refused(self) -> tuple[Violation, ...]:
        """New or worse hard violations of duty hours or supervision: a published schedule never gets them."""
        if self.schedule.status != ScheduleStatus.PUBLISHED:
            return ()
        return tuple(v for v in (*self.findings.new, *self.findings.worsened) if is_acgme(v))

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.schedule, self.changes)

    def as_json(self) -> dict[str, Any]:
        return {
            "schedule": str(self.schedule.pk),
            "version": self.schedule.version,
            "rows": [self._row(change) for change in self.changes],
            "new": self._json(self.findings.new),
            "worsened": self._json(self.findings.worsened),
            "gone": self._json(self.findings.gone),
            "refused": self._json(self.refused),
        }

    def _row(self, change: Change) -> dict[str, Any]:
        caused = [v for v in (*self.findings.new, *self.findings.worsened) if change.concerns(v)]
        return {
            "person": change.person,
            "date": change.day.isoformat(),
            "session": change.session.value,
            "activity": change.activity,
            "new_violations": self._json(caused),
        }

    def _json(self, violations: Iterable[Violation]) -> list[dict[str, Any]]:
        return [violation_json(violation, self.problem) for violation in violations]


def fingerprint(schedule: Schedule, changes: Iterable[Change]) -> str:
    """What a yes answers: these changes to this version of these rows."""
    return confirmation.digest(schedule.pk, schedule.version, *map(repr, sorted(changes, key=repr)))


def preview(schedule: Schedule, changes: Sequence[Change]) -> Preview:
    """Judge the changes without writing anything. Raises Invalid, NotEditable, LockedCells."""
    if schedule.status not in EDITABLE:
        raise NotEditable(f"This schedule is {schedule.get_status_display().lower()}; its rows stay as they are.")
    first, last = _span(schedule, changes)
    problem = load_problem(first, last, schedule=schedule)
    _check_shape(schedule, changes, problem)
    before = load_roster(problem, schedule=schedule)
    _respect_locks(schedule, changes)
    after = before.with_changes({change.slot: change.activity for change in changes})
    effect = Effect(problem, before, after)
    return Preview(schedule, tuple(changes), problem, _findings(problem, before, after), effect)


def offer(schedule: Schedule, changes: Sequence[Change], *, by: User, at: dt.datetime) -> tuple[Preview, str]:
    """A dry run and the token that applies exactly it within 15 minutes."""
    shown = preview(schedule, changes)
    return shown, confirmation.issue(by, purpose=PURPOSE, fingerprint=shown.fingerprint, at=at).token


def apply(
    schedule: Schedule,
    changes: Sequence[Change],
    *,
    token: str,
    by: User,
    at: dt.datetime,
    reason: str = "",
    typed_range: str = "",
) -> Preview:
    """Write what a dry run showed, all or nothing, behind a backup of its own.

    Deleting half-days is clearing: it needs CLEAR_RANGE and the dates typed as ``2026-03-12 to 2026-04-08``.
    Raises ConfirmationRefused where rows changed since the dry run, WouldViolate, and what `preview` raises.
    """
    _require_right_to_clear(changes, by=by, typed_range=typed_range)
    confirmation.require_valid(token, by=by, purpose=PURPOSE, at=at)  # told before a backup is made for nothing
    why = (reason.strip() or "bulk edit")[:100]
    operation = "clear" if _cleared(changes) else "bulk"
    with open_gate(operation=operation, by=by, at=at, reason=why, effect=lambda: preview(schedule, changes).effect):
        locked = lock(schedule)
        shown = preview(locked, changes)
        confirmation.redeem(token, by=by, purpose=PURPOSE, fingerprint=shown.fingerprint, at=at)
        _refuse_violations(shown)
        _write(locked, changes, by=by, at=at, reason=why)
        return shown


def set_cell(
    schedule: Schedule, change: Change, *, by: User, at: dt.datetime, version: int | None = None, reason: str = ""
) -> Preview:
    """Change one cell at once; the answer names the findings that it brings and ends.

    `version` is what the caller saw; a later one is refused. Raises what `apply` raises.
    """
    _require_right_to_clear([change], by=by, typed_range="")
    why = (reason.strip() or "edited by hand")[:100]
    with open_gate(operation="edit", by=by, at=at, reason=why, effect=lambda: preview(schedule, [change]).effect):
        locked = lock(schedule)
        if version is not None and locked.version != version:
            raise NotEditable("Somebody changed this schedule a moment ago. Look at it again.", code="version_changed")
        shown = preview(locked, [change])
        _refuse_violations(shown)
        _write(locked, [change], by=by, at=at, reason=why)
        return shown


def typed_range_of(changes: Iterable[Change]) -> str:
    """What a person has to type to clear: first and last date of the half-days that would be deleted."""
    days = sorted(change.day for change in _cleared(changes))
    return f"{days[0]} to {days[-1]}" if days else ""


def _cleared(changes: Iterable[Change]) -> list[Change]:
    """Deletes of half-days. Deleting a NIGHT cell is an ordinary edit: a night cell exists only where there is duty."""
    return [change for change in changes if change.activity is None and change.session in HALF_DAYS]


def _require_right_to_clear(changes: Iterable[Change], *, by: User, typed_range: str) -> None:
    wanted = typed_range_of(changes)
    if not wanted:
        return
    if not by.may(Permission.CLEAR_RANGE):
        raise NotAllowed("Only the program director may clear half-days. Set them to another activity instead.")
    if typed_range.strip() != wanted:
        raise Invalid(
            f"Clearing cannot be undone by an edit. Type the range {wanted!r} to confirm it.",
            code="range_not_typed",
            range=wanted,
        )


def _span(schedule: Schedule, changes: Sequence[Change]) -> tuple[dt.date, dt.date]:
    """The dates to judge: the blocks that the changes touch, within the schedule."""
    if not changes:
        raise Invalid("There is nothing to change.")
    if len(changes) > MOST_ROWS:
        raise Invalid(f"{len(changes)} rows were sent; at most {MOST_ROWS} are taken at once.")
    first, last = min(c.day for c in changes), max(c.day for c in changes)
    if first < schedule.start_date or last > schedule.end_date:
        raise Invalid(f"The schedule covers {schedule.start_date} to {schedule.end_date}; some rows lie outside.")
    blocks = list(Block.objects.filter(start_date__lte=last, end_date__gte=first))
    start = min((block.start_date for block in blocks), default=first)
    end = max((block.end_date for block in blocks), default=last)
    return max(min(start, first), schedule.start_date), min(max(end, last), schedule.end_date)


def _check_shape(schedule: Schedule, changes: Sequence[Change], problem: Problem) -> None:
    errors = []
    twice = {slot for slot, times in Counter(change.slot for change in changes).items() if times > 1}
    for number, change in enumerate(changes, start=1):
        if change.person not in problem.person:
            errors.append(f"Row {number}: there is no such active person.")
        elif change.activity is not None and change.activity not in problem.activities:
            errors.append(f"Row {number}: the activity {change.activity!r} is not known.")
        elif change.slot in twice:
            errors.append(f"Row {number}: this person's {change.session} of {change.day} occurs more than once.")
    if errors:
        shown = " ".join(errors[:5]) + (f" And {len(errors) - 5} more." if len(errors) > 5 else "")
        raise Invalid(shown, errors=errors)


def _respect_locks(schedule: Schedule, changes: Sequence[Change]) -> None:
    wanted = {change.slot: change for change in changes}
    held = Assignment.objects.filter(
        schedule=schedule, locked=True, date__gte=min(s.day for s in wanted), date__lte=max(s.day for s in wanted)
    ).values_list("person_id", "date", "session", "activity__code")
    blocked = []
    for person, day, session, code in held:
        change = wanted.get(Slot(str(person), day, Session(session)))
        if change is not None and change.locked is not False and change.activity != code:
            blocked.append({"person": str(person), "date": day.isoformat(), "session": session})
    if blocked:
        raise LockedCells(f"{len(blocked)} of these cells are locked. Unlock them in the same change.", cells=blocked)


def _findings(problem: Problem, before: Roster, after: Roster) -> FindingChanges:
    return compare_findings(check(problem, before), check(problem, after))


def _refuse_violations(shown: Preview) -> None:
    if shown.refused:
        raise WouldViolate(
            "The published schedule would break duty-hour or supervision rules: "
            + " ".join(violation.message for violation in shown.refused[:3]),
            preview=shown.as_json(),
        )


def _write(schedule: Schedule, changes: Sequence[Change], *, by: User, at: dt.datetime, reason: str) -> None:
    """Rows, history, version, report, and what follows for drafts and the compliance record. Needs the open gate."""
    _write_rows(schedule, changes, by=by, at=at, reason=reason)
    first, last = min(c.day for c in changes), max(c.day for c in changes)
    if schedule.status == ScheduleStatus.DRAFT and last == schedule.end_date:
        amend_neighbours(schedule, by=by, at=at)
    judged = validate(schedule.start_date, schedule.end_date, schedule=schedule)
    store_report(schedule, judged)
    bump(schedule, by=by, at=at, reason=reason)
    if schedule.status == ScheduleStatus.PUBLISHED:
        compliance.reconcile(schedule, judged.report, at=at, reason=reason)
        mark_stale(first, last, by=by, at=at, reason="The published schedule of these dates was edited.")
        tell_assignments(first, last)


def _write_rows(schedule: Schedule, changes: Sequence[Change], *, by: User, at: dt.datetime, reason: str) -> None:
    days = [change.day for change in changes]
    rows = {
        Slot(str(row.person_id), row.date, Session(row.session)): row
        for row in schedule.assignments.filter(date__gte=min(days), date__lte=max(days))
    }
    write_cells(
        [Cell(change.slot, change.activity, locked=_is_locked(change, rows)) for change in changes],
        rows,
        home=lambda _: schedule,
        by=by,
        at=at,
        reason=reason,
    )


def _is_locked(change: Change, rows: Mapping[Slot, Assignment]) -> bool:
    if change.locked is not None:
        return change.locked
    row = rows.get(change.slot)
    return row is not None and row.locked
