"""Every hard rule once more, under the code of the rule table, as constraints on the board."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.codes import ADMIN_CODE, CALL_CODE, DAY_OFF_CODE, FMIT_CODE, PCAT_CODE, POST_CALL_CODE
from schedules.domain.pattern import protected_cells, week_start
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    SESSIONS,
    BlockAssignment,
    Category,
    Date,
    DutyLogKind,
    Person,
    PersonId,
    Session,
    Weekday,
    WorkKind,
    days_between,
)
from schedules.domain.roster import Slot
from schedules.domain.supervision import units_needed, units_per_supervisor
from schedules.domain.timeline import MINUTES_PER_DAY
from schedules.solver.options import Relaxed, Statement
from schedules.solver.timeline import Duty, Timeline, free_day_windows
from schedules.solver.variables import Board, Literal, Sum, distinct, negation

BY_CONSTRUCTION: Mapping[str, str] = {
    "PGY1_MOONLIGHTING": "duty logs are facts; no choice of the solver can change them",
}
"""Hard codes of the rule table without a constraint of their own, and why they need none."""


def state_all(board: Board) -> None:
    """State every hard rule."""
    for state in CONSTRAINTS.values():
        state(board)
    idle_time(board)


def slot_statement(rule: str, slot: Slot) -> Statement:
    return Statement(rule, (slot.person,), slot.day, slot.day, slot.session)


# --- structure -------------------------------------------------------------------------------------------------------


def double_booked(board: Board) -> None:
    """A slot is one choice among exclusive literals; only an input that names it twice can break the rule."""
    for slot, _ in board.base.clashes:
        board.any_of(slot_statement("DOUBLE_BOOKED", slot), [])


def absent(board: Board) -> None:
    """Nobody works during an approved absence; off-site duty is no work during a TDY absence."""
    activities = board.problem.activities
    for slot, options in board.choices.items():
        absence = board.problem.leave_days.get(slot.person, {}).get(slot.day)
        if absence is not None:
            for code, literal in options.items():
                is_host = code is not None and activities[code].is_away and absence.kind == "TDY"
                if code is not None and not activities[code].is_off and not is_host:
                    board.not_all(slot_statement("ABSENT", slot), [literal])


def not_eligible(board: Board) -> None:
    """Role, level and credential allow the activity."""
    problem = board.problem
    for slot, options in board.choices.items():
        for code, literal in options.items():
            if code is not None and not problem.eligible(
                problem.person[slot.person], problem.activities[code], slot.day
            ):
                board.not_all(slot_statement("NOT_ELIGIBLE", slot), [literal])


def protected(board: Board) -> None:
    """Wednesday education and a PGY-1's Wednesday morning clinic stay."""
    for slot, code in protected_cells(board.problem).items():
        if slot in board.choices:
            board.any_of(slot_statement("PROTECTED", slot), [board.at(slot, code)])


# --- duty hours ------------------------------------------------------------------------------------------------------


def periods(board: Board) -> Iterator[tuple[Person, BlockAssignment]]:
    """The rotation periods that touch the range."""
    problem = board.problem
    for item in problem.block_assignments:
        if item.person in problem.person and item.block.start <= problem.end and item.block.end >= problem.start:
            yield problem.person[item.person], item


def hours_80(board: Board) -> None:
    """Hours of a rotation period stay within 80 x (days - leave days) / 7."""
    problem = board.problem
    for person, item in periods(board):
        total = hours_in(board, person, item.block.start, item.block.end)
        days = counted_days(board, person, item)
        limit = int(problem.policy.weekly_hours_limit * 60 * days / 7 + 1e-6)
        board.at_most(Statement("HOURS_80", (person.id,), item.block.start, item.block.end), total, limit)


def counted_days(board: Board, person: Person, item: BlockAssignment) -> int:
    leave = board.problem.leave_days.get(person.id, {})
    return item.block.days - sum(item.block.start <= day <= item.block.end for day in leave)


def hours_in(board: Board, person: Person, first: Date, last: Date) -> Sum:
    """Minutes of duty of a person between two dates, duty logs included."""
    problem = board.problem
    logged = sum(log.hours for log in problem.duty_logs if log.person == person.id and first <= log.day <= last)
    total = Sum(round(logged * 60))
    for day in days_between(first, last):
        for session in SESSIONS:
            slot = Slot(person.id, day, session)
            if problem.start <= day <= problem.end:
                for code, literal in board.choices.get(slot, {}).items():
                    total.add(literal, _minutes(board, code, session))
            else:
                total.constant += _minutes(board, board.base.context.get(slot), session)
    return total


