"""What happens if people are lost: N-1, N-2, scenarios with proof or witness, cascades, and the expected loss."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import product
from math import comb, prod

from resilience.domain.covering import Loss, OpenPost, cover, cover_lawfully, new_hard, without
from resilience.domain.levels import Level, Measured, Reading, Unknown
from schedules.domain.changes import CellChange
from schedules.domain.margins import MarginReport, Pool, Scope, SessionMargin, SessionPosts, margins
from schedules.domain.problem import ONE_DAY, Date, PersonId, Problem, Session, days_between
from schedules.domain.roster import Roster
from schedules.domain.rules import Violation, check

CASES_LIMIT = 20_000
"""Combinations of absent people of one session up to which the expectation is summed exactly."""
PERIOD_DAYS = 28
WEEK = 7


class Outcome(StrEnum):
    SAFE = "SAFE"
    """A roster that covers everything and breaks no further rule is at hand."""
    FATAL = "FATAL"
    """Proven: some post stays open whatever is done."""
    UNKNOWN = "UNKNOWN"


OUTCOME_LEVELS = {Outcome.SAFE: Level.GREEN, Outcome.UNKNOWN: Level.UNKNOWN, Outcome.FATAL: Level.RED}


@dataclass(frozen=True, slots=True)
class Scenario:
    """People gone from start to end, both included."""

    name: str
    lost: frozenset[PersonId]
    start: Date
    end: Date
    gone: tuple[Loss, ...] = ()
    """Who is gone from when to when, where not everybody is on all dates; () = all on all."""

    @classmethod
    def of(cls, name: str, losses: Iterable[Loss]) -> Scenario:
        """Of people gone each on their own dates; at least one."""
        each = tuple(sorted(losses))
        start, end = min(loss.start for loss in each), max(loss.end for loss in each)
        together = all((loss.start, loss.end) == (start, end) for loss in each)
        return cls(name, frozenset(loss.person for loss in each), start, end, () if together else each)

    @property
    def losses(self) -> tuple[Loss, ...]:
        """Each lost person with the first and last day away."""
        return self.gone or tuple(Loss(person, self.start, self.end) for person in sorted(self.lost))

    @property
    def days(self) -> tuple[Date, ...]:
        """The dates on which anybody is gone."""
        return tuple(sorted({day for loss in self.losses for day in days_between(loss.start, loss.end)}))

    def within(self, start: Date, end: Date) -> Scenario | None:
        """The part of it that lies on these dates, both included; None where none does."""
        inside = [
            Loss(loss.person, max(loss.start, start), min(loss.end, end))
            for loss in self.losses
            if loss.start <= end and loss.end >= start
        ]
        return Scenario.of(self.name, inside) if inside else None


@dataclass(frozen=True, slots=True)
class Contingency:
    """The end of one scenario; every one is FATAL with certificates, SAFE with a witness, or UNKNOWN with a reason."""

    scenario: Scenario
    outcome: Outcome
    certificates: tuple[SessionMargin, ...] = ()
    witness: tuple[CellChange, ...] = ()
    reason: str = ""

    @property
    def uncovered(self) -> int:
        """Session posts that nobody can fill."""
        return sum(-item.margin for item in self.certificates)


def contingency(problem: Problem, roster: Roster, scenario: Scenario, *, scope: Scope = Scope.SAFETY) -> Contingency:
    """Judge one scenario: Hall's theorem proves FATAL, the rule table accepts a witness for SAFE.

    Judged are the dates on which anybody is gone. A witness changes cells on these only (and the day after a call) and
    brings no new hard finding.
    """
    if not scenario.lost <= problem.person.keys():
        return Contingency(scenario, Outcome.UNKNOWN, reason="The scenario names people who are not in the program.")
    days = tuple(day for day in scenario.days if problem.start <= day <= problem.end)
    if not days:
        return Contingency(scenario, Outcome.UNKNOWN, reason="The scenario lies outside the dates that are known.")
    world, left = without(problem, roster, scenario.losses)
    affected = replace(world, start=days[0], end=days[-1])
    timeline = [item for item in margins(affected, left).timeline(scope) if item.day in days]
    if not timeline:
        return Contingency(scenario, Outcome.UNKNOWN, reason="Nothing is demanded on these dates.")
    fatal = tuple(item for item in timeline if item.margin < 0)
    if fatal:
        return Contingency(scenario, Outcome.FATAL, certificates=fatal)
    witness, reason = _witness(problem, roster, scenario, world=world, left=left, days=days, scope=scope)
    if witness is None:
        return Contingency(scenario, Outcome.UNKNOWN, reason=reason)
    return Contingency(scenario, Outcome.SAFE, witness=witness)


def _witness(
    problem: Problem,
    roster: Roster,
    scenario: Scenario,
    *,
    world: Problem,
    left: Roster,
    days: Sequence[Date],
    scope: Scope,
) -> tuple[tuple[CellChange, ...] | None, str]:
    """Changes that cover the scenario within the rules, or None and why none was found."""
    found = cover_lawfully(check(world, left), world, left, scope=scope, days=days)
    brought = new_hard(check(problem, roster), check(world, found.roster))
    broken = {finding.rule for finding in brought if not _is_fate(finding, scenario)}
    if not found.open and not broken:
        return found.changes, ""
    rules = ", ".join(sorted(found.barred_by | broken))
    kept = f" that also keeps {rules}" if rules else ""
    return None, f"Enough people are there in every session, but no roster was found{kept}."


def _is_fate(finding: Violation, scenario: Scenario) -> bool:
    """A finding that is over when a loss begins, or about nobody but the lost: no roster of the others changes it."""
    is_over = finding.end < scenario.start or any(finding.end == loss.start - ONE_DAY for loss in scenario.losses)
    return is_over or (bool(finding.people) and scenario.lost.issuperset(finding.people))


def critical_people(
    report: MarginReport, *, scope: Scope = Scope.SAFETY, pool: Pool = Pool.ANYONE
) -> tuple[tuple[PersonId, int], ...]:
    """N-1: everybody whose loss alone opens posts, with how many over the range, the gravest first."""
    return tuple(sorted(report.losses(scope, pool).of_one.items(), key=lambda item: (-item[1], item[0])))


def fatal_groups(
    report: MarginReport, *, scope: Scope = Scope.SAFETY, pool: Pool = Pool.ANYONE
) -> tuple[tuple[tuple[PersonId, ...], int], ...]:
    """N-2 as groups: any two of whom open a post, with the number of sessions in which that is so."""
    sessions: dict[tuple[PersonId, ...], int] = defaultdict(int)
    for item in report.timeline(scope, pool):
        for group in item.fatal_groups:
            sessions[group] += 1
    return tuple(sorted(sessions.items(), key=lambda item: (-item[1], item[0])))


def pair_losses(
    report: MarginReport, *, scope: Scope = Scope.SAFETY, pool: Pool = Pool.ANYONE
) -> dict[frozenset[PersonId], int]:
    """N-2, all pairs: session posts that the loss of both opens; pairs that open none are missing."""
    found = report.losses(scope, pool)
    opened: dict[frozenset[PersonId], int] = {}
    for index, first in enumerate(report.people):
        for second in report.people[index + 1 :]:
            more = found.after(first, second) - found.already_open
            if more:
                opened[frozenset((first, second))] = more
    return opened


class CascadeRisk(StrEnum):
    """0, 1 or 2, and 3 or more people dropping out after the first loss."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@dataclass(frozen=True, slots=True)
