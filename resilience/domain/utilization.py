"""How much of the available people the demand takes: the rate, its bottleneck, and waiting where arrivals are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import factorial, floor

from resilience.domain.levels import Level, Measured, Reading, Unknown, worst
from schedules.domain.margins import MarginReport, Pool, Post, Scope, SessionPosts
from schedules.domain.problem import Date, PersonId, Session

TARGET = Fraction(80, 100)
"""Above it queues grow faster than people can work them off."""
BANDS = (
    (Fraction(70, 100), Level.GREEN),
    (Fraction(80, 100), Level.YELLOW),
    (Fraction(90, 100), Level.ORANGE),
    (Fraction(95, 100), Level.RED),
)
"""Rates below the first number are its level; from 0.95 on BLACK."""
SMALL_POOL = 8
"""Fewer people than this are judged by how many may be lost: one person more or less moves their rate by a band."""
MARGIN_LEVELS = {0: Level.ORANGE, 1: Level.YELLOW}
SUBSET_LIMIT = 16


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The posts X of one session that take the greatest share of the people who could do them."""

    day: Date
    session: Session
    posts: tuple[Post, ...]
    needed: int
    people: frozenset[PersonId]

    @property
    def rate(self) -> Fraction | None:
        """d(X) / |N(X)|, 1 = everybody is needed; None where nobody could do what is asked."""
        return Fraction(self.needed, len(self.people)) if self.people else None

    @property
    def margin(self) -> int:
        return len(self.people) - self.needed

    @property
    def level(self) -> Level:
        """By its rate; pools under eight people by their margin."""
        rate = self.rate
        return margin_level(self.margin) if rate is None or len(self.people) < SMALL_POOL else band(rate)


@dataclass(frozen=True, slots=True)
class Utilization:
    """Demanded and available person-half-days of a horizon."""

    demanded: int
    available: int
    pool: int
    """Different people among the available ones."""
    margin: int | None
    """k* over the horizon's half-days; None without demand."""
    bottleneck: Bottleneck | None

    @property
    def rate(self) -> Reading[Fraction]:
        """May exceed 1. Never a coverage: it says what is asked for, not what is filled."""
        if not self.demanded:
            return Unknown("The horizon has no demand: there is nothing to measure.")
        if not self.available:
            return Unknown("Nobody is available for what is demanded.")
        return Measured(Fraction(self.demanded, self.available))

    @property
    def buffer(self) -> int:
        """Further person-half-days that may be demanded up to a rate of 0.80; negative = so many too many."""
        return self.safe_maximum - self.demanded

    @property
    def safe_maximum(self) -> int:
        """Person-half-days that may be demanded at all without exceeding 0.80."""
        return floor(TARGET * self.available)

    @property
    def level(self) -> Level:
        """The worst of the horizon and its bottleneck; UNKNOWN without demand."""
        if self.margin is None or self.bottleneck is None:
            return Level.UNKNOWN
        rate = self.rate
        if isinstance(rate, Unknown) or self.pool < SMALL_POOL:
            return worst((margin_level(self.margin), self.bottleneck.level))
        return worst((band(rate.value), self.bottleneck.level))


def utilization(report: MarginReport, *, scope: Scope = Scope.ALL) -> Utilization:
    """Measure the half-days (nights have no half-days) of a report.

    Available is who could fill any demanded post of the half-day: present, rested, eligible.
    """
    halves = [session for session in report.sessions if session.session is not Session.NIGHT]
    asked = [(session, _posts(session, scope)) for session in halves]
    asked = [(session, posts) for session, posts in asked if posts]
    pools = [_people(posts) for _, posts in asked]
    found = [bottleneck(session, scope=scope) for session, _ in asked]
    worst_first = sorted((item for item in found if item), key=_tightness)
    margins = (item.margin for item in report.timeline(scope, Pool.ANYONE) if item.session is not Session.NIGHT)
    return Utilization(
        demanded=sum(post.needed for _, posts in asked for post in posts),
        available=sum(len(pool) for pool in pools),
        pool=len(frozenset[PersonId]().union(*pools)),
        margin=min(margins, default=None),
        bottleneck=worst_first[0] if worst_first else None,
    )


