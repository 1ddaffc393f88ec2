"""Half-days with too few supervisors or too full a clinic."""

from __future__ import annotations

from typing import NamedTuple

from schedules.domain.codes import ADMIN_CODE, FMIT_CODE, PCAT_CODE, SUPERVISION_CODE
from schedules.domain.pattern import flexible_weeks
from schedules.domain.problem import HALF_DAYS, Person, WorkKind
from schedules.domain.roster import Slot
from schedules.solver.greedy.draft import Draft, HalfDay


def relieve(draft: Draft) -> None:
    """Where supervisors are too few or the clinic is too full: faculty to supervision, then residents elsewhere."""
    relief = _Relief(draft)
    for day in draft.problem.days:
        for session in HALF_DAYS:
            relief.relieve((day, session))


class _Turn(NamedTuple):
    """A faculty member's work that supervision could take the place of."""

    price: tuple[bool, bool]
    """Whether the clinic stays too full, then whether the duty's minimum is missed."""
    slot: Slot


class _Relief:
    def __init__(self, draft: Draft) -> None:
        self.draft, self.problem = draft, draft.problem
        self.pool_of = {slot: pool for pool in flexible_weeks(draft.problem).values() for slot in pool}

    def relieve(self, half: HalfDay) -> None:
        while self._is_bad(half) and (self._more_supervision(half) or self._fewer_in_clinic(half)):
            pass

    def _is_bad(self, half: HalfDay) -> bool:
        return self._lacks(half) or self._is_full(half)

    def _lacks(self, half: HalfDay) -> bool:
        return self.draft.need[half] > self.draft.units * self.draft.supervisors[half]

    def _is_full(self, half: HalfDay) -> bool:
        return self.draft.crowd[half] > self.problem.policy.clinic_capacity

    # --- faculty -----------------------------------------------------------------------------------------------------

    def _more_supervision(self, half: HalfDay) -> bool:
        """Turn one faculty member's ordinary work into supervision, clinic first where it is too full."""
        turns = [turn for person in self.problem.faculty if (turn := self._turn(person, half))]
        if turns:
            self.draft.put(min(turns, key=lambda turn: turn.price).slot, SUPERVISION_CODE)
        return bool(turns)

    def _turn(self, person: Person, half: HalfDay) -> _Turn | None:
        draft, slot = self.draft, Slot(person.id, *half)
        code = draft.cells.get(slot)
        if code is None or code in (PCAT_CODE, FMIT_CODE, SUPERVISION_CODE):
            return None
        if not draft.is_open(slot) or not draft.can(slot, SUPERVISION_CODE):
            return None
        activity = self.problem.activities[code]
        if not activity.is_duty or draft.room(person, WorkKind.SUPERVISION, slot.day) <= 0:
            return None
        stays_full = self._is_full(half) and not activity.counts_toward_clinic_capacity
        if stays_full and not self._lacks(half):
            return None
        minimum = person.duty.minimum.get(activity.work_kind, 0) if person.duty else 0
        done = draft.work_in_week(person, activity.work_kind, slot.day)
        return _Turn((stays_full, done <= minimum), slot)

    # --- residents ---------------------------------------------------------------------------------------------------

    def _fewer_in_clinic(self, half: HalfDay) -> bool:
        """Exchange one resident's clinic with another half-day of the week that can carry it, else drop it."""
        droppable = []
        for person in self.problem.residents:
            slot = Slot(person.id, *half)
            if slot not in self.pool_of or not self.draft.is_open(slot) or not self._burdens(slot):
                continue
            if any(self._exchange(slot, other) for other in self.pool_of[slot]):
                return True
            if self.draft.can(slot, ADMIN_CODE):
                droppable.append(slot)
        if droppable:
            self.draft.put(min(droppable, key=lambda slot: -self._need(slot)), ADMIN_CODE)
        return bool(droppable)

    def _burdens(self, slot: Slot) -> bool:
        """Whether the half-day would be better off without the resident's work."""
        code = self.draft.cells.get(slot)
        if code is None:
            return False
        if self._is_full((slot.day, slot.session)):
            return self.problem.activities[code].counts_toward_clinic_capacity
        return self._need(slot) > 0

    def _need(self, slot: Slot) -> int:
        return self.draft.units_needed_at(slot, self.draft.cells[slot] or "")

    def _exchange(self, slot: Slot, other: Slot) -> bool:
        """Exchange two half-days if that is possible, helps the first, and leaves the second well."""
        mine, theirs = self.draft.cells.get(slot), self.draft.cells.get(other)
        if mine is None or theirs is None or mine == theirs or not self._is_lighter(slot, mine, theirs):
            return False
        if not self.draft.is_open(other) or not self.draft.can(slot, theirs) or not self.draft.can(other, mine):
            return False
        self.draft.put(slot, theirs)
        self.draft.put(other, mine)
        if not self._is_bad((other.day, other.session)):
            return True
        self.draft.put(slot, mine)
        self.draft.put(other, theirs)
        return False

    def _is_lighter(self, slot: Slot, mine: str, theirs: str) -> bool:
        """Whether an exchange makes the clinic smaller or needs fewer supervisors: else two would go on for ever."""
        activities = self.problem.activities
        if activities[theirs].counts_toward_clinic_capacity or activities[theirs].is_off:
            return False
        needs = self.draft.units_needed_at
        return activities[mine].counts_toward_clinic_capacity or needs(slot, theirs) < needs(slot, mine)
