"""Sunday to Thursday calls of the faculty."""

from __future__ import annotations

from collections import Counter

from schedules.domain.calls import NightKind, night_kind
from schedules.domain.codes import CALL_CODE, DAY_OFF_CODE, FMIT_CODE, PCAT_CODE
from schedules.domain.problem import ONE_DAY, Date, Person, PersonId, Session, WorkKind
from schedules.domain.roster import Slot
from schedules.domain.score import NEAR_FMIT_COST, SPACING_COST, call_nights, fair_shares, near_days
from schedules.solver.greedy.draft import Draft, half_days


def give_calls(draft: Draft) -> None:
    """Each open night to whom it costs least; nights with the fewest candidates first."""
    _Calls(draft).give()


class _Calls:
    def __init__(self, draft: Draft) -> None:
        self.draft, self.problem = draft, draft.problem
        self.shares = fair_shares(draft.problem)
        self.taken: Counter[tuple[PersonId, NightKind | None]] = Counter()
        """Calls given here, by person and kind of night."""

    def give(self) -> None:
        nights = {day: self._candidates(day) for day in call_nights(self.problem) if not self._is_covered(day)}
        for day in sorted(nights, key=lambda day: (len(nights[day]) > 2, day)):
            candidates = [person for person in nights[day] if self._may_take(person, day)]
            if candidates:
                self._take(min(candidates, key=lambda person: self._price(person, day)), day)

    def _candidates(self, day: Date) -> list[Person]:
        return [person for person in self.problem.faculty if self._may_take(person, day)]

    def _is_covered(self, day: Date) -> bool:
        return any(self._has_call(person, day) for person in self.problem.faculty)

    def _has_call(self, person: Person, day: Date) -> bool:
        return self.draft.at(person.id, day, Session.NIGHT) == CALL_CODE

    def _may_take(self, person: Person, day: Date) -> bool:
        draft, slot = self.draft, Slot(person.id, day, Session.NIGHT)
        if not draft.can(slot, CALL_CODE) or not draft.is_open(slot):
            return False
        if draft.at(person.id, day, Session.AM) == FMIT_CODE:
            return False
        if any(self._has_call(person, day + offset * ONE_DAY) for offset in (-1, 1)):
            return False
        return day == self.problem.end or self._can_rest_after(person, day + ONE_DAY)

    def _can_rest_after(self, person: Person, day: Date) -> bool:
        draft, (morning, afternoon) = self.draft, half_days(person.id, (day,))
        free = draft.cells.get(morning) is None and draft.can(morning, PCAT_CODE) and draft.can(afternoon, DAY_OFF_CODE)
        return free and draft.room(person, WorkKind.SUPERVISION, day) > 0

    def _take(self, person: Person, day: Date) -> None:
        self.draft.put(Slot(person.id, day, Session.NIGHT), CALL_CODE)
        self.taken[person.id, night_kind(day, self.problem.holidays)] += 1
        if day < self.problem.end:
            for slot, code in zip(half_days(person.id, (day + ONE_DAY,)), (PCAT_CODE, DAY_OFF_CODE), strict=True):
                self.draft.put(slot, code)

    def _price(self, person: Person, day: Date) -> tuple[float, float]:
        """What the soft rules ask for the call, then how far the person is above the others."""
        weights, kind = self.problem.policy.weights, night_kind(day, self.problem.holidays)
        share = self.shares.get((person.id, kind)) if kind else None
        taken = self.taken[person.id, kind]
        uneven = share.cost(taken + 1) - share.cost(taken) if share else 0
        price = weights.get("CALL_EQUITY", 0) * uneven + weights.get("CALL_SPACING", 0) * self._crowding(person, day)
        total = sum(count for (who, _), count in self.taken.items() if who == person.id)
        return price, (share.so_far + taken - share.low if share else 0) + total

    def _crowding(self, person: Person, day: Date) -> int:
        """The cost of other calls and FMIT duty near the night."""
        near = sum(
            cost
            for apart, cost in SPACING_COST.items()
            for offset in (-apart, apart)
            if self._has_call(person, day + offset * ONE_DAY)
        )
        leads = any(self.draft.at(person.id, other, Session.AM) == FMIT_CODE for other in near_days(day))
        return near + NEAR_FMIT_COST * leads
