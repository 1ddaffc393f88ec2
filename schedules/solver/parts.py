"""The model in parts, each with some of its variables, constraints and costs, whose optima together bound the whole.

A part leaves out every constraint that reaches beyond it, and no cost stands in two parts: so the sum of what the
parts cost at least is a lower bound of the objective (a decomposition bound with fixed cost splitting). Parts are
small enough to be solved exactly, and tight where weeks have little to do with each other.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from ortools.sat.python import cp_model
from ortools.sat.python import cp_model_helper as cmh

from schedules.domain.codes import FMIT_CODE
from schedules.domain.pattern import RESTED, resident_base, week_start
from schedules.domain.problem import ActivityCode, Date, Session
from schedules.domain.roster import Slot
from schedules.solver.polish import size_of
from schedules.solver.variables import Board, Literal

WORK_PER_PART = 0.5
"""Limit of one part's search in the solver's deterministic time: the same on every machine."""
HALVES_OF_A_DAY_OFF = 2


@dataclass(frozen=True, slots=True)
class Part:
    """Some constraints of the model, and the costs (by variable) that this part answers for."""

    name: str
    constraints: list[cmh.ConstraintProto]
    costs: Mapping[int, int]
    days: tuple[Date, ...] = ()
    """The dates of a week; empty for parts that span the range."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """What a part costs at least, and its best solution (by variable; None where none was found in time)."""

    part: Part
    bound: int
    values: list[int] | None

    def loss(self, values: Mapping[int, int]) -> int:
        """What the part costs above its bound, where the whole model's variables have these values."""
        return sum(cost * values.get(variable, 0) for variable, cost in self.part.costs.items()) - self.bound


# --- splitting -------------------------------------------------------------------------------------------------------


def split(board: Board) -> list[Part]:
    """Days off of all residents, calls of all faculty, and each block week; costs go to the first that can pay."""
    return list(_Splitter(board).parts())


class _Splitter:
    def __init__(self, board: Board) -> None:
        self.board = board
        proto = board.model.proto
        self.left: dict[int, int] = dict(zip(proto.objective.vars, proto.objective.coeffs, strict=True))
        self.days: dict[int, set[Date]] = defaultdict(set)
        """The dates of the slots that a literal decides; helper variables decide none."""
        for slot, options in board.choices.items():
            for variable in _variables(options.values()):
                self.days[variable].add(slot.day)
        self.reach = [(constraint, _reach(constraint)) for constraint in proto.constraints]
        self.slotted = [(constraint, reach, reach & self.days.keys()) for constraint, reach in self.reach]

    def parts(self) -> Iterator[Part]:
        yield self._days_off()
        yield self._calls()
        for first, days in self._weeks().items():
            yield self._week(first, days)

    def _inside(self, variables: set[int]) -> tuple[set[int], list[cmh.ConstraintProto]]:
        """The constraints about these slots alone, and their variables with the helpers."""
        known, found, unslotted = set(variables), [], []
        for constraint, reach, slotted in self.slotted:
            if not slotted:
                unslotted.append((constraint, reach))
            elif slotted <= variables:
                known |= reach
                found.append(constraint)
        found += [constraint for constraint, reach in unslotted if reach <= known]
        return known, found

    def _take(self, variables: Iterable[int]) -> dict[int, int]:
        return {variable: self.left.pop(variable) for variable in sorted(variables) if self.left.get(variable)}

    def _days_off(self) -> Part:
        """A day off pays for its inpatient duty here; what it also costs in clinic is paid in its week."""
        problem = self.board.problem
        rests = rest_variables(self.board)
        residents = [options for slot, options in self.board.choices.items() if problem.person[slot.person].is_resident]
        known, inside = self._inside({variable for options in residents for variable in _variables(options.values())})
        most = HALVES_OF_A_DAY_OFF * problem.policy.weights.get("PATTERN_MOVED", 0)
        costs = self._take(variable for variable in known if variable not in self.days)
        for variable in sorted(rests & self.left.keys()):
            costs[variable] = min(self.left[variable], most)
            self.left[variable] -= costs[variable]
        return Part("days off", inside, costs)

    def _calls(self) -> Part:
        """Calls by themselves; what depends on who replaces an FMIT attending is paid in the week of that."""
        problem = self.board.problem
        nights = {
            variable
            for slot, options in self.board.choices.items()
            if slot.session is Session.NIGHT and problem.person[slot.person].is_faculty
            for variable in _variables(options.values())
        }
        leads = {
            variable
            for options in self.board.choices.values()
            for variable in _variables([options[FMIT_CODE]] if FMIT_CODE in options else [])
        }
        known, inside = self._inside(nights - leads)
        return Part("calls", inside, self._take(known))

    def _weeks(self) -> Mapping[Date, set[Date]]:
        weeks: dict[Date, set[Date]] = {}
        for day in self.board.problem.days:
            weeks.setdefault(week_start(self.board.problem, day), set()).add(day)
        return weeks

    def _week(self, first: Date, days: set[Date]) -> Part:
        """A week, with the calls of the night before it left open."""
        touched = {variable for variable, dates in self.days.items() if dates & days}
        known, inside = self._inside(touched)
        own = (variable for variable in known if min(self.days.get(variable, {first})) >= min(days))
        return Part(f"week of {first}", inside, self._take(own), tuple(sorted(days)))


