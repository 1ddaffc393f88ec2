"""How good a roster is: every soft rule's count, weight and points. The solver's objective is this total exactly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from schedules.domain.calls import FMIT_NIGHTS, NightKind, could_call, night_kind, takes_call
from schedules.domain.codes import ADMIN_CODE, CALL_CODE, FMIT_CODE, LECTURE_CODE, PCAT_CODE, POST_CALL_CODE
from schedules.domain.pattern import (
    RESTED,
    faculty_base,
    flexible_weeks,
    resident_base,
    week_start,
    works_by_pattern,
)
from schedules.domain.preferences import is_meant, speaks_of
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    SESSIONS,
    ActivityCode,
    CallTally,
    Date,
    Person,
    PersonId,
    Preference,
    Problem,
    Session,
    Weekday,
    WorkKind,
    days_between,
)
from schedules.domain.roster import Roster, Slot
from schedules.domain.supervision import units_needed, whole_supervisors
from schedules.domain.timeline import MINUTES_PER_HOUR, duty

SPACING_COST: Mapping[int, int] = {1: 3, 2: 2, 3: 1}
"""CALL_SPACING: cost of two calls of one person by the nights between their dates."""
NEAR_FMIT_DAYS = 3
NEAR_FMIT_COST = 3
"""CALL_SPACING: a Sunday to Thursday call at most so many days before or after the own FMIT duty."""


@dataclass(frozen=True, slots=True)
class Term:
    """One soft rule: how often it is missed, and points per unit."""

    count: int
    weight: int

    @property
    def points(self) -> int:
        return self.count * self.weight


@dataclass(frozen=True, slots=True)
class Score:
    """Every soft rule's term; lower is better."""

    terms: Mapping[str, Term]

    @property
    def total(self) -> int:
        return sum(term.points for term in self.terms.values())


def score(problem: Problem, roster: Roster, *, reference: Roster | None = None) -> Score:
    """Count every soft rule from the roster alone.

    `reference` is the roster to stay close to (REPAIR_CHANGE); without one nothing is counted for it.
    """
    counts = {code: count(problem, roster) for code, count in COUNTS.items()}
    counts["REPAIR_CHANGE"] = _changes(problem, roster, reference) if reference else 0
    weights = problem.policy.weights
    return Score({code: Term(count, weights.get(code, 0)) for code, count in counts.items()})


# --- demand and clinic ---------------------------------------------------------------------------------------------


def _soft_demand(problem: Problem, roster: Roster) -> int:
    """DEMAND_MIN: people missing below the minima that are not patient safety."""
    return sum(
        max(
            0,
            demand.minimum
            - sum(roster.at(who, demand.day, demand.session) == demand.activity for who in demand.eligible),
        )
        for demand in problem.demands
        if not demand.hard
    )


def _clinic_comfort(problem: Problem, roster: Roster) -> int:
    """CLINIC_COMFORT: people counted in clinic above the comfortable number, per half-day."""
    crowd: Counter[tuple[Date, Session]] = Counter()
    for slot, code in roster:
        if problem.activities[code].counts_toward_clinic_capacity:
            crowd[slot.day, slot.session] += 1
    return sum(max(0, number - problem.policy.clinic_comfort) for number in crowd.values())


# --- residents -------------------------------------------------------------------------------------------------------


def pattern_counts(problem: Problem, roster: Roster) -> tuple[int, int]:
    """Moved and dropped cells of all residents.

    Dropped = half-days of an activity that a block week has fewer than the pattern; moved = all other cells that
    differ from the pattern, days and nights off included.
    """
    changed = sum(roster.cells.get(slot) != code for slot, code in resident_base(problem).items())
    dropped = 0
    for slots in flexible_weeks(problem).values():
        planned = Counter(slots.values())
        present = Counter(roster.cells.get(slot) for slot in slots)
        dropped += sum(max(0, number - present[code]) for code, number in planned.items() if code != ADMIN_CODE)
    return changed - dropped, dropped


def _weekend_equity(problem: Problem, roster: Roster) -> int:
    """WEEKEND_EQUITY: triangular distance of every resident's weekend duty days from the level's fair share."""
    return sum(
        share.cost(sum(_works(problem, roster, person, day) for day in weekend_days(problem)))
        for person, share in weekend_shares(problem).items()
    )


def weekend_days(problem: Problem) -> tuple[Date, ...]:
    return tuple(day for day in problem.days if day.weekday() >= Weekday.SAT)


