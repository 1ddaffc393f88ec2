"""Searches over the stated model with one worker each: for its bound, near its relaxation, or within a window.

Each has a limit in the solver's deterministic time and shares nothing with the others while it runs. So they may run
side by side, and what they find depends on nothing but the seed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from ortools.sat.python import cp_model

from schedules.domain.pattern import week_start
from schedules.domain.problem import Date, Problem
from schedules.domain.roster import Roster, Slot
from schedules.solver.relaxation import relax
from schedules.solver.variables import Board, read

# Limits in the solver's deterministic time, the same on every machine, for an ordinary program.
WORK_ON_BOUND = 0.8
WORK_ON_PART = 0.5
WORK_ON_WHOLE = 2.5
PEOPLE_OF_A_PROGRAM = 60
"""A larger program may take more work."""

GAP_OF_A_WINDOW = 0.002
"""Where the search of a window may end: close enough, for the last points cost the most time."""
NO_LIMIT = 2**40

BOUNDING = "probing_max_lp"
"""CP-SAT's strategy that tries literals one by one on the strongest linear relaxation: it raises the bound fastest."""
BRANCHING = "max_lp"
"""Its strategy that branches on the strongest linear relaxation: it leaves rosters where windows are stuck."""
RESTARTING = "quick_restart"
"""Its strategy that often begins anew: where the other one lasts long, it often does not."""


@dataclass(frozen=True, slots=True)
class Found:
    """A solution of the model: every variable's value, by index."""

    objective: int
    values: Sequence[int]

    def holds(self, literal: int) -> bool:
        return bool(self.values[literal] if literal >= 0 else 1 - self.values[-literal - 1])


def better(known: Found | None, new: Found | None) -> Found | None:
    """The cheaper of two solutions, the known one where they cost the same."""
    if known is None or (new is not None and new.objective < known.objective):
        return new
    return known


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found, and what it proved every solution to cost at least; infinite where there is none."""

    found: Found | None
    bound: float = -math.inf


class Line:
    """Searches that follow each other in one thread, and can be stopped from another one."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._solver: cp_model.CpSolver | None = None
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True
        if self._solver is not None:
            self._solver.stop_search()

    @property
    def seconds(self) -> float:
        """What is left of the time."""
        return self._deadline - time.monotonic()

    def solve(
        self,
        model: cp_model.CpModel,
        *,
        seed: int,
        work: float,
        gap: float,
        strategy: str = BRANCHING,
        small: bool = False,
    ) -> Answer:
        """Solve with one worker; nothing is found where the line was stopped or its time is over.

        Most of a `small` model is kept as it is: looking for symmetries and probing would take longer than solving it.
        """
        if self.stopped or self.seconds <= 0:
            return Answer(None)
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = seed
        parameters.linearization_level = 2
        parameters.relative_gap_limit = gap
        parameters.max_deterministic_time = work
        parameters.max_time_in_seconds = max(0.01, self.seconds)
        parameters.subsolvers.append(strategy)
        if small:
            parameters.symmetry_level = parameters.cp_model_probing_level = 0
        # A search that ends within the gap answers the objective as its bound: the last one it told is what it proved.
        proven: list[float] = []
        solver.best_bound_callback = proven.append
        self._solver = solver
        status = solver.solve(model)
        self._solver = None
        if status == cp_model.INFEASIBLE:
            return Answer(None, math.inf)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Answer(None, solver.best_objective_bound)
        found = Found(round(solver.objective_value), list(solver.response_proto.solution))
        return Answer(found, min(solver.best_objective_bound, proven[-1]) if proven else solver.best_objective_bound)


Attempt = Callable[..., Answer]
"""A search from a solution: takes a line and `start`."""


