"""Differences: between two rosters, cell by cell and per person, and between what the rules say of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from schedules.domain.problem import SESSIONS, ActivityCode, PersonId
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules.report import Report, Severity, Violation


class ChangeKind(StrEnum):
    SET = "SET"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"


class CellChange(NamedTuple):
    """One slot that holds something else; None = nothing there."""

    slot: Slot
    before: ActivityCode | None
    after: ActivityCode | None

    @property
    def kind(self) -> ChangeKind:
        if self.before is None:
            return ChangeKind.SET
        return ChangeKind.REMOVED if self.after is None else ChangeKind.CHANGED


@dataclass(frozen=True, slots=True)
class FindingChanges:
    """Findings of the roster after that are new or worse than before, and those of before that are gone."""

    new: tuple[Violation, ...] = ()
    worsened: tuple[Violation, ...] = ()
    gone: tuple[Violation, ...] = ()


def differences(before: Roster, after: Roster) -> tuple[CellChange, ...]:
    """Slots whose activity differs, by person, date and session. Contexts are not compared."""
    changed = (
        CellChange(slot, before.cells.get(slot), after.cells.get(slot))
        for slot in before.cells.keys() | after.cells.keys()
        if before.cells.get(slot) != after.cells.get(slot)
    )
    return tuple(sorted(changed, key=lambda change: _place(change.slot)))


def per_person(changes: Iterable[CellChange]) -> Mapping[PersonId, tuple[CellChange, ...]]:
    """The changes of each person who has any, in the order in which they came."""
    grouped: dict[PersonId, list[CellChange]] = defaultdict(list)
    for change in changes:
        grouped[change.slot.person].append(change)
    return {person: tuple(found) for person, found in grouped.items()}


def _place(slot: Slot) -> tuple[str, int, int]:
    return slot.person, slot.day.toordinal(), SESSIONS.index(slot.session)


def compare_findings(before: Report, after: Report) -> FindingChanges:
    """Match the findings of two reports.

    Findings with the same key are the same one; so are those of one rule about the same people or thing whose dates
    overlap (a run of worked days that became shorter is no new finding). A finding is worse with a graver severity,
    or with the same one and a measure farther beyond its limit.
    """
    earlier = {finding.key: finding for finding in before.violations}
    same: list[tuple[Violation, Violation]] = []
    unmatched = []
    for finding in after.violations:
        known = earlier.pop(finding.key, None)
        if known is None:
            unmatched.append(finding)
        else:
            same.append((known, finding))
    left: dict[tuple[object, ...], list[Violation]] = defaultdict(list)
    for finding in earlier.values():
        left[_about(finding)].append(finding)
    new = []
    for finding in unmatched:
        candidates = left[_about(finding)]
        known = next((old for old in candidates if old.start <= finding.end and finding.start <= old.end), None)
        if known is None:
            new.append(finding)
        else:
            candidates.remove(known)
            same.append((known, finding))
    gone = {finding.key for candidates in left.values() for finding in candidates}
    return FindingChanges(
        new=tuple(new),
        worsened=tuple(finding for known, finding in same if _is_worse(known, finding)),
        gone=tuple(finding for finding in before.violations if finding.key in gone),
    )


def new_or_worsened(before: Report, after: Report) -> tuple[Violation, ...]:
    """Findings of the later report that a change is answerable for, of every severity."""
    changes = compare_findings(before, after)
    return (*changes.new, *changes.worsened)


def _about(finding: Violation) -> tuple[object, ...]:
    return finding.rule, finding.session, frozenset(finding.subject or finding.people)


_GRAVITY = {severity: rank for rank, severity in enumerate(reversed(Severity))}


def _is_worse(before: Violation, after: Violation) -> bool:
    if before.severity is not after.severity:
        return _GRAVITY[after.severity] > _GRAVITY[before.severity]
    return _beyond(after) > _beyond(before)


def _beyond(finding: Violation) -> float:
    if finding.measured is None or finding.limit is None:
        return 0
    return abs(finding.measured - finding.limit)
