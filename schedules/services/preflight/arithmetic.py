"""Quick arithmetic that proves an impossibility before any solving: necessary conditions only, never a guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from schedules.domain.calls import FMIT_NIGHTS, could_call, days_without_attending
from schedules.domain.codes import CALL_CODE
from schedules.domain.demand import team_minimum
from schedules.domain.pattern import pattern_activity, protected_cells
from schedules.domain.problem import HALF_DAYS, ONE_DAY, Category, Date, Person, Problem, Session, WorkKind
from schedules.domain.supervision import units_needed, whole_supervisors
from schedules.domain.timeline import runs


def supervision_gaps(problem: Problem) -> Iterator[str]:
    """Half-days whose protected clinic needs more supervisors than could possibly be there (SUPERVISION)."""
    policy = problem.policy
    kept = protected_cells(problem)
    for day in problem.days:
        for session in HALF_DAYS:
            units, names = 0, []
            for slot, code in kept.items():
                if (slot.day, slot.session) == (day, session):
                    person = problem.person[slot.person]
                    needed = units_needed(policy, person, problem.activities[code])
                    units += needed
                    names += [person.name] if needed else []
            supervisors = [p for p in problem.faculty if may_supervise(problem, p, day)] if units else []
            whole = whole_supervisors(policy, units)
            if whole > len(supervisors):
                yield (
                    f"{day} {session}: {', '.join(sorted(names))} in protected clinic need"
                    f" {whole} supervisors; {len(supervisors)} can be there ({_names(supervisors)})."
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
        demand.day: frozenset(
            person.id
            for person in problem.faculty
            if person.id in demand.eligible and could_call(problem, person, demand.day)
        )
        for demand in problem.demands
        if demand.activity == CALL_CODE and demand.session is Session.NIGHT and demand.hard and demand.minimum
        if demand.day.weekday() not in FMIT_NIGHTS
    }
    for day, people in sorted(able.items()):
        if not people:
            yield f"Night of {day}: nobody is eligible for overnight call and present that day and the next."
            continue
        following = able.get(day + ONE_DAY)
        if following and len(people) == 1 and following == people:
            only = problem.person[next(iter(people))].name
            yield f"Nights of {day} and {day + ONE_DAY}: only {only} could take both, and consecutive calls are barred."


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
            spare += size - team_minimum(size)
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
    codes = {pattern_activity(problem, item, day, session) for session in HALF_DAYS}
    code = next(iter(codes)) if len(codes) == 1 else None
    return code if code and problem.activities[code].category is Category.INPATIENT else ""


def _days_to_take_off(problem: Problem, person: str, duty_days: set[Date]) -> int:
    """Free days that are due minus the days that could be free without leaving the team: never too high."""
    present = [d for d in problem.days if (person, d) in problem.assignment_of and not problem.is_absent(person, d)]
    return max(0, len(present) // 7 - (len(present) - len(duty_days)))


def replacements(problem: Problem) -> Iterator[str]:
    """Dates without a present FMIT attending, as runs: one replacement leads the team on each."""
    for run in runs(days_without_attending(problem)):
        yield f"{run[0]} to {run[-1]}: {_why(problem, run[0])}; one replacement leads the inpatient team."


def _why(problem: Problem, day: Date) -> str:
    planned = problem.fmit_attending.get(day)
    person = problem.person.get(planned) if planned else None
    return f"{person.name} is absent" if person else "no FMIT week covers these dates"


def _names(people: list[Person]) -> str:
    return ", ".join(sorted(person.name for person in people)) or "nobody"
