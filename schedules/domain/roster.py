"""Who does what when: the assignments of a range, and those already decided around it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from schedules.domain.problem import SESSIONS, ActivityCode, Date, PersonId, Session


class Slot(NamedTuple):
    """One person's session of one date: the place that holds at most one activity."""

    person: PersonId
    day: Date
    session: Session


class Source(StrEnum):
    """Where an assignment came from."""

    PATTERN = "PATTERN"
    SOLVER = "SOLVER"
    MANUAL = "MANUAL"
    SWAP = "SWAP"
    FALLBACK = "FALLBACK"


@dataclass(frozen=True, slots=True)
class Roster:
    """Activities by slot.

    `cells` are the assignments under judgement (the range of the problem); `context` those of published or
    earlier drafted dates before and after it, which count for rest, runs of days and year-to-date equity but
    are judged elsewhere. `locked` cells may not be changed by the solver.
    """

    cells: Mapping[Slot, ActivityCode]
    context: Mapping[Slot, ActivityCode] = field(default_factory=dict)
    locked: frozenset[Slot] = frozenset()
    clashes: tuple[tuple[Slot, tuple[ActivityCode, ...]], ...] = ()
    """Slots for which the input named several activities (DOUBLE_BOOKED); `cells` holds the first."""

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[tuple[PersonId, Date, Session, ActivityCode]],
        *,
        context: Mapping[Slot, ActivityCode] | None = None,
        locked: frozenset[Slot] = frozenset(),
    ) -> Roster:
        """Build from rows that may name a slot twice; the clashes are kept for the DOUBLE_BOOKED rule."""
        cells: dict[Slot, ActivityCode] = {}
        doubled: dict[Slot, list[ActivityCode]] = {}
        for person, day, session, activity in rows:
            slot = Slot(person, day, session)
            if slot in cells:
                doubled.setdefault(slot, [cells[slot]]).append(activity)
            else:
                cells[slot] = activity
        clashes = tuple((slot, tuple(codes)) for slot, codes in sorted(doubled.items()))
        return cls(cells=cells, context=context or {}, locked=locked, clashes=clashes)

    def at(self, person: PersonId, day: Date, session: Session) -> ActivityCode | None:
        """The activity there, in the range or around it; None where nothing is decided."""
        slot = Slot(person, day, session)
        found = self.cells.get(slot)
        return found if found is not None else self.context.get(slot)

    def knows(self, person: PersonId, day: Date) -> bool:
        """Whether any session of the date is decided."""
        return any(self.at(person, day, session) is not None for session in SESSIONS)

    def with_changes(self, changes: Mapping[Slot, ActivityCode | None]) -> Roster:
        """A copy with some cells set, or removed where the value is None."""
        cells = dict(self.cells)
        for slot, activity in changes.items():
            if activity is None:
                cells.pop(slot, None)
            else:
                cells[slot] = activity
        return Roster(cells=cells, context=self.context, locked=self.locked, clashes=self.clashes)

    def __iter__(self) -> Iterator[tuple[Slot, ActivityCode]]:
        return iter(self.cells.items())

    def __len__(self) -> int:
        return len(self.cells)

    def digest(self) -> str:
        """SHA-256 over the sorted cells: equal exactly for equal rosters, whatever their order."""
        lines = sorted(f"{s.person}|{s.day}|{s.session}|{code}" for s, code in self.cells.items())
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
