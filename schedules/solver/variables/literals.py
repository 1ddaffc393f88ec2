"""Literals and sums of them, in which what is certain is a plain bool or number and needs no variable."""

from __future__ import annotations

from collections.abc import Iterable

from ortools.sat.python import cp_model
from ortools.sat.python import cp_model_helper as cmh

Variable = cmh.Literal
"""A variable of the model or its negation."""
Literal = Variable | bool


def negation(literal: Literal) -> Literal:
    return (not literal) if isinstance(literal, bool) else literal.negated()


def free_among(literals: Iterable[Literal]) -> list[Variable]:
    """The literals that are no constants."""
    return [literal for literal in literals if not isinstance(literal, bool)]


def distinct(literals: Iterable[Literal]) -> list[Variable]:
    """The literals that are no constants, each once."""
    return list({literal.index: literal for literal in free_among(literals)}.values())


class Sum:
    """A linear expression over literals and integer variables whose constants are folded."""

    __slots__ = ("constant", "factors", "variables")

    def __init__(self, constant: int = 0) -> None:
        self.constant = constant
        self.variables: list[Variable] = []
        self.factors: list[int] = []

    def add(self, literal: Literal, factor: int = 1) -> Sum:
        if isinstance(literal, bool):
            self.constant += factor * literal
        elif factor:
            self.variables.append(literal)
            self.factors.append(factor)
        return self

    def extend(self, literals: Iterable[Literal], factor: int = 1) -> Sum:
        for literal in literals:
            self.add(literal, factor)
        return self

    def include(self, other: Sum, factor: int = 1) -> Sum:
        self.constant += factor * other.constant
        self.variables += other.variables
        self.factors += [factor * each for each in other.factors]
        return self

    @property
    def is_constant(self) -> bool:
        return not self.variables

    @property
    def expression(self) -> cp_model.LinearExpr:
        return cp_model.LinearExpr.weighted_sum(self.variables, self.factors) + self.constant
