"""Residents' days off by themselves: a part of the model that is solved in a tenth of a second and bounds the whole.

The part keeps the constraints about residents' slots alone, and the costs that these must pay; it drops everything
else. So it is a relaxation: what it costs at least, the whole model costs at least for the same things.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ortools.sat.python import cp_model
from ortools.sat.python import cp_model_helper as cmh

from schedules.domain.pattern import RESTED, resident_base
from schedules.domain.problem import ActivityCode
from schedules.domain.roster import Slot
from schedules.solver.variables import Board, Literal

WORK = 0.5
"""Limit of the search in the solver's deterministic time: the same on every machine."""
HALVES_OF_A_DAY_OFF = 2


@dataclass(frozen=True, slots=True)
class DaysOff:
    """The best days off, what the residents' slots hold on them, and what their `costs` (by variable) come to."""

    cells: Mapping[Slot, ActivityCode | None]
    costs: Mapping[int, int]
    bound: int


def best_days_off(board: Board, *, seed: int, seconds: float, size: float = 1) -> DaysOff | None:
    """Solve the part; None where nothing was found in time. `size` allows a larger program more work."""
    rests = _rest_variables(board)
    model, costs = _part(board, rests)
    if not costs:
        return None
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = 1
    parameters.random_seed = seed
    parameters.linearization_level = 2
    parameters.max_deterministic_time = WORK * size
    parameters.max_time_in_seconds = max(0.01, seconds)
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    values = solver.response_proto.solution
    cells = {
        slot: code
        for slot in resident_base(board.problem)
        for code, literal in board.choices[slot].items()
        if not isinstance(literal, bool) and literal.index in rests and values[literal.index]
    }
    return DaysOff(cells, costs, math.ceil(solver.best_objective_bound - 1e-6))


def add_cut(board: Board, found: DaysOff) -> None:
    """Tell the whole model what days off cost at least."""
    variables = [board.model.get_int_var_from_proto_index(variable) for variable in found.costs]
    board.model.add(cp_model.LinearExpr.weighted_sum(variables, list(found.costs.values())) >= found.bound)


def _part(board: Board, rests: set[int]) -> tuple[cp_model.CpModel, dict[int, int]]:
    """A day off pays for its inpatient duty here; what it also costs in clinic is left to the whole."""
    problem, proto = board.problem, board.model.proto
    slotted = {variable for options in board.choices.values() for variable in _variables(options.values())}
    own = {
        variable
        for slot, options in board.choices.items()
        if problem.person[slot.person].is_resident
        for variable in _variables(options.values())
    }
    known, inside = _inside(proto, own, slotted - own)
    prices = dict(zip(proto.objective.vars, proto.objective.coeffs, strict=True))
    most = HALVES_OF_A_DAY_OFF * problem.policy.weights.get("PATTERN_MOVED", 0)
    costs = {variable: prices[variable] for variable in sorted(known - slotted) if variable in prices}
    costs |= {variable: min(prices[variable], most) for variable in sorted(rests) if variable in prices}
    model = cp_model.CpModel()
    model.proto.variables.extend(proto.variables)
    model.proto.constraints.extend(inside)
    variables = [model.get_int_var_from_proto_index(variable) for variable in costs]
    model.minimize(cp_model.LinearExpr.weighted_sum(variables, list(costs.values())))
    return model, costs


def _inside(proto: cmh.CpModelProto, own: set[int], foreign: set[int]) -> tuple[set[int], list[cmh.ConstraintProto]]:
    """The constraints about the own slots alone, and all their variables: the slots' and the helpers'."""
    known, found, helpers = set(own), [], []
    for constraint in proto.constraints:
        reach = _reach(constraint)
        if reach & own and not reach & foreign:
            known |= reach
            found.append(constraint)
        elif not reach & foreign:
            helpers.append((constraint, reach))
    return known, found + [constraint for constraint, reach in helpers if reach <= known]


def _rest_variables(board: Board) -> set[int]:
    """The variables that decide a resident's days and nights off."""
    activities = board.problem.activities
    return {
        variable
        for slot, code in resident_base(board.problem).items()
        if activities[code].category in RESTED
        for variable in _variables(board.choices[slot].values())
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
