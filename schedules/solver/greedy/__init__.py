"""The quick constructive heuristic: a legal roster in milliseconds, as a warm start and as an answer without time."""

from __future__ import annotations

from collections.abc import Mapping

from schedules.domain.problem import ActivityCode
from schedules.domain.roster import Roster, Slot
from schedules.solver.greedy.attending import fill_gaps
from schedules.solver.greedy.calls import give_calls
from schedules.solver.greedy.draft import Draft
from schedules.solver.greedy.relief import relieve
from schedules.solver.greedy.rest import give_rest
from schedules.solver.greedy.work import give_work
from schedules.solver.variables import Board


def greedy_roster(board: Board, *, days_off: Mapping[Slot, ActivityCode | None] | None = None) -> Roster:
    """Decide in the order of scarcity: FMIT gaps, residents' days off, calls, faculty work, last too full clinics.

    `days_off` are the residents' cells on their days and nights off where those are chosen already.
    """
    draft = Draft(board)
    fill_gaps(draft)
    draft.settle_patterns()
    if days_off is None:
        give_rest(draft)
    else:
        for slot, code in days_off.items():
            draft.put(slot, code)
    give_calls(draft)
    give_work(draft)
    relieve(draft)
    return draft.roster()
