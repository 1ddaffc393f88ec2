"""Ordinary work of the faculty."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from schedules.domain.codes import ADMIN_CODE, DAY_OFF_CODE, FMIT_CODE, PCAT_CODE, POST_CALL_CODE
from schedules.domain.problem import ActivityCode, Date, Person, WorkKind
from schedules.domain.roster import Slot
from schedules.domain.score import open_half_days
from schedules.solver.greedy.draft import Draft, HalfDay

FURTHER_WORK = (WorkKind.CLINIC, WorkKind.GME, WorkKind.DEPARTMENT, WorkKind.SPORTS_MEDICINE)
"""What half-days hold that no minimum and no supervision asks for, as far as the duty allows."""

CROWDED_COST = 3
"""How much one person above the comfortable number in clinic weighs against a spare faculty member."""


def give_work(draft: Draft) -> None:
    """Weekly minima by whole days where the half-days can spare it, then supervision, then what the duty allows."""
    _Work(draft).give()
    for slot, options in draft.board.choices.items():
        if slot not in draft.cells:
            draft.put(slot, _fallback(options))


class _Work:
    def __init__(self, draft: Draft) -> None:
        self.draft, self.problem = draft, draft.problem
        self.weeks = [
            (person, [slot for slot in slots if slot not in draft.cells])
            for person in draft.problem.faculty
            for slots in open_half_days(draft.problem, person).values()
        ]
        self.spare: Counter[HalfDay] = Counter(
            (slot.day, slot.session) for _, undecided in self.weeks for slot in undecided
        )
        """Faculty members without work yet, per half-day."""

    def give(self) -> None:
        for person, undecided in self.weeks:
            minimum = person.duty.minimum if person.duty else {}
            for kind, wanted in sorted(minimum.items(), key=lambda item: -item[1]):
                if kind is not WorkKind.SUPERVISION and undecided:
                    done = self.draft.work_in_week(person, kind, undecided[0].day)
                    self._fill(person, undecided, kind, wanted - done)
            for kind in (WorkKind.SUPERVISION, *FURTHER_WORK):
                self._fill(person, undecided, kind, len(undecided))

    def _fill(self, person: Person, undecided: list[Slot], kind: WorkKind, wanted: int) -> None:
        """Give up to `wanted` half-days of a kind, days with both halves open and most spare faculty first."""
        while wanted > 0 and undecided:
            room = self.draft.room(person, kind, undecided[0].day)
            by_day = self._possible(undecided, kind)
            if room <= 0 or not by_day:
                return
            size = min(2, wanted, room)
            day = max(by_day, key=lambda day: self._value(by_day[day], kind, size))
            for slot, code in by_day[day][:size]:
                self.draft.put(slot, code)
                undecided.remove(slot)
                self.spare[slot.day, slot.session] -= 1
                wanted -= 1

    def _possible(self, undecided: list[Slot], kind: WorkKind) -> dict[Date, list[tuple[Slot, ActivityCode]]]:
        """The half-days that can hold the kind of work, by date, and its activity there."""
        by_day: dict[Date, list[tuple[Slot, ActivityCode]]] = defaultdict(list)
        for slot in undecided:
            code = self._code(slot, kind)
            if code is not None:
                by_day[slot.day].append((slot, code))
        return by_day

    def _code(self, slot: Slot, kind: WorkKind) -> ActivityCode | None:
        codes = (code for code in self.draft.board.choices.get(slot, {}) if code is not None and code != PCAT_CODE)
        return next((code for code in codes if self.problem.activities[code].work_kind is kind), None)

    def _value(self, halves: list[tuple[Slot, ActivityCode]], kind: WorkKind, size: int) -> tuple[bool, float, int]:
        slots = [slot for slot, _ in halves]
        return len(slots) == size, self._slack(slots, kind), -slots[0].day.toordinal()

    def _slack(self, slots: list[Slot], kind: WorkKind) -> float:
        """How well the half-days can do with the person on this work."""
        if kind is WorkKind.SUPERVISION:
            return max(self._short(slot) for slot in slots)
        spare = min(self.spare[slot.day, slot.session] - self._short(slot) for slot in slots)
        if kind not in (WorkKind.CLINIC, WorkKind.SPORTS_MEDICINE):
            return spare
        crowd = max(self.draft.crowd[slot.day, slot.session] for slot in slots)
        return spare - CROWDED_COST * max(0, crowd + 1 - self.problem.policy.clinic_comfort)

    def _short(self, slot: Slot) -> float:
        """Supervisors missing."""
        half = (slot.day, slot.session)
        return self.draft.need[half] / self.draft.units - self.draft.supervisors[half]


def _fallback(options: Iterable[ActivityCode | None]) -> ActivityCode | None:
    """What an undecided slot holds when nothing was found for it: nothing at night, else the last (idle) choice."""
    codes = list(options)
    if None in codes:
        return None
    avoid = (FMIT_CODE, PCAT_CODE, DAY_OFF_CODE, POST_CALL_CODE)
    usual = [code for code in codes if code not in avoid]
    return ADMIN_CODE if ADMIN_CODE in usual else (usual or codes)[-1]
