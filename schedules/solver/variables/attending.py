"""Who is FMIT attending on which date: by plan, or whoever takes a gap in it."""

from __future__ import annotations

from collections.abc import Iterator

from schedules.domain.calls import days_without_attending, takes_call
from schedules.domain.codes import FMIT_CODE
from schedules.domain.problem import ONE_DAY, Date, PersonId, Problem, Session
from schedules.domain.roster import Slot
from schedules.solver.variables.board import Board, Gap
from schedules.solver.variables.literals import Literal, free_among


def fill_attending(board: Board) -> None:
    """The planned attending of each date who is present; each gap goes to one person for all of its dates."""
    problem = board.problem
    vacant = frozenset(days_without_attending(problem))
    board.attending.update(
        {
            (person, day): True
            for day, person in problem.fmit_attending.items()
            if problem.covers(day) and day not in vacant
        }
    )
    for days in _gaps(problem, vacant):
        takers = _takers(board, days)
        board.attending.update({(person, day): taken for person, taken in takers.items() for day in days})
        board.gaps.append(Gap(days, problem.fmit_attending.get(days[0]), takers))


def _gaps(problem: Problem, vacant: frozenset[Date]) -> Iterator[tuple[Date, ...]]:
    """Runs of vacant dates on which faculty are asked for."""
    asked = {
        demand.day
        for demand in problem.demands
        if demand.activity == FMIT_CODE
        and any(problem.person[person].is_faculty for person in demand.eligible if person in problem.person)
    }
    run: list[Date] = []
    for day in problem.days:
        if day in vacant and day in asked:
            run.append(day)
        if run and (day not in vacant or day == problem.end):
            yield tuple(run)
            run = []


def _takers(board: Board, days: tuple[Date, ...]) -> dict[PersonId, Literal]:
    """Who may take the gap; one who leads already, before the range or by a locked cell, takes it for certain."""
    mornings = {person: [Slot(person, day, Session.AM) for day in days] for person in _present(board, days)}
    for person, slots in mornings.items():
        if any(board.fixed(slot) and board.base.cells.get(slot) == FMIT_CODE for slot in slots):
            return {person: True}
    takers: dict[PersonId, Literal] = {
        person: board.new(f"takes FMIT {person} {days[0]}")
        for person, slots in mornings.items()
        if not any(board.fixed(slot) for slot in slots)
    }
    if takers:
        board.model.add_exactly_one(free_among(takers.values()))
    return takers


def _present(board: Board, days: tuple[Date, ...]) -> list[PersonId]:
    """Who is there on all dates of the gap, those after the range included; who began it before the range goes on."""
    problem = board.problem
    whole = list(days)
    while (after := whole[-1] + ONE_DAY) > problem.end and _attending_is_absent(problem, after):
        whole.append(after)
    present = [
        person.id
        for person in problem.faculty
        if takes_call(person) and not any(problem.is_absent(person.id, day) for day in whole)
    ]
    yesterday = days[0] - ONE_DAY
    goes_on = [
        person
        for person in present
        if problem.fmit_attending.get(yesterday) != person
        and board.at(Slot(person, yesterday, Session.AM), FMIT_CODE) is True
    ]
    return goes_on[:1] or present


def _attending_is_absent(problem: Problem, day: Date) -> bool:
    planned = problem.fmit_attending.get(day)
    return planned is not None and problem.is_absent(planned, day)


def attends(board: Board, person: PersonId, day: Date) -> Literal:
    """Whether the person is FMIT attending that day; outside the range by the context, else by plan."""
    problem = board.problem
    if problem.covers(day):
        return board.attending.get((person, day), False)
    known = board.base.context.get(Slot(person, day, Session.AM))
    if known is not None:
        return known == FMIT_CODE
    return problem.fmit_attending.get(day) == person and not problem.is_absent(person, day)