def bottleneck(session: SessionPosts, *, scope: Scope = Scope.ALL) -> Bottleneck | None:
    """The exact rho* = max over X of d(X) / |N(X)|, the largest X of those; None where nothing is demanded.

    Dinkelbach's iteration (1967) over the closure that maximizes d(X) - rho |N(X)|; up to 16 different pools by
    walking all subsets.
    """
    posts = _posts(session, scope)
    if not posts:
        return None
    pools: dict[frozenset[PersonId], int] = {}
    for post in posts:
        pools[post.anyone] = pools.get(post.anyone, 0) + post.needed
    people = by_subsets(pools) if len(pools) <= SUBSET_LIMIT else by_closure(pools)
    chosen = tuple(post for post in posts if post.anyone <= people)
    return Bottleneck(session.day, session.session, chosen, sum(post.needed for post in chosen), people)


def by_subsets(pools: Mapping[frozenset[PersonId], int]) -> frozenset[PersonId]:
    """N(X) of the tightest X: demands by pool, every subset tried."""
    sets: list[tuple[frozenset[PersonId], int]] = [(frozenset(), 0)]
    for pool, needed in pools.items():
        sets += [(people | pool, demand + needed) for people, demand in sets]
    return max(sets[1:], key=lambda item: (_share(item[1], len(item[0])), len(item[0])))[0]


def by_closure(pools: Mapping[frozenset[PersonId], int]) -> frozenset[PersonId]:
    """The same by minimum cuts: each raises the rate until no X has a greater one."""
    if frozenset() in pools:
        return frozenset()
    people = frozenset[PersonId]().union(*pools)
    while True:
        demand = sum(needed for pool, needed in pools.items() if pool <= people)
        better = _closure(pools, Fraction(demand, len(people)))
        if not better:
            return people
        people = better


def _closure(pools: Mapping[frozenset[PersonId], int], rate: Fraction) -> frozenset[PersonId]:
    """N(X) of the X with the greatest d(X) - rate |N(X)|; empty where none is above 0."""
    import networkx as nx

    graph = nx.DiGraph()
    for index, (pool, needed) in enumerate(pools.items()):
        graph.add_edge("source", index, capacity=needed * rate.denominator)
        for person in pool:
            graph.add_edge(index, ("person", person))
            graph.add_edge(("person", person), "sink", capacity=rate.numerator)
    value, (reached, _) = nx.minimum_cut(graph, "source", "sink")
    if value >= sum(pools.values()) * rate.denominator:
        return frozenset()
    chosen = [pool for index, pool in enumerate(pools) if index in reached]
    return frozenset[PersonId]().union(*chosen)


def band(rate: Fraction) -> Level:
    """The level of a rate."""
    return next((level for below, level in BANDS if rate < below), Level.BLACK)


def margin_level(margin: int) -> Level:
    """The level of a small pool by its k*: 2 or more GREEN, 1 YELLOW, 0 ORANGE, below RED."""
    return Level.RED if margin < 0 else MARGIN_LEVELS.get(margin, Level.GREEN)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Measured requests for people: per day, and the days that one of them takes."""

    per_day: float
    days_of_work: float


def waiting_days(arrivals: Reading[Arrivals], servers: int) -> Reading[float]:
    """Mean wait in days by Erlang C (M/M/c); unknown, never estimated, where arrivals were not measured."""
    if isinstance(arrivals, Unknown):
        return arrivals
    if servers <= 0:
        return Unknown("Nobody is there to take the work.")
    load = arrivals.value.per_day * arrivals.value.days_of_work
    if load >= servers:
        return Unknown("More work arrives than the people can do: the wait grows without limit.")
    busy = load**servers / factorial(servers) * servers / (servers - load)
    chance = busy / (sum(load**count / factorial(count) for count in range(servers)) + busy)
    return Measured(chance * arrivals.value.days_of_work / (servers - load))


def _posts(session: SessionPosts, scope: Scope) -> tuple[Post, ...]:
    return tuple(post for post in session.posts if scope in post.scopes and post.needed > 0)


def _people(posts: Iterable[Post]) -> frozenset[PersonId]:
    return frozenset[PersonId]().union(*(post.anyone for post in posts))


def _share(needed: int, people: int) -> tuple[bool, Fraction]:
    """Sorts by rate; what nobody could do comes above every rate."""
    return not people, Fraction(needed, people) if people else Fraction(needed)


def _tightness(item: Bottleneck) -> tuple[bool, Fraction]:
    impossible, rate = _share(item.needed, len(item.people))
    return not impossible, -rate
