"""The roster in the making, and what stands in its half-days so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from schedules.domain.pattern import resident_base
from schedules.domain.problem import HALF_DAYS, ActivityCode, Date, Person, PersonId, Session, WorkKind
from schedules.domain.roster import Roster, Slot
from schedules.domain.supervision import units_needed, units_per_supervisor
from schedules.solver.constraints.faculty_weeks import block_weeks
from schedules.solver.variables import Board

HalfDay = tuple[Date, Session]

UNLIMITED = 99
"""Half-days of a kind in a week of whoever has no duty that limits them."""


class Draft:
    """The cells decided so far: to begin with, those that have no choice."""

    def __init__(self, board: Board) -> None:
        self.board, self.problem = board, board.problem
        self.cells: dict[Slot, ActivityCode | None] = {}
        self.need: Counter[HalfDay] = Counter()
        """Units of supervision asked for, per half-day."""
        self.crowd: Counter[HalfDay] = Counter()
        """People counted in clinic, per half-day."""
        self.supervisors: Counter[HalfDay] = Counter()
        self.units = units_per_supervisor(self.problem.policy)
        self._weeks: dict[PersonId, Mapping[Date, list[Slot]]] = {}
        for slot, options in board.choices.items():
            if len(options) == 1:
                self.put(slot, next(iter(options)))

    def put(self, slot: Slot, code: ActivityCode | None) -> None:
        """Set a cell and keep the half-day's figures."""
        self._count(slot, self.cells.get(slot), -1)
        self.cells[slot] = code
        self._count(slot, code, 1)

    def _count(self, slot: Slot, code: ActivityCode | None, sign: int) -> None:
        if code is None or slot.session is Session.NIGHT:
            return
        activity = self.problem.activities[code]
        half = (slot.day, slot.session)
        self.need[half] += sign * units_needed(self.problem.policy, self.problem.person[slot.person], activity)
        self.crowd[half] += sign * activity.counts_toward_clinic_capacity
        self.supervisors[half] += sign * activity.provides_supervision

    def settle_patterns(self) -> None:
        """Every resident slot that is open yet as the pattern has it."""
        for slot, code in resident_base(self.problem).items():
            if slot not in self.cells:
                options = self.board.choices[slot]
                self.put(slot, code if code in options else next(iter(options)))

    def roster(self) -> Roster:
        cells = {slot: code for slot, code in self.cells.items() if code is not None}
        return replace(self.board.base, cells=cells)

    # --- what is there ---------------------------------------------------------------------------------------------

    def at(self, person: PersonId, day: Date, session: Session) -> ActivityCode | None:
        slot = Slot(person, day, session)
        return self.cells.get(slot) if self.problem.covers(day) else self.board.base.context.get(slot)

    def can(self, slot: Slot, code: ActivityCode | None) -> bool:
        return code in self.board.choices.get(slot, {})

    def is_open(self, slot: Slot) -> bool:
        """Whether the slot has any choice at all."""
        return len(self.board.choices.get(slot, {})) > 1

    def units_needed_at(self, slot: Slot, code: ActivityCode) -> int:
        """Units of supervision that the person asks for with the activity."""
        return units_needed(self.problem.policy, self.problem.person[slot.person], self.problem.activities[code])

    def work_in_week(self, person: Person, kind: WorkKind, day: Date) -> int:
        """Half-days of a kind in the block week of a date."""
        codes = (self.at(slot.person, slot.day, slot.session) for slot in self._week(person.id, day))
        return sum(code is not None and self.problem.activities[code].work_kind is kind for code in codes)

    def room(self, person: Person, kind: WorkKind, day: Date) -> int:
        """Half-days of a kind that the duty still allows in the block week of a date."""
        if person.duty is None:
            return UNLIMITED
        return person.duty.maximum.get(kind, 0) - self.work_in_week(person, kind, day)

    def _week(self, person: PersonId, day: Date) -> list[Slot]:
        if person not in self._weeks:
            weeks = block_weeks(self.problem, person).values()
            self._weeks[person] = {slot.day: week for week in weeks for slot in week}
        return self._weeks[person].get(day, [])


def half_days(person: PersonId, days: Iterable[Date]) -> list[Slot]:
    return [Slot(person, day, session) for day in days for session in HALF_DAYS]
