"""Quick arithmetic that proves an impossibility before any solving: necessary conditions only, never a guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from schedules.domain.codes import CALL_CODE
from schedules.domain.pattern import protected_cells
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    Category,
    Date,
    Person,
    Problem,
    Session,
    SupervisionKind,
    Weekday,
    WorkKind,
)

_SHARED_CALL_DAYS = frozenset({Weekday.SUN, Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU})


def supervision_gaps(problem: Problem) -> Iterator[str]:
    """Half-days whose protected clinic needs more supervisors than could possibly be there (SUPERVISION)."""
    policy = problem.policy
    common = policy.pgy1_per_supervisor * policy.upper_per_supervisor
    kept = protected_cells(problem)
    for day in problem.days:
        for session in HALF_DAYS:
            need = 0
            names = []
            for slot, code in kept.items():
                if (slot.day, slot.session) != (day, session) or problem.is_absent(slot.person, day):
                    continue
                if problem.activities[code].supervision is not SupervisionKind.BY_PGY:
                    continue
                person = problem.person[slot.person]
                need += common // (policy.pgy1_per_supervisor if person.pgy_level == 1 else policy.upper_per_supervisor)
                names.append(person.name)
            supervisors = [p for p in problem.faculty if may_supervise(problem, p, day)] if need else []
            if need > common * len(supervisors):
                yield (
                    f"{day} {session}: {', '.join(sorted(names))} in protected clinic need"
                    f" {-(-need // common)} supervisors; {len(supervisors)} can be there ({_names(supervisors)})."
                )


def may_supervise(problem: Problem, person: Person, day: Date) -> bool:
    """Whether a faculty member could hold AT that day: present, on a working day of the duty, not leading the team."""
    if person.adjunct or problem.is_absent(person.id, day) or problem.fmit_attending.get(day) == person.id:
        return False
    if person.duty is None:
        return True
    return day.weekday() in person.duty.available_weekdays and person.duty.maximum.get(WorkKind.SUPERVISION, 1) > 0


def call_gaps(problem: Problem) -> Iterator[str]:
    """Sunday-to-Thursday nights that nobody could take, and pairs of nights that one person would have to take."""
    able = {
        demand.day: callers(problem, demand.day, demand.eligible)
        for demand in problem.demands
        if demand.activity == CALL_CODE and demand.session is Session.NIGHT and demand.hard and demand.minimum
        if demand.day.weekday() in _SHARED_CALL_DAYS
    }
    for day, people in sorted(able.items()):
        if not people:
            yield f"Night of {day}: nobody is eligible for overnight call and present that day and the next."
            continue
        following = able.get(day + ONE_DAY)
        if following and len(people) == 1 and following == people:
            only = problem.person[next(iter(people))].name
            yield f"Nights of {day} and {day + ONE_DAY}: only {only} could take both, and consecutive calls are barred."


def callers(problem: Problem, day: Date, eligible: frozenset[str]) -> frozenset[str]:
    """Who could take the overnight call that begins on a Sunday to Thursday `day`."""
    attending = problem.fmit_attending.get(day)
    return frozenset(
        person.id
        for person in problem.faculty
        if person.id in eligible
        and not (person.adjunct or person.excluded_from_call or person.id == attending)
        and not problem.is_absent(person.id, day)
        and not problem.is_absent(person.id, day + ONE_DAY)
    )


def rest_gaps(problem: Problem) -> Iterator[str]:
    """Inpatient teams that cannot give everybody one free day in seven and keep their minimum (DAY_FREE_IN_7)."""
    duty_days: dict[str, dict[str, set[Date]]] = defaultdict(lambda: defaultdict(set))
    for person in problem.residents:
        for day in problem.days:
            code = _team_code(problem, person.id, day)
            if code:
                duty_days[code][person.id].add(day)
    for code, by_person in sorted(duty_days.items()):
        spare = 0
        for day in problem.days:
            size = sum(day in days for days in by_person.values())
            spare += size - ((size + 1) // 2 if size >= 2 else 0)
        needed = {person: _days_to_take_off(problem, person, days) for person, days in by_person.items()}
        if sum(needed.values()) > spare:
            people = _names([problem.person[person] for person in needed])
            yield (
                f"{code}: {people} need {sum(needed.values())} days off between them;"
                f" the team's minimum leaves {spare} over {problem.start} to {problem.end}."
            )


def _team_code(problem: Problem, person: str, day: Date) -> str:
    item = problem.assignment_of.get((person, day))
    if item is None or problem.is_absent(person, day):
        return ""
    pattern = problem.rotations[item.rotation].pattern
    codes = {pattern.get((item.block.week_of(day), day.weekday(), session)) for session in HALF_DAYS}
    code = next(iter(codes)) if len(codes) == 1 else None
    return code if code and problem.activities[code].category is Category.INPATIENT else ""


def _days_to_take_off(problem: Problem, person: str, duty_days: set[Date]) -> int:
    """Free days that are due minus the days that could be free without leaving the team: never too high."""
    present = [d for d in problem.days if (person, d) in problem.assignment_of and not problem.is_absent(person, d)]
    return max(0, len(present) // 7 - (len(present) - len(duty_days)))


def replacements(problem: Problem) -> Iterator[str]:
    """Dates without a present FMIT attending, as runs: one replacement leads the team on each."""
    run: list[Date] = []
    for day in (*problem.days, None):
        attending = problem.fmit_attending.get(day) if day else None
        covered = day is None or (attending is not None and not problem.is_absent(attending, day))
        if run and (covered or (day is not None and day - run[-1] != ONE_DAY)):
            yield f"{run[0]} to {run[-1]}: {_why(problem, run[0])}; one replacement leads the inpatient team."
            run = []
        if day is not None and not covered:
            run.append(day)


def _why(problem: Problem, day: Date) -> str:
    planned = problem.fmit_attending.get(day)
    person = problem.person.get(planned) if planned else None
    return f"{person.name} is absent" if person else "no FMIT week covers these dates"


def _names(people: list[Person]) -> str:
    return ", ".join(sorted(person.name for person in people)) or "nobody"
