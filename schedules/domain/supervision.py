"""The arithmetic of supervision: what a half-day's residents and procedures need, in parts of a supervisor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import lcm
from typing import NamedTuple

from schedules.domain.codes import ADMIN_CODE, OFF_CODE, WEEKEND_CODE
from schedules.domain.problem import Activity, Date, Person, Policy, Problem, Session, SupervisionKind, WorkKind

CALLED_IN = frozenset({OFF_CODE, WEEKEND_CODE})
"""Idle time from which a faculty member can be called in; no duty-hour rule binds them."""


def units_per_supervisor(policy: Policy) -> int:
    """Common denominator of the policy's ratios: one supervisor is worth so many units (4 with 1:2 and 1:4)."""
    return lcm(policy.pgy1_per_supervisor, policy.upper_per_supervisor)


def units_needed(policy: Policy, person: Person, activity: Activity) -> int:
    """Units of a supervisor that a person in an activity takes.

    `dedicated` activities take a whole supervisor whoever holds them, `by_pgy` ones the ratio of a resident's level.
    """
    units = units_per_supervisor(policy)
    if activity.supervision is SupervisionKind.DEDICATED:
        return units
    if activity.supervision is not SupervisionKind.BY_PGY or not person.is_resident:
        return 0
    return units // (policy.pgy1_per_supervisor if person.pgy_level == 1 else policy.upper_per_supervisor)


def whole_supervisors(policy: Policy, units: int) -> int:
    """Supervisors who together are worth at least so many units."""
    return -(-units // units_per_supervisor(policy))


def may_supervise(person: Person) -> bool:
    """A faculty member whose duty allows supervision."""
    if not person.is_faculty or person.adjunct:
        return False
    return person.duty is None or person.duty.maximum.get(WorkKind.SUPERVISION, 1) > 0


def in_reserve(person: Person, activity: Activity) -> bool:
    """Supervises, or could without giving up any work: faculty at administration (N1_MARGIN)."""
    return activity.provides_supervision or (person.is_faculty and activity.code == ADMIN_CODE)


def can_step_in(person: Person, activity: Activity) -> bool:
    """On duty here, or a faculty member who can be called in; away, post-call and resting people cannot."""
    return activity.is_duty or (person.is_faculty and not person.adjunct and activity.code in CALLED_IN)


def could_supervise(person: Person, activity: Activity) -> bool:
    """Supervises, or could by giving up other work or a day off (N1_SAFETY): whom k* of the margins counts on, too."""
    return may_supervise(person) and can_step_in(person, activity)


def attending_posts(problem: Problem) -> Counter[tuple[Date, Session]]:
    """Attendings that each session needs besides its supervisors: FMIT, and other patient-safety demand of faculty."""
    faculty = {person.id for person in problem.faculty}
    posts: Counter[tuple[Date, Session]] = Counter()
    for demand in problem.demands:
        if demand.hard and demand.eligible and demand.eligible <= faculty:
            posts[demand.day, demand.session] += demand.minimum
    return posts


class Supervision(NamedTuple):
    """What one half-day needs and has: residents in supervised clinic by level, procedures, supervisors present."""

    pgy1: int
    upper: int
    procedures: int
    supervisors: int
    needed: int
    """Whole supervisors: PGY-1 / 2 + PGY-2,3 / 4 + procedures, rounded up, with the policy's ratios."""
    supervised: tuple[Person, ...]


def supervision_of(policy: Policy, held: Iterable[tuple[Person, Activity]]) -> Supervision:
    """Count one half-day's people with what they hold."""
    pgy1 = upper = procedures = supervisors = units = 0
    supervised = []
    for person, activity in held:
        supervisors += activity.provides_supervision
        need = units_needed(policy, person, activity)
        if not need:
            continue
        units += need
        supervised.append(person)
        if activity.supervision is SupervisionKind.DEDICATED:
            procedures += 1
        elif person.pgy_level == 1:
            pgy1 += 1
        else:
            upper += 1
    return Supervision(pgy1, upper, procedures, supervisors, whole_supervisors(policy, units), tuple(supervised))
