"""How many sessions of duty each person can still work, and how many they would work anyway."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import floor

from resilience.services.world import World
from schedules.domain.problem import PersonId, ShedTier

WEEK = 7


def budgets(world: World, given_up: frozenset[ShedTier]) -> Mapping[PersonId, int]:
    """Sessions of patient safety that the weekly hours leave to each person over the world's days.

    The policy's weekly hours over the days that they are there, minus the hours of their other work that is not given
    up, divided by the mean hours of a session of patient safety. It binds attendings here too: the question is how
    long people last, not what a rule says.
    """
    safety, other, sessions = _hours(world, given_up)
    mean = sum(safety.values()) / total if (total := sum(sessions.values())) else 0
    problem = world.problem
    found = {}
    for person in problem.people:
        there = sum(not problem.is_absent(person.id, day) for day in problem.days)
        allowed = problem.policy.weekly_hours_limit * there / WEEK
        found[person.id] = max(0, floor((allowed - other[person.id]) / mean)) if mean else 0
    return found


def ordinary(world: World, given_up: frozenset[ShedTier]) -> Mapping[PersonId, int]:
    """Sessions that the schedule gives each person for patient safety, and those of the work that is given up."""
    found: dict[PersonId, int] = defaultdict(int)
    activities = world.problem.activities
    for slot, code in world.roster:
        tier = activities[code].shed_tier
        if activities[code].is_duty and (tier is ShedTier.PATIENT_SAFETY or tier in given_up):
            found[slot.person] += 1
    return found


def _hours(
    world: World, given_up: frozenset[ShedTier]
) -> tuple[Mapping[PersonId, float], Mapping[PersonId, float], Mapping[PersonId, int]]:
    """Hours of patient safety, hours of other work that is not given up, and sessions of patient safety."""
    safety: dict[PersonId, float] = defaultdict(float)
    other: dict[PersonId, float] = defaultdict(float)
    sessions: dict[PersonId, int] = defaultdict(int)
    for slot, code in world.roster:
        activity = world.problem.activities[code]
        if not activity.is_duty:
            continue
        if activity.shed_tier is ShedTier.PATIENT_SAFETY:
            safety[slot.person] += activity.hours(slot.session)
            sessions[slot.person] += 1
        elif activity.shed_tier not in given_up:
            other[slot.person] += activity.hours(slot.session)
    return safety, other, sessions
