"""The margins of a roster: how many people each session could lose, who is critical, and the proof of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from schedules.domain.margins.hall import Hall, MaskPost, PeopleMask, analyse, totals
from schedules.domain.margins.posts import Pool, Post, Scope, SessionPosts, Standby, session_posts
from schedules.domain.problem import Date, PersonId, Problem, Session
from schedules.domain.roster import Roster


def margins(problem: Problem, roster: Roster, *, standby: Standby | None = None) -> MarginReport:
    """Exact N-k margins of every session of the problem's range (resilience, section 1).

    Nothing is computed before it is asked for; the posts are read from the roster once.
    """
    return MarginReport(
        people=tuple(person.id for person in problem.people),
        sessions=tuple(session_posts(problem, roster, standby=standby)),
    )


@dataclass(frozen=True, slots=True)
class SessionMargin:
    """k* of one session with its certificate; people are ids, in the order of the problem."""

    day: Date
    session: Session
    margin: int
    binding: tuple[Post, ...]
    """The tightest set of posts."""
    people: tuple[PersonId, ...]
    """Everybody available for one of them."""
    critical: tuple[PersonId, ...]
    """Whose loss alone leaves one more post open."""
    fatal_groups: tuple[tuple[PersonId, ...], ...]
    """Beyond the critical people: groups of whom the loss of any two leaves a post open."""

    @property
    def needed(self) -> int:
        return sum(post.needed for post in self.binding)

    @property
    def certificate(self) -> str:
        """One sentence that proves the margin."""
        posts = " and ".join(dict.fromkeys(post.label for post in self.binding))
        verb = "need" if len(self.binding) > 1 else "needs"
        count = len(self.people)
        only = "only " if self.margin <= 0 else ""
        people = f"{only}{count} available {'person' if count == 1 else 'people'}"
        able = people if count else "nobody who is available"
        return f"{self.day:%a %d %b %Y} {self.session}: {posts} {verb} {self.needed}; {able} can do it."


@dataclass(frozen=True, slots=True)
class Losses:
    """What losing one or two people would leave open over the range, in session posts."""

    already_open: int
    of_one: Mapping[PersonId, int]
    """Further open posts if this person is lost; people who leave none are missing."""
    of_two: Mapping[frozenset[PersonId], int]
    """Further open posts of a pair beyond the sum of the two losses; pairs that add none are missing."""

    def after(self, *lost: PersonId) -> int:
        """Open posts once one or two people are gone."""
        pair = self.of_two.get(frozenset(lost), 0) if len(lost) == 2 else 0
        return self.already_open + sum(self.of_one.get(person, 0) for person in lost) + pair


@dataclass(frozen=True)
class MarginReport:
    """Margins of every session by scope and pool."""

    people: tuple[PersonId, ...]
    sessions: tuple[SessionPosts, ...]
    _known: dict[tuple[Scope, Pool], tuple[tuple[SessionPosts, Hall], ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def lowest(self, scope: Scope = Scope.SAFETY, pool: Pool = Pool.ANYONE) -> int | None:
        """k* of the range; None where nothing is needed, which is unknown and never a pass."""
        return min((hall.margin for _, hall in self._analysed(scope, pool)), default=None)

    @property
    def n1_margin(self) -> int | None:
        """k*(safety) of the range with everybody available as the pool."""
        return self.lowest()

    @property
    def n1_compliant(self) -> bool | None:
        """Whether every attending post survives the loss of any one person; None where nothing was measured."""
        return self._survives(1)

    @property
    def n2_compliant(self) -> bool | None:
        """The same for the loss of any two."""
        return self._survives(2)

    def _survives(self, lost: int) -> bool | None:
        margin = self.n1_margin
        return None if margin is None else margin >= lost

    def timeline(self, scope: Scope = Scope.SAFETY, pool: Pool = Pool.ANYONE) -> tuple[SessionMargin, ...]:
        """k* of every session in which the scope needs anybody, in the order of time."""
        return tuple(self._margin(session, hall, scope, pool) for session, hall in self._analysed(scope, pool))

    def below(self, margin: int, scope: Scope = Scope.SAFETY, pool: Pool = Pool.ANYONE) -> int:
        """How many sessions have a smaller k*."""
        return sum(hall.margin < margin for _, hall in self._analysed(scope, pool))

    def weakest(
        self, count: int = 5, scope: Scope = Scope.SAFETY, pool: Pool = Pool.ANYONE
    ) -> tuple[SessionMargin, ...]:
        """The sessions with the smallest k*, the earliest first among equals."""
        found = sorted(self._analysed(scope, pool), key=lambda item: item[1].margin)
        return tuple(self._margin(session, hall, scope, pool) for session, hall in found[:count])

    def losses(self, scope: Scope = Scope.SAFETY, pool: Pool = Pool.ANYONE) -> Losses:
        """N-1 and N-2 of everybody over the range at once, from critical people and fatal groups alone."""
        found = totals([hall for _, hall in self._analysed(scope, pool)])
        return Losses(
            already_open=found.already_open,
            of_one={self._members(mask)[0]: count for mask, count in found.of_one.items()},
            of_two={frozenset(self._members(mask)): count for mask, count in found.of_two.items()},
        )

    def _analysed(self, scope: Scope, pool: Pool) -> tuple[tuple[SessionPosts, Hall], ...]:
        found = self._known.get((scope, pool))
        if found is None:
            found = self._known[scope, pool] = tuple(self._analyse(scope, pool))
        return found

    def _analyse(self, scope: Scope, pool: Pool) -> Iterator[tuple[SessionPosts, Hall]]:
        bit = {person: 1 << index for index, person in enumerate(self.people)}
        for session in self.sessions:
            hall = analyse(
                MaskPost(post.needed, sum(bit[person] for person in post.people(pool)))
                for post in session.posts
                if scope in post.scopes
            )
            if hall is not None:
                yield session, hall

    def _margin(self, session: SessionPosts, hall: Hall, scope: Scope, pool: Pool) -> SessionMargin:
        people = self._members(hall.binding)
        competing = frozenset(people)
        return SessionMargin(
            day=session.day,
            session=session.session,
            margin=hall.margin,
            binding=tuple(p for p in session.posts if scope in p.scopes and p.people(pool) <= competing),
            people=people,
            critical=self._members(hall.critical),
            fatal_groups=tuple(self._members(group) for group in hall.groups),
        )

    def _members(self, mask: PeopleMask) -> tuple[PersonId, ...]:
        return tuple(person for index, person in enumerate(self.people) if mask >> index & 1)
