"""The linear relaxation of the model: what its optimum would be if literals could be fractions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ortools.linear_solver.python import model_builder_helper as lp
from ortools.sat.python import cp_model
from ortools.sat.python import cp_model_helper as cmh

UNBOUNDED = 2**62
"""Ends of a constraint's domain beyond this are no limit."""
CERTAIN = 1e-5
"""A literal is decided by the relaxation where its value is so near to 0 or 1."""

SCALE = 2**20
"""Prices of rows are rounded to this fraction of a point."""

Row = tuple[float, float, dict[int, int]]
"""Lower and upper end, and the variables' coefficients."""


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


def relax(model: cp_model.CpModel, *, seconds: float, vertex: int = 0) -> Relaxation | None:
    """Solve the relaxation by the dual simplex method; None where that takes longer or there is no solution.

    Of many optima the method reaches one; with slightly disturbed costs (`vertex` above 0) it reaches others.
    """
    rows = list(_rows(model.proto))
    solver = lp.ModelSolverHelper("glop")
    disturbed = f" perturb_costs_in_dual_simplex: true random_seed: {vertex}" if vertex else ""
    solver.set_solver_specific_parameters("use_dual_simplex: true" + disturbed)
    solver.set_time_limit_in_seconds(max(0.01, seconds))
    solver.solve(_linear(model.proto, rows))
    if solver.status() != lp.SolveStatus.OPTIMAL:
        return None
    return Relaxation(solver.variable_values().tolist(), _bound(model.proto, rows, solver.dual_values().tolist()))


def _bound(proto: cmh.CpModelProto, rows: Sequence[Row], duals: Sequence[float]) -> int:
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
    for variable, cost in zip(proto.variables, costs, strict=True):
        ends = list(variable.domain)
        total += min(cost * ends[0], cost * ends[-1])
    return -(-total // SCALE)


def _linear(proto: cmh.CpModelProto, rows: Iterable[Row]) -> lp.ModelBuilderHelper:
    helper = lp.ModelBuilderHelper()
    for variable in proto.variables:
        ends = list(variable.domain)
        index = helper.add_var()
        helper.set_var_lower_bound(index, ends[0])
        helper.set_var_upper_bound(index, ends[-1])
    for lower, upper, terms in rows:
        row = helper.add_linear_constraint()
        helper.set_constraint_lower_bound(row, lower)
        helper.set_constraint_upper_bound(row, upper)
        for term, coefficient in terms.items():
            helper.add_term_to_constraint(row, term, coefficient)
    for term, coefficient in zip(proto.objective.vars, proto.objective.coeffs, strict=True):
        helper.set_var_objective_coefficient(term, coefficient)
    return helper


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
