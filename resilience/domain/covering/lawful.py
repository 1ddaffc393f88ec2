"""Covers that the rule table has nothing new against."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from resilience.domain.covering.cover import Cover, Ground, cover
from resilience.domain.covering.refilling import Barred, OpenPost, of_scope
from schedules.domain.changes import CellChange, differences, new_or_worsened
from schedules.domain.margins import Scope, SessionPosts
from schedules.domain.problem import ONE_DAY, Date, PersonId, Problem, Session, ShedTier
from schedules.domain.roster import Roster
from schedules.domain.rules import HARD_RULES, Report, Severity, Violation, check
from schedules.domain.rules.index import RosterIndex

ATTEMPTS = 8
"""Rosters tried around the rule table."""


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
        return of_scope(self.problem, self.ground.read.posts(roster, day, session), scope)


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
