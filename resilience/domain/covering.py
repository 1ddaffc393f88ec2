"""Refilling posts: who steps in where, with the fewest changed assignments, session by session in the order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.changes import CellChange, differences, new_or_worsened
from schedules.domain.codes import (
    ADMIN_CODE,
    CALL_CODE,
    DAY_OFF_CODE,
    LEAVE_CODE,
    PCAT_CODE,
    SUPERVISION_CODE,
)
from schedules.domain.margins import Pool, Post, PostReader, Scope, SessionPosts
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    SESSIONS,
    Absence,
    ActivityCode,
    Date,
    PersonId,
    Problem,
    Session,
    ShedTier,
    days_between,
)
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import RULES, Report, Severity, Violation, check
from schedules.domain.rules.index import RosterIndex

CHANGE = 100
"""Cost of one changed assignment; what it takes people from only breaks ties."""
TAKEN_FROM = {tier: rank for rank, tier in enumerate(reversed(ShedTier))}
"""Time off (NOTHING) is asked for last among the ties."""
TAKEN_FROM[ShedTier.NOTHING] = len(ShedTier)
TIER = 100 * CHANGE
SAME_PERSON = 50
"""Who took over an activity goes on with it: one replacement instead of many, still dearer than no change."""

NOWHERE = -1
NO_LOAD: Mapping[PersonId, float] = {}
ATTEMPTS = 8
"""Rosters tried around the rule table."""

HARD_RULES = tuple(code for code, rule in RULES.items() if rule.hard)

Barred = Collection[tuple[PersonId, Date]]


class OpenPost(NamedTuple):
    """A post that stays short of people."""

    day: Date
    session: Session
    label: str
    missing: int


class Loss(NamedTuple):
    """One person gone from the first to the last day, both included."""

    person: PersonId
    start: Date
    end: Date


@dataclass(frozen=True, slots=True)
class Cover:
    """A roster after posts were refilled."""

    roster: Roster
    changes: tuple[CellChange, ...]
    open: tuple[OpenPost, ...]
    barred_by: frozenset[str] = frozenset()
    """Rules that kept people from stepping in."""

    @property
    def missing(self) -> int:
        return sum(post.missing for post in self.open)

    @property
    def moved(self) -> frozenset[PersonId]:
        return frozenset(change.slot.person for change in self.changes)


def without(problem: Problem, roster: Roster, losses: Iterable[Loss]) -> tuple[Problem, Roster]:
    """The program while people are gone, each on their own dates: absences, and LV in place of their cells.

    The day after a lost call its holder supervises and has administration instead of PCAT and DO (ADR 0002), unless
    they are still gone then by another loss.
    """
    gone = sorted(losses)
    absences = tuple(Absence(loss.person, loss.start, loss.end, "SCENARIO") for loss in gone)
    changes: dict[Slot, ActivityCode | None] = {}
    for loss in gone:
        changes |= _after_lost_call(roster, loss)
    for loss in gone:
        for day in days_between(max(loss.start, problem.start), min(loss.end, problem.end)):
            for session in (*HALF_DAYS, Session.NIGHT):
                slot = Slot(loss.person, day, session)
                if slot in roster.cells:
                    changes[slot] = None if session is Session.NIGHT else LEAVE_CODE
    return replace(problem, absences=(*problem.absences, *absences)), roster.with_changes(changes)


def _after_lost_call(roster: Roster, loss: Loss) -> dict[Slot, ActivityCode | None]:
    """What is held on the day after the loss where its last night was a call that obliged that day."""
    if roster.at(loss.person, loss.end, Session.NIGHT) != CALL_CODE or loss.end.weekday() in FMIT_NIGHTS:
        return {}
    back = loss.end + ONE_DAY
    after = {Session.AM: (PCAT_CODE, SUPERVISION_CODE), Session.PM: (DAY_OFF_CODE, ADMIN_CODE)}
    return {
        Slot(loss.person, back, session): instead
        for session, (held, instead) in after.items()
        if roster.cells.get(Slot(loss.person, back, session)) == held
    }


@dataclass(frozen=True, slots=True)
class Ground:
    """What a search reads once."""

    read: PostReader
    load: Mapping[PersonId, float]
    """Hours of duty of each person in the roster at first; whoever has the fewest steps in first."""

    @classmethod
    def of(cls, problem: Problem, roster: Roster) -> Ground:
        """Of the roster before anything is refilled."""
        hours: dict[PersonId, float] = defaultdict(float)
        for slot, code in roster:
            activity = problem.activities[code]
            if activity.is_duty:
                hours[slot.person] += activity.hours(slot.session)
        return cls(PostReader(problem), hours)


def cover(
    problem: Problem,
    roster: Roster,
    *,
    scope: Scope = Scope.SAFETY,
    pool: Pool = Pool.ANYONE,
    barred: Barred = (),
    days: Iterable[Date] | None = None,
    given_up: frozenset[ShedTier] | None = None,
    ground: Ground | None = None,
) -> Cover:
    """Refill every post of the scope on the days (all of the range), as far as people go.

    Each session is a minimum-cost maximum flow: as many posts filled as possible, then the fewest changes. A Sunday to
    Thursday call brings its PCAT and DO. Nobody in `barred` takes anything new on that date. With `given_up` only
    posts of patient safety are refilled, whatever the scope, by people on them and on work of those tiers, the least
    tier first. Says nothing about the rules: `new_hard` does. `ground` spares reading the problem again where a search
    covers it many times.
    """
    barred_on = frozenset(barred)
    ground = ground or Ground.of(problem, roster)
    now, open_posts = roster, list[OpenPost]()
    took_over: set[tuple[PersonId, ActivityCode]] = set()
    for day in problem.days if days is None else days:
        for session in SESSIONS:
            posts = _asked(problem, ground.read.posts(now, day, session), scope if given_up is None else None)
            given, short = refill(
                problem,
                now,
                posts,
                pool=pool,
                barred=barred_on,
                took_over=took_over,
                given_up=given_up,
                load=ground.load,
            )
            open_posts += short
            if given:
                took_over |= {(slot.person, code) for slot, code in given.items()}
                now = now.with_changes(dict(with_day_after(problem, now, given)))
    return Cover(now, differences(roster, now), tuple(open_posts))


def cover_lawfully(
    before: Report,
    problem: Problem,
    roster: Roster,
    *,
    scope: Scope = Scope.SAFETY,
    days: Sequence[Date] | None = None,
    given_up: frozenset[ShedTier] | None = None,
) -> Cover:
    """The cover that brings no hard finding beyond those of `before`; what the rules forbid stays open.

    All days together first; where rules keep posts open, also day by day, and the better of the two counts; then every
    single person for what is left. A heuristic: more may be possible than it finds, never less.
    """
    search = _Search(before, problem, roster, scope, tuple(days or problem.days), given_up, Ground.of(problem, roster))
    index = RosterIndex(problem, roster)
    found = lawfully(before, index, lambda barred: search.cover(roster, search.days, barred))
    if not (found.open and found.barred_by):
        return found
    better = min(found, _day_by_day(search, index), key=lambda cover: (cover.missing, len(cover.changes)))
    return _person_by_person(search, better)


@dataclass(frozen=True, slots=True)
class _Search:
    """What stays the same while rosters are tried."""

    before: Report
    problem: Problem
    roster: Roster
    scope: Scope
    days: tuple[Date, ...]
    given_up: frozenset[ShedTier] | None
    ground: Ground

    def cover(self, roster: Roster, days: Iterable[Date], barred: Barred) -> Cover:
        return cover(
            self.problem,
            roster,
            scope=self.scope,
            barred=barred,
            days=days,
            given_up=self.given_up,
            ground=self.ground,
        )

    def asked(self, roster: Roster, day: Date, session: Session) -> SessionPosts:
        scope = self.scope if self.given_up is None else None
        return _asked(self.problem, self.ground.read.posts(roster, day, session), scope)


def _day_by_day(search: _Search, index: RosterIndex) -> Cover:
    """Refill one date after the other, each as far as it brings no new hard finding."""
    now, rules, still_open = search.roster, set[str](), list[OpenPost]()
    for day in search.days:

        def attempt(barred: Barred, at: Roster = now, day: Date = day) -> Cover:
            return search.cover(at, (day,), barred)

        found = lawfully(search.before, index, attempt)
        rules |= found.barred_by
        still_open += found.open
        now, index = found.roster, _index_after(index, found)
    return Cover(now, differences(search.roster, now), tuple(still_open), frozenset(rules))


def _person_by_person(search: _Search, reached: Cover) -> Cover:
    """Try every single person for what is still open, the day after refilled too: a call takes its holder away then."""
    problem, now = search.problem, reached.roster
    index = RosterIndex(problem, now)
    everybody = {person.id for person in problem.people}

    def with_only(person: PersonId | None, day: Date, *, after: bool) -> Cover:
        """The date refilled by this person alone (None = nobody), the next by anybody or by nobody."""
        span = [date for date in (day, day + ONE_DAY) if date in search.days]
        barred = {(other, day) for other in everybody - {person}}
        if not after:
            barred |= {(other, day + ONE_DAY) for other in everybody}
        return search.cover(now, span, barred)

    for day, posts in groupby(reached.open, key=lambda post: post.day):
        missing = with_only(None, day, after=False).missing
        for person in _could_take(search, now, tuple(posts)):
            trial = with_only(person, day, after=True)
            if trial.missing < missing and not new_hard(search.before, _findings_after(index, trial)):
                now, index = trial.roster, _index_after(index, trial)
                missing = with_only(None, day, after=False).missing
    nobody = frozenset((person, day) for person in everybody for day in search.days)
    left = search.cover(now, search.days, nobody)
    return replace(left, changes=differences(search.roster, now), barred_by=reached.barred_by)


def _could_take(search: _Search, roster: Roster, posts: Sequence[OpenPost]) -> list[PersonId]:
    """Who is eligible and available for one of these posts of a date."""
    open_at = {(post.session, post.label) for post in posts}
    sessions = (search.asked(roster, day, session) for day, session in {(post.day, post.session) for post in posts})
    return sorted(
        {
            person
            for session in sessions
            for post in session.posts
            if (session.session, post.label) in open_at
            for person in post.anyone
        }
    )


def lawfully(before: Report, index: RosterIndex, attempt: Callable[[Barred], Cover]) -> Cover:
    """The first attempt without a new hard finding, given who must not take anything new on which date.

    `index` is of the roster from which every attempt starts. After each attempt those who would break a rule are barred
    around the finding, else everybody on its dates, in the end everybody: the last attempt changes nothing.
    """
    problem = index.problem
    barred: set[tuple[PersonId, Date]] = set()
    rules: set[str] = set()
    for _ in range(ATTEMPTS):
        found = attempt(barred)
        broken = new_hard(before, _findings_after(index, found)) if found.changes else ()
        if not broken:
            return replace(found, barred_by=frozenset(rules))
        rules |= {finding.rule for finding in broken}
        barred |= _offenders(broken, found.changes) - barred or {
            (change.slot.person, change.slot.day)
            for finding in broken
            for change in found.changes
            if finding.start <= change.slot.day <= finding.end
        }
    everybody = frozenset((person.id, day) for person in problem.people for day in problem.days)
    found = attempt(everybody)
    return replace(found, barred_by=frozenset(rules))


def _offenders(broken: Collection[Violation], changes: Collection[CellChange]) -> set[tuple[PersonId, Date]]:
    """Changed people of the findings, on their dates and the day around them: rest looks both ways."""
    return {
        (change.slot.person, change.slot.day)
        for finding in broken
        for change in changes
        if change.slot.person in finding.people and finding.start - ONE_DAY <= change.slot.day <= finding.end + ONE_DAY
    }


def hard_findings(problem: Problem, roster: Roster, *, index: RosterIndex | None = None) -> Report:
    """What the rules that can have hard findings say: all that `new_hard` asks of the later report."""
    return check(problem, roster, only=HARD_RULES, index=index)


def _index_after(index: RosterIndex, found: Cover) -> RosterIndex:
    return index.after(index.problem, found.roster, [change.slot for change in found.changes])


def _findings_after(index: RosterIndex, found: Cover) -> Report:
    return hard_findings(index.problem, found.roster, index=_index_after(index, found))


def new_hard(before: Report, after: Report) -> tuple[Violation, ...]:
    """Hard findings that a change is answerable for; what no roster could avoid is not its fault."""
    return tuple(
        finding
        for finding in new_or_worsened(before, after)
        if finding.severity is Severity.HARD and not finding.unavoidable
    )


def unfilled(problem: Problem, roster: Roster, *, scope: Scope, days: Iterable[Date]) -> Iterator[OpenPost]:
    """Posts of the scope that are short of people on the days as the roster stands; nobody is moved."""
    read = PostReader(problem)
    for day in days:
        for session in SESSIONS:
            posts = _asked(problem, read.posts(roster, day, session), scope)
            for post in posts.posts:
                missing = post.needed - len(_holders(problem, roster, posts, post))
                if missing > 0:
                    yield OpenPost(day, session, post.label, missing)


def _asked(problem: Problem, session: SessionPosts, scope: Scope | None) -> SessionPosts:
    """The posts of a scope; without one those of patient safety, resident teams included."""

    def asked(post: Post) -> bool:
        if scope is None:
            return problem.activities[post.activity].shed_tier is ShedTier.PATIENT_SAFETY
        return scope in post.scopes

    return replace(session, posts=tuple(post for post in session.posts if post.needed > 0 and asked(post)))


def _cost(tier: ShedTier, given_up: frozenset[ShedTier] | None) -> int | None:
    """What it costs to take somebody from work of a tier; None where that is not allowed.

    In shedding a tier outweighs any number of changes, and moves between posts of patient safety give nothing up.
    """
    if given_up is None:
        return CHANGE + TAKEN_FROM[tier]
    if tier is ShedTier.PATIENT_SAFETY:
        return CHANGE
    return CHANGE + TIER * TAKEN_FROM[tier] if tier in given_up else None


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
    chosen = _flow(needed, _with_ties(costs, load, sum(needed)))
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


def _tier(problem: Problem, code: ActivityCode | None) -> ShedTier:
    return ShedTier.NOTHING if code is None else problem.activities[code].shed_tier


def _with_ties(
    costs: Mapping[tuple[int, PersonId], int], load: Mapping[PersonId, float], needed: int
) -> dict[tuple[int, PersonId], int]:
    """The costs with the order of who steps in first below them: no sum of ranks outweighs one unit of cost."""
    people = sorted({person for _, person in costs}, key=lambda person: (load.get(person, 0), person))
    rank = {person: place for place, person in enumerate(people)}
    scale = 1 + needed * len(people)
    return {(index, person): cost * scale + rank[person] * bool(cost) for (index, person), cost in costs.items()}


def _flow(needed: Sequence[int], costs: Mapping[tuple[int, PersonId], int]) -> list[tuple[int, PersonId]]:
    """(post, person) pairs: as many as possible, then the cheapest; costs are not negative.

    Successive cheapest augmenting paths (Jewell 1958) over the posts: each adds one person, and may move others.
    """
    at: dict[PersonId, int] = {}
    filled = [0] * len(needed)
    while True:
        path = _cheapest_path(needed, filled, costs, at)
        if path is None:
            return [(index, person) for index, person in costs if at.get(person) == index]
        filled[path[-1][0]] += 1
        for index, person in path:
            at[person] = index


def _cheapest_path(
    needed: Sequence[int], filled: Sequence[int], costs: Mapping[tuple[int, PersonId], int], at: Mapping[PersonId, int]
) -> list[tuple[int, PersonId]] | None:
    """A free person to a first post, who there goes on to the next one, up to a post that lacks somebody; None = none.

    Bellman and Ford's relaxation: who leaves a post gives back what being there cost.
    """
    reach: dict[int, tuple[int, PersonId, int]] = {}
    for (index, person), cost in costs.items():
        if person not in at and (index not in reach or cost < reach[index][0]):
            reach[index] = (cost, person, NOWHERE)
    moves = [
        (at[person], index, person, cost - costs[at[person], person])
        for (index, person), cost in costs.items()
        if person in at
    ]
    changed = True
    while changed:
        changed = False
        for left, index, person, more in moves:
            if left in reach and left != index:
                total = reach[left][0] + more
                if index not in reach or total < reach[index][0]:
                    reach[index] = (total, person, left)
                    changed = True
    lacking = [index for index in reach if filled[index] < needed[index]]
    if not lacking:
        return None
    step = min(lacking, key=lambda index: (reach[index][0], index))
    path: list[tuple[int, PersonId]] = []
    while step != NOWHERE:
        _, person, before = reach[step]
        path.append((step, person))
        step = before
    return path[::-1]


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
