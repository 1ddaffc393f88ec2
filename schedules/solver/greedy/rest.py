"""Residents' days and nights off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from schedules.domain.codes import CALL_CODE
from schedules.domain.pattern import RESTED, idle_code
from schedules.domain.problem import (
    ONE_DAY,
    SESSIONS,
    ActivityCode,
    BlockAssignment,
    Date,
    Demand,
    Session,
    days_between,
)
from schedules.domain.roster import Slot
from schedules.domain.timeline import MINUTES_PER_HOUR, Duty, duty, duty_periods, free_days, rests
from schedules.solver.constraints.duty_hours import counted_days, periods
from schedules.solver.greedy.draft import Draft, half_days

Posts = Mapping[tuple[Date, Session, ActivityCode], Demand]


def give_rest(draft: Draft) -> None:
    """Days and nights off until every rotation period is legal."""
    posts = {
        (demand.day, demand.session, demand.activity): demand for demand in draft.problem.demands if demand.minimum
    }
    for period in periods(draft.problem):
        _Rest(draft, posts, period).give()


class _Rest:
    """The rest of one resident in one rotation period, as far as it lies in the range."""

    def __init__(self, draft: Draft, posts: Posts, period: BlockAssignment) -> None:
        self.draft, self.problem, self.policy = draft, draft.problem, draft.problem.policy
        self.posts, self.period = posts, period
        self.person, self.block = period.person, period.block
        self.days = [day for day in self.problem.days if self.block.start <= day <= self.block.end]

    def give(self) -> None:
        """Give up the best day after another, as long as it is needed and there is one."""
        while not self._suffices():
            possible = {day: slots for day in self.days if (slots := self._slots(day))}
            if not possible:
                return
            best = max(possible, key=lambda day: self._value(day, possible[day]))
            self._give_up(possible[best])

    def _give_up(self, slots: Iterable[Slot]) -> None:
        for slot in slots:
            self.draft.put(slot, None if slot.session is Session.NIGHT else idle_code(slot.day))

    def _slots(self, day: Date) -> list[Slot]:
        """What a day off (or a night off, where the day is free of inpatient duty) gives up."""
        draft, idle = self.draft, idle_code(day)
        halves = [slot for slot in half_days(self.person, (day,)) if draft.can(slot, idle) and draft.is_open(slot)]
        working = [slot for slot in halves if draft.cells.get(slot) != idle]
        activities = self.problem.activities
        inpatient = [slot for slot in working if activities[draft.cells[slot] or ""].category in RESTED]
        if inpatient and all(self._is_spare(slot) for slot in inpatient):
            return working
        night = Slot(self.person, day, Session.NIGHT)
        works = draft.is_open(night) and draft.can(night, None) and draft.cells.get(night) is not None
        return [night] if works and self._is_spare(night) else []

    def _is_spare(self, slot: Slot) -> bool:
        """Whether the team stays at its minimum without this person."""
        post = self.posts.get((slot.day, slot.session, self.draft.cells.get(slot) or ""))
        return post is None or slot.person not in post.eligible or self._team(slot) > post.minimum

    def _team(self, slot: Slot) -> int:
        """Residents with the same activity."""
        cells = self.draft.cells
        return sum(
            cells.get(Slot(person.id, slot.day, slot.session)) == cells.get(slot) for person in self.problem.residents
        )

    def _value(self, day: Date, slots: list[Slot]) -> tuple[float, ...]:
        """How good it is to give up a day: what it heals first, then how little the team misses it."""
        kept = [(slot, self.draft.cells[slot]) for slot in slots]
        self._give_up(slots)
        healed = (-self._overlong(), self._free_days(), -sum(length * length for length in self._streaks()))
        for slot, code in kept:
            self.draft.put(slot, code)
        team = min(self._team(slot) for slot in slots)
        return (*healed, team, -len(slots), -day.toordinal())

    # --- whether it suffices ---------------------------------------------------------------------------------------

    def _suffices(self) -> bool:
        needed = counted_days(self.problem, self.period) // 7
        return self._free_days() >= needed and self._runs_fit() and self._hours_fit()

    def _free_days(self) -> int:
        first, last = self.block.start, self.block.end
        leave = [day for day in self.problem.leave_days.get(self.person, {}) if first <= day <= last]
        return free_days(self._duties(first - ONE_DAY, last), first=first, last=last, leave=leave)

    def _runs_fit(self) -> bool:
        """No duty too long, no more nights or days in a row than are wanted."""
        codes = (self.draft.at(self.person, day, Session.NIGHT) for day in self.days)
        nights = groupby(code not in (None, CALL_CODE) for code in codes)
        return (
            not self._overlong()
            and all(len(list(run)) <= self.policy.night_float_limit for works, run in nights if works)
            and max(self._streaks()) <= self.policy.worked_days_warning
        )

    def _hours_fit(self) -> bool:
        first, last = self.block.start, self.block.end
        worked = sum(item.end - item.start for item in self._duties(first, last)) / MINUTES_PER_HOUR
        logs = (log for log in self.problem.duty_logs if log.person == self.person and first <= log.day <= last)
        worked += sum(log.hours for log in logs)
        return worked <= self.policy.weekly_hours_limit * counted_days(self.problem, self.period) / 7

    def _overlong(self) -> int:
        """Duty periods longer than allowed, or as long as allowed and followed by too short a rest."""
        policy = self.policy
        found = self._duties(self.days[0] - ONE_DAY, self.days[-1] + ONE_DAY)
        periods = list(duty_periods(found, merge_gap_hours=policy.merge_gap_hours))
        return sum(period.hours > policy.continuous_hours_limit for period in periods) + sum(
            rest.before.hours >= policy.continuous_hours_limit and rest.hours < policy.rest_hours_after_24
            for rest in rests(periods)
        )

    def _streaks(self) -> list[int]:
        """Lengths of the runs of worked days, the run before the dates included."""
        lengths, run = [], 0
        before = self.days[0] - ONE_DAY
        while run < self.policy.worked_days_limit and self._works(before):
            run, before = run + 1, before - ONE_DAY
        for day in self.days:
            if self._works(day):
                run += 1
            else:
                lengths.append(run)
                run = 0
        return [*lengths, run]

    def _works(self, day: Date) -> bool:
        codes = (self.draft.at(self.person, day, session) for session in SESSIONS)
        return any(code is not None and self.problem.activities[code].is_duty for code in codes)

    def _duties(self, first: Date, last: Date) -> Iterator[Duty]:
        for day in days_between(first, last):
            for session in SESSIONS:
                code = self.draft.at(self.person, day, session)
                found = duty(self.problem.activities[code], day, session) if code else None
                if found:
                    yield found
