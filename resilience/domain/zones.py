"""Zones of the service: what each leaves open on its own, and what legal loans between them fill (blast radius)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from functools import partial
from itertools import combinations, product
from typing import NamedTuple

from resilience.domain.covering import Barred, Cover, OpenPost, lawfully, refill, with_day_after
from resilience.domain.levels import Level, Measured, Reading, Unknown
from schedules.domain.changes import CellChange, differences
from schedules.domain.margins import MaskPost, Post, PostReader, SessionPosts, analyse, margins, uncovered
from schedules.domain.problem import ActivityCode, Category, Date, PersonId, Problem, Session
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import check
from schedules.domain.rules.index import RosterIndex

BORROWED_LIMIT = 2
"""People a zone may borrow in one session."""
LENT_LIMIT = 1
"""People a zone may lend in one session."""
KEPT_MARGIN = 1
"""k* that a lender keeps over its own posts: it must survive one more loss."""


class Zone(StrEnum):
    """Where work is done; the order is the order in which pooled people fill posts."""

    INPATIENT = "inpatient"
    ON_CALL = "on_call"
    OUTPATIENT = "outpatient"
    EDUCATION = "education"
    RESEARCH = "research"
    ADMIN = "admin"


ZONE_OF: Mapping[Category, Zone] = {
    Category.INPATIENT: Zone.INPATIENT,
    Category.NIGHT: Zone.ON_CALL,
    Category.CLINIC: Zone.OUTPATIENT,
    Category.PROCEDURE: Zone.OUTPATIENT,
    Category.SPECIALTY: Zone.OUTPATIENT,
    Category.SUPERVISION: Zone.OUTPATIENT,
    Category.EDUCATION: Zone.EDUCATION,
    Category.RESEARCH: Zone.RESEARCH,
    Category.ADMIN: Zone.ADMIN,
}
"""People who are off and can be called in belong to no work; they are lent by administration."""


Crews = Mapping[Zone, frozenset[PersonId]]


class Containment(IntEnum):
    """How far a shortage has to be let out of its zone."""

    NONE = 0
    """Every zone covers itself."""
    SOFT = 1
    """One zone is short, and loans within the limits cover it."""
    MODERATE = 2
    """Several zones are short, and loans within the limits cover them."""
    STRICT = 3
    """Loans do not suffice; giving up the zones and pooling everybody would."""
    LOCKDOWN = 4
    """Not even all people together suffice."""


LEVELS: Mapping[Containment, Level] = dict(
    zip(Containment, (Level.GREEN, Level.YELLOW, Level.ORANGE, Level.RED, Level.BLACK), strict=True)
)


@dataclass(frozen=True, slots=True)
class ZoneState:
    """One zone over the range, in session posts."""

    zone: Zone
    demanded: int
    isolated: int
    """Uncovered by the people who are on the zone's work."""
    borrowing: int
    """Uncovered once the legal loans are made."""
    pooled: int
    """Uncovered with everybody available as one pool that fills the zones in their order."""
    margin: int | None
    """k* of the zone's posts over its own people; None where it demands nobody."""
    borrowed: int
    lent: int

    @property
    def is_affected(self) -> bool:
        return bool(self.isolated or self.lent)


@dataclass(frozen=True, slots=True)
class Loan:
    """Somebody who leaves their zone for one session."""

    day: Date
    session: Session
    person: PersonId
    lender: Zone
    borrower: Zone
    post: str
    activity: ActivityCode


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """How far the shortage of a roster reaches. `changes` makes the loans, within the rules."""

    zones: tuple[ZoneState, ...]
    loans: tuple[Loan, ...]
    changes: tuple[CellChange, ...]
    containment: Containment
    barred_by: frozenset[str]
    """Rules that kept people from being lent."""

    @property
    def affected_share(self) -> float:
        """Zones that are short on their own or lend, out of all."""
        return sum(state.is_affected for state in self.zones) / len(self.zones)

    @property
    def needs_approval(self) -> bool:
        """Whether a person has to agree to the loans (resilience, section 2)."""
        return bool(self.loans) and self.containment >= Containment.MODERATE


