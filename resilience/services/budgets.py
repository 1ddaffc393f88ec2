"""How many sessions of duty each person can still work, and how many they would work anyway."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import floor

from resilience.services.world import World
from schedules.domain.margins import Scope
from schedules.domain.problem import PersonId, ShedTier

WEEK = 7


def budgets(world: World, given_up: frozenset[ShedTier]) -> Mapping[PersonId, int]:
    """Sessions of patient safety that the weekly hours leave to each person over the world's days.

    The policy's weekly hours over the days that they are there, minus the hours of their other work that is not given
    up, divided by the mean hours of the attending posts that are demanded. It binds attendings here too: the question
    is how long people last, not what a rule says.
    """
    mean = _mean_hours(world)
    other = _other_hours(world, given_up)
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


def _mean_hours(world: World) -> float:
    """Hours of an attending post, on average over all that the days demand."""
    activities = world.problem.activities
    posts = [
        (activities[post.activity].hours(session.session), post.needed)
        for session in world.margins.sessions
        for post in session.posts
        if Scope.SAFETY in post.scopes
    ]
    needed = sum(count for _, count in posts)
    return sum(hours * count for hours, count in posts) / needed if needed else 0


def _other_hours(world: World, given_up: frozenset[ShedTier]) -> Mapping[PersonId, float]:
    """Hours of each person's work that is neither patient safety nor given up."""
    other: dict[PersonId, float] = defaultdict(float)
    for slot, code in world.roster:
        activity = world.problem.activities[code]
        kept = activity.shed_tier is not ShedTier.PATIENT_SAFETY and activity.shed_tier not in given_up
        if activity.is_duty and kept:
            other[slot.person] += activity.hours(slot.session)
    return other
