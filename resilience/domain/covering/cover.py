"""All sessions refilled in the order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from resilience.domain.covering.refilling import Barred, OpenPost, of_scope, refill, with_day_after
from schedules.domain.changes import CellChange, differences
from schedules.domain.margins import Pool, PostReader, Scope
from schedules.domain.problem import SESSIONS, ActivityCode, Date, PersonId, Problem, ShedTier
from schedules.domain.roster import Roster


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
            posts = of_scope(problem, ground.read.posts(now, day, session), scope if given_up is None else None)
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