def blast_radius(problem: Problem, roster: Roster) -> Reading[BlastRadius]:
    """Uncovered demand by zone, isolated, with limited borrowing, and pooled, over the problem's range.

    In each session people belong to the zone of their work. A loan is legal while the lender keeps k* >= 1 without
    the lent person, or demands nobody; all loans together bring no new hard finding. Resident teams count: a team at
    its minimum lends nobody. For "what if these people are lost" pass what `covering.without` gives.
    """
    shares = [_Shares(problem, roster, session) for session in margins(problem, roster).sessions]
    demanded = _summed(share.demanded for share in shares)
    if not demanded:
        return Unknown("Nothing is demanded in the horizon.")
    isolated = _summed(share.isolated for share in shares)
    pooled = _summed(share.pooled for share in shares)
    short = [share.session for share in shares if share.isolated.total()]
    found = lawfully(check(problem, roster), RosterIndex(problem, roster), partial(_lend, problem, roster, short))
    loans = tuple(_loans(problem, roster, found.changes, short))
    borrowed, lent = Counter(loan.borrower for loan in loans), Counter(loan.lender for loan in loans)
    states = tuple(
        ZoneState(
            zone=zone,
            demanded=demanded[zone],
            isolated=isolated[zone],
            borrowing=isolated[zone] - borrowed[zone],
            pooled=pooled[zone],
            margin=min((share.margin[zone] for share in shares if zone in share.margin), default=None),
            borrowed=borrowed[zone],
            lent=lent[zone],
        )
        for zone in Zone
    )
    return Measured(BlastRadius(states, loans, found.changes, _containment(states), found.barred_by))


def _summed(counts: Iterable[Counter[Zone]]) -> Counter[Zone]:
    return sum(counts, Counter[Zone]())


def _containment(states: tuple[ZoneState, ...]) -> Containment:
    short = sum(state.isolated > 0 for state in states)
    if not short:
        return Containment.NONE
    if not any(state.borrowing for state in states):
        return Containment.SOFT if short == 1 else Containment.MODERATE
    return Containment.LOCKDOWN if any(state.pooled for state in states) else Containment.STRICT


def zone_of_work(problem: Problem, code: ActivityCode | None) -> Zone:
    """The zone of an activity; no work belongs to administration."""
    return Zone.ADMIN if code is None else ZONE_OF.get(problem.activities[code].category, Zone.ADMIN)


class _Shares:
    """One session divided among the zones."""

    def __init__(self, problem: Problem, roster: Roster, session: SessionPosts) -> None:
        self.session = session
        self.demanded, self.isolated, self.pooled = Counter[Zone](), Counter[Zone](), Counter[Zone]()
        self.margin: dict[Zone, int] = {}
        crews = _crews(problem, roster, session)
        everybody = frozenset[PersonId]().union(*crews.values())
        filled_first: list[Post] = []
        open_before = 0
        for zone in Zone:
            posts = _posts_of(problem, session, zone)
            self.demanded[zone] = sum(post.needed for post in posts)
            self.isolated[zone] = _open(posts, crews[zone])
            hall = analyse(_masked(posts, crews[zone]))
            if hall is not None:
                self.margin[zone] = hall.margin
            # The posts that can be filled together form a matroid: filling zone by zone loses nothing in the sum.
            filled_first += posts
            open_now = _open(filled_first, everybody)
            self.pooled[zone] = open_now - open_before
            open_before = open_now


def _masked(posts: Sequence[Post], crew: frozenset[PersonId]) -> list[MaskPost]:
    bit = {person: 1 << index for index, person in enumerate(sorted(crew))}
    return [MaskPost(post.needed, sum(bit[person] for person in post.anyone & crew)) for post in posts]


def _open(posts: Sequence[Post], crew: frozenset[PersonId]) -> int:
    return uncovered(_masked(posts, crew)) if posts else 0


def _posts_of(problem: Problem, session: SessionPosts, zone: Zone) -> list[Post]:
    return [post for post in session.posts if post.needed > 0 and zone_of_work(problem, post.activity) is zone]


def _crews(problem: Problem, roster: Roster, session: SessionPosts) -> Crews:
    """Everybody available for some post, by the zone of what they are doing."""
    crews: dict[Zone, set[PersonId]] = {zone: set() for zone in Zone}
    for person in frozenset[PersonId]().union(*(post.anyone for post in session.posts)):
        crews[zone_of_work(problem, roster.at(person, session.day, session.session))].add(person)
    return {zone: frozenset(people) for zone, people in crews.items()}


