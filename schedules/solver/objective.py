"""Every soft rule once more, as terms of the objective; `schedules.domain.score` counts the same from a roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from schedules.domain.calls import FMIT_NIGHTS, could_call, night_kind
from schedules.domain.codes import ADMIN_CODE, FMIT_CODE
from schedules.domain.pattern import flexible_weeks, resident_base, works_by_pattern
from schedules.domain.problem import ONE_DAY, Activity, Date, Person, Session, Weekday
from schedules.domain.roster import Roster, Slot
from schedules.domain.score import (
    NEAR_FMIT_COST,
    SPACING_COST,
    call_nights,
    fair_shares,
    fits_preference,
    is_fmit_pair,
    near_days,
    preferred_slots,
    run_ends,
    weekend_days,
    weekend_shares,
)
from schedules.domain.supervision import (
    attending_posts,
    could_supervise,
    in_reserve,
    units_needed,
    units_per_supervisor,
)
from schedules.solver.constraints.supervision import crowd, half_days, possible_work
from schedules.solver.counting import all_hold, any_holds, at_least_zero, distance, greatest
from schedules.solver.full_days import faculty_minimum, split_days
from schedules.solver.timeline import timeline_of, worked_on
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


# --- demand, clinic, residents ---------------------------------------------------------------------------------------


def _soft_demand(board: Board) -> Sum:
    total = Sum()
    for demand in board.problem.demands:
        if not demand.hard and demand.minimum:
            missing = Sum(demand.minimum)
            slots = (Slot(who, demand.day, demand.session) for who in board.problem.in_order(demand.eligible))
            missing.extend((board.at(slot, demand.activity) for slot in slots), -1)
            total.include(at_least_zero(board, missing, demand.minimum))
    return total


def _clinic_comfort(board: Board) -> Sum:
    total = Sum()
    for slots in half_days(board).values():
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
        total.include(distance(board, share, [worked_on(board, person, day) for day in days]))
    return total


def _long_runs(board: Board) -> Sum:
    total = Sum()
    length = board.problem.policy.worked_days_warning + 1
    for person in board.problem.residents:
        for day in run_ends(board.problem):
            total.add(all_hold(board, (_will_work(board, person, day - back * ONE_DAY) for back in range(length))))
    return total


def _will_work(board: Board, person: Person, day: Date) -> Literal:
    if day > board.problem.end and not board.base.knows(person.id, day):
        return works_by_pattern(board.problem, person, day)
    return worked_on(board, person.id, day)


def _short_rests(board: Board) -> Sum:
    problem = board.problem
    merge, rest = round(problem.policy.merge_gap_hours * 60), round(problem.policy.rest_hours * 60)
    total = Sum()
    for person in problem.residents:
        duties = [
            duty
            for duty in timeline_of(board, person.id).duties
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


def _call_equity(board: Board) -> Sum:
    problem = board.problem
    total = Sum()
    for (person, kind), share in fair_shares(problem).items():
        days = [day for day in problem.days if night_kind(day, problem.holidays) is kind]
        total.include(distance(board, share, [board.call(person, day) for day in days]))
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
            total.extend((pairs.get((day, apart), False) for apart in range(1, size - index + 1)), -1)
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
    total = _short_of_supervisors(board, in_reserve, Counter())
    for day in call_nights(board.problem):
        total.add(_no_second_caller(board, day))
    return total


def _safety(board: Board) -> Sum:
    return _short_of_supervisors(board, could_supervise, attending_posts(board.problem))


def _short_of_supervisors(
    board: Board, counts: Callable[[Person, Activity], bool], posts: Counter[tuple[Date, Session]]
) -> Sum:
    problem = board.problem
    units = units_per_supervisor(problem.policy)
    total = Sum()
    for half, slots in half_days(board).items():
        load, there, loading = Sum(), Sum(), []
        for person, activity, literal in possible_work(board, slots):
            need = units_needed(problem.policy, person, activity)
            load.add(literal, need)
            loading += [literal] if need else []
            there.add(literal, int(counts(person, activity)))
        busy = any_holds(board, loading)
        if busy is False:
            continue
        # ceil(load / units) + posts + 1 - there <= short, in units
        thin = Sum().include(load).include(there, -units).add(busy, units * (1 + posts[half]))
        if thin.is_constant:
            total.constant += max(0, -(-thin.constant // units))
            continue
        top = greatest(thin)
        if top > 0:
            short = board.model.new_int_var(0, -(-top // units), "")
            board.model.add(thin.expression <= units * short)
            total.add(short)
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
    for slot in board.choices.keys() | {slot for slot in reference.cells if problem.covers(slot.day)}:
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
    "FACULTY_WEEK_MIN": faculty_minimum,
    "CALL_EQUITY": _call_equity,
    "CALL_SPACING": _call_spacing,
    "CALL_BEFORE_LEAVE": _call_before_leave,
    "WEEKEND_EQUITY": _weekend_equity,
    "FULL_DAYS": split_days,
    "PREFERENCE": _preference,
    "N1_MARGIN": _margin,
    "N1_SAFETY": _safety,
    "CLINIC_COMFORT": _clinic_comfort,
    "REST_8": _short_rests,
    "DAY_FREE_IN_7": _long_runs,
}
"""The soft rules of `schedules.domain.score.COUNTS` as sums over the board."""
