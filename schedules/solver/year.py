"""A year block by block: each block is solved with the rosters and call tallies of those before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from schedules.domain.calls import tally
from schedules.domain.codes import CALL_CODE
from schedules.domain.pattern import base_roster
from schedules.domain.problem import ActivityCode, Block, CallTally, Date, PersonId, Problem, Session
from schedules.domain.roster import Roster, Slot
from schedules.solver.options import Options, Progress, Solution, StopKind
from schedules.solver.solve import solve


@dataclass(frozen=True, slots=True)
class SolvedBlock:
    block: Block
    problem: Problem
    solution: Solution


def solve_year(
    problem: Problem,
    *,
    options: Options,
    locked: Mapping[Slot, ActivityCode] | None = None,
    context: Mapping[Slot, ActivityCode] | None = None,
    on_progress: Callable[[Block, Progress], None] | None = None,
    should_stop: Callable[[], StopKind | None] | None = None,
) -> Iterator[SolvedBlock]:
    """Solve every block inside the problem's range in order, carrying over context and calls; yield each when done.

    `problem` covers the whole range with all its demands. Ends after a block without a roster.
    """
    known = dict(context or {})
    history = dict(problem.call_history)
    for block in _blocks_of(problem):
        part = part_of(problem, block.start, block.end, history=history)
        kept = {slot: code for slot, code in (locked or {}).items() if block.start <= slot.day <= block.end}
        solution = solve(
            part,
            base=base_roster(part, context=known, locked=kept),
            options=options,
            on_progress=_for_block(on_progress, block),
            should_stop=should_stop,
        )
        yield SolvedBlock(block, part, solution)
        if solution.roster is None:
            return
        known.update(solution.roster.cells)
        history = added(history, calls_of(part, solution.roster))


def part_of(problem: Problem, start: Date, end: Date, *, history: Mapping[PersonId, CallTally]) -> Problem:
    """The problem of some of its dates, with the calls before them."""
    demands = tuple(demand for demand in problem.demands if start <= demand.day <= end)
    return replace(problem, start=start, end=end, demands=demands, call_history=history)


def calls_of(problem: Problem, roster: Roster) -> Mapping[PersonId, CallTally]:
    """The range's calls and availability by kind of night."""
    callers = {
        slot.day: slot.person
        for slot, code in roster
        if slot.session is Session.NIGHT and code == CALL_CODE and problem.person[slot.person].is_faculty
    }
    away = {person: frozenset(days) for person, days in problem.leave_days.items()}
    return tally(problem.faculty, callers, holidays=problem.holidays, away=away, attending=problem.fmit_attending)


def added(before: Mapping[PersonId, CallTally], more: Mapping[PersonId, CallTally]) -> dict[PersonId, CallTally]:
    """Tallies summed field by field."""
    return {
        person: CallTally(
            *(
                getattr(before.get(person, CallTally()), field.name)
                + getattr(more.get(person, CallTally()), field.name)
                for field in fields(CallTally)
            )
        )
        for person in before.keys() | more.keys()
    }


def _blocks_of(problem: Problem) -> Sequence[Block]:
    inside = [block for block in problem.blocks if problem.reaches(block)]
    return sorted(inside, key=lambda block: block.start)


def _for_block(
    on_progress: Callable[[Block, Progress], None] | None, block: Block
) -> Callable[[Progress], None] | None:
    if on_progress is None:
        return None
    return lambda progress: on_progress(block, progress)
