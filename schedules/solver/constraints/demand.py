"""People asked for: DEMAND_MIN."""

from __future__ import annotations

from schedules.domain.roster import Slot
from schedules.solver.options import Relaxed, Statement
from schedules.solver.variables import Board, Sum


def demand_min(board: Board) -> None:
    """Every patient-safety demand has its minimum and at most its maximum; less only where fewer could fill it."""
    for demand in board.problem.demands:
        if not demand.hard:
            continue
        slots = [Slot(person, demand.day, demand.session) for person in board.problem.in_order(demand.eligible)]
        literals = [board.at(slot, demand.activity) for slot in slots]
        people = tuple(slot.person for slot, literal in zip(slots, literals, strict=True) if literal is not False)
        total = Sum().extend(literals)
        about = Statement("DEMAND_MIN", people, demand.day, demand.day, demand.session)
        possible = len(people)
        if possible < demand.minimum and not board.explaining:
            reason = f"Only {possible} of the {demand.minimum} people for {demand.activity} could be there."
            board.relaxed.append(Relaxed(about, demand.minimum, possible, reason))
        board.at_least(about, total, min(demand.minimum, possible))
        if demand.maximum is not None:
            board.at_most(about, total, demand.maximum)