class CascadeDay:
    day: Date
    open: tuple[OpenPost, ...]
    dropped: tuple[PersonId, ...]
    """Who reached the limit on this day and is out from the next."""


@dataclass(frozen=True, slots=True)
class Cascade:
    days: tuple[CascadeDay, ...]

    @property
    def dropped(self) -> tuple[PersonId, ...]:
        return tuple(person for day in self.days for person in day.dropped)

    @property
    def risk(self) -> CascadeRisk:
        count = len(self.dropped)
        if not count:
            return CascadeRisk.LOW
        return CascadeRisk.MEDIUM if count <= 2 else CascadeRisk.HIGH

    @property
    def first_open(self) -> Date | None:
        return next((item.day for item in self.days if item.open), None)


def cascade(problem: Problem, roster: Roster, scenario: Scenario, *, scope: Scope = Scope.SAFETY) -> Cascade:
    """Live through a scenario day by day: refill, add up hours, and lose whoever reaches the weekly limit.

    The limit is the policy's weekly hours within any seven days; it binds attendings here as well, since a cascade
    asks how long people last, not what a rule says. A week that the schedule itself makes as long (an inpatient week)
    drops nobody: only who carries more than that because of the loss. Who drops out is gone until the scenario's end.
    """
    out: set[PersonId] = set()
    world, now = without(problem, roster, scenario.losses)
    days = []
    for day in days_between(max(scenario.start, problem.start), min(scenario.end, problem.end)):
        found = cover(world, now, scope=scope, days=(day,))
        now = found.roster
        dropped = tuple(
            person.id
            for person in problem.people
            if person.id not in out and _is_worn_out(problem, roster, now, person.id, day)
        )
        days.append(CascadeDay(day, found.open, dropped))
        if dropped and day < scenario.end:
            out.update(dropped)
            world, now = without(world, now, [Loss(person, day + ONE_DAY, scenario.end) for person in dropped])
    return Cascade(tuple(days))


