"""The sacrifice hierarchy: which work is given up, in which order, for uncovered patient care, and how it returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from resilience.domain.covering import Cover, OpenPost, cover, cover_lawfully
from schedules.domain.changes import CellChange
from schedules.domain.problem import Problem, ShedTier
from schedules.domain.roster import Roster
from schedules.domain.rules import check


class ShedLevel(IntEnum):
    """How much may be given up; each level includes those before it."""

    YELLOW = 1
    ORANGE = 2
    RED = 3
    BLACK = 4
    CRITICAL = 5

    @property
    def tiers(self) -> frozenset[ShedTier]:
        return frozenset(tier for tier, level in LEVEL_OF.items() if level <= self)


LEVEL_OF: Mapping[ShedTier, ShedLevel] = {
    ShedTier.OPTIONAL_EDUCATION: ShedLevel.YELLOW,
    ShedTier.RESEARCH_ADMIN: ShedLevel.ORANGE,
    ShedTier.CORE_EDUCATION: ShedLevel.RED,
    ShedTier.CONTINUITY: ShedLevel.BLACK,
    ShedTier.REQUIRED_EXPERIENCE: ShedLevel.CRITICAL,
}
"""Resilience, section 2. Patient safety has no level: it is never shed; time off is no work to give up."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a level achieves, within the rules."""

    level: ShedLevel
    filled: int
    """Session posts of patient care that were open and are filled."""
    shed: int
    """Half-days of work given up for them."""
    gaps: tuple[OpenPost, ...]

    @property
    def missing(self) -> int:
        return sum(gap.missing for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class Shedding:
    """A plan bound to the roster it was made for. Executing it sets `changes`, restoring undoes them."""

    level: ShedLevel | None
    """What the plan uses; None where nothing is uncovered."""
    smallest: ShedLevel | None
    """The smallest level that leaves no gap; None where none does or nothing is uncovered."""
    effects: tuple[Effect, ...]
    changes: tuple[CellChange, ...]
    freed: Mapping[str, int]
    """Half-days freed, by the credential of the post they fill ('' = none needed)."""
    gaps: tuple[OpenPost, ...]
    before: str
    """Digest of the roster it was made for."""
    after: str
    """Digest of the roster it leads to."""

    def restore_steps(self, problem: Problem) -> tuple[tuple[ShedLevel, tuple[CellChange, ...]], ...]:
        """What returns first: the level shed last, then the others in reverse. Moves between posts go with the last."""
        steps: dict[ShedLevel, list[CellChange]] = {level: [] for level in reversed(ShedLevel)}
        for change in self.changes:
            level = level_shed(problem, change) or ShedLevel.YELLOW
            steps[level].append(CellChange(change.slot, change.after, change.before))
        return tuple((level, tuple(changes)) for level, changes in steps.items() if changes)


def simulate(problem: Problem, roster: Roster, *, target: ShedLevel | None = None) -> Shedding:
    """Plan the shedding for the problem's range: at `target`, else the smallest level that suffices.

    Where none suffices, the smallest of those that fill the most. Per half-day people are freed only as far as they
    fill uncovered patient care for which they are eligible, the least important work first. The result brings no new
    hard finding; what the rules forbid stays a gap.
    """
    before = check(problem, roster)
    already = _open_now(problem, roster)
    if not already:
        digest = roster.digest()
        return Shedding(None, None, (), (), {}, (), before=digest, after=digest)
    covers = {level: cover_lawfully(before, problem, roster, given_up=level.tiers) for level in ShedLevel}
    effects = tuple(
        Effect(level, already - found.missing, sum(_is_shed(problem, change) for change in found.changes), found.open)
        for level, found in covers.items()
    )
    smallest = next((effect.level for effect in effects if not effect.gaps), None)
    level = target or smallest or min(effects, key=lambda effect: (effect.missing, effect.level)).level
    chosen = covers[level]
    return Shedding(
        level=level,
        smallest=smallest,
        effects=effects,
        changes=chosen.changes,
        freed=_freed(problem, chosen),
        gaps=chosen.open,
        before=roster.digest(),
        after=chosen.roster.digest(),
    )


def execute(roster: Roster, plan: Shedding) -> Roster:
    """The roster after the plan. Raises ValueError if the roster is not the one it was made for."""
    if roster.digest() != plan.before:
        raise ValueError("The schedule changed since this was simulated: simulate again.")
    return roster.with_changes({change.slot: change.after for change in plan.changes})


def restore(roster: Roster, plan: Shedding) -> Roster:
    """The roster as it was before the plan, exactly. Raises ValueError if it changed in between."""
    if roster.digest() != plan.after:
        raise ValueError("The schedule changed since the work was shed: restore it item by item.")
    return roster.with_changes({change.slot: change.before for change in plan.changes})


def level_shed(problem: Problem, change: CellChange) -> ShedLevel | None:
    """The level of the work that a change gives up; None for a move between posts."""
    if change.before is None:
        return None
    return LEVEL_OF.get(problem.activities[change.before].shed_tier)


def _is_shed(problem: Problem, change: CellChange) -> bool:
    return level_shed(problem, change) is not None


def _open_now(problem: Problem, roster: Roster) -> int:
    """Posts open as the roster stands: everybody is barred from anything new."""
    barred = frozenset((person.id, day) for person in problem.people for day in problem.days)
    return cover(problem, roster, given_up=frozenset(), barred=barred).missing


def _freed(problem: Problem, found: Cover) -> Mapping[str, int]:
    return Counter(
        problem.activities[change.after].credential
        for change in found.changes
        if change.after is not None and _is_shed(problem, change)
    )
