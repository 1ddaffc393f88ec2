"""The linear relaxation of the model: what its optimum would be if literals could be fractions."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ortools.linear_solver.python import model_builder_helper as lp
from ortools.sat.python import cp_model
from ortools.sat.python import cp_model_helper as cmh

from schedules.solver.rounding import Ends, Row, around, cuts, worth_rounding

UNBOUNDED = 2**62
"""Ends of a constraint's domain beyond this are no limit."""
CERTAIN = 1e-5
"""A literal is decided by the relaxation where its value is so near to 0 or 1."""

SCALE = 2**20
"""Prices of rows are rounded to this fraction of a point."""

ROUNDS_OF_CUTS = 1
"""How often the relaxation is solved, cut where its optimum is no roster, and solved again: more gains little."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """An optimum of the relaxation: every variable's value, and what the model costs at least, by exact arithmetic."""

    values: Sequence[float]
    bound: int

    def value(self, literal: int) -> float:
        """The value of a literal by its index; negations have negative indices."""
        return self.values[literal] if literal >= 0 else 1 - self.values[-literal - 1]

    def decided(self, literals: Sequence[int]) -> int | None:
        """The literal (or the negation of the only one) that the relaxation sets to 1; None where it is divided."""
        likely = max(literals, key=self.value)
        if self.value(likely) >= 1 - CERTAIN:
            return likely
        return -likely - 1 if len(literals) == 1 and self.value(likely) <= CERTAIN else None


def relax(model: cp_model.CpModel, *, seconds: float, known: Sequence[int] | None = None) -> Relaxation | None:
    """Solve the relaxation by the dual simplex method; None where that takes longer or there is no solution.

    It is cut about a `known` solution first, then where its optimum is none.
    """
    rows = list(_rows(model.proto))
    ends = [(domain[0], domain[-1]) for domain in (list(variable.domain) for variable in model.proto.variables)]
    dividing = worth_rounding(rows)
    if known is not None:
        rows += list(around(dividing, known, ends))
    helper = _linear(model.proto, ends)
    _add_rows(helper, rows)
    solver = lp.ModelSolverHelper("glop")
    solver.set_solver_specific_parameters("use_dual_simplex: true")
    deadline = time.monotonic() + seconds
    for left in reversed(range(ROUNDS_OF_CUTS + 1)):
        solver.set_time_limit_in_seconds(max(0.01, deadline - time.monotonic()))
        solver.solve(helper)
        if solver.status() != lp.SolveStatus.OPTIMAL:
            return None
        values = solver.variable_values().tolist()
        deepest = list(cuts(dividing, values, ends)) if left else []
        if not deepest:
            break
        _add_rows(helper, deepest)
        rows += deepest
    return Relaxation(values, _bound(model.proto, rows, solver.dual_values().tolist(), ends))


def _bound(proto: cmh.CpModelProto, rows: Sequence[Row], duals: Sequence[float], ends: Ends) -> int:
    """What any solution costs at least, by these prices of the rows (a Lagrangian bound).

    It holds for any prices, so rounding the solver's cannot make it wrong (Neumaier and Shcherbina 2004); whole
    numbers throughout, `SCALE` to the point.
    """
    costs = [0] * len(proto.variables)
    for variable, cost in zip(proto.objective.vars, proto.objective.coeffs, strict=True):
        costs[variable] = SCALE * cost
    total = SCALE * round(proto.objective.offset)
    for (lower, upper, terms), dual in zip(rows, duals, strict=True):
        price = round(SCALE * dual)
        end = lower if price > 0 else upper
        if price and math.isfinite(end):
            total += price * round(end)
            for variable, factor in terms.items():
                costs[variable] -= price * factor
    total += sum(min(cost * least, cost * most) for cost, (least, most) in zip(costs, ends, strict=True))
    return -(-total // SCALE)


def _linear(proto: cmh.CpModelProto, ends: Ends) -> lp.ModelBuilderHelper:
    """The variables and their costs, without rows."""
    helper = lp.ModelBuilderHelper()
    for least, most in ends:
        index = helper.add_var()
        helper.set_var_lower_bound(index, least)
        helper.set_var_upper_bound(index, most)
    for term, coefficient in zip(proto.objective.vars, proto.objective.coeffs, strict=True):
        helper.set_var_objective_coefficient(term, coefficient)
    return helper


def _add_rows(helper: lp.ModelBuilderHelper, rows: Iterable[Row]) -> None:
    for lower, upper, terms in rows:
        row = helper.add_linear_constraint()
        helper.set_constraint_lower_bound(row, lower)
        helper.set_constraint_upper_bound(row, upper)
        for term, coefficient in terms.items():
            helper.add_term_to_constraint(row, term, coefficient)


def _rows(proto: cmh.CpModelProto) -> Iterator[Row]:
    """Every constraint as linear rows; a conditional sum has no row."""
    for constraint in proto.constraints:
        conditions = [-literal - 1 for literal in constraint.enforcement_literal]
        if constraint.has_linear():
            if not conditions:
                ends = list(constraint.linear.domain)
                yield _row(zip(constraint.linear.vars, constraint.linear.coeffs, strict=True), ends[0], ends[-1])
        elif constraint.has_bool_or():
            yield _row(_ones([*constraint.bool_or.literals, *conditions]), 1)
        elif constraint.has_bool_and():
            for literal in constraint.bool_and.literals:
                yield _row(_ones([literal, *conditions]), 1)
        elif constraint.has_at_most_one():
            yield _row(_ones(constraint.at_most_one.literals), -UNBOUNDED, 1)
        elif constraint.has_exactly_one():
            yield _row(_ones(constraint.exactly_one.literals), 1, 1)
        elif constraint.has_lin_max():
            yield from _greatest(constraint.lin_max)


def _greatest(greatest: cmh.LinearArgumentProto) -> Iterator[Row]:
    """A maximum is at least each of its expressions."""
    target = list(zip(greatest.target.vars, greatest.target.coeffs, strict=True))
    for each in greatest.exprs:
        less = [(variable, -factor) for variable, factor in zip(each.vars, each.coeffs, strict=True)]
        yield _row([*target, *less], each.offset - greatest.target.offset)


def _ones(literals: Iterable[int]) -> Iterator[tuple[int, int]]:
    return ((literal, 1) for literal in literals)


def _row(terms: Iterable[tuple[int, int]], lower: float, upper: float = UNBOUNDED) -> Row:
    """Terms of literals become terms of variables: a negation is 1 minus its variable."""
    found: dict[int, int] = defaultdict(int)
    constant = 0
    for literal, factor in terms:
        if literal >= 0:
            found[literal] += factor
        else:
            found[-literal - 1] -= factor
            constant += factor
    return (
        lower - constant if lower > -UNBOUNDED else -math.inf,
        upper - constant if upper < UNBOUNDED else math.inf,
        found,
    )
