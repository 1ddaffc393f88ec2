"""What the last night and the last inpatient day of a range oblige on the date after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from schedules.domain.demand import CALL_CODE, FMIT_CODE
from schedules.domain.pattern import LEAVE_CODE
from schedules.domain.problem import HALF_DAYS, ONE_DAY, ActivityCode, Person, Problem, Session, Weekday
from schedules.domain.roster import Roster, Slot

POST_CALL_AM = "PCAT"
POST_CALL_PM = "DO"
POST_CALL_OFF = "PC"

_SHARED_CALL_DAYS = frozenset({Weekday.SUN, Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU})


class EdgeChange(NamedTuple):
    """A cell of the following date that the roster changes, in what is decided there already."""

    before: ActivityCode | None
    after: ActivityCode | None
    reason: str


def edge_changes(problem: Problem, roster: Roster) -> dict[Slot, EdgeChange]:
    """Changes on the date after the range where that date is decided already (in the roster's context).

    POST_CALL and FMIT_WEEK oblige the post-call cells of the last night and the Friday off after an inpatient week; the
    post-call cells of a person who no longer has that call become idle work again.
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
            after, reason = wanted.get(slot) or _released(person, slot, before)
            if after != before:
                changes[slot] = EdgeChange(before, after, reason)
    return changes


def _obliged(problem: Problem, roster: Roster) -> Iterator[tuple[Slot, tuple[ActivityCode, str]]]:
    last, following = problem.end, problem.end + ONE_DAY
    for person in problem.people:
        if last.weekday() == Weekday.THU and person.is_faculty and _leads(problem, roster, person):
            for session in HALF_DAYS:
                yield Slot(person.id, following, session), (POST_CALL_OFF, f"off after the inpatient week to {last}")
        if roster.cells.get(Slot(person.id, last, Session.NIGHT)) != CALL_CODE:
            continue
        reason = f"after the overnight call of {last}"
        if person.is_resident:
            for session in HALF_DAYS:
                yield Slot(person.id, following, session), (POST_CALL_OFF, reason)
        elif last.weekday() in _SHARED_CALL_DAYS:
            yield Slot(person.id, following, Session.AM), (POST_CALL_AM, reason)
            yield Slot(person.id, following, Session.PM), (POST_CALL_PM, reason)


def _leads(problem: Problem, roster: Roster, person: Person) -> bool:
    return any(roster.cells.get(Slot(person.id, problem.end, session)) == FMIT_CODE for session in HALF_DAYS)


def _released(person: Person, slot: Slot, before: ActivityCode) -> tuple[ActivityCode, str]:
    """What a faculty member's post-call cell becomes once the call before it is somebody else's."""
    if person.is_faculty and before == POST_CALL_AM:
        return "AT", "the overnight call before it went to somebody else"
    if person.is_faculty and before == POST_CALL_PM:
        return (
            "LEC" if slot.day.weekday() == Weekday.WED else "ADM"
        ), "the overnight call before it went to somebody else"
    return before, ""
