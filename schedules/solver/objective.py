"""Every soft rule once more, as terms of the objective; `schedules.domain.score` counts the same from a roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from ortools.sat.python import cp_model

from schedules.domain.calls import FMIT_NIGHTS, could_call, night_kind
from schedules.domain.codes import ADMIN_CODE, FMIT_CODE, POST_CALL_CODE
from schedules.domain.pattern import flexible_weeks, resident_base
from schedules.domain.problem import HALF_DAYS, ONE_DAY, Date, Person, PersonId, Session, Weekday, WorkKind
from schedules.domain.roster import Roster, Slot
from schedules.domain.score import (
    NEAR_FMIT_COST,
    SPACING_COST,
    FairShare,
    call_nights,
    fair_shares,
    fits_preference,
    forced_shortage,
    is_fmit_pair,
    is_ordinary,
    near_days,
    open_half_days,
    preferred_slots,
    weekend_days,
    weekend_shares,
)
from schedules.domain.supervision import units_needed, units_per_supervisor
from schedules.solver.constraints import board_timeline, by_half_day, crowd, work_in, worked_on
from schedules.solver.variables import Board, Literal, Sum, distinct, negation


def minimise(board: Board, *, reference: Roster | None = None) -> Mapping[str, Sum]:
    """Set the objective; the sums are the soft rules' counts, by code."""
    weights = board.problem.policy.weights
    sums = {code: term(board) for code, term in TERMS.items() if weights.get(code, 0)}
    if reference is not None and weights.get("REPAIR_CHANGE", 0):
        sums["REPAIR_CHANGE"] = _changes(board, reference)
    total = Sum()
    for code, each in sums.items():
        total.include(each, weights[code])
    board.model.minimize(total.expression)
    return sums


# --- counting pieces -------------------------------------------------------------------------------------------------


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


# --- demand, clinic, residents ---------------------------------------------------------------------------------------


def _soft_demand(board: Board) -> Sum:
    total = Sum()
    for demand in board.problem.demands:
        if not demand.hard and demand.minimum:
            missing = Sum(demand.minimum)
            missing.extend(
                (board.at(Slot(who, demand.day, demand.session), demand.activity) for who in sorted(demand.eligible)),
                -1,
            )
            total.include(at_least_zero(board, missing, demand.minimum))
    return total


def _clinic_comfort(board: Board) -> Sum:
    total = Sum()
    for slots in by_half_day(board).values():
        excess = crowd(board, slots).include(Sum(-board.problem.policy.clinic_comfort))
        total.include(at_least_zero(board, excess, greatest(excess)))
    return total


def _changed(board: Board) -> Sum:
    """Resident cells that differ from the pattern; the price stands on what is done instead, e.g. on a day off."""
    total = Sum()
    for slot, code in resident_base(board.problem).items():
        total.extend(literal for other, literal in board.choices.get(slot, {}).items() if other != code)
    return total


def _dropped(board: Board) -> Sum:
    total = Sum()
    for slots in flexible_weeks(board.problem).values():
        planned = Counter(slots.values())
        if any(board.fixed(slot) for slot in slots):
            for code, number in planned.items():
                if code != ADMIN_CODE:
                    missing = Sum(number).extend((board.at(slot, code) for slot in slots), -1)
                    total.include(at_least_zero(board, missing, number))
            continue
        # No activity can exceed its number, so what is missing is what became administration or time off.
        total.constant -= planned[ADMIN_CODE]
        for slot in slots:
            given = board.choices[slot].items()
            total.extend(literal for code, literal in given if code == ADMIN_CODE or code not in planned)
    return total


def _moved(board: Board) -> Sum:
    return _changed(board).include(_dropped(board), -1)


def _weekend_equity(board: Board) -> Sum:
    days = weekend_days(board.problem)
    total = Sum()
    for person, share in weekend_shares(board.problem).items():
        total.include(_distance(board, share, [worked_on(board, person, day) for day in days]))
    return total


def _long_runs(board: Board) -> Sum:
    total = Sum()
    length = board.problem.policy.worked_days_warning + 1
    for person in board.problem.residents:
        for day in board.problem.days:
            total.add(all_hold(board, (worked_on(board, person.id, day - back * ONE_DAY) for back in range(length))))
    return total


