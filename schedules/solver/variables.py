"""The board: every slot with its possible activities, each a literal of the model or a constant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ortools.sat.python import cp_model
from ortools.sat.python import cp_model_helper as cmh

from schedules.domain.calls import FMIT_NIGHTS, takes_call
from schedules.domain.codes import (
    ADMIN_CODE,
    CALL_CODE,
    CLINIC_CODE,
    DAY_OFF_CODE,
    FMIT_CODE,
    LEAVE_CODE,
    OFF_CODE,
    PCAT_CODE,
    POST_CALL_CODE,
    SPORTS_MEDICINE_CODE,
    SUPERVISION_CODE,
)
from schedules.domain.pattern import (
    FLEXIBLE,
    RESTED,
    faculty_base,
    flexible_weeks,
    idle_code,
    protected_cells,
    resident_base,
)
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    ActivityCode,
    Date,
    Demand,
    Person,
    PersonId,
    Problem,
    Session,
    Weekday,
    WorkKind,
)
from schedules.domain.roster import Roster, Slot
from schedules.solver.options import Relaxed, Statement

Variable = cmh.Literal
"""A variable of the model or its negation."""
Literal = Variable | bool
Choices = Mapping[ActivityCode | None, Literal]
"""What a slot may hold (None = nothing at night) and the literal of each; exactly one is true."""


def negation(literal: Literal) -> Literal:
    return (not literal) if isinstance(literal, bool) else literal.negated()


def distinct(literals: Iterable[Literal]) -> list[Variable]:
    """The literals that are no constants, each once."""
    return list({literal.index: literal for literal in literals if not isinstance(literal, bool)}.values())


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
    held: dict[tuple[PersonId, Date], Literal] = field(default_factory=dict)
    """Who is FMIT attending on a date."""
    statements: list[tuple[Statement, Variable]] = field(default_factory=list)
    broken: list[Statement] = field(default_factory=list)
    relaxed: list[Relaxed] = field(default_factory=list)
    decisions: int = 0

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
        free = [literal for literal in found if not isinstance(literal, bool)]
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
        if slot.day < self.problem.start or slot.day > self.problem.end:
            return self.base.context.get(slot) == code
        return self.choices.get(slot, {}).get(code, False)

    def held_by(self, slot: Slot, matches: Callable[[ActivityCode], bool]) -> Literal:
        """Whether the slot holds any activity that matches."""
        if slot.day < self.problem.start or slot.day > self.problem.end:
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
        free = [literal for literal in literals if not isinstance(literal, bool)]
        if not free:
            return False
        if len(free) == 1:
            return free[0]
        key = tuple(sorted(literal.index for literal in free))
        if key not in self._unions:
            union = self.model.new_bool_var("")
            self.model.add(sum(free) == union)
            self._unions[key] = union
        return self._unions[key]

    @cached_property
    def _unions(self) -> dict[tuple[int, ...], Variable]:
        return {}

    def call(self, person: PersonId, day: Date) -> Literal:
        return self.at(Slot(person, day, Session.NIGHT), CALL_CODE)

    def is_duty(self, code: ActivityCode) -> bool:
        return self.problem.activities[code].is_duty

    def fixed(self, slot: Slot) -> bool:
        """Locked, or of a person whose cells stay as they are."""
        return slot in self.base.locked or slot.person in self.frozen

    def kept(self, slot: Slot) -> Choices:
        return {self.base.cells.get(slot): True}

    # --- filling the board ---------------------------------------------------------------------------------------

    def choose(self, slot: Slot, options: Choices) -> None:
        """Give a slot its options, of which exactly one is true; a fixed slot keeps what it holds."""
        if self.fixed(slot):
            kept = self.base.cells.get(slot)
            for code, literal in options.items():
                if not isinstance(literal, bool):
                    self.model.add(literal == (code == kept))
            self.choices[slot] = {kept: True}
            return
        possible = {code: literal for code, literal in options.items() if literal is not False}
        certain = [code for code, literal in possible.items() if literal is True]
        if certain:
            for literal in possible.values():
                if not isinstance(literal, bool):
                    self.model.add(literal == 0)
            possible = {certain[0]: True}
        elif len(possible) > 2 or not _are_opposite(list(possible.values())):
            self.model.add_exactly_one([literal for literal in possible.values() if not isinstance(literal, bool)])
        self.decisions += len(possible) > 1
        self.choices[slot] = possible

    def new(self, name: str) -> cp_model.IntVar:
        return self.model.new_bool_var(name)


def _are_opposite(literals: list[Literal]) -> bool:
    free = [literal for literal in literals if not isinstance(literal, bool)]
    return len(literals) == len(free) == 2 and free[0].index == -free[1].index - 1


def build(board: Board) -> Board:
    """Fill the board: residents, then FMIT and call, then the ordinary half-days of the faculty."""
    _residents(board)
    _gaps(board)
    _nights(board)
    for person in board.problem.faculty:
        for day in board.problem.days:
            for session in HALF_DAYS:
                board.choose(Slot(person.id, day, session), _faculty_half_day(board, person, day, session))
    for slot in board.base.cells:
        if board.fixed(slot) and slot not in board.choices and board.problem.start <= slot.day <= board.problem.end:
            board.choices[slot] = board.kept(slot)
    return board


def read(board: Board, value: Callable[[Variable], bool]) -> Roster:
    """The roster that the literals' values say, with the amendments in its context."""
    cells: dict[Slot, ActivityCode] = {}
    for slot, options in board.choices.items():
        for code, literal in options.items():
            if code is not None and (literal if isinstance(literal, bool) else value(literal)):
                cells[slot] = code
    return replace(board.base, cells=cells)


