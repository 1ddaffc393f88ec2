"""What is counted of the faculty weeks: FACULTY_WEEK_MIN, FULL_DAYS."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from schedules.domain.codes import FMIT_CODE, LECTURE_CODE, PCAT_CODE, POST_CALL_CODE
from schedules.domain.pattern import faculty_base, week_start
from schedules.domain.problem import HALF_DAYS, ActivityCode, Date, Person, Problem, WorkKind
from schedules.domain.roster import Roster, Slot


def open_half_days(problem: Problem, person: Person) -> Mapping[Date, tuple[Slot, ...]]:
    """A faculty member's half-days of ordinary work before call and FMIT duty, by the first day of their block week."""
    weeks: dict[Date, list[Slot]] = defaultdict(list)
    for day in problem.days:
        for session in HALF_DAYS:
            if faculty_base(problem, person, day, session) is None:
                weeks[week_start(problem, day)].append(Slot(person.id, day, session))
    return {week: tuple(slots) for week, slots in weeks.items()}


def faculty_minimum(problem: Problem, roster: Roster) -> int:
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


def split_days(problem: Problem, roster: Roster) -> int:
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
