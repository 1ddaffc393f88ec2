"""What is counted per half-day and night, whoever holds it: DEMAND_MIN, CLINIC_COMFORT, N1_MARGIN."""

from __future__ import annotations

from collections import Counter

from schedules.domain.calls import FMIT_NIGHTS, could_call
from schedules.domain.codes import ADMIN_CODE, CALL_CODE
from schedules.domain.problem import ONE_DAY, Date, Problem, Session
from schedules.domain.roster import Roster
from schedules.domain.score.calls import on_call
from schedules.domain.supervision import units_needed, whole_supervisors


def soft_demand(problem: Problem, roster: Roster) -> int:
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


def clinic_comfort(problem: Problem, roster: Roster) -> int:
    """CLINIC_COMFORT: people counted in clinic above the comfortable number, per half-day."""
    crowd: Counter[tuple[Date, Session]] = Counter()
    for slot, code in roster:
        if problem.activities[code].counts_toward_clinic_capacity:
            crowd[slot.day, slot.session] += 1
    return sum(max(0, number - problem.policy.clinic_comfort) for number in crowd.values())


def margin(problem: Problem, roster: Roster) -> int:
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
        and not any(on_call(roster, person.id, day + offset * ONE_DAY) for offset in (-1, 0, 1))
        for person in problem.faculty
    )