@dataclass
class Search:
    """The stated model with its objective, ready to be searched as a whole or in pieces."""

    board: Board
    seed: int
    gap: float
    """The relative gap that is good enough."""
    bound: float = -math.inf
    """What the objective is proven to be at least."""

    def __post_init__(self) -> None:
        self.problem = self.board.problem
        self.size = size_of(self.problem)
        self.slots = [
            (slot, [literal.index for literal in options.values() if not isinstance(literal, bool)])
            for slot, options in self.board.choices.items()
            if len(options) > 1
        ]

    @property
    def rounds(self) -> Sequence[tuple[Attempt, ...]]:
        """What is tried side by side, round by round, first what most often suffices: a roster beside a bound."""

        def whole(strategy: str, work: float) -> Attempt:
            return partial(self.whole, strategy=strategy, work=work)

        return (
            (self.approach, self.prove),
            (self.by_weeks, whole(RESTARTING, WORK_ON_WHOLE), whole(BRANCHING, WORK_ON_WHOLE)),
            (whole(RESTARTING, 2 * WORK_ON_WHOLE), whole(BRANCHING, 2 * WORK_ON_WHOLE)),
        )

    def suffices(self, answer: Answer) -> bool:
        """Whether a solution is proven to be within the gap."""
        if answer.found is None:
            return False
        objective = answer.found.objective
        return objective - max(answer.bound, self.bound) <= self.gap * max(1, abs(objective))

    # --- of a roster --------------------------------------------------------------------------------------------------

    def of(self, roster: Roster, line: Line) -> Found | None:
        """The roster as a solution of the model; None where it is not legal."""
        fixed: list[int] = []
        for slot, options in self.board.choices.items():
            literal = options.get(roster.cells.get(slot), False)
            if literal is False:
                return None
            if not isinstance(literal, bool):
                fixed.append(literal.index)
        return line.solve(self._fixed(fixed), seed=self.seed, work=math.inf, gap=0.0, small=True).found

    def roster(self, found: Found) -> Roster:
        """The roster that a solution says."""
        return read(self.board, lambda literal: found.holds(literal.index))

    # --- of the whole -------------------------------------------------------------------------------------------------

    def prove(self, line: Line, start: Found | None) -> Answer:
        """What every solution costs at least. Searched without the start, far as it is: that only takes time."""
        work = WORK_ON_BOUND * self.size
        answer = line.solve(self.board.model, seed=self.seed, work=work, gap=self.gap, strategy=BOUNDING)
        return Answer(better(start, answer.found), answer.bound)

    def whole(self, line: Line, start: Found, *, strategy: str, work: float) -> Answer:
        """Everything at once, from a solution and the proven bound."""
        model = self._beginning_with(start, self.board.model.clone())
        self._not_below_bound(model)
        answer = line.solve(model, seed=self.seed, work=work * self.size, gap=self.gap, strategy=strategy)
        return Answer(better(start, answer.found), answer.bound)

    # --- near the relaxation ------------------------------------------------------------------------------------------

    def near_relaxation(self, line: Line, start: Found | None = None) -> Answer:
        """The best solution that keeps every slot which the optimum of the linear relaxation has decided ("RENS")."""
        optimum = relax(self.board.model, seconds=line.seconds, known=None if start is None else start.values)
        if optimum is None:
            return Answer(start)
        decided = (optimum.decided(literals) for _, literals in self.slots)
        model = self._fixed(literal for literal in decided if literal is not None)
        return Answer(better(start, self._small(line, model)), optimum.bound)

    def approach(self, line: Line, start: Found | None) -> Answer:
        """From the relaxation to a roster, and to the best one for its residents."""
        near = self.near_relaxation(line, start)
        if near.found is None or self.suffices(near):
            return near
        return Answer(self.by_residents(line, near.found).found, near.bound)

    # --- windows ------------------------------------------------------------------------------------------------------

    def by_residents(self, line: Line, start: Found) -> Answer:
        """All residents at once: a day off can often change its week only together with other people's."""
        residents = {slot for slot, _ in self.slots if self.problem.person[slot.person].is_resident}
        return self._through(line, start, [residents])

    def by_weeks(self, line: Line, start: Found) -> Answer:
        """Each block week with all others kept, then the residents over all of them."""
        best = self._through(line, start, self._weeks()).found or start
        return self.by_residents(line, best)

    def _through(self, line: Line, start: Found, windows: Iterable[set[Slot]]) -> Answer:
        """Window after window, until the roster is near enough to what is proven."""
        best = start
        for free in windows:
            if line.stopped or self.suffices(Answer(best)):
                break
            best = self._window(line, best, free)
        return Answer(best)

    def _window(self, line: Line, start: Found, free: set[Slot]) -> Found:
        """The best solution that differs from `start` in the free slots only."""
        kept = (literal for slot, literals in self.slots if slot not in free for literal in literals)
        model = self._beginning_with(start, self._fixed(literal for literal in kept if start.holds(literal)))
        return better(start, self._small(line, model)) or start

    def _small(self, line: Line, model: cp_model.CpModel) -> Found | None:
        work = WORK_ON_PART * self.size
        return line.solve(model, seed=self.seed, work=work, gap=GAP_OF_A_WINDOW, small=True).found

    def _weeks(self) -> list[set[Slot]]:
        weeks: dict[Date, set[Slot]] = {}
        for slot, _ in self.slots:
            weeks.setdefault(week_start(self.problem, slot.day), set()).add(slot)
        return [weeks[first] for first in sorted(weeks)]

    # --- models -------------------------------------------------------------------------------------------------------

    def _fixed(self, literals: Iterable[int]) -> cp_model.CpModel:
        """The model with these literals true."""
        model = self.board.model.clone()
        model.proto.constraints.add().bool_and.literals.extend(list(literals))
        return model

    def _beginning_with(self, start: Found | None, model: cp_model.CpModel) -> cp_model.CpModel:
        if start is not None:
            model.proto.solution_hint.vars.extend(range(len(start.values)))
            model.proto.solution_hint.values.extend(start.values)
        return model

    def _not_below_bound(self, model: cp_model.CpModel) -> None:
        """Look for nothing below what is proven."""
        objective = model.proto.objective
        least = -NO_LIMIT if math.isinf(self.bound) else math.ceil(self.bound - objective.offset)
        objective.domain.extend([least, NO_LIMIT])

    def prepare(self, start: Found | None, otherwise: Roster) -> None:
        """Give the board's own model the proven bound, and tell it where to begin."""
        model = self._beginning_with(start, self.board.model)
        self._not_below_bound(model)
        if start is None:
            chosen = {
                literal.index: code == otherwise.cells.get(slot)
                for slot, options in self.board.choices.items()
                for code, literal in options.items()
                if not isinstance(literal, bool) and literal.index >= 0
            }
            model.proto.solution_hint.vars.extend(chosen.keys())
            model.proto.solution_hint.values.extend(chosen.values())


def size_of(problem: Problem) -> float:
    """How much more work a larger program may take than an ordinary one: more than in proportion."""
    return math.pow(max(1.0, len(problem.people) / PEOPLE_OF_A_PROGRAM), 1.5)
