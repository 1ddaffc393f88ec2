"""Whether a change makes the schedule safer: what an open circuit breaker lets through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from schedules.domain.coverage import coverage
from schedules.domain.margins import Scope, margins
from schedules.domain.problem import Problem
from schedules.domain.roster import Roster
from schedules.domain.rules import check


@dataclass(frozen=True, slots=True)
class Effect:
    """A change of published cells: the same problem before and after it."""

    problem: Problem
    before: Roster
    after: Roster


EffectOf = Callable[[], Effect | None]
"""Works an effect out; asked only where it decides. None = nothing would change."""


@dataclass(frozen=True, slots=True)
class _Safety:
    """Four figures of one roster; more is better in each."""

    lowest: int
    """k*(safety); 0 where nothing is demanded."""
    shortage: int
    """Open attending posts that nobody could fill, as a negative number."""
    filled: int
    """Demand units filled by people who are there."""
    findings: int
    """Hard findings of the rule table that some roster could avoid, as a negative number."""


def improves(effect: Effect | None) -> bool:
    """Whether k*(safety), its shortage, the coverage or the hard findings are strictly better after, and none worse."""
    if effect is None:
        return False
    before, after = _safety(effect.problem, effect.before), _safety(effect.problem, effect.after)
    pairs = [(getattr(before, name), getattr(after, name)) for name in _Safety.__slots__]
    return any(new > old for old, new in pairs) and all(new >= old for old, new in pairs)


def _safety(problem: Problem, roster: Roster) -> _Safety:
    """People on leave hold nothing, whatever the cells still say."""
    present = roster.with_changes({slot: None for slot in roster.cells if problem.is_absent(slot.person, slot.day)})
    timeline = [item.margin for item in margins(problem, present).timeline(Scope.SAFETY)]
    return _Safety(
        lowest=min(timeline, default=0),
        shortage=sum(min(0, margin) for margin in timeline),
        filled=coverage(problem, present).demand.filled,
        findings=-sum(not finding.unavoidable for finding in check(problem, roster).hard),
    )