def _minutes(board: Board, code: str | None, session: Session) -> int:
    activity = board.problem.activities[code] if code is not None else None
    return round(activity.hours(session) * 60) if activity and activity.is_duty else 0


def day_free_in_7(board: Board) -> None:
    """Free days of a rotation period >= floor((days - leave days) / 7); worked days in a row within the limit."""
    problem = board.problem
    for person, item in periods(board):
        needed = counted_days(board, person, item) // 7
        about = Statement("DAY_FREE_IN_7", (person.id,), item.block.start, item.block.end)
        timeline = board_timeline(board, person.id)
        windows = free_day_windows(timeline, problem, item.block.start, item.block.end)
        certain = _packed([window for window in windows if not window[2]])
        if certain >= needed or not any(window[2] for window in windows):
            board.at_least(about, Sum(certain), needed)
            continue
        board.at_least(about, _chosen_windows(board, windows), needed)
    length = problem.policy.worked_days_limit + 1
    for person in problem.residents:
        for run in _runs(board, person.id, length):
            about = Statement("DAY_FREE_IN_7", (person.id,), run[0], run[-1])
            board.not_all(about, [worked_on(board, person.id, day) for day in run])


def _packed(windows: list[tuple[int, int, list[Literal]]]) -> int:
    """The most disjoint windows (earliest end first)."""
    free_from, count = 0, 0
    for start, end, _ in sorted(windows, key=lambda window: window[1]):
        if start >= free_from:
            free_from, count = end, count + 1
    return count


def _chosen_windows(board: Board, windows: list[tuple[int, int, list[Literal]]]) -> Sum:
    """A literal per window, at most one at any time, each implying its conditions."""
    chosen = [(start, end, board.new("free day")) for start, end, _ in windows]
    for (_, _, conditions), (_, _, literal) in zip(windows, chosen, strict=True):
        for condition in conditions:
            board.model.add_implication(literal, condition)
    for moment, _, _ in chosen:
        overlapping = [literal for start, end, literal in chosen if start <= moment < end]
        if len(overlapping) > 1:
            board.model.add_at_most_one(overlapping)
    return Sum().extend(literal for _, _, literal in chosen)


def _runs(board: Board, person: PersonId, length: int) -> Iterator[list[Date]]:
    """Every stretch of so many dates that ends in the range, or ends after it where the context knows the dates."""
    problem = board.problem
    last = problem.end
    while any(Slot(person, last + ONE_DAY, session) in board.base.context for session in SESSIONS):
        last += ONE_DAY
        if (last - problem.end).days >= length:
            break
    for end in days_between(problem.start, last):
        run = list(days_between(end - dt.timedelta(days=length - 1), end))
        if run[0] <= problem.end:
            yield run


def board_timeline(board: Board, person: PersonId) -> Timeline:
    """The person's timeline, built once per board."""
    store: dict[PersonId, Timeline] = board.__dict__.setdefault("_timelines", {})
    if person not in store:
        store[person] = Timeline(board, person)
    return store[person]


def worked_on(board: Board, person: PersonId, day: Date) -> Literal:
    store: dict[tuple[PersonId, Date], Literal] = board.__dict__.setdefault("_worked", {})
    if (person, day) not in store:
        store[person, day] = board_timeline(board, person).worked(day)
    return store[person, day]


def continuous_24(board: Board) -> None:
    """No duty period runs longer than 24 hours."""
    limit = round(board.problem.policy.continuous_hours_limit * 60)
    for person in board.problem.residents:
        for chain in _chains(board, person.id, limit + 1, board.problem.start):
            board.not_all(_chain_statement("CONTINUOUS_24", chain), [duty.worked for duty in chain])


def rest_14(board: Board) -> None:
    """14 hours free after a duty period of 24 hours or more."""
    policy = board.problem.policy
    limit, rest = round(policy.continuous_hours_limit * 60), round(policy.rest_hours_after_24 * 60)
    merge = round(policy.merge_gap_hours * 60)
    for person in board.problem.residents:
        for chain in _chains(board, person.id, limit, board.problem.start - ONE_DAY):
            end = chain[-1].end
            for duty in board_timeline(board, person.id).duties:
                if end + merge <= duty.start < end + rest and duty.slot.day >= board.problem.start:
                    about = _chain_statement("REST_14", [*chain, duty])
                    board.not_all(about, [each.worked for each in (*chain, duty)])


