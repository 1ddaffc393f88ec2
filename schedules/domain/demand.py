"""Demand rules (what the program asks for) and their expansion to one `Demand` per date and session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from schedules.domain.codes import CALL_CODE, CLINIC_CODE, FMIT_CODE
from schedules.domain.pattern import RESTED, pattern_activity
from schedules.domain.problem import (
    HALF_DAYS,
    SESSIONS,
    Activity,
    ActivityCode,
    Date,
    Demand,
    PersonId,
    Problem,
    Role,
    Session,
    ShedTier,
    Weekday,
)

CLINIC_MINIMUM = 2
"""People a clinic half-day asks for unless the program says otherwise."""

WORKDAYS = frozenset({Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI})


@dataclass(frozen=True, slots=True)
class DemandRule:
    """What one activity asks of one session on the dates it applies to.

    `team` rules derive minimum and desired from the residents on the activity; the others use the fixed numbers.
    """

    activity: ActivityCode
    session: Session
    minimum: int = 0
    desired: int = 0
    maximum: int | None = None
    team: bool = False
    weekdays: frozenset[int] = frozenset()
    """Empty = every weekday."""
    on_holidays: bool = True
    start: Date | None = None
    end: Date | None = None
    roles: frozenset[Role] = frozenset()
    """Who counts; empty = everybody the activity allows."""

    def applies(self, day: Date, holidays: frozenset[Date]) -> bool:
        if self.weekdays and day.weekday() not in self.weekdays:
            return False
        if day in holidays and not self.on_holidays:
            return False
        return (self.start is None or day >= self.start) and (self.end is None or day <= self.end)


def team_minimum(present: int) -> int:
    """How many of a resident team of `present` must be there: half, rounded up; a lone resident rests too."""
    return (present + 1) // 2 if present >= 2 else 0


def derived_rules(activities: Iterable[Activity]) -> list[DemandRule]:
    """The demand a program starts with, from its activities alone (ADR 0002 and the domain's section 2).

    FMIT attending and overnight call 1 every day, clinic 2 on weekday half-days but Wednesday PM, and a team
    rule for every inpatient, emergency and night activity in each session in which it has hours.
    """
    table = {activity.code: activity for activity in activities}
    faculty = frozenset({Role.FACULTY})
    rules = [DemandRule(FMIT_CODE, session, 1, 1, 1, roles=faculty) for session in HALF_DAYS if FMIT_CODE in table]
    if CALL_CODE in table:
        rules.append(DemandRule(CALL_CODE, Session.NIGHT, 1, 1, 1, roles=faculty))
    if CLINIC_CODE in table:
        clinic = partial(DemandRule, CLINIC_CODE, minimum=CLINIC_MINIMUM, desired=CLINIC_MINIMUM, on_holidays=False)
        rules.append(clinic(session=Session.AM, weekdays=WORKDAYS))
        rules.append(clinic(session=Session.PM, weekdays=WORKDAYS - {Weekday.WED}))
    rules.extend(
        DemandRule(activity.code, session, team=True, roles=frozenset({Role.RESIDENT}))
        for activity in table.values()
        if activity.category in RESTED and activity.code != CALL_CODE
        for session in SESSIONS
        if activity.hours(session) > 0
    )
    return rules


def expand(problem: Problem, rules: Sequence[DemandRule]) -> tuple[Demand, ...]:
    """One `Demand` per rule, date and session of the problem's range; team rules with nobody on them give none.

    Hard where the activity's shed tier is patient safety. `problem.demands` is not read.
    """
    teams = _teams(problem)
    eligible = _Eligibility(problem)
    return tuple(
        demand
        for day in problem.days
        for rule in rules
        if rule.activity in problem.activities and rule.applies(day, problem.holidays)
        for demand in _demand(problem, rule, day, teams, eligible)
    )


def _demand(
    problem: Problem,
    rule: DemandRule,
    day: Date,
    teams: Mapping[tuple[Date, Session, ActivityCode], int],
    eligible: _Eligibility,
) -> Iterator[Demand]:
    minimum, desired, maximum = rule.minimum, rule.desired, rule.maximum
    if rule.team:
        present = teams.get((day, rule.session, rule.activity), 0)
        if not present:
            return
        minimum, desired, maximum = team_minimum(present), present, None
    yield Demand(
        day=day,
        session=rule.session,
        activity=rule.activity,
        minimum=minimum,
        desired=desired,
        maximum=maximum,
        hard=problem.activities[rule.activity].shed_tier is ShedTier.PATIENT_SAFETY,
        eligible=eligible.of(rule, day),
    )


def _teams(problem: Problem) -> Counter[tuple[Date, Session, ActivityCode]]:
    """Residents present (not absent) whose pattern names the activity, by date, session and activity."""
    team_codes = {code for code, activity in problem.activities.items() if activity.category in RESTED}
    teams: Counter[tuple[Date, Session, ActivityCode]] = Counter()
    for person in problem.residents:
        absent = problem.leave_days.get(person.id, {})
        for day in problem.days:
            item = problem.assignment_of.get((person.id, day))
            if item is None or day in absent:
                continue
            for session in SESSIONS:
                code = pattern_activity(problem, item, day, session)
                if code in team_codes:
                    teams[day, session, code] += 1
    return teams


class _Eligibility:
    """Who may fill a rule on a date; computed once where no credential can expire in between."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._known: dict[tuple[ActivityCode, frozenset[Role], Date | None], frozenset[PersonId]] = {}

    def of(self, rule: DemandRule, day: Date) -> frozenset[PersonId]:
        activity = self._problem.activities[rule.activity]
        key = (rule.activity, rule.roles, day if activity.credential else None)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = frozenset(
                person.id
                for person in self._problem.people
                if (not rule.roles or person.role in rule.roles) and self._problem.eligible(person, activity, day)
            )
        return found
