"""What is counted per half-day and night, whoever holds it: DEMAND_MIN, CLINIC_COMFORT, N1_MARGIN, N1_SAFETY."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from schedules.domain.calls import FMIT_NIGHTS, could_call
from schedules.domain.codes import CALL_CODE
from schedules.domain.problem import ONE_DAY, Activity, Date, Person, Problem, Session
from schedules.domain.roster import Roster
from schedules.domain.score.calls import on_call
from schedules.domain.supervision import (
    attending_posts,
    could_supervise,
    in_reserve,
    units_needed,
    whole_supervisors,
)


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
    thin = _short_of_supervisors(problem, roster, in_reserve, Counter())
    return thin + sum(not _second_caller(problem, roster, day) for day in call_nights(problem))


def safety(problem: Problem, roster: Roster) -> int:
    """N1_SAFETY: half-days in which nobody at all could take one attending's place, whatever else was given up.

    Everybody who could supervise is counted against the supervisors needed, the other attending posts, and one more:
    where they are too few, k* of the margins is below 1, and the roster is not accepted.
    """
    return _short_of_supervisors(problem, roster, could_supervise, attending_posts(problem))


def _short_of_supervisors(
    problem: Problem, roster: Roster, counts: Callable[[Person, Activity], bool], posts: Counter[tuple[Date, Session]]
) -> int:
    """People missing for the needed supervisors, the posts and one in reserve, where anybody is supervised."""
    need: Counter[tuple[Date, Session]] = Counter()
    there: Counter[tuple[Date, Session]] = Counter()
    for slot, code in roster:
        person, activity = problem.person[slot.person], problem.activities[code]
        need[slot.day, slot.session] += units_needed(problem.policy, person, activity)
        there[slot.day, slot.session] += counts(person, activity)
    return sum(
        max(0, whole_supervisors(problem.policy, load) + posts[half] + 1 - there[half])
        for half, load in need.items()
        if load
    )


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