def weekend_shares(problem: Problem) -> Mapping[PersonId, FairShare]:
    """The fair number of weekend duty days of residents whose pattern has any.

    The mean of the PGY level after one day in seven off; nobody is asked for more than the own pattern allows.
    """
    base = resident_base(problem)
    planned: dict[int | None, dict[PersonId, int]] = defaultdict(dict)
    for person in problem.residents:
        codes = [
            {base.get(Slot(person.id, day, session)) for session in SESSIONS} - {None} for day in weekend_days(problem)
        ]
        worked = sum(any(problem.activities[code].is_duty for code in day if code) for day in codes)
        if any(problem.activities[code].category in RESTED for day in codes for code in day if code):
            planned[person.pgy_level][person.id] = worked
    shares: dict[PersonId, FairShare] = {}
    for group in planned.values():
        low, rest = divmod(sum(group.values()) * 6, 7 * len(group))
        for who, own in group.items():
            shares[who] = FairShare(0, min(low, own * 6 // 7), low + (rest > 0))
    return shares


def _works(problem: Problem, roster: Roster, person: PersonId, day: Date) -> bool:
    codes = (roster.at(person, day, session) for session in SESSIONS)
    return any(code is not None and problem.activities[code].is_duty for code in codes)


def _long_runs(problem: Problem, roster: Roster) -> int:
    """DAY_FREE_IN_7: dates that are at least the seventh worked day in a row (the rule's warning)."""
    length = problem.policy.worked_days_warning + 1
    return sum(
        all(_will_work(problem, roster, person, day - back * ONE_DAY) for back in range(length))
        for person in problem.residents
        for day in run_ends(problem)
    )


def run_ends(problem: Problem) -> list[Date]:
    """Where a run of too many worked days that holds a date of the range may end: in it, or right after it."""
    return list(days_between(problem.start, problem.end + problem.policy.worked_days_warning * ONE_DAY))


def _will_work(problem: Problem, roster: Roster, person: Person, day: Date) -> bool:
    """As the roster has it; by the pattern on dates after the range of which nothing is known yet."""
    if day > problem.end and not roster.knows(person.id, day):
        return works_by_pattern(problem, person, day)
    return _works(problem, roster, person.id, day)


def _short_rests(problem: Problem, roster: Roster) -> int:
    """REST_8: rests between duty periods that are shorter than the advised hours and end in the range."""
    merge, rest = (
        round(problem.policy.merge_gap_hours * MINUTES_PER_HOUR),
        round(problem.policy.rest_hours * MINUTES_PER_HOUR),
    )
    count = 0
    for person in problem.residents:
        end: int | None = None
        for day in (problem.start - ONE_DAY, *problem.days):
            for session in SESSIONS:
                code = roster.at(person.id, day, session)
                worked = duty(problem.activities[code], day, session) if code else None
                if not worked:
                    continue
                count += end is not None and day >= problem.start and merge <= worked.start - end < rest
                end = worked.end if end is None else max(end, worked.end)
    return count


# --- faculty ---------------------------------------------------------------------------------------------------------


def open_half_days(problem: Problem, person: Person) -> Mapping[Date, tuple[Slot, ...]]:
    """A faculty member's half-days of ordinary work before call and FMIT duty, by the first day of their block week."""
    weeks: dict[Date, list[Slot]] = defaultdict(list)
    for day in problem.days:
        for session in HALF_DAYS:
            if faculty_base(problem, person, day, session) is None:
                weeks[week_start(problem, day)].append(Slot(person.id, day, session))
    return {week: tuple(slots) for week, slots in weeks.items()}


def _faculty_minimum(problem: Problem, roster: Roster) -> int:
    """FACULTY_WEEK_MIN: half-days missing below the weekly minima, beyond what FMIT duty and short weeks force."""
    missing = 0
    for person in problem.faculty:
        if person.duty is None or not any(person.duty.minimum.values()):
            continue
        for slots in open_half_days(problem, person).values():
            codes = [roster.cells.get(slot) for slot in slots]
            kinds = Counter(problem.activities[code].work_kind for code in codes if code)
            short = sum(max(0, wanted - kinds[kind]) for kind, wanted in person.duty.minimum.items())
            usable = sum(code not in (FMIT_CODE, POST_CALL_CODE) for code in codes)
            missing += short - forced_shortage(person.duty.minimum, usable)
    return missing


def forced_shortage(minimum: Mapping[WorkKind, int], usable: int) -> int:
    """How far the week's minima together exceed the half-days there are for them."""
    return max(0, sum(minimum.values()) - usable)


def _split_days(problem: Problem, roster: Roster) -> int:
    """FULL_DAYS: days on which a faculty member does two kinds of ordinary work."""
    return sum(
        first != second and is_ordinary(problem, first) and is_ordinary(problem, second)
        for person in problem.faculty
        for day in problem.days
        for first, second in [tuple(roster.cells.get(Slot(person.id, day, session)) for session in HALF_DAYS)]
    )


def is_ordinary(problem: Problem, code: ActivityCode | None) -> bool:
    """Whether the code is work the solver chooses for a faculty half-day: on duty, but not FMIT, PCAT or lecture."""
    return code is not None and problem.activities[code].is_duty and code not in (FMIT_CODE, PCAT_CODE, LECTURE_CODE)


@dataclass(frozen=True, slots=True)
class FairShare:
    """A person's calls of one kind so far, and the whole numbers around the fair share at the end of the range."""

    so_far: int
    low: int
    high: int

    def cost(self, new: int) -> int:
        """Triangular: the first call beyond the share costs 1, the second 2, ..."""
        over, under = max(0, self.so_far + new - self.high), max(0, self.low - self.so_far - new)
        return over * (over + 1) // 2 + under * (under + 1) // 2


def fair_shares(problem: Problem) -> Mapping[tuple[PersonId, NightKind], FairShare]:
    """Who should have how many Sunday, Monday to Thursday and holiday calls by the end of the range.

    People absent on fewer than `equity_absence_days` of the year so far share equally, the others by the nights
    they were available for. Only kinds with a night in the range are named.
    """
    pool = [person for person in problem.faculty if takes_call(person)]
    nights = {kind: [day for day in problem.days if night_kind(day, problem.holidays) is kind] for kind in NightKind}
    shares: dict[tuple[PersonId, NightKind], FairShare] = {}
    for kind, days in nights.items():
        if not days or not pool:
            continue
        history = {person.id: problem.call_history.get(person.id, CallTally()) for person in pool}
        before = {person: getattr(tally, kind.value) for person, tally in history.items()}
        free = {
            person: getattr(tally, f"{kind.value}_available") + sum(_available(problem, person, day) for day in days)
            for person, tally in history.items()
        }
        most = max(free.values())
        weight = {person: most if _eligible_all_year(problem, person) else free[person] for person in free}
        total, parts = sum(before.values()) + len(days), max(1, sum(weight.values()))
        for person in free:
            low, rest = divmod(total * weight[person], parts)
            shares[person, kind] = FairShare(before[person], low, low + (rest > 0))
    return shares


def _available(problem: Problem, person: PersonId, day: Date) -> bool:
    absent = problem.is_absent(person, day) or problem.is_absent(person, day + ONE_DAY)
    return not absent and problem.fmit_attending.get(day) != person


def _eligible_all_year(problem: Problem, person: PersonId) -> bool:
    before = problem.call_history.get(person, CallTally()).absent_days
    absent = before + sum(problem.is_absent(person, day) for day in problem.days)
    return absent < problem.policy.equity_absence_days


def _call_equity(problem: Problem, roster: Roster) -> int:
    """CALL_EQUITY: triangular distance of every person's calls from the fair share, by kind of night."""
    return sum(
        share.cost(
            sum(_on_call(roster, person, day) for day in problem.days if night_kind(day, problem.holidays) is kind)
        )
        for (person, kind), share in fair_shares(problem).items()
    )


def _on_call(roster: Roster, person: PersonId, day: Date) -> bool:
    return roster.at(person, day, Session.NIGHT) == CALL_CODE


def _call_spacing(problem: Problem, roster: Roster) -> int:
    """CALL_SPACING: pairs of calls 1 to 3 nights apart, and calls within 3 days of the own FMIT duty.

    The Friday and Saturday of one FMIT week are no pair.
    """
    cost = 0
    for person in problem.faculty:
        for day in problem.days:
            if not _on_call(roster, person.id, day):
                continue
            cost += sum(
                price
                for apart, price in SPACING_COST.items()
                if _on_call(roster, person.id, day - apart * ONE_DAY) and not is_fmit_pair(day, apart)
            )
            if day.weekday() not in FMIT_NIGHTS:
                cost += NEAR_FMIT_COST * any(_leads(roster, person.id, near) for near in near_days(day))
    return cost


def is_fmit_pair(day: Date, apart: int) -> bool:
    """Whether the nights `day` and `apart` before it are the Friday and Saturday of one FMIT week."""
    return apart == 1 and day.weekday() == Weekday.SAT


def near_days(day: Date) -> Iterator[Date]:
    for offset in range(-NEAR_FMIT_DAYS, NEAR_FMIT_DAYS + 1):
        if offset:
            yield day + offset * ONE_DAY


def _leads(roster: Roster, person: PersonId, day: Date) -> bool:
    return roster.at(person, day, Session.AM) == FMIT_CODE


def _call_before_leave(problem: Problem, roster: Roster) -> int:
    """CALL_BEFORE_LEAVE: Saturday calls of somebody absent on the Sunday."""
    return sum(
        _on_call(roster, person.id, day) and problem.is_absent(person.id, day + ONE_DAY)
        for person in problem.faculty
        for day in problem.days
        if day.weekday() == Weekday.SAT
    )


# --- margins ---------------------------------------------------------------------------------------------------------


def _margin(problem: Problem, roster: Roster) -> int:
    """N1_MARGIN: half-days in which nobody could take one supervisor's place, plus nights without a second caller.

    Somebody is a supervisor beyond the number needed, or a faculty member at administration. A second caller is
    neither on call that night nor the nights around it, nor absent or FMIT attending that day or the next.
    """
    need: Counter[tuple[Date, Session]] = Counter()
    spare: Counter[tuple[Date, Session]] = Counter()
    for slot, code in roster:
        person, activity = problem.person[slot.person], problem.activities[code]
        need[slot.day, slot.session] += units_needed(problem.policy, person, activity)
        spare[slot.day, slot.session] += activity.provides_supervision or (person.is_faculty and code == ADMIN_CODE)
    thin = sum(max(0, whole_supervisors(problem.policy, load) + 1 - spare[half]) for half, load in need.items() if load)
    return thin + sum(not _second_caller(problem, roster, day) for day in call_nights(problem))


def call_nights(problem: Problem) -> tuple[Date, ...]:
    """Sunday to Thursday nights of the range that ask for an attending on call."""
    asked = {demand.day for demand in problem.demands if demand.activity == CALL_CODE}
    return tuple(day for day in problem.days if day in asked and day.weekday() not in FMIT_NIGHTS)


def _second_caller(problem: Problem, roster: Roster, day: Date) -> bool:
    return any(
        could_call(problem, person, day)
        and not any(_on_call(roster, person.id, day + offset * ONE_DAY) for offset in (-1, 0, 1))
        for person in problem.faculty
    )


# --- preferences -----------------------------------------------------------------------------------------------------


def preferred_slots(problem: Problem, wish: Preference) -> Iterator[Slot]:
    """The slots of the range a preference speaks of: no absent days, nights only if named or disliked."""
    person = problem.person.get(wish.person)
    if person is None:
        return
    for day in problem.days:
        if problem.is_absent(person.id, day) or not speaks_of(wish, day):
            continue
        if person.is_resident and (person.id, day) not in problem.assignment_of:
            continue
        for session in SESSIONS:
            by_default = session is not Session.NIGHT or wish.weight < 0
            if session is wish.session or (wish.session is None and by_default):
                yield Slot(person.id, day, session)


def fits_preference(problem: Problem, wish: Preference, code: ActivityCode | None) -> bool:
    """Whether the code is the work the preference speaks of."""
    return is_meant(wish, problem.activities[code] if code is not None else None)


def _preference(problem: Problem, roster: Roster) -> int:
    """PREFERENCE: disliked half-days worked plus liked ones not worked, times the wish's strength."""
    return sum(
        abs(wish.weight)
        for wish in problem.preferences
        for slot in preferred_slots(problem, wish)
        if fits_preference(problem, wish, roster.cells.get(slot)) != (wish.weight > 0)
    )


def preferences_respected(problem: Problem, roster: Roster) -> float | None:
    """Share 0..1 of the slots that preferences speak of; None without any."""
    kept = [
        fits_preference(problem, wish, roster.cells.get(slot)) == (wish.weight > 0)
        for wish in problem.preferences
        for slot in preferred_slots(problem, wish)
    ]
    return sum(kept) / len(kept) if kept else None


def _changes(problem: Problem, roster: Roster, reference: Roster) -> int:
    """REPAIR_CHANGE: slots of the range that hold something else than in the reference."""
    slots = set(roster.cells) | {slot for slot in reference.cells if problem.covers(slot.day)}
    return sum(roster.cells.get(slot) != reference.cells.get(slot) for slot in slots)


COUNTS: Mapping[str, Callable[[Problem, Roster], int]] = {
    "DEMAND_MIN": _soft_demand,
    "PATTERN_MOVED": lambda problem, roster: pattern_counts(problem, roster)[0],
    "PATTERN_DROPPED": lambda problem, roster: pattern_counts(problem, roster)[1],
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
"""Every soft rule and how it is counted; REPAIR_CHANGE needs a reference and stands apart."""
