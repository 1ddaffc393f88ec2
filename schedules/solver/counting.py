"""Counting under minimisation: sums and literals that cost no less than they must, and are tight in the relaxation."""

from __future__ import annotations

from collections.abc import Iterable

from ortools.sat.python import cp_model

from schedules.domain.score import FairShare
from schedules.solver.variables import Board, Literal, Sum, distinct


def at_least_zero(board: Board, amount: Sum, highest: int) -> Sum:
    """max(0, amount) under minimisation."""
    if amount.is_constant:
        return Sum(max(0, amount.constant))
    if highest <= 0:
        return Sum()
    if highest == 1:
        short: cp_model.IntVar = board.new("")
    else:
        short = board.model.new_int_var(0, highest, "")
    board.model.add(amount.expression <= short)
    return Sum().add(short)


def greatest(amount: Sum) -> int:
    """The most the sum can reach, taking its literals as independent."""
    return amount.constant + sum(factor for factor in amount.factors if factor > 0)


def all_hold(board: Board, literals: Iterable[Literal]) -> Literal:
    """A literal forced to 1 when all hold (minimised, so 0 otherwise)."""
    found = list(literals)
    if any(literal is False for literal in found):
        return False
    free = distinct(found)
    if not free:
        return True
    if len(free) == 1:
        return free[0]
    both = board.new("")
    board.model.add(cp_model.LinearExpr.sum(free) <= both + len(free) - 1)
    return both


def any_holds(board: Board, literals: Iterable[Literal]) -> Literal:
    """A literal forced to 1 when any holds (minimised, so 0 otherwise)."""
    found = list(literals)
    if any(literal is True for literal in found):
        return True
    free = distinct(found)
    if len(free) < 2:
        return free[0] if free else False
    one = board.new("")
    for literal in free:
        board.model.add_implication(literal, one)
    return one


def all_hold_exactly(board: Board, one: Literal, other: Literal) -> Literal:
    """A literal that can only be 1 when both hold."""
    if isinstance(one, bool) or isinstance(other, bool):
        return (other if one else False) if isinstance(one, bool) else (one if other else False)
    both = board.new("")
    board.model.add_implication(both, one)
    board.model.add_implication(both, other)
    return both


def distance(board: Board, share: FairShare, literals: Iterable[Literal]) -> Sum:
    """The share's cost, a unit per step, so that it is convex and its relaxation tight."""
    number = Sum(share.so_far).extend(literals)
    over = _steps(board, Sum(-share.high).include(number))
    return over.include(_steps(board, Sum(share.low).include(number, -1)))


def _steps(board: Board, amount: Sum) -> Sum:
    """n(n+1)/2 of n = max(0, amount)."""
    if amount.is_constant:
        over = max(0, amount.constant)
        return Sum(over * (over + 1) // 2)
    certain = max(0, amount.constant - sum(-factor for factor in amount.factors if factor < 0))
    total = Sum(certain * (certain + 1) // 2)
    steps = [board.new("") for _ in range(max(0, greatest(amount) - certain))]
    board.model.add(amount.expression <= cp_model.LinearExpr.sum(steps) + certain)
    for height, step in enumerate(steps, start=certain + 1):
        total.add(step, height)
    return total
