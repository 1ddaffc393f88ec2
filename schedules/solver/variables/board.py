"""The board itself: stating rules on it, reading its slots, filling them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple

from ortools.sat.python import cp_model

from schedules.domain.codes import CALL_CODE
from schedules.domain.problem import ActivityCode, Date, PersonId, Problem, Session
from schedules.domain.roster import Roster, Slot
from schedules.solver.options import Relaxed, Statement
from schedules.solver.variables.literals import Literal, Sum, Variable, free_among, negation

Choices = Mapping[ActivityCode | None, Literal]
"""What a slot may hold (None = nothing at night) and the literal of each; exactly one is true."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Consecutive dates of the range without a present FMIT attending, and the literal of each possible replacement."""

    days: tuple[Date, ...]
    planned: PersonId | None
    takers: Mapping[PersonId, Literal]


@dataclass
class Board:
    """The model's variables. `explaining` gives every statement a literal that switches it on."""

    problem: Problem
    base: Roster
    frozen: frozenset[PersonId] = frozenset()
    explaining: bool = False
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    choices: dict[Slot, Choices] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    attending: dict[tuple[PersonId, Date], Literal] = field(default_factory=dict)
    """Who is FMIT attending on a date of the range."""
    statements: list[tuple[Statement, Variable]] = field(default_factory=list)
    broken: list[Statement] = field(default_factory=list)
    relaxed: list[Relaxed] = field(default_factory=list)
    decisions: int = 0
    made: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)
    """What several rules ask for and is made `once`."""
    _unions: dict[tuple[int, ...], Variable] = field(default_factory=dict, init=False, repr=False)

    # --- stating rules -------------------------------------------------------------------------------------------

    def at_most(self, about: Statement, total: Sum, limit: int) -> None:
        if total.is_constant:
            self._settle(about, total.constant <= limit)
        else:
            self._enforce(about, self.model.add(total.expression <= limit))

    def at_least(self, about: Statement, total: Sum, limit: int) -> None:
        if total.is_constant:
            self._settle(about, total.constant >= limit)
        else:
            self._enforce(about, self.model.add(total.expression >= limit))

    def any_of(self, about: Statement, literals: Iterable[Literal]) -> None:
        """At least one of the literals holds."""
        found = list(literals)
        if any(literal is True for literal in found):
            return
        free = free_among(found)
        if free:
            self._enforce(about, self.model.add_bool_or(free))
        else:
            self._settle(about, False)

    def not_all(self, about: Statement, literals: Iterable[Literal]) -> None:
        self.any_of(about, [negation(literal) for literal in literals])

    def _settle(self, about: Statement, holds: bool) -> None:
        if holds:
            return
        self.broken.append(about)
        self._enforce(about, self.model.add_bool_or([]))

    def _enforce(self, about: Statement, constraint: cp_model.Constraint) -> None:
        if self.explaining:
            switch = self.model.new_bool_var(f"{about.rule} {about.start}")
            constraint.only_enforce_if(switch)
            self.statements.append((about, switch))

    # --- reading the board ---------------------------------------------------------------------------------------

    def at(self, slot: Slot, code: ActivityCode) -> Literal:
        """Whether the slot holds the activity; slots outside the range as the context has them."""
        if not self.problem.covers(slot.day):
            return self.base.context.get(slot) == code
        return self.choices.get(slot, {}).get(code, False)

    def held_by(self, slot: Slot, matches: Callable[[ActivityCode], bool]) -> Literal:
        """Whether the slot holds any activity that matches."""
        if not self.problem.covers(slot.day):
            code = self.base.context.get(slot)
            return code is not None and matches(code)
        options = self.choices.get(slot)
        if not options:
            return False
        found = [literal for code, literal in options.items() if code is not None and matches(code)]
        return self.either(found, exhaustive=len(found) == len(options))

    def either(self, literals: list[Literal], *, exhaustive: bool = False) -> Literal:
        """One literal for several that exclude each other."""
        if exhaustive or any(literal is True for literal in literals):
            return True
        free = free_among(literals)
        if not free:
            return False
        if len(free) == 1:
            return free[0]
        key = tuple(sorted(literal.index for literal in free))
        if key not in self._unions:
            self._unions[key] = self.new("")
            self.model.add(sum(free) == self._unions[key])
        return self._unions[key]

    def call(self, person: PersonId, day: Date) -> Literal:
        return self.at(Slot(person, day, Session.NIGHT), CALL_CODE)

    def is_duty(self, code: ActivityCode) -> bool:
        return self.problem.activities[code].is_duty

    def fixed(self, slot: Slot) -> bool:
        """Locked, or of a person whose cells stay as they are."""
        return slot in self.base.locked or slot.person in self.frozen

    # --- filling the board ---------------------------------------------------------------------------------------

    def new(self, name: str) -> cp_model.IntVar:
        return self.model.new_bool_var(name)

    def kept(self, slot: Slot) -> Choices:
        """What a fixed slot holds, and nothing else."""
        return {self.base.cells.get(slot): True}

    def choose(self, slot: Slot, options: Choices) -> None:
        """Give a slot its options, of which exactly one is true; a fixed slot keeps what it holds."""
        if self.fixed(slot):
            self._decide(slot, options, self.base.cells.get(slot))
            return
        possible = {code: literal for code, literal in options.items() if literal is not False}
        certain = [code for code, literal in possible.items() if literal is True]
        if certain:
            self._decide(slot, possible, certain[0])
            return
        free = free_among(possible.values())
        if len(free) > 2 or not _are_opposite(free):
            self.model.add_exactly_one(free)
        self.decisions += len(possible) > 1
        self.choices[slot] = possible

    def _decide(self, slot: Slot, options: Choices, decided: ActivityCode | None) -> None:
        for code, literal in options.items():
            if not isinstance(literal, bool):
                self.model.add(literal == (code == decided))
        self.choices[slot] = {decided: True}

    def overridden(self, ordinary: Choices, overrides: Choices) -> Choices:
        """The ordinary options, or the overriding activity whose literal holds."""
        active = {code: literal for code, literal in overrides.items() if literal is not False}
        for code, literal in active.items():
            if literal is True:
                return {code: True}
        if not active:
            return ordinary
        if len(ordinary) == 1 and len(active) == 1:
            (usual,) = ordinary
            ((code, literal),) = active.items()
            return {usual: True} if usual == code else {usual: negation(literal), code: literal}
        possible = {
            code: self.new("") if isinstance(literal, bool) else literal
            for code, literal in ordinary.items()
            if literal is not False
        }
        return {**possible, **active}


def _are_opposite(literals: list[Variable]) -> bool:
    return len(literals) == 2 and literals[0].index == -literals[1].index - 1


_Arguments = TypeVarTuple("_Arguments")
_Made = TypeVar("_Made")


def once(make: Callable[[Board, *_Arguments], _Made]) -> Callable[[Board, *_Arguments], _Made]:
    """Make it once per board and arguments, however many rules ask for it."""

    @wraps(make)
    def made(board: Board, *arguments: *_Arguments) -> _Made:
        key = (make, *arguments)
        if key not in board.made:
            board.made[key] = make(board, *arguments)
        found: _Made = board.made[key]
        return found

    return made