def _short_rests(board: Board) -> Sum:
    problem = board.problem
    merge, rest = round(problem.policy.merge_gap_hours * 60), round(problem.policy.rest_hours * 60)
    total = Sum()
    for person in problem.residents:
        duties = [
            duty
            for duty in board_timeline(board, person.id).duties
            if problem.start - ONE_DAY <= duty.slot.day <= problem.end
        ]
        for index, first in enumerate(duties):
            between: list[Literal] = []
            for second in duties[index + 1 : index + 8]:
                if second.slot == first.slot:
                    continue
                if second.start - first.end >= rest:
                    break
                if second.start - first.end >= merge and second.slot.day >= problem.start:
                    total.add(all_hold(board, [first.worked, second.worked, *between]))
                between.append(negation(second.worked))
    return total


# --- faculty ---------------------------------------------------------------------------------------------------------


def _faculty_minimum(board: Board) -> Sum:
    total = Sum()
    for person in board.problem.faculty:
        if person.duty is None or not any(person.duty.minimum.values()):
            continue
        minimum = person.duty.minimum
        for slots in open_half_days(board.problem, person).values():
            missing = Sum()
            for kind, wanted in minimum.items():
                if wanted:
                    work = work_in(board, slots, kind)
                    short = at_least_zero(board, Sum(wanted).include(work, -1), wanted)
                    _touch_days(board, work.include(short), _days_full_of(board, person, slots, kind), wanted)
                    missing.include(short)
            _subtract_forced(board, missing, minimum, slots)
            if not missing.is_constant:
                # Never below what is forced: true of every roster, but the relaxation needs to be told.
                board.model.add(missing.expression >= 0)
            total.include(missing)
    return total