# --- residents ---------------------------------------------------------------------------------------------------


def _residents(board: Board) -> None:
    problem = board.problem
    base = resident_base(problem)
    pools = flexible_weeks(problem)
    pool_of = {slot: week for week, slots in pools.items() for slot in slots}
    kept = protected_cells(problem)
    rests: dict[tuple[PersonId, Date], Literal] = {}
    for slot in board.base.cells:
        if slot.session is Session.NIGHT and board.fixed(slot):
            board.choices[slot] = board.kept(slot)
    for slot, code in base.items():
        if slot.session is Session.AM:
            rests[slot.person, slot.day] = _day_rest(board, base, kept, slot)
        if slot.session is Session.NIGHT:
            board.choose(slot, _night(board, slot, code))
            continue
        rest = False if problem.activities[code].is_off else rests[slot.person, slot.day]
        post_call = board.call(slot.person, slot.day - ONE_DAY)
        in_pool = slot in pool_of
        alone: Choices = {code: negation(rest)}
        options = _pool_options(board, slot, code, pools[pool_of[slot]], rest) if in_pool else alone
        if rest is not False:
            options = {**options, idle_code(slot.day): rest}
        board.choose(slot, _overridden(board, options, {POST_CALL_CODE: post_call}))
    for (person, _), slots in pools.items():
        if person not in board.frozen:
            _keep_counts(board, slots)


def _day_rest(
    board: Board, base: Mapping[Slot, ActivityCode], kept: Mapping[Slot, ActivityCode], slot: Slot
) -> Literal:
    """The literal of resting on an inpatient day; False where the day cannot be given up."""
    activities = board.problem.activities
    rested = False
    for session in HALF_DAYS:
        half = Slot(slot.person, slot.day, session)
        activity = activities[base[half]]
        if board.fixed(half) and activities[board.base.cells.get(half, base[half])].is_off:
            continue
        if activity.category in RESTED and not board.fixed(half):
            rested = True
        elif not activity.is_off and (half in kept or board.fixed(half) or activity.category not in FLEXIBLE):
            return False
    return board.new(f"rest {slot.person} {slot.day}") if rested else False


def _night(board: Board, slot: Slot, code: ActivityCode) -> Choices:
    if board.fixed(slot):
        return board.kept(slot)
    rest = board.new(f"night off {slot.person} {slot.day}")
    return {code: negation(rest), None: rest}


def _pool_options(
    board: Board, slot: Slot, code: ActivityCode, pool: Mapping[Slot, ActivityCode], rest: Literal
) -> Choices:
    """A flexible half-day may hold any of its week's flexible activities, or administration."""
    if board.fixed(slot):
        return board.kept(slot)
    problem = board.problem
    person = problem.person[slot.person]
    codes = dict.fromkeys([code, *pool.values(), *([ADMIN_CODE] if ADMIN_CODE in problem.activities else [])])
    possible = [
        other
        for other in codes
        if other == code
        or (
            problem.activities[other].hours(slot.session) > 0
            and problem.eligible(person, problem.activities[other], slot.day)
        )
    ]
    if len(possible) == 1:
        return {code: negation(rest)}
    return {other: board.new(f"{slot.person} {slot.day} {slot.session} {other}") for other in possible}


