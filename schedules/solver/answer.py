"""The answer: what is read off a roster, and why there is none."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.codes import CALL_CODE, DAY_OFF_CODE, FMIT_CODE, LEAVE_CODE, OFF_CODE, PCAT_CODE, POST_CALL_CODE
from schedules.domain.pattern import faculty_base
from schedules.domain.problem import HALF_DAYS, ONE_DAY, ActivityCode, Demand, PersonId, Problem, Session, Weekday
from schedules.domain.roster import Roster, Slot
from schedules.domain.score import preferences_respected, score
from schedules.solver.explain import explain
from schedules.solver.options import Options, Outcome, Replacement, Solution, Unfilled
from schedules.solver.variables import Board


def answered(board: Board, roster: Roster, options: Options, *, outcome: Outcome, reference: Roster | None) -> Solution:
    """The solution with what there is to say of its roster; time, bound and curve are added by whoever searched."""
    problem = board.problem
    judged = score(problem, roster, reference=reference)
    amended = amendments(problem, roster)
    return Solution(
        outcome=outcome,
        roster=replace(roster, context={**roster.context, **amended}),
        objective=judged.total,
        free_decisions=board.decisions,
        terms=judged.terms,
        unfilled=tuple(_unfilled(problem, roster)),
        preferences_respected=preferences_respected(problem, roster),
        relaxed=tuple(board.relaxed),
        replacements=tuple(_replacements(board, roster)),
        amendments=amended,
        unassigned=tuple(_unassigned(problem, roster)),
        seed=options.seed,
        workers=options.workers,
    )


def infeasible(board: Board, options: Options, began: float) -> Solution:
    """That there is no roster, and why; `began` is a moment of `time.monotonic`."""
    left = max(1.0, options.timeout_seconds - (time.monotonic() - began))
    conflicts = explain(board.problem, base=board.base, frozen=options.frozen, seconds=min(30.0, left))
    return Solution(
        Outcome.INFEASIBLE,
        None,
        wall_seconds=time.monotonic() - began,
        free_decisions=board.decisions,
        relaxed=tuple(board.relaxed),
        conflicts=conflicts,
        seed=options.seed,
        workers=options.workers,
    )


def amendments(problem: Problem, roster: Roster) -> Mapping[Slot, ActivityCode]:
    """What the day after the range must hold: PCAT and DO after the last call, PC after a Thursday of FMIT."""
    last, after = problem.end, problem.end + ONE_DAY
    owed: dict[Slot, ActivityCode] = {}
    for person in problem.people:
        absent = problem.is_absent(person.id, after)
        morning, afternoon = (Slot(person.id, after, session) for session in HALF_DAYS)
        called = roster.cells.get(Slot(person.id, last, Session.NIGHT)) == CALL_CODE
        goes_on = problem.fmit_attending.get(after) == person.id
        led = person.is_faculty and roster.cells.get(Slot(person.id, last, Session.AM)) == FMIT_CODE and not goes_on
        if (led and last.weekday() == Weekday.THU) or (called and person.is_resident):
            owed |= dict.fromkeys((morning, afternoon), LEAVE_CODE if absent else POST_CALL_CODE)
        elif called and last.weekday() not in FMIT_NIGHTS:
            owed |= {morning: PCAT_CODE, afternoon: DAY_OFF_CODE}
    return owed


def _replacements(board: Board, roster: Roster) -> Iterator[Replacement]:
    for gap in board.gaps:
        for person in gap.takers:
            if roster.cells.get(Slot(person, gap.days[0], Session.AM)) == FMIT_CODE:
                yield Replacement(gap.days[0], gap.days[-1], gap.planned, person)


def _unassigned(problem: Problem, roster: Roster) -> Iterator[Slot]:
    for person in problem.faculty:
        for day in problem.days:
            for session in HALF_DAYS:
                slot = Slot(person.id, day, session)
                if faculty_base(problem, person, day, session) is None and roster.cells.get(slot) == OFF_CODE:
                    yield slot


def present(roster: Roster, demand: Demand) -> int:
    """How many of those eligible for a demand do what it asks for."""
    return sum(roster.cells.get(Slot(who, demand.day, demand.session)) == demand.activity for who in demand.eligible)


def _unfilled(problem: Problem, roster: Roster) -> Iterator[Unfilled]:
    for demand in problem.demands:
        missing = demand.minimum - present(roster, demand)
        if missing > 0:
            people = problem.in_order(demand.eligible)
            reasons = {who: _why_not(problem, roster, demand, who) for who in people}
            yield Unfilled(demand, missing, {who: why for who, why in reasons.items() if why})


_WHY: Mapping[str, str] = {
    PCAT_CODE: "supervises after call",
    DAY_OFF_CODE: "is off after call",
    POST_CALL_CODE: "is off after call",
    FMIT_CODE: "is on the inpatient team",
}


def _why_not(problem: Problem, roster: Roster, demand: Demand, who: PersonId) -> str:
    code = roster.cells.get(Slot(who, demand.day, demand.session))
    if code == demand.activity:
        return ""
    if problem.is_absent(who, demand.day):
        return "is absent"
    if demand.session is Session.NIGHT and problem.is_absent(who, demand.day + ONE_DAY):
        return "is absent the next day"
    if code is None:
        return (
            "is on call or leads the inpatient team too near" if demand.session is Session.NIGHT else "is not scheduled"
        )
    if problem.activities[code].is_off:
        return _WHY.get(code, "is off that day")
    return _WHY.get(code, f"does {problem.activities[code].name.lower()}")
