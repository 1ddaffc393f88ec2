"""What is counted of residents: PATTERN_MOVED, PATTERN_DROPPED, WEEKEND_EQUITY, DAY_FREE_IN_7, REST_8."""

from __future__ import annotations

from collections import Counter

from schedules.domain.codes import ADMIN_CODE
from schedules.domain.pattern import flexible_weeks, resident_base, works_by_pattern
from schedules.domain.problem import ONE_DAY, SESSIONS, Date, Person, PersonId, Problem, days_between
from schedules.domain.roster import Roster
from schedules.domain.score.shares import weekend_days, weekend_shares
from schedules.domain.timeline import MINUTES_PER_HOUR, duty


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


def weekend_equity(problem: Problem, roster: Roster) -> int:
    """WEEKEND_EQUITY: triangular distance of every resident's weekend duty days from the level's fair share."""
    return sum(
        share.cost(sum(_works(problem, roster, person, day) for day in weekend_days(problem)))
        for person, share in weekend_shares(problem).items()
    )


def _works(problem: Problem, roster: Roster, person: PersonId, day: Date) -> bool:
    codes = (roster.at(person, day, session) for session in SESSIONS)
    return any(code is not None and problem.activities[code].is_duty for code in codes)


def long_runs(problem: Problem, roster: Roster) -> int:
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


def short_rests(problem: Problem, roster: Roster) -> int:
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