def _keep_counts(board: Board, pool: Mapping[Slot, ActivityCode]) -> None:
    """Exchanging keeps each activity's number in the week; only administration may grow."""
    for code in dict.fromkeys(pool.values()):
        if code == ADMIN_CODE:
            continue
        total = Sum()
        settled = sum(
            1 for slot, planned in pool.items() if board.fixed(slot) and planned == code == board.base.cells.get(slot)
        )
        total.extend(board.at(slot, code) for slot in pool if not board.fixed(slot))
        room = sum(planned == code for planned in pool.values()) - settled
        if not total.is_constant:
            board.model.add(total.expression <= room)


def _overridden(board: Board, ordinary: Choices, overrides: Mapping[ActivityCode | None, Literal]) -> Choices:
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
    free = {
        code: board.new("") if isinstance(literal, bool) else literal
        for code, literal in ordinary.items()
        if literal is not False
    }
    return {**free, **active}


# --- FMIT and call -----------------------------------------------------------------------------------------------


def _gaps(board: Board) -> None:
    """Runs of dates without a present attending go to one person; one chosen before the range stays."""
    problem = board.problem
    demanded = {
        demand.day for demand in problem.demands if demand.activity == FMIT_CODE and _asks_faculty(problem, demand)
    }
    run: list[Date] = []
    for day in problem.days:
        planned = problem.fmit_attending.get(day)
        present = planned is not None and not problem.is_absent(planned, day)
        if planned is not None and present:
            board.held[planned, day] = True
        elif day in demanded:
            run.append(day)
        if run and (present or day == problem.end):
            board.gaps.append(_gap(board, tuple(run)))
            run = []


def _asks_faculty(problem: Problem, demand: Demand) -> bool:
    return any(problem.person[person].is_faculty for person in demand.eligible if person in problem.person)


def _gap(board: Board, days: tuple[Date, ...]) -> Gap:
    problem = board.problem
    whole = list(days)
    while (after := whole[-1] + ONE_DAY) > problem.end and _attending_is_absent(problem, after):
        whole.append(after)
    present = [
        person.id
        for person in problem.faculty
        if takes_call(person) and not any(problem.is_absent(person.id, day) for day in whole)
    ]
    yesterday = days[0] - ONE_DAY
    stays = [
        person
        for person in present
        if problem.fmit_attending.get(yesterday) != person
        and board.at(Slot(person, yesterday, Session.AM), FMIT_CODE) is True
    ]
    mornings = {person: [Slot(person, day, Session.AM) for day in days] for person in (stays[:1] or present)}
    settled = [
        person
        for person, slots in mornings.items()
        if any(board.fixed(slot) and board.base.cells.get(slot) == FMIT_CODE for slot in slots)
    ]
    takers: dict[PersonId, Literal] = dict.fromkeys(settled[:1], True) or {
        person: board.new(f"takes FMIT {person} {days[0]}")
        for person, slots in mornings.items()
        if not any(board.fixed(slot) for slot in slots)
    }
    if takers and not settled:
        board.model.add_exactly_one([literal for literal in takers.values() if not isinstance(literal, bool)])
    for person, taken in takers.items():
        board.held.update({(person, day): taken for day in days})
    return Gap(days, problem.fmit_attending.get(days[0]), takers)


def _attending_is_absent(problem: Problem, day: Date) -> bool:
    planned = problem.fmit_attending.get(day)
    return planned is not None and problem.is_absent(planned, day)


def held(board: Board, person: PersonId, day: Date) -> Literal:
    """Whether the person is FMIT attending that day; outside the range by the context, else by plan."""
    problem = board.problem
    if problem.start <= day <= problem.end:
        return board.held.get((person, day), False)
    known = board.base.context.get(Slot(person, day, Session.AM))
    if known is not None:
        return known == FMIT_CODE
    return problem.fmit_attending.get(day) == person and not problem.is_absent(person, day)


