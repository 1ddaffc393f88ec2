"""What the last night and the last inpatient day of a range oblige on the date after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.codes import (
    ADMIN_CODE,
    CALL_CODE,
    DAY_OFF_CODE,
    FMIT_CODE,
    LEAVE_CODE,
    PCAT_CODE,
    POST_CALL_CODE,
    SUPERVISION_CODE,
)
from schedules.domain.pattern import faculty_base
from schedules.domain.problem import HALF_DAYS, ONE_DAY, ActivityCode, Person, Problem, Session, Weekday
from schedules.domain.roster import Roster, Slot

_RELEASED = {PCAT_CODE: SUPERVISION_CODE, DAY_OFF_CODE: ADMIN_CODE, POST_CALL_CODE: ADMIN_CODE}
"""The idle work of a faculty half-day whose reason to be post-call is gone; a PCAT stays supervision."""


class EdgeChange(NamedTuple):
    """A cell of the following date that the roster changes, in what is decided there already."""

    before: ActivityCode | None
    after: ActivityCode | None
    reason: str


def edge_changes(problem: Problem, roster: Roster) -> dict[Slot, EdgeChange]:
    """Changes on the date after the range where that date is decided already (in the roster's context).

    POST_CALL and FMIT_WEEK oblige the post-call cells of the last night and the Friday off after an inpatient week;
    such cells of a faculty member who no longer has that call or week become idle work again.
    """
    following = problem.end + ONE_DAY
    wanted = dict(_obliged(problem, roster))
    changes = {}
    for person in problem.people:
        for session in HALF_DAYS:
            slot = Slot(person.id, following, session)
            before = roster.context.get(slot)
            if before is None or before == LEAVE_CODE:
                continue
            after, reason = wanted.get(slot) or _released(problem, person, slot, before)
            if after != before:
                changes[slot] = EdgeChange(before, after, reason)
    return changes


def with_edges(problem: Problem, roster: Roster) -> Roster:
    """The roster with the following date as it is to be amended."""
    changes = {slot: change.after for slot, change in edge_changes(problem, roster).items() if change.after}
    return replace(roster, context={**roster.context, **changes})


def _obliged(problem: Problem, roster: Roster) -> Iterator[tuple[Slot, tuple[ActivityCode, str]]]:
    last, following = problem.end, problem.end + ONE_DAY
    for person in problem.people:
        if last.weekday() == Weekday.THU and person.is_faculty and _leads(problem, roster, person):
            for slot in (Slot(person.id, following, session) for session in HALF_DAYS):
                # Whoever leads the next week as well goes on.
                if roster.context.get(slot) != FMIT_CODE:
                    yield slot, (POST_CALL_CODE, f"off after the inpatient week to {last}")
        if roster.cells.get(Slot(person.id, last, Session.NIGHT)) != CALL_CODE:
            continue
        reason = f"after the overnight call of {last}"
        if person.is_resident:
            for session in HALF_DAYS:
                yield Slot(person.id, following, session), (POST_CALL_CODE, reason)
        elif last.weekday() not in FMIT_NIGHTS:
            yield Slot(person.id, following, Session.AM), (PCAT_CODE, reason)
            yield Slot(person.id, following, Session.PM), (DAY_OFF_CODE, reason)


def _leads(problem: Problem, roster: Roster, person: Person) -> bool:
    return any(roster.cells.get(Slot(person.id, problem.end, session)) == FMIT_CODE for session in HALF_DAYS)


def _released(problem: Problem, person: Person, slot: Slot, before: ActivityCode) -> tuple[ActivityCode, str]:
    """What a faculty member's post-call cell becomes once the night or the week before it is somebody else's."""
    if not person.is_faculty or before not in _RELEASED:
        return before, ""
    if before == POST_CALL_CODE and slot.day.weekday() != Weekday.FRI:
        return before, ""
    after = faculty_base(problem, person, slot.day, slot.session) or _RELEASED[before]
    return after, "the call or inpatient week before it went to somebody else"
