"""One session refilled: who may step in, what that costs, and what stays open."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from resilience.domain.covering.flow import cheapest, with_ties
from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.codes import CALL_CODE, DAY_OFF_CODE, PCAT_CODE
from schedules.domain.margins import Pool, Post, PostReader, Scope, SessionPosts
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    SESSIONS,
    ActivityCode,
    Date,
    PersonId,
    Problem,
    Session,
    ShedTier,
)
from schedules.domain.roster import Roster, Slot

CHANGE = 100
"""Cost of one changed assignment; what it takes people from only breaks ties."""

TAKEN_FROM = {tier: rank for rank, tier in enumerate(reversed(ShedTier))}
"""Time off (NOTHING) is asked for last among the ties."""
TAKEN_FROM[ShedTier.NOTHING] = len(ShedTier)

TIER = 100 * CHANGE

SAME_PERSON = 50
"""Who took over an activity goes on with it: one replacement instead of many, still dearer than no change."""

NO_LOAD: Mapping[PersonId, float] = {}


Barred = Collection[tuple[PersonId, Date]]


class OpenPost(NamedTuple):
    """A post that stays short of people."""

    day: Date
    session: Session
    label: str
    missing: int


def refill(
    problem: Problem,
    roster: Roster,
    session: SessionPosts,
    *,
    pool: Pool = Pool.ANYONE,
    barred: Barred = (),
    took_over: Collection[tuple[PersonId, ActivityCode]] = (),
    given_up: frozenset[ShedTier] | None = None,
    load: Mapping[PersonId, float] = NO_LOAD,
) -> tuple[dict[Slot, ActivityCode], list[OpenPost]]:
    """What people are newly given in one session, and what stays open; among equals whoever has the least load."""
    day, name = session.day, session.session
    holders = [_holders(problem, roster, session, post) for post in session.posts]
    if all(len(held) >= post.needed for held, post in zip(holders, session.posts, strict=True)):
        return {}, []
    costs: dict[tuple[int, PersonId], int] = {}
    for index, post in enumerate(session.posts):
        for person in sorted(post.people(pool)):
            if person in holders[index]:
                costs[index, person] = 0
            elif (person, day) not in barred and Slot(person, day, name) not in roster.locked:
                cost = _cost_of(problem, roster, Slot(person, day, name), given_up)
                if cost is not None:
                    costs[index, person] = cost - SAME_PERSON * ((person, post.activity) in took_over)
    needed = [post.needed for post in session.posts]
    chosen = cheapest(needed, with_ties(costs, load, sum(needed)))
    given = {
        Slot(person, day, name): session.posts[index].activity
        for index, person in chosen
        if person not in holders[index]
    }
    filled = [sum(index == post for index, _ in chosen) for post in range(len(session.posts))]
    short = [
        OpenPost(day, name, post.label, post.needed - count)
        for post, count in zip(session.posts, filled, strict=True)
        if count < post.needed
    ]
    return given, short


def _holders(problem: Problem, roster: Roster, session: SessionPosts, post: Post) -> frozenset[PersonId]:
    """People who are on the post already; any supervising activity is supervision."""
    supervising = problem.activities[post.activity].provides_supervision

    def on_it(person: PersonId) -> bool:
        code = roster.at(person, session.day, session.session)
        if code is None:
            return False
        return problem.activities[code].provides_supervision if supervising else code == post.activity

    return frozenset(person for person in post.anyone if on_it(person))


def _cost_of(problem: Problem, roster: Roster, slot: Slot, given_up: frozenset[ShedTier] | None) -> int | None:
    """What it costs to take somebody from what they hold in a session; None where that is not allowed.

    A night without duty gives nothing up itself; what counts is the work of the next day that a Sunday to Thursday
    call takes away: the afternoon, and a morning that is no supervision anyway.
    """
    code = roster.at(*slot)
    if given_up is None or slot.session is not Session.NIGHT or code is not None:
        return _cost(_tier(problem, code), given_up)
    if slot.day.weekday() in FMIT_NIGHTS:
        return CHANGE
    morning, afternoon = (roster.at(slot.person, slot.day + ONE_DAY, session) for session in HALF_DAYS)
    supervises = morning is not None and problem.activities[morning].provides_supervision
    lost = [_tier(problem, code) for code in (None if supervises else morning, afternoon)]
    work = [tier for tier in lost if tier is not ShedTier.NOTHING]
    if ShedTier.PATIENT_SAFETY in work:
        return None
    costs = [_cost(tier, given_up) for tier in work]
    return None if None in costs else max((cost for cost in costs if cost is not None), default=CHANGE)


def _cost(tier: ShedTier, given_up: frozenset[ShedTier] | None) -> int | None:
    """What it costs to take somebody from work of a tier; None where that is not allowed.

    In shedding a tier outweighs any number of changes, and moves between posts of patient safety give nothing up.
    """
    if given_up is None:
        return CHANGE + TAKEN_FROM[tier]
    if tier is ShedTier.PATIENT_SAFETY:
        return CHANGE
    return CHANGE + TIER * TAKEN_FROM[tier] if tier in given_up else None


def _tier(problem: Problem, code: ActivityCode | None) -> ShedTier:
    return ShedTier.NOTHING if code is None else problem.activities[code].shed_tier


def of_scope(problem: Problem, session: SessionPosts, scope: Scope | None) -> SessionPosts:
    """The posts of a scope; without one those of patient safety, resident teams included."""

    def asked(post: Post) -> bool:
        if scope is None:
            return problem.activities[post.activity].shed_tier is ShedTier.PATIENT_SAFETY
        return scope in post.scopes

    return replace(session, posts=tuple(post for post in session.posts if post.needed > 0 and asked(post)))


def unfilled(problem: Problem, roster: Roster, *, scope: Scope, days: Iterable[Date]) -> Iterator[OpenPost]:
    """Posts of the scope that are short of people on the days as the roster stands; nobody is moved."""
    read = PostReader(problem)
    for day in days:
        for session in SESSIONS:
            posts = of_scope(problem, read.posts(roster, day, session), scope)
            for post in posts.posts:
                missing = post.needed - len(_holders(problem, roster, posts, post))
                if missing > 0:
                    yield OpenPost(day, session, post.label, missing)


def with_day_after(
    problem: Problem, roster: Roster, given: Mapping[Slot, ActivityCode]
) -> Iterator[tuple[Slot, ActivityCode]]:
    """What is given, and the PCAT and DO that a Sunday to Thursday call obliges on the day after."""
    for slot, code in given.items():
        yield slot, code
        if code != CALL_CODE or slot.day.weekday() in FMIT_NIGHTS:
            continue
        for session, rest in ((Session.AM, PCAT_CODE), (Session.PM, DAY_OFF_CODE)):
            after = Slot(slot.person, slot.day + ONE_DAY, session)
            if after in roster.cells and not problem.is_absent(slot.person, after.day):
                yield after, rest