def _touch_days(board: Board, work: Sum, whole: Sum, wanted: int) -> None:
    """So many half-days, or what is short of them, touch at least half as many days, rounded up.

    True of every roster (a Chvatal-Gomory cut); without it the relaxation gives two kinds of work half of each half
    of a day, and no day is split.
    """
    touched = Sum().include(work).include(whole, -1)
    if not touched.is_constant:
        board.model.add(touched.expression >= (wanted + 1) // 2)


def _days_full_of(board: Board, person: Person, slots: tuple[Slot, ...], kind: WorkKind) -> Sum:
    activities = board.problem.activities
    total = Sum()
    for day in dict.fromkeys(slot.day for slot in slots):
        whole = whole_days(board, person, day)
        total.extend(literal for code, literal in whole.items() if activities[code].work_kind is kind)
    return total


def _subtract_forced(board: Board, total: Sum, minimum: Mapping[WorkKind, int], slots: tuple[Slot, ...]) -> None:
    """Take off what FMIT duty and a short week force; only a possible FMIT replacement makes it a variable."""
    usable = Sum(len(slots))
    for slot in slots:
        usable.add(board.held_by(slot, lambda code: code in (FMIT_CODE, POST_CALL_CODE)), -1)
    lost = distinct(usable.variables)
    if not lost:
        total.constant -= forced_shortage(minimum, usable.constant)
    elif len(lost) == 1:
        # One replacement decides the week: the shortage is linear in it, and so without any slack.
        without = forced_shortage(minimum, usable.constant)
        total.constant -= without
        total.add(lost[0], without - forced_shortage(minimum, usable.constant + sum(usable.factors)))
    else:
        lowest = usable.constant + sum(usable.factors)
        forced = board.model.new_int_var(0, forced_shortage(minimum, lowest), "")
        board.model.add_max_equality(forced, [0, sum(minimum.values()) - usable.expression])
        total.add(forced, -1)


def _split_days(board: Board) -> Sum:
    total = Sum()
    for person in board.problem.faculty:
        for day in board.problem.days:
            first, second = _ordinary_halves(board, person, day)
            if first and second:
                total.add(_split(board, person, day))
    return total


def _split(board: Board, person: Person, day: Date) -> Literal:
    """1 when both halves are ordinary work of different kinds: no kind fills the day, and nothing takes all of it."""
    both = Sum(-1).extend(_taken_whole(board, person, day))
    for half in _ordinary_halves(board, person, day):
        both.extend(half.values())
    both.extend(whole_days(board, person, day).values(), -1)
    if greatest(both) <= 0:
        return False
    split = board.new("split")
    board.model.add(both.expression <= split)
    return split


def _ordinary_halves(board: Board, person: Person, day: Date) -> list[dict[str, Literal]]:
    return [
        {code: literal for code, literal in options.items() if code is not None and is_ordinary(board.problem, code)}
        for options in (board.choices.get(Slot(person.id, day, session), {}) for session in HALF_DAYS)
    ]


def _taken_whole(board: Board, person: Person, day: Date) -> list[Literal]:
    """The literals of what takes both halves at once: FMIT duty, and the day after a call."""
    first, second = (
        distinct(
            literal
            for code, literal in board.choices.get(Slot(person.id, day, session), {}).items()
            if code is None or not is_ordinary(board.problem, code)
        )
        for session in HALF_DAYS
    )
    shared = {literal.index for literal in second}
    return [literal for literal in first if literal.index in shared]


def whole_days(board: Board, person: Person, day: Date) -> Mapping[str, Literal]:
    """A literal for each kind of ordinary work that can fill the day, which can only be 1 where it does."""
    store: dict[tuple[PersonId, Date], dict[str, Literal]] = board.__dict__.setdefault("_whole_days", {})
    if (person.id, day) not in store:
        first, second = _ordinary_halves(board, person, day)
        store[person.id, day] = {
            code: all_hold_exactly(board, first[code], second[code]) for code in first if code in second
        }
    return store[person.id, day]


def all_hold_exactly(board: Board, one: Literal, other: Literal) -> Literal:
    """A literal that can only be 1 when both hold."""
    if isinstance(one, bool) or isinstance(other, bool):
        return (other if one else False) if isinstance(one, bool) else (one if other else False)
    both = board.new("")
    board.model.add_implication(both, one)
    board.model.add_implication(both, other)
    return both


def _call_equity(board: Board) -> Sum:
    problem = board.problem
    total = Sum()
    for (person, kind), share in fair_shares(problem).items():
        days = [day for day in problem.days if night_kind(day, problem.holidays) is kind]
        total.include(_distance(board, share, [board.call(person, day) for day in days]))
    return total


def _distance(board: Board, share: FairShare, literals: Iterable[Literal]) -> Sum:
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


def _call_spacing(board: Board) -> Sum:
    problem = board.problem
    total = Sum()
    for person in problem.faculty:
        pairs: dict[tuple[Date, int], Literal] = {}
        for day in problem.days:
            call = board.call(person.id, day)
            if call is False:
                continue
            for apart, price in SPACING_COST.items():
                if not is_fmit_pair(day, apart):
                    pairs[day, apart] = all_hold(board, [call, board.call(person.id, day - apart * ONE_DAY)])
                    total.add(pairs[day, apart], price)
            _few_within_reach(board, person, day, pairs)
            if day.weekday() not in FMIT_NIGHTS:
                near = any_holds(
                    board, (board.at(Slot(person.id, other, Session.AM), FMIT_CODE) for other in near_days(day))
                )
                total.add(all_hold(board, [call, near]), NEAR_FMIT_COST)
    return total


def _few_within_reach(board: Board, person: Person, last: Date, pairs: Mapping[tuple[Date, int], Literal]) -> None:
    """Of nights that are all too near to each other one is free of cost; every further call makes another pair.

    True of every roster; pair by pair, the relaxation gives a person half of each such night for nothing.
    """
    for size in range(2, max(SPACING_COST) + 1):
        days = [last - back * ONE_DAY for back in range(size + 1)]
        calls = {day: board.call(person.id, day) for day in days}
        weekend = any(call is not False for day, call in calls.items() if day.weekday() in FMIT_NIGHTS)
        if weekend or any(call is True for call in calls.values()) or len(distinct(calls.values())) < 3:
            continue
        total = Sum().extend(calls.values())
        for index, day in enumerate(days):
            total.extend((pairs.get((day, apart), False) for apart in range(2, size - index + 1)), -1)
        board.model.add(total.expression <= 1)


def _call_before_leave(board: Board) -> Sum:
    problem = board.problem
    return Sum().extend(
        board.call(person.id, day)
        for person in problem.faculty
        for day in problem.days
        if day.weekday() == Weekday.SAT and problem.is_absent(person.id, day + ONE_DAY)
    )


def _margin(board: Board) -> Sum:
    problem = board.problem
    units = units_per_supervisor(problem.policy)
    total = Sum()
    for slots in by_half_day(board).values():
        load, spare, loading = Sum(), Sum(), []
        for slot, options in slots:
            person = problem.person[slot.person]
            for code, literal in options.items():
                if code is None:
                    continue
                activity = problem.activities[code]
                need = units_needed(problem.policy, person, activity)
                load.add(literal, need)
                loading += [literal] if need else []
                spare.add(literal, int(activity.provides_supervision or (person.is_faculty and code == ADMIN_CODE)))
        busy = any_holds(board, loading)
        if busy is False:
            continue
        # ceil(load / units) + 1 - spare <= short, in units
        thin = Sum().include(load).include(spare, -units).add(busy, units)
        if thin.is_constant:
            total.constant += max(0, -(-thin.constant // units))
            continue
        top = greatest(thin)
        if top > 0:
            short = board.model.new_int_var(0, -(-top // units), "")
            board.model.add(thin.expression <= units * short)
            total.add(short)
    for day in call_nights(problem):
        total.add(_no_second_caller(board, day))
    return total


def _no_second_caller(board: Board, day: Date) -> Literal:
    people = [person for person in board.problem.faculty if could_call(board.problem, person, day)]
    if len(people) > _CALLERS_AROUND * 2:
        return False
    bound = [_on_call_around(board, person, day) for person in people]
    return all_hold(board, bound)


_CALLERS_AROUND = 3
"""At most so many people are on call on a night and the nights before and after it."""


def _on_call_around(board: Board, person: Person, day: Date) -> Literal:
    calls = [board.call(person.id, day + offset * ONE_DAY) for offset in (-1, 0, 1)]
    if any(call is True for call in calls):
        return True
    free = distinct(calls)
    if len(free) < 2:
        return free[0] if free else False
    around = board.new("")
    board.model.add_max_equality(around, free)
    return around


# --- preferences, repair ---------------------------------------------------------------------------------------------


def _preference(board: Board) -> Sum:
    problem = board.problem
    total = Sum()
    for wish in problem.preferences:
        for slot in preferred_slots(problem, wish):
            fits = board.held_by(slot, lambda code, wish=wish: fits_preference(problem, wish, code))  # type: ignore[misc]
            total.add(negation(fits) if wish.weight > 0 else fits, abs(wish.weight))
    return total


def _changes(board: Board, reference: Roster) -> Sum:
    problem = board.problem
    total = Sum()
    for slot in board.choices.keys() | {slot for slot in reference.cells if problem.start <= slot.day <= problem.end}:
        code = reference.cells.get(slot)
        if code is not None:
            total.add(negation(board.at(slot, code)))
        elif slot in board.choices:
            total.add(negation(board.choices[slot].get(None, False)))
    return total


TERMS: Mapping[str, Callable[[Board], Sum]] = {
    "DEMAND_MIN": _soft_demand,
    "PATTERN_MOVED": _moved,
    "PATTERN_DROPPED": _dropped,
    "FACULTY_WEEK_MIN": _faculty_minimum,
    "CALL_EQUITY": _call_equity,
    "CALL_SPACING": _call_spacing,
    "CALL_BEFORE_LEAVE": _call_before_leave,
    "WEEKEND_EQUITY": _weekend_equity,
    "FULL_DAYS": _split_days,
    "PREFERENCE": _preference,
    "N1_MARGIN": _margin,
    "CLINIC_COMFORT": _clinic_comfort,
    "REST_8": _short_rests,
    "DAY_FREE_IN_7": _long_runs,
}
"""The soft rules of `schedules.domain.score.COUNTS` as sums over the board."""
