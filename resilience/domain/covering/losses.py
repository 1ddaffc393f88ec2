"""People gone from the program, each on their own dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.codes import ADMIN_CODE, CALL_CODE, DAY_OFF_CODE, LEAVE_CODE, PCAT_CODE, SUPERVISION_CODE
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    Absence,
    ActivityCode,
    Date,
    PersonId,
    Problem,
    Session,
    days_between,
)
from schedules.domain.roster import Roster, Slot


class Loss(NamedTuple):
    """One person gone from the first to the last day, both included."""

    person: PersonId
    start: Date
    end: Date


def without(problem: Problem, roster: Roster, losses: Iterable[Loss]) -> tuple[Problem, Roster]:
    """The program while people are gone, each on their own dates: absences, and LV in place of their cells.

    The day after a lost call its holder supervises and has administration instead of PCAT and DO (ADR 0002), unless
    they are still gone then by another loss.
    """
    gone = sorted(losses)
    absences = tuple(Absence(loss.person, loss.start, loss.end, "SCENARIO") for loss in gone)
    changes: dict[Slot, ActivityCode | None] = {}
    for loss in gone:
        changes |= _after_lost_call(roster, loss)
    for loss in gone:
        for day in days_between(max(loss.start, problem.start), min(loss.end, problem.end)):
            for session in (*HALF_DAYS, Session.NIGHT):
                slot = Slot(loss.person, day, session)
                if slot in roster.cells:
                    changes[slot] = None if session is Session.NIGHT else LEAVE_CODE
    return replace(problem, absences=(*problem.absences, *absences)), roster.with_changes(changes)


def _after_lost_call(roster: Roster, loss: Loss) -> dict[Slot, ActivityCode | None]:
    """What is held on the day after the loss where its last night was a call that obliged that day."""
    if roster.at(loss.person, loss.end, Session.NIGHT) != CALL_CODE or loss.end.weekday() in FMIT_NIGHTS:
        return {}
    back = loss.end + ONE_DAY
    after = {Session.AM: (PCAT_CODE, SUPERVISION_CODE), Session.PM: (DAY_OFF_CODE, ADMIN_CODE)}
    return {
        Slot(loss.person, back, session): instead
        for session, (held, instead) in after.items()
        if roster.cells.get(Slot(loss.person, back, session)) == held
    }
