"""Half-days together: supervisors for whom they supervise (SUPERVISION), and people in clinic (CLINIC_CAPACITY)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from schedules.domain.problem import Activity, Date, Person, Session
from schedules.domain.roster import Slot
from schedules.domain.supervision import units_needed, units_per_supervisor
from schedules.solver.options import Relaxed, Statement
from schedules.solver.variables import Board, Choices, Literal, Sum


def half_days(board: Board) -> Mapping[tuple[Date, Session], list[tuple[Slot, Choices]]]:
    """The slots of each half-day of the range, with their choices."""
    halves: dict[tuple[Date, Session], list[tuple[Slot, Choices]]] = defaultdict(list)
    for slot, options in board.choices.items():
        if slot.session is not Session.NIGHT:
            halves[slot.day, slot.session].append((slot, options))
    return halves


def possible_work(board: Board, slots: Iterable[tuple[Slot, Choices]]) -> Iterator[tuple[Person, Activity, Literal]]:
    """Who could do what in the slots, and the literal of it; a slot left empty is no work."""
    for slot, options in slots:
        person = board.problem.person[slot.person]
        for code, literal in options.items():
            if code is not None:
                yield person, board.problem.activities[code], literal


def supervision(board: Board) -> None:
    """Supervisors present carry the residents and procedures of the half-day."""
    problem = board.problem
    units = units_per_supervisor(problem.policy)
    for (day, session), slots in half_days(board).items():
        total, people = Sum(), []
        for person, activity, literal in possible_work(board, slots):
            need = units_needed(problem.policy, person, activity)
            total.add(literal, units * activity.provides_supervision - need)
            if need:
                people.append(person.id)
        about = Statement("SUPERVISION", tuple(dict.fromkeys(people)), day, day, session)
        board.at_least(about, total, 0)


def clinic_capacity(board: Board) -> None:
    """At most so many people counted in clinic per half-day; where the kept cells alone are more, exactly those."""
    limit = board.problem.policy.clinic_capacity
    for (day, session), slots in half_days(board).items():
        total = crowd(board, slots)
        kept = total.constant
        about = Statement("CLINIC_CAPACITY", (), day, day, session)
        if kept > limit and not board.explaining:
            reason = f"{kept} people are kept in clinic by protected or locked cells; the capacity is {limit}."
            board.relaxed.append(Relaxed(about, limit, kept, reason))
        board.at_most(about, total, max(limit, kept))


def crowd(board: Board, slots: Iterable[tuple[Slot, Choices]]) -> Sum:
    """People counted in clinic."""
    activities = board.problem.activities
    return Sum().extend(
        board.held_by(slot, lambda code: activities[code].counts_toward_clinic_capacity) for slot, _ in slots
    )