def _is_worn_out(problem: Problem, planned: Roster, now: Roster, person: PersonId, day: Date) -> bool:
    """At the weekly limit, with more hours than the schedule had given them."""
    hours = hours_of_week(problem, now, person, day)
    return hours >= problem.policy.weekly_hours_limit and hours > hours_of_week(problem, planned, person, day)


def hours_of_week(problem: Problem, roster: Roster, person: PersonId, last: Date) -> float:
    """Hours of duty in the seven dates that end with `last`; a night counts to the date on which it begins."""
    total = 0.0
    for day in days_between(last - (WEEK - 1) * ONE_DAY, last):
        for session in Session:
            code = roster.at(person, day, session)
            if code is not None and problem.activities[code].is_duty:
                total += problem.activities[code].hours(session)
    return total


def expected_uncovered(
    report: MarginReport, absence_rate: Reading[float], *, scope: Scope = Scope.SAFETY
) -> Reading[float]:
    """Uncovered half-days per 28 days if everybody is absent independently at the observed rate (0..1).

    Exact: people who could fill the same posts are interchangeable, so only how many of each kind are absent counts.
    """
    if isinstance(absence_rate, Unknown):
        return absence_rate
    days = {session.day for session in report.sessions}
    halves = [session for session in report.sessions if session.session is not Session.NIGHT]
    asked = [kinds for kinds in (_kinds(session, scope) for session in halves) if kinds[0]]
    if not asked:
        return Unknown("Nothing is demanded in these half-days.")
    total = 0.0
    for needs, sizes in asked:
        if len(needs) > 10 or prod(size + 1 for _, size in sizes) > CASES_LIMIT:
            return Unknown("A half-day has too many kinds of posts and people to sum its expectation exactly.")
        total += _expected(needs, sizes, absence_rate.value)
    return Measured(total * PERIOD_DAYS / len(days))


Kinds = tuple[tuple[int, ...], tuple[tuple[int, int], ...]]
"""People needed by each post, and (posts as bits, people) of each kind of person."""


def _kinds(session: SessionPosts, scope: Scope) -> Kinds:
    posts = [post for post in session.posts if scope in post.scopes and post.needed > 0]
    masks: dict[PersonId, int] = defaultdict(int)
    for index, post in enumerate(posts):
        for person in post.anyone:
            masks[person] |= 1 << index
    sizes: dict[int, int] = defaultdict(int)
    for mask in masks.values():
        sizes[mask] += 1
    return tuple(post.needed for post in posts), tuple(sorted(sizes.items()))


@lru_cache(maxsize=4096)
def _expected(needs: tuple[int, ...], sizes: tuple[tuple[int, int], ...], rate: float) -> float:
    """Expected posts open (Ore's deficiency) over all counts of people present by kind."""
    subsets = [
        (bits, sum(need for index, need in enumerate(needs) if bits >> index & 1)) for bits in range(1, 1 << len(needs))
    ]
    total = 0.0
    for present in product(*(range(size + 1) for _, size in sizes)):
        chance = prod(
            comb(size, here) * (1 - rate) ** here * rate ** (size - here)
            for here, (_, size) in zip(present, sizes, strict=True)
        )
        there = [(mask, here) for here, (mask, _) in zip(present, sizes, strict=True)]
        short = max(need - sum(here for mask, here in there if mask & bits) for bits, need in subsets)
        total += chance * max(0, short)
    return total


def level_of(outcomes: Collection[Contingency]) -> Level:
    """The worst outcome of all; UNKNOWN where nothing was analysed."""
    return max((OUTCOME_LEVELS[item.outcome] for item in outcomes), default=Level.UNKNOWN)