def _chain_statement(rule: str, chain: list[Duty]) -> Statement:
    return Statement(rule, (chain[0].slot.person,), chain[0].slot.day, chain[-1].slot.day)


def _chains(board: Board, person: PersonId, length: int, earliest: Date) -> Iterator[list[Duty]]:
    """Shortest sequences of possible duties less than the merge gap apart that last at least `length` minutes.

    They end on `earliest` or later and begin in the range or before it.
    """
    merge = round(board.problem.policy.merge_gap_hours * 60)
    duties = board_timeline(board, person).duties
    for index, first in enumerate(duties):
        if first.slot.day > board.problem.end:
            break
        stack = [([first], index)]
        while stack:
            chain, position = stack.pop()
            if chain[-1].end - chain[0].start >= length and chain[-1].slot.day >= earliest:
                yield chain
                continue
            for later in range(position + 1, min(position + 8, len(duties))):
                after = duties[later]
                if after.slot != chain[-1].slot and after.start - chain[-1].end < merge:
                    stack.append(([*chain, after], later))


def call_every_3rd(board: Board) -> None:
    """In-house overnight calls of a rotation period: at most one night in three."""
    nth = board.problem.policy.call_every_nth_night
    for person, item in periods(board):
        calls = Sum().extend(board.call(person.id, day) for day in days_between(item.block.start, item.block.end))
        about = Statement("CALL_EVERY_3RD", (person.id,), item.block.start, item.block.end)
        board.at_most(about, calls, item.block.days // nth)


def night_float_6(board: Board) -> None:
    """At most so many nights in a row of any night activity except CALL."""
    activities = board.problem.activities

    def is_night(code: str) -> bool:
        return activities[code].category is Category.NIGHT and code != CALL_CODE

    for person in board.problem.residents:
        for run in _runs(board, person.id, board.problem.policy.night_float_limit + 1):
            nights = [board.held_by(Slot(person.id, day, Session.NIGHT), is_night) for day in run]
            board.not_all(Statement("NIGHT_FLOAT_6", (person.id,), run[0], run[-1]), nights)


def home_call(board: Board) -> None:
    """At-home call falls on no free day: some duty touches the date, unless the person is on leave or off-site."""
    problem = board.problem
    for log in problem.duty_logs:
        person = problem.person.get(log.person)
        if log.kind is not DutyLogKind.HOME_CALL or person is None or not person.is_resident:
            continue
        if not problem.start <= log.day <= problem.end or problem.is_absent(log.person, log.day):
            continue
        opens = log.day.toordinal() * MINUTES_PER_DAY
        duties = board_timeline(board, log.person).duties
        touching = [duty.worked for duty in duties if duty.start < opens + MINUTES_PER_DAY and duty.end > opens]
        slots = [Slot(log.person, log.day, session) for session in SESSIONS]
        off_site = [board.held_by(slot, lambda code: problem.activities[code].is_away) for slot in slots]
        board.any_of(Statement("HOME_CALL", (log.person,), log.day, log.day), [*touching, *off_site])


# --- supervision, clinic, demand -------------------------------------------------------------------------------------


def supervision(board: Board) -> None:
    """Supervisors present carry the residents and procedures of the half-day."""
    problem = board.problem
    units = units_per_supervisor(problem.policy)
    for (day, session), slots in by_half_day(board).items():
        total, people = Sum(), []
        for slot, options in slots:
            person = problem.person[slot.person]
            for code, literal in options.items():
                if code is None:
                    continue
                activity = problem.activities[code]
                need = units_needed(problem.policy, person, activity)
                total.add(literal, units * activity.provides_supervision - need)
                if need:
                    people.append(slot.person)
        about = Statement("SUPERVISION", tuple(dict.fromkeys(people)), day, day, session)
        board.at_least(about, total, 0)


def by_half_day(board: Board) -> Mapping[tuple[Date, Session], list[tuple[Slot, Mapping[str | None, Literal]]]]:
    halves: dict[tuple[Date, Session], list[tuple[Slot, Mapping[str | None, Literal]]]] = defaultdict(list)
    for slot, options in board.choices.items():
        if slot.session is not Session.NIGHT:
            halves[slot.day, slot.session].append((slot, options))
    return halves


def clinic_capacity(board: Board) -> None:
    """At most so many people counted in clinic per half-day; where the kept cells alone are more, exactly those."""
    problem = board.problem
    limit = problem.policy.clinic_capacity
    for (day, session), slots in by_half_day(board).items():
        total = crowd(board, slots)
        about = Statement("CLINIC_CAPACITY", (), day, day, session)
        if total.constant > limit and not board.explaining:
            reason = (
                f"{total.constant} people are kept in clinic by protected or locked cells; the capacity is {limit}."
            )
            board.relaxed.append(Relaxed(about, limit, total.constant, reason))
        board.at_most(about, total, max(limit, total.constant))


def crowd(board: Board, slots: Iterable[tuple[Slot, Mapping[str | None, Literal]]]) -> Sum:
    """People counted in clinic."""
    activities = board.problem.activities
    total = Sum()
    for slot, _ in slots:
        total.add(board.held_by(slot, lambda code: activities[code].counts_toward_clinic_capacity))
    return total


def demand_min(board: Board) -> None:
    """Every patient-safety demand has its minimum and at most its maximum; less only where fewer could fill it."""
    for demand in board.problem.demands:
        if not demand.hard:
            continue
        slots = [Slot(person, demand.day, demand.session) for person in sorted(demand.eligible)]
        literals = [board.at(slot, demand.activity) for slot in slots]
        people = tuple(slot.person for slot, literal in zip(slots, literals, strict=True) if literal is not False)
        total = Sum().extend(literals)
        about = Statement("DEMAND_MIN", people, demand.day, demand.day, demand.session)
        possible = total.constant + len(total.variables)
        if possible < demand.minimum and not board.explaining:
            reason = f"Only {possible} of the {demand.minimum} people for {demand.activity} could be there."
            board.relaxed.append(Relaxed(about, demand.minimum, possible, reason))
        board.at_least(about, total, min(demand.minimum, possible))
        if demand.maximum is not None:
            board.at_most(about, total, demand.maximum)


# --- faculty ---------------------------------------------------------------------------------------------------------


def fmit_week(board: Board) -> None:
    """Whoever holds FMIT: Friday and Saturday call, no other call; PC (or FMIT again) on Friday after the Thursday."""
    problem = board.problem
    for person in problem.faculty:
        for day in days_between(problem.start - ONE_DAY, problem.end):
            slots = [Slot(person.id, day, session) for session in HALF_DAYS]
            found = [board.at(slot, FMIT_CODE) for slot in slots]
            certain: list[Literal] = [True] if any(literal is True for literal in found) else []
            for leads in [*certain, *distinct(found)]:
                _leading(board, person, day, leads)


def _leading(board: Board, person: Person, day: Date, leads: Literal) -> None:
    about = Statement("FMIT_WEEK", (person.id,), day, day)
    if day >= board.problem.start:
        call = board.call(person.id, day)
        if day.weekday() in FMIT_NIGHTS:
            board.any_of(about, [negation(leads), call])
        else:
            board.not_all(about, [leads, call])
    if day.weekday() == Weekday.THU and _obliges(board, person.id, day):
        for session in HALF_DAYS:
            friday = Slot(person.id, day + ONE_DAY, session)
            off, again = (board.at(friday, code) for code in (POST_CALL_CODE, FMIT_CODE))
            board.any_of(about, [negation(leads), off, again])


def _obliges(board: Board, person: PersonId, day: Date) -> bool:
    """Whether the day after can be judged: the person is present, and it is no open end that an amendment will fill."""
    after = day + ONE_DAY
    if board.problem.is_absent(person, after):
        return False
    if after <= board.problem.end:
        return True
    settled = board.fixed(Slot(person, day, Session.NIGHT))
    return settled and any(Slot(person, after, session) in board.base.context for session in SESSIONS)


def post_call(board: Board) -> None:
    """PCAT and DO after a Sunday to Thursday call of the faculty; a resident is off after any overnight call."""
    problem = board.problem
    for person in problem.people:
        for day in days_between(problem.start - ONE_DAY, problem.end):
            call = board.call(person.id, day)
            if call is False or (person.is_faculty and day.weekday() in FMIT_NIGHTS):
                continue
            if not _obliges(board, person.id, day):
                continue
            about = Statement("POST_CALL", (person.id,), day, day + ONE_DAY)
            for session, code in zip(HALF_DAYS, (PCAT_CODE, DAY_OFF_CODE), strict=True):
                slot = Slot(person.id, day + ONE_DAY, session)
                rests = negation(board.held_by(slot, lambda code: not problem.activities[code].is_off))
                board.any_of(about, [negation(call), board.at(slot, code) if person.is_faculty else rests])


def call_consecutive(board: Board) -> None:
    """No overnight call on consecutive nights, except Friday and Saturday of an FMIT week."""
    problem = board.problem
    for person in problem.people:
        for day in days_between(problem.start, problem.end + ONE_DAY):
            before, after = board.call(person.id, day - ONE_DAY), board.call(person.id, day)
            if before is False or after is False:
                continue
            about = Statement("CALL_CONSECUTIVE", (person.id,), day - ONE_DAY, day)
            calls = [negation(before), negation(after)]
            if not person.is_faculty or day.weekday() != Weekday.SAT:
                board.any_of(about, calls)
                continue
            for led in (day - ONE_DAY, day):
                halves = [board.at(Slot(person.id, led, session), FMIT_CODE) for session in HALF_DAYS]
                board.any_of(about, [*calls, *halves])


def call_before_leave(board: Board) -> None:
    """No Sunday to Thursday call on the night before an absence."""
    problem = board.problem
    for person in problem.people:
        for day in days_between(problem.start - ONE_DAY, problem.end):
            call = board.call(person.id, day)
            if call is not False and day.weekday() not in FMIT_NIGHTS and problem.is_absent(person.id, day + ONE_DAY):
                board.not_all(Statement("CALL_BEFORE_LEAVE", (person.id,), day, day + ONE_DAY), [call])


def faculty_week_max(board: Board) -> None:
    """Half-days of each kind of work in a block week stay within the duty's maximum."""
    for person in board.problem.faculty:
        if person.duty is None:
            continue
        for week, slots in faculty_weeks(board, person).items():
            for kind, limit in person.duty.maximum.items():
                if kind is not WorkKind.UNCAPPED:
                    about = Statement("FACULTY_WEEK_MAX", (person.id,), week, slots[-1].day)
                    board.at_most(about, work_in(board, slots, kind), limit)


def faculty_weeks(board: Board, person: Person) -> Mapping[Date, list[Slot]]:
    """The half-days of each block week that touches the range, the context's included."""
    problem = board.problem
    weeks: dict[Date, list[Slot]] = defaultdict(list)
    around = dt.timedelta(days=6)
    touched = {week_start(problem, day) for day in problem.days}
    for day in days_between(problem.start - around, problem.end + around):
        week = week_start(problem, day)
        if week in touched and problem.block_of(day):
            weeks[week] += [Slot(person.id, day, session) for session in HALF_DAYS]
    return weeks


def work_in(board: Board, slots: Iterable[Slot], kind: WorkKind) -> Sum:
    """Half-days of one kind of work."""
    activities = board.problem.activities
    return Sum().extend(board.held_by(slot, lambda code: activities[code].work_kind is kind) for slot in slots)


def idle_time(board: Board) -> None:
    """Idle half-days of the faculty are supervision up to the week's maximum, then administration (not a rule)."""
    for person in board.problem.faculty:
        limit = person.duty.maximum.get(WorkKind.SUPERVISION, 0) if person.duty else 0
        if not limit:
            continue
        for slots in faculty_weeks(board, person).values():
            idle = [board.at(slot, ADMIN_CODE) for slot in slots]
            free = [literal for literal in idle if not isinstance(literal, bool)]
            if not free:
                continue
            total = work_in(board, slots, WorkKind.SUPERVISION)
            full = board.new("supervision is full")
            board.model.add_max_equality(full, free)
            if not total.is_constant:
                board.model.add(total.expression >= limit * full)


CONSTRAINTS: Mapping[str, Callable[[Board], None]] = {
    "DOUBLE_BOOKED": double_booked,
    "ABSENT": absent,
    "NOT_ELIGIBLE": not_eligible,
    "PROTECTED": protected,
    "HOURS_80": hours_80,
    "DAY_FREE_IN_7": day_free_in_7,
    "CONTINUOUS_24": continuous_24,
    "REST_14": rest_14,
    "CALL_EVERY_3RD": call_every_3rd,
    "NIGHT_FLOAT_6": night_float_6,
    "HOME_CALL": home_call,
    "SUPERVISION": supervision,
    "CLINIC_CAPACITY": clinic_capacity,
    "DEMAND_MIN": demand_min,
    "FMIT_WEEK": fmit_week,
    "POST_CALL": post_call,
    "CALL_CONSECUTIVE": call_consecutive,
    "CALL_BEFORE_LEAVE": call_before_leave,
    "FACULTY_WEEK_MAX": faculty_week_max,
}
"""The hard rules in the order in which they are stated."""