def rest_variables(board: Board) -> set[int]:
    """The variables that decide a resident's days and nights off."""
    activities = board.problem.activities
    return {
        variable
        for slot, code in resident_base(board.problem).items()
        if activities[code].category in RESTED
        for variable in _variables(board.choices[slot].values())
    }


def days_off(board: Board, bounded: Bounded) -> Mapping[Slot, ActivityCode | None] | None:
    """What the residents' slots hold on the days off of a part's solution."""
    values = bounded.values
    if values is None:
        return None
    rests = rest_variables(board)
    return {
        slot: code
        for slot in resident_base(board.problem)
        for code, literal in board.choices[slot].items()
        if not isinstance(literal, bool) and literal.index in rests and values[literal.index]
    }


def _variables(literals: Iterable[Literal]) -> Iterator[int]:
    return (_variable(literal.index) for literal in literals if not isinstance(literal, bool))


def _variable(reference: int) -> int:
    return reference if reference >= 0 else -reference - 1


def _reach(constraint: cmh.ConstraintProto) -> frozenset[int]:
    """The variables of a constraint."""
    found = list(constraint.enforcement_literal)
    if constraint.has_linear():
        found += constraint.linear.vars
    elif constraint.has_lin_max():
        found += constraint.lin_max.target.vars
        for expression in constraint.lin_max.exprs:
            found += expression.vars
    else:
        for kind in ("bool_or", "bool_and", "at_most_one", "exactly_one"):
            if getattr(constraint, f"has_{kind}")():
                found += getattr(constraint, kind).literals
    return frozenset(map(_variable, found))


# --- bounding --------------------------------------------------------------------------------------------------------


@dataclass
class Bounding:
    """The parts being solved side by side, each by one worker."""

    board: Board
    seed: int
    deadline: float
    threads: int
    solvers: list[cp_model.CpSolver] = field(default_factory=list)
    stopped: bool = False

    def __post_init__(self) -> None:
        self.parts = split(self.board)
        proto = self.board.model.proto
        self.variables = proto.variables
        whole = dict(zip(proto.objective.vars, proto.objective.coeffs, strict=True))
        given: dict[int, int] = defaultdict(int)
        for part in self.parts:
            for variable, cost in part.costs.items():
                given[variable] += cost
        rest = {variable: cost - given[variable] for variable, cost in whole.items() if cost != given[variable]}
        self.constant = round(proto.objective.offset) + self._least(rest)
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="part")

    def _least(self, costs: Mapping[int, int]) -> int:
        """What the costs come to at least, by the variables' domains alone."""
        ends = {variable: self.variables[variable].domain for variable in costs}
        return sum(
            cost * (next(iter(ends[variable])) if cost > 0 else list(ends[variable])[-1])
            for variable, cost in costs.items()
        )

    def begin(self) -> list[Future[Bounded]]:
        """Start all parts; the first is the residents' days off."""
        return [self._pool.submit(self._bound, part) for part in self.parts]

    def total(self, found: Iterable[Bounded]) -> int:
        """What the whole costs at least; parts that were not reached count by their variables' domains."""
        bounds = {each.part.name: each.bound for each in found}
        return self.constant + sum(bounds.get(part.name, self._least(part.costs)) for part in self.parts)

    def end(self) -> None:
        """Stop what still runs."""
        self.stopped = True
        for solver in self.solvers:
            solver.stop_search()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _bound(self, part: Part) -> Bounded:
        least = self._least(part.costs)
        seconds = self.deadline - time.monotonic()
        if self.stopped or not part.costs or seconds <= 0:
            return Bounded(part, least, None)
        solver = cp_model.CpSolver()
        self.solvers.append(solver)
        parameters = solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = self.seed
        parameters.linearization_level = 2
        parameters.max_deterministic_time = WORK_PER_PART * size_of(self.board.problem)
        parameters.max_time_in_seconds = seconds
        status = solver.solve(self._model(part))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Bounded(part, least, None)
        bound = math.ceil(solver.best_objective_bound - 1e-6)
        return Bounded(part, max(least, bound), list(solver.response_proto.solution))

    def _model(self, part: Part) -> cp_model.CpModel:
        model = cp_model.CpModel()
        model.proto.variables.extend(self.variables)
        model.proto.constraints.extend(part.constraints)
        variables = [model.get_int_var_from_proto_index(variable) for variable in part.costs]
        model.minimize(cp_model.LinearExpr.weighted_sum(variables, list(part.costs.values())))
        return model


def add_cuts(board: Board, found: Iterable[Bounded]) -> None:
    """Tell the whole model what its parts cost at least."""
    for each in found:
        if each.part.costs:
            variables = [board.model.get_int_var_from_proto_index(variable) for variable in each.part.costs]
            costs = list(each.part.costs.values())
            board.model.add(cp_model.LinearExpr.weighted_sum(variables, costs) >= each.bound)
