"""Hall's theorem for one session: how many people may be lost before a post stays open, and which people those are.

A session is a set of posts; each needs some people out of those who are eligible and available. For a set X of posts
with demand d(X) and available people N(X) the margin is ``m(X) = |N(X)| - d(X)``. By Hall (1935), in Ore's deficiency
version (1955), ``max(0, max over X of d(X) - |N(X) - S|)`` posts stay open after losing the people S, so the session
survives every loss of k people exactly when ``k <= k* = min over nonempty X of m(X)``.

People are bits of an integer. Margins are submodular; hence the sets of people with the least margin unite to one set
of critical people, and the further groups of which any two are fatal are disjoint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

PeopleMask = int

SUBSET_LIMIT = 16
"""Different posts up to which all subsets are walked; above it one matching and alternating paths do the same."""


class MaskPost(NamedTuple):
    """`needed` people out of the bits of `eligible`."""

    needed: int
    eligible: PeopleMask


class Hall(NamedTuple):
    """What one session can lose.

    margin: k*; negative where posts are open already.
    binding: N(X) of the tightest X, the smallest there is; X = the posts whose eligible people all lie in it.
    critical: people whose loss alone leaves one more post open.
    groups: disjoint sets of other people, of whom the loss of any two leaves one more post open.
    """

    margin: int
    binding: PeopleMask
    critical: PeopleMask
    groups: tuple[PeopleMask, ...]

    def open_posts(self, first: PeopleMask = 0, second: PeopleMask = 0) -> int:
        """Posts left open after losing up to two people, each given as one bit; 0 = nobody."""
        lost = first | second
        grouped = lost.bit_count() == 2 and any(lost & group == lost for group in self.groups)
        return max(0, -self.margin) + (lost & self.critical).bit_count() + grouped


class Totals(NamedTuple):
    """Open posts of many sessions together: already, by one lost person, and by a lost pair beyond the two alone."""

    already_open: int
    of_one: Mapping[PeopleMask, int]
    of_two: Mapping[PeopleMask, int]

    def after(self, first: PeopleMask, second: PeopleMask = 0) -> int:
        """Open posts once up to two people, each one bit, are gone."""
        alone = self.of_one.get(first, 0) + self.of_one.get(second, 0)
        return self.already_open + alone + (self.of_two.get(first | second, 0) if second else 0)


def totals(halls: Collection[Hall]) -> Totals:
    """N-1 and N-2 of everybody over many sessions at once, from critical people and fatal groups alone."""
    single: Counter[PeopleMask] = Counter()
    double: Counter[PeopleMask] = Counter()
    for critical, times in Counter(hall.critical for hall in halls).items():
        for person in _bits(critical):
            single[person] += times
    for group, times in Counter(group for hall in halls for group in hall.groups).items():
        for first, second in combinations(_bits(group), 2):
            double[first | second] += times
    return Totals(sum(max(0, -hall.margin) for hall in halls), single, double)


def _bits(mask: PeopleMask) -> Iterator[PeopleMask]:
    while mask:
        yield mask & -mask
        mask &= mask - 1


def analyse(posts: Iterable[MaskPost]) -> Hall | None:
    """Margin, certificate, critical people and fatal groups of the posts of a session; None where nothing is needed.

    Posts with the same eligible people are one post. Results are remembered, since sessions of a year repeat.
    """
    merged = _merge(posts)
    return _analyse(merged) if merged else None


def uncovered(posts: Iterable[MaskPost], lost: PeopleMask = 0) -> int:
    """Posts that stay open whatever is done once the people `lost` are gone (Ore's deficiency)."""
    remaining = _merge(MaskPost(post.needed, post.eligible & ~lost) for post in posts)
    if len(remaining) > SUBSET_LIMIT:
        return Matching(remaining).open
    return max((0, *(-margin for _, margin in _subsets(remaining))))


def _merge(posts: Iterable[MaskPost]) -> tuple[MaskPost, ...]:
    needed: dict[PeopleMask, int] = {}
    for need, eligible in posts:
        if need > 0:
            needed[eligible] = needed.get(eligible, 0) + need
    return tuple(MaskPost(needed[eligible], eligible) for eligible in sorted(needed))


@lru_cache(maxsize=1 << 14)
def _analyse(posts: tuple[MaskPost, ...]) -> Hall:
    return by_matching(posts) if len(posts) > SUBSET_LIMIT else by_subsets(posts)


def by_subsets(posts: tuple[MaskPost, ...]) -> Hall:
    """Subset dynamic programming: N(X) and d(X) of every X from those without its last post."""
    subsets = _subsets(posts)
    margin = min(m for _, m in subsets)
    base = min(margin, 0)
    binding = min((people for people, m in subsets if m == margin), key=int.bit_count)
    critical = 0
    for people, m in subsets:
        if m == base:
            critical |= people
    near = {people & ~critical for people, m in subsets if m == base + 1}
    return Hall(margin, binding, critical, _unite(near))


def _subsets(posts: tuple[MaskPost, ...]) -> list[tuple[PeopleMask, int]]:
    """(N(X), m(X)) of every nonempty X."""
    people, demands = [0], [0]
    for needed, eligible in posts:
        people += [mask | eligible for mask in people]
        demands += [demand + needed for demand in demands]
    pairs = [(mask, mask.bit_count() - demand) for mask, demand in zip(people, demands, strict=True)]
    return pairs[1:]


def _unite(masks: Iterable[PeopleMask]) -> tuple[PeopleMask, ...]:
    """Overlapping groups become one; groups of one person are none."""
    united: list[PeopleMask] = []
    for mask in masks:
        apart = [group for group in united if not group & mask]
        for group in united:
            if group & mask:
                mask |= group  # noqa: PLW2901 - grows while it absorbs
        united = [*apart, mask]
    return tuple(sorted(group for group in united if group.bit_count() > 1))


def by_matching(posts: tuple[MaskPost, ...]) -> Hall:
    """The same answers from one maximum matching, for sessions of many different posts.

    k* >= 0 is the least number of further people that any one post could still be given; critical people are those
    in every maximum matching (Dulmage-Mendelsohn); a post that could take only one more shows a fatal group.
    """
    matching = Matching(posts)
    critical = matching.critical
    if matching.open:
        margin, binding = -matching.open, matching.reach(matching.open_at)
    else:
        margin, binding = _tightest(matching)
    rest = [index for index, post in enumerate(posts) if post.eligible & ~critical]
    groups = _unite(_with_one_more(matching, index).critical & ~critical for index in rest)
    return Hall(margin, binding, critical, groups)


def _tightest(matching: Matching) -> tuple[int, PeopleMask]:
    """The post with the fewest further people to give it, and the people it competes for."""
    margin, binding = None, 0
    for index in range(len(matching.posts)):
        trial = matching.copy()
        further = 0
        while (margin is None or further <= margin) and trial.fill(index):
            further += 1
        if margin is not None and further > margin:
            continue
        people = trial.reach([index])
        if margin is None or further < margin or people.bit_count() < binding.bit_count():
            margin, binding = further, people
    assert margin is not None, "a matching has posts"  # noqa: S101 - for the type checker
    return margin, binding


def _with_one_more(matching: Matching, index: int) -> Matching:
    trial = matching.copy()
    trial.fill(index)
    return trial


class Matching:
    """A maximum assignment of people to posts, grown along alternating paths over people masks."""

    def __init__(self, posts: tuple[MaskPost, ...]) -> None:
        self.posts = posts
        self.taken: list[PeopleMask] = [0] * len(posts)
        """People on each post."""
        self.free: PeopleMask = 0
        for post in posts:
            self.free |= post.eligible
        short = (post.needed - self._fill_up(index, post.needed) for index, post in enumerate(posts))
        self.shortage = tuple(short)

    def copy(self) -> Matching:
        twin = object.__new__(Matching)
        twin.posts, twin.shortage = self.posts, self.shortage
        twin.taken, twin.free = list(self.taken), self.free
        return twin

    @property
    def open(self) -> int:
        return sum(self.shortage)

    @property
    def open_at(self) -> list[int]:
        return [index for index, short in enumerate(self.shortage) if short]

    def _fill_up(self, index: int, needed: int) -> int:
        filled = 0
        while filled < needed and self.fill(index):
            filled += 1
        return filled

    def fill(self, index: int) -> bool:
        """Give the post one more person, moving others along a shortest alternating path; False if impossible."""
        came_from: dict[int, tuple[int, PeopleMask]] = {index: (-1, 0)}
        for post in self._walk([index], came_from):
            spare = self.posts[post].eligible & self.free
            if spare:
                self._shift(post, spare & -spare, came_from)
                return True
        return False

    def _shift(self, post: int, person: PeopleMask, came_from: dict[int, tuple[int, PeopleMask]]) -> None:
        self.free &= ~person
        while post != -1:
            self.taken[post] |= person
            earlier, moved = came_from[post]
            if earlier != -1:
                self.taken[post] &= ~moved
            post, person = earlier, moved

    def _walk(self, starts: list[int], came_from: dict[int, tuple[int, PeopleMask]]) -> Iterator[int]:
        """Posts from which people could be drawn, directly or in turn; `came_from` names post and person moved."""
        queue = list(starts)
        for post in queue:
            yield post
            for other, people in enumerate(self.taken):
                drawn = people & self.posts[post].eligible
                if drawn and other not in came_from:
                    came_from[other] = (post, drawn & -drawn)
                    queue.append(other)

    def reach(self, starts: list[int]) -> PeopleMask:
        """Everybody that the given posts compete for along alternating paths."""
        people = 0
        for post in self._walk(starts, dict.fromkeys(starts, (-1, 0))):
            people |= self.posts[post].eligible
        return people

    @property
    def critical(self) -> PeopleMask:
        """People on a post in every maximum assignment: those whom no free person could release, in turn."""
        avoidable, waiting = self.free, list(range(len(self.posts)))
        while True:
            released = [post for post in waiting if self.posts[post].eligible & avoidable]
            if not released:
                break
            for post in released:
                avoidable |= self.taken[post]
            waiting = [post for post in waiting if post not in released]
        everybody = 0
        for taken in self.taken:
            everybody |= taken
        return everybody & ~avoidable