def _nights(board: Board) -> None:
    """Friday and Saturday call goes with FMIT; the other nights to whoever may and can take them."""
    problem = board.problem
    if CALL_CODE not in problem.activities:
        return
    asked: dict[Date, frozenset[PersonId]] = {
        demand.day: demand.eligible for demand in problem.demands if demand.activity == CALL_CODE
    }
    for person in problem.faculty:
        for day in problem.days:
            slot = Slot(person.id, day, Session.NIGHT)
            if board.fixed(slot):
                board.choices[slot] = board.kept(slot)
                continue
            call: Literal = False
            if day.weekday() in FMIT_NIGHTS:
                call = held(board, person.id, day)
            elif person.id in asked.get(day, frozenset()) and _may_take_call(board, person, day):
                call = board.new(f"call {person.id} {day}")
            if call is not False:
                board.choose(slot, {CALL_CODE: call, None: negation(call)})


def _may_take_call(board: Board, person: Person, day: Date) -> bool:
    """A Sunday to Thursday call needs presence that day and the next, and no FMIT duty on either."""
    problem = board.problem
    next_day = day + ONE_DAY
    busy = problem.is_absent(person.id, day) or problem.is_absent(person.id, next_day)
    leads = held(board, person.id, day) is True or held(board, person.id, next_day) is True
    fits = problem.eligible(person, problem.activities[CALL_CODE], day)
    return takes_call(person) and fits and not busy and not leads


# --- ordinary half-days of the faculty ------------------------------------------------------------------------------


def owes_post_call(day: Date) -> bool:
    """Whether a call on that night obliges PCAT and DO on the next day (Sunday to Thursday)."""
    return day.weekday() not in FMIT_NIGHTS


def _faculty_half_day(board: Board, person: Person, day: Date, session: Session) -> Choices:
    slot = Slot(person.id, day, session)
    if board.fixed(slot):
        return board.kept(slot)
    problem = board.problem
    yesterday = day - ONE_DAY
    if problem.is_absent(person.id, day):
        return {LEAVE_CODE: True}
    post_call = board.call(person.id, yesterday) if owes_post_call(yesterday) else False
    after_week = held(board, person.id, yesterday) if day.weekday() == Weekday.FRI else False
    overrides: Choices = {
        FMIT_CODE: held(board, person.id, day),
        (PCAT_CODE if session is Session.AM else DAY_OFF_CODE): post_call,
        POST_CALL_CODE: after_week,
    }
    if any(literal is True for literal in overrides.values()):
        return _overridden(board, {}, overrides)
    usual = faculty_base(problem, person, day, session)
    if usual is not None:
        return _overridden(board, {usual: True}, overrides)
    works: dict[ActivityCode | None, Literal] = {
        code: board.new(f"{person.id} {day} {session} {code}") for code in kinds_of_work(problem, person, slot)
    }
    if len(works) == 1:
        return _overridden(board, dict.fromkeys(works, True), overrides)
    return _overridden(board, works or {OFF_CODE: True}, overrides)


_WORK_CODES: Mapping[WorkKind, ActivityCode] = {
    WorkKind.CLINIC: CLINIC_CODE,
    WorkKind.GME: "GME",
    WorkKind.DEPARTMENT: "DFM",
    WorkKind.SPORTS_MEDICINE: SPORTS_MEDICINE_CODE,
    WorkKind.SUPERVISION: SUPERVISION_CODE,
    WorkKind.VASECTOMY: "VAS",
}
"""What the solver gives for each kind of faculty work."""


def kinds_of_work(problem: Problem, person: Person, slot: Slot) -> list[ActivityCode]:
    """What the duty allows in the half-day, administration last.

    A vasectomy clinic takes a supervisor, so it is offered only where a demand or a preference asks for it.
    """
    asked = {demand.activity for demand in problem.demands} | {wish.activity for wish in problem.preferences}
    allowed = [
        code
        for kind, code in _WORK_CODES.items()
        if person.duty is None or person.duty.maximum.get(kind, 0) > 0
        if kind is not WorkKind.VASECTOMY or code in asked
    ]
    return [
        code
        for code in (*allowed, ADMIN_CODE)
        if code in problem.activities
        and problem.activities[code].hours(slot.session) > 0
        and problem.eligible(person, problem.activities[code], slot.day)
    ]