def _lend(problem: Problem, roster: Roster, short: Sequence[SessionPosts], barred: Barred) -> Cover:
    """One attempt at loans in the sessions that are short, in the order of time."""
    read = PostReader(problem)
    now, still_open = roster, list[OpenPost]()
    for base in short:
        session = read.posts(now, base.day, base.session)
        crews = _crews(problem, now, session)
        members = _with_loans(problem, now, session, crews, frozenset(barred))
        divided = replace(
            session,
            posts=tuple(
                replace(post, anyone=post.anyone & members[zone])
                for zone in Zone
                for post in _posts_of(problem, session, zone)
            ),
        )
        given, missing = refill(problem, now, divided, barred=barred)
        still_open += missing
        if given:
            now = now.with_changes(dict(with_day_after(problem, now, given)))
    return Cover(now, differences(roster, now), tuple(still_open))


class _Bundle(NamedTuple):
    """Up to BORROWED_LIMIT people of different lenders for one borrower, each of whom fills one more post."""

    borrower: Zone
    people: tuple[PersonId, ...]
    lenders: frozenset[Zone]


def _with_loans(
    problem: Problem, roster: Roster, session: SessionPosts, crews: Crews, barred: frozenset[tuple[PersonId, Date]]
) -> Crews:
    """The zones' people after the loans that fill the most posts; every combination of lenders is looked at.

    With one person a lender there are five loans at most, and people who can fill the same posts are alike.
    """
    posts = {zone: _posts_of(problem, session, zone) for zone in Zone}
    short = [zone for zone in Zone if _open(posts[zone], crews[zone])]
    lendable: dict[Zone, list[PersonId]] = {}
    for zone in Zone:
        if zone not in short:
            lendable[zone] = [
                person
                for person in sorted(crews[zone])
                if (person, session.day) not in barred
                and Slot(person, session.day, session.session) not in roster.locked
                and _keeps_margin(posts[zone], crews[zone] - {person})
            ]
    choices = [tuple(_bundles(zone, posts[zone], crews[zone], lendable)) for zone in short]
    legal = (chosen for chosen in product(*choices) if _each_lends_once(chosen))
    best = max(legal, key=lambda chosen: sum(len(bundle.people) for bundle in chosen), default=())
    lent = frozenset(person for bundle in best for person in bundle.people)
    borrowed = {bundle.borrower: frozenset(bundle.people) for bundle in best}
    return {zone: (crew - lent) | borrowed.get(zone, frozenset()) for zone, crew in crews.items()}


def _bundles(
    zone: Zone, posts: Sequence[Post], crew: frozenset[PersonId], lendable: Mapping[Zone, Sequence[PersonId]]
) -> Iterator[_Bundle]:
    """What a zone may borrow, nothing first; of people of one lender who can fill the same posts, the first."""
    open_now = _open(posts, crew)
    alike: dict[tuple[Zone, tuple[bool, ...]], PersonId] = {}
    for lender, people in lendable.items():
        for person in people:
            alike.setdefault((lender, tuple(person in post.anyone for post in posts)), person)
    useful = [
        (person, lender) for (lender, _), person in alike.items() if _open(posts, crew | {person}) == open_now - 1
    ]
    for count in range(BORROWED_LIMIT + 1):
        for chosen in combinations(useful, count):
            people = tuple(person for person, _ in chosen)
            lenders = frozenset(lender for _, lender in chosen)
            if len(lenders) == count and _open(posts, crew | set(people)) == open_now - count:
                yield _Bundle(zone, people, lenders)


def _each_lends_once(chosen: Sequence[_Bundle]) -> bool:
    return max(Counter(zone for bundle in chosen for zone in bundle.lenders).values(), default=0) <= LENT_LIMIT


def _keeps_margin(posts: Sequence[Post], crew: frozenset[PersonId]) -> bool:
    hall = analyse(_masked(posts, crew))
    return hall is None or hall.margin >= KEPT_MARGIN


def _loans(
    problem: Problem, roster: Roster, changes: Sequence[CellChange], short: Sequence[SessionPosts]
) -> Iterator[Loan]:
    """The changes that take somebody into another zone; PCAT and DO after a call are part of its loan."""
    labels = {(session.day, session.session, post.activity): post.label for session in short for post in session.posts}
    for slot, before, after in changes:
        lender, borrower = zone_of_work(problem, before), zone_of_work(problem, after)
        label = labels.get((slot.day, slot.session, after or ""))
        if after is not None and label is not None and lender is not borrower:
            yield Loan(slot.day, slot.session, slot.person, lender, borrower, label, after)
