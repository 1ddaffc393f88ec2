"""The quick constructive heuristic: a legal roster in milliseconds, as a warm start and as an answer without time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from schedules.domain.calls import FMIT_NIGHTS, night_kind
from schedules.domain.codes import (
    ADMIN_CODE,
    CALL_CODE,
    DAY_OFF_CODE,
    FMIT_CODE,
    PCAT_CODE,
    POST_CALL_CODE,
    SUPERVISION_CODE,
)
from schedules.domain.pattern import RESTED, flexible_weeks, idle_code, resident_base
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    SESSIONS,
    ActivityCode,
    Block,
    Date,
    Person,
    PersonId,
    Session,
    Weekday,
    WorkKind,
    days_between,
)
from schedules.domain.roster import Roster, Slot
from schedules.domain.score import NEAR_FMIT_COST, SPACING_COST, fair_shares, near_days, open_half_days
from schedules.domain.supervision import units_needed, units_per_supervisor
from schedules.domain.timeline import MINUTES_PER_HOUR, Duty, duty, duty_periods, free_days, rests
from schedules.solver.constraints.duty_hours import counted_days, periods
from schedules.solver.constraints.faculty_weeks import block_weeks
from schedules.solver.variables import Board, Gap

HalfDay = tuple[Date, Session]


def greedy_roster(board: Board, *, days_off: Mapping[Slot, ActivityCode | None] | None = None) -> Roster:
    """Decide in the order of scarcity: FMIT gaps, residents' days off, calls, faculty work, last too full clinics.

    `days_off` are the residents' cells on their days and nights off where those are chosen already.
    """
    draft = _Draft(board)
    for gap in board.gaps:
        draft.fill_gap(gap)
    draft.settle_patterns()
    if days_off is None:
        draft.give_rest()
    else:
        for slot, code in days_off.items():
            draft.put(slot, code)
    draft.give_calls()
    draft.give_work()
    draft.relieve()
    return replace(board.base, cells={slot: code for slot, code in draft.cells.items() if code is not None})


@dataclass
class _Draft:
    board: Board
    cells: dict[Slot, ActivityCode | None] = field(default_factory=dict)
    need: Counter[HalfDay] = field(default_factory=Counter)
    """Units of supervision asked for, per half-day."""
    crowd: Counter[HalfDay] = field(default_factory=Counter)
    supervisors: Counter[HalfDay] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        problem = self.board.problem
        self.problem = problem
        self.units = units_per_supervisor(problem.policy)
        self.hard_demand = {
            (demand.day, demand.session, demand.activity): demand for demand in problem.demands if demand.minimum
        }
        for slot, options in self.board.choices.items():
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

    def at(self, person: PersonId, day: Date, session: Session) -> ActivityCode | None:
        slot = Slot(person, day, session)
        return (
            self.cells.get(slot) if self.problem.start <= day <= self.problem.end else self.board.base.context.get(slot)
        )

    def can(self, slot: Slot, code: ActivityCode | None) -> bool:
        return code in self.board.choices.get(slot, {})

    def open(self, slot: Slot) -> bool:
        return len(self.board.choices.get(slot, {})) > 1

    # --- FMIT ------------------------------------------------------------------------------------------------------

    def fill_gap(self, gap: Gap) -> None:
        """The present person with the fewest inpatient days takes a gap, if no own FMIT duty touches it."""
        planned = Counter(self.problem.fmit_attending.values())
        edges = (gap.days[0] - ONE_DAY, gap.days[-1] + ONE_DAY)
        touching = {self.problem.fmit_attending.get(day) for day in edges}
        takers = [
            person for person in gap.takers if all(self.can(slot, FMIT_CODE) for slot in _half_days(person, gap.days))
        ]
        if not takers:
            return
        chosen = min(takers, key=lambda person: (person in touching, planned[person], person))
        for slot in _half_days(chosen, gap.days):
            self.put(slot, FMIT_CODE)
        for day in gap.days:
            if day.weekday() in FMIT_NIGHTS:
                self.put(Slot(chosen, day, Session.NIGHT), CALL_CODE)
            friday = day + ONE_DAY
            if day.weekday() == Weekday.THU and friday <= self.problem.end:
                for slot in _half_days(chosen, (friday,)):
                    if self.can(slot, POST_CALL_CODE):
                        self.put(slot, POST_CALL_CODE)

    # --- residents ---------------------------------------------------------------------------------------------------

    def settle_patterns(self) -> None:
        """Every resident slot as the pattern has it."""
        for slot, code in resident_base(self.problem).items():
            if slot not in self.cells:
                options = self.board.choices[slot]
                self.put(slot, code if code in options else next(iter(options)))

    def give_rest(self) -> None:
        """Days and nights off until a resident's rotation periods are legal, by turns over the team."""
        for item in periods(self.problem):
            person = self.problem.person[item.person]
            days = [day for day in self.problem.days if item.block.start <= day <= item.block.end]
            needed = counted_days(self.problem, item) // 7
            first, last = item.block.start, item.block.end
            while candidates := [day for day in days if self._rest_slots(person.id, day)]:
                free = self._free_days(person.id, first, last)
                streak = self._worst_streak(person.id, days)
                if (
                    free >= needed
                    and streak <= self.problem.policy.worked_days_warning
                    and self._hours_fit(person, first, last)
                ):
                    break
                best = max(candidates, key=lambda day: self._rest_value(person.id, day, days, item.block, free))
                for slot in self._rest_slots(person.id, best):
                    self.put(slot, None if slot.session is Session.NIGHT else idle_code(slot.day))

    def _rest_slots(self, person: PersonId, day: Date) -> list[Slot]:
        """What a day off (or a night off, where the day is free of inpatient duty) gives up."""
        activities = self.problem.activities
        halves = [slot for slot in _half_days(person, (day,)) if self.can(slot, idle_code(day)) and self.open(slot)]
        working = [slot for slot in halves if self.cells.get(slot) != idle_code(day)]
        inpatient = [slot for slot in working if activities[self.cells[slot] or ""].category in RESTED]
        if inpatient and all(self._spare(slot) for slot in inpatient):
            return working
        night = Slot(person, day, Session.NIGHT)
        if self.open(night) and self.can(night, None) and self.cells.get(night) is not None and self._spare(night):
            return [night]
        return []

    def _spare(self, slot: Slot) -> bool:
        """Whether the team stays at its minimum without this person."""
        demand = self.hard_demand.get((slot.day, slot.session, self.cells.get(slot) or ""))
        if demand is None or slot.person not in demand.eligible:
            return True
        return self._team(slot) > demand.minimum

    def _team(self, slot: Slot) -> int:
        code = self.cells.get(slot)
        return sum(self.cells.get(Slot(person.id, slot.day, slot.session)) == code for person in self.problem.residents)

    def _rest_value(self, person: PersonId, day: Date, days: list[Date], block: Block, free: int) -> tuple[float, ...]:
        slots = self._rest_slots(person, day)
        kept = [(slot, self.cells[slot]) for slot in slots]
        for slot in slots:
            self.put(slot, None if slot.session is Session.NIGHT else idle_code(day))
        gained = self._free_days(person, block.start, block.end) - free
        streaks = self._streaks(person, days)
        overlong = self._overlong(person, days)
        for slot, code in kept:
            self.put(slot, code)
        team = min(self._team(slot) for slot in slots)
        return (-overlong, gained, -sum(length * length for length in streaks), team, -len(slots), -day.toordinal())

    def _works(self, person: PersonId, day: Date) -> bool:
        codes = (self.at(person, day, session) for session in SESSIONS)
        return any(code is not None and self.problem.activities[code].is_duty for code in codes)

    def _streaks(self, person: PersonId, days: list[Date]) -> list[int]:
        """Lengths of the runs of worked days, the run before the dates included."""
        lengths, run = [], 0
        before = days[0] - ONE_DAY
        while run < self.problem.policy.worked_days_limit and self._works(person, before):
            run, before = run + 1, before - ONE_DAY
        for day in days:
            if self._works(person, day):
                run += 1
            else:
                lengths.append(run)
                run = 0
        return [*lengths, run]

    def _worst_streak(self, person: PersonId, days: list[Date]) -> int:
        nights = [self.at(person, day, Session.NIGHT) for day in days]
        over = self.problem.policy.worked_days_warning + 1
        limit = self.problem.policy.night_float_limit
        if self._overlong(person, days):
            return over
        run = longest = 0
        for code in nights:
            run = run + 1 if code not in (None, CALL_CODE) else 0
            longest = max(longest, run)
        return over if longest > limit else max(self._streaks(person, days))

    def _overlong(self, person: PersonId, days: list[Date]) -> int:
        """Duty periods longer than allowed, or as long as allowed and followed by too short a rest."""
        policy = self.problem.policy
        found = list(self._duties(person, days[0] - ONE_DAY, days[-1] + ONE_DAY))
        periods = list(duty_periods(found, merge_gap_hours=policy.merge_gap_hours))
        return sum(period.hours > policy.continuous_hours_limit for period in periods) + sum(
            rest.before.hours >= policy.continuous_hours_limit and rest.hours < policy.rest_hours_after_24
            for rest in rests(periods)
        )

    def _free_days(self, person: PersonId, first: Date, last: Date) -> int:
        leave = [day for day in self.problem.leave_days.get(person, {}) if first <= day <= last]
        return free_days(self._duties(person, first - ONE_DAY, last), first=first, last=last, leave=leave)

    def _duties(self, person: PersonId, first: Date, last: Date) -> Iterator[Duty]:
        for day in days_between(first, last):
            for session in SESSIONS:
                code = self.at(person, day, session)
                found = duty(self.problem.activities[code], day, session) if code else None
                if found:
                    yield found

    def _hours_fit(self, person: Person, first: Date, last: Date) -> bool:
        worked = sum(item.end - item.start for item in self._duties(person.id, first, last)) / MINUTES_PER_HOUR
        worked += sum(
            log.hours for log in self.problem.duty_logs if log.person == person.id and first <= log.day <= last
        )
        leave = sum(first <= day <= last for day in self.problem.leave_days.get(person.id, {}))
        return worked <= self.problem.policy.weekly_hours_limit * ((last - first).days + 1 - leave) / 7

    # --- calls -------------------------------------------------------------------------------------------------------

    def give_calls(self) -> None:
        """Each open night to whom it costs least; nights with the fewest candidates first."""
        self.shares = fair_shares(self.problem)
        self.taken: Counter[tuple[PersonId, str]] = Counter()
        asked = {demand.day for demand in self.problem.demands if demand.activity == CALL_CODE}
        open_nights = {
            day: [person for person in self.problem.faculty if self._may_call(person, day)]
            for day in self.problem.days
            if day in asked and day.weekday() not in FMIT_NIGHTS and not self._is_covered(day)
        }
        for day in sorted(open_nights, key=lambda day: (len(open_nights[day]) > 2, day)):
            candidates = [person for person in open_nights[day] if self._may_call(person, day)]
            if not candidates:
                continue
            chosen = min(candidates, key=lambda person: (self._call_price(person, day), person.id))
            self.put(Slot(chosen.id, day, Session.NIGHT), CALL_CODE)
            kind = night_kind(day, self.problem.holidays)
            self.taken[chosen.id, str(kind)] += 1
            if day < self.problem.end:
                self.put(Slot(chosen.id, day + ONE_DAY, Session.AM), PCAT_CODE)
                self.put(Slot(chosen.id, day + ONE_DAY, Session.PM), DAY_OFF_CODE)

    def _is_covered(self, day: Date) -> bool:
        return any(self.at(person.id, day, Session.NIGHT) == CALL_CODE for person in self.problem.faculty)

    def _may_call(self, person: Person, day: Date) -> bool:
        slot = Slot(person.id, day, Session.NIGHT)
        if not self.can(slot, CALL_CODE) or not self.open(slot) or self.at(person.id, day, Session.AM) == FMIT_CODE:
            return False
        around = (self.at(person.id, day + offset * ONE_DAY, Session.NIGHT) for offset in (-1, 1))
        if any(code == CALL_CODE for code in around):
            return False
        morning, afternoon = _half_days(person.id, (day + ONE_DAY,))
        if day == self.problem.end:
            return True
        free = self.cells.get(morning) is None and self.can(morning, PCAT_CODE) and self.can(afternoon, DAY_OFF_CODE)
        return free and self._room(person, WorkKind.SUPERVISION, day + ONE_DAY) > 0

    def _call_price(self, person: Person, day: Date) -> tuple[float, float]:
        weights = self.problem.policy.weights
        kind = night_kind(day, self.problem.holidays)
        share = self.shares.get((person.id, kind)) if kind else None
        taken = self.taken[person.id, str(kind)]
        price = 0.0
        if share:
            price += weights.get("CALL_EQUITY", 0) * (share.cost(taken + 1) - share.cost(taken))
        near = sum(
            cost
            for apart, cost in SPACING_COST.items()
            for offset in (-apart, apart)
            if self.at(person.id, day + offset * ONE_DAY, Session.NIGHT) == CALL_CODE
        )
        leads = any(self.at(person.id, other, Session.AM) == FMIT_CODE for other in near_days(day))
        price += weights.get("CALL_SPACING", 0) * (near + NEAR_FMIT_COST * leads)
        total = sum(count for (who, _), count in self.taken.items() if who == person.id)
        return price, (share.so_far + taken - share.low if share else 0) + total

    # --- faculty work ------------------------------------------------------------------------------------------------

    def give_work(self) -> None:
        """Weekly minima by whole days where the half-days can spare it, then supervision, then what the duty allows."""
        self.spare: Counter[HalfDay] = Counter(
            (slot.day, slot.session)
            for person in self.problem.faculty
            for slots in open_half_days(self.problem, person).values()
            for slot in slots
            if slot not in self.cells
        )
        for person in self.problem.faculty:
            for slots in open_half_days(self.problem, person).values():
                undecided = [slot for slot in slots if slot not in self.cells]
                if undecided:
                    self._fill_week(person, undecided)
        for slot, options in self.board.choices.items():
            if slot not in self.cells:
                self.put(slot, _fallback(options))

    def _fill_week(self, person: Person, undecided: list[Slot]) -> None:
        minimum = person.duty.minimum if person.duty else {}
        for kind, wanted in sorted(minimum.items(), key=lambda item: -item[1]):
            if kind is not WorkKind.SUPERVISION:
                self._fill(
                    person, undecided, kind, wanted - self._done(person, kind, undecided[0].day if undecided else None)
                )
        self._fill(person, undecided, WorkKind.SUPERVISION, len(undecided))
        for kind in (WorkKind.CLINIC, WorkKind.GME, WorkKind.DEPARTMENT, WorkKind.SPORTS_MEDICINE):
            self._fill(person, undecided, kind, len(undecided))

    def _done(self, person: Person, kind: WorkKind, day: Date | None) -> int:
        if day is None:
            return 0
        return self._work_in_week(person, kind, day)

    def _work_in_week(self, person: Person, kind: WorkKind, day: Date) -> int:
        week = next((slots for slots in self._weeks(person).values() if any(slot.day == day for slot in slots)), [])
        codes = (self.at(slot.person, slot.day, slot.session) for slot in week)
        return sum(code is not None and self.problem.activities[code].work_kind is kind for code in codes)

    def _weeks(self, person: Person) -> Mapping[Date, list[Slot]]:
        store: dict[PersonId, Mapping[Date, list[Slot]]] = self.__dict__.setdefault("_week_slots", {})
        if person.id not in store:
            store[person.id] = block_weeks(self.problem, person.id)
        return store[person.id]

    def _room(self, person: Person, kind: WorkKind, day: Date) -> int:
        if person.duty is None:
            return 99
        return person.duty.maximum.get(kind, 0) - self._work_in_week(person, kind, day)

    def _fill(self, person: Person, undecided: list[Slot], kind: WorkKind, wanted: int) -> None:
        """Give up to `wanted` half-days of a kind, days with both halves open and most spare faculty first."""
        while wanted > 0 and undecided:
            room = self._room(person, kind, undecided[0].day)
            possible = [(slot, code) for slot in undecided if (code := self._code(slot, kind)) is not None]
            if room <= 0 or not possible:
                return
            by_day: dict[Date, list[tuple[Slot, ActivityCode]]] = defaultdict(list)
            for slot, code in possible:
                by_day[slot.day].append((slot, code))
            size = min(2, wanted, room)
            day = max(
                by_day,
                key=lambda day: (self._fits(by_day[day], size), self._slack(by_day[day], kind), -day.toordinal()),
            )
            for slot, code in by_day[day][:size]:
                self.put(slot, code)
                undecided.remove(slot)
                self.spare[slot.day, slot.session] -= 1
                wanted -= 1

    @staticmethod
    def _fits(halves: list[tuple[Slot, ActivityCode]], size: int) -> bool:
        return len(halves) == size

    def _slack(self, halves: list[tuple[Slot, ActivityCode]], kind: WorkKind) -> float:
        if kind is WorkKind.SUPERVISION:
            return max(self._short(slot) for slot, _ in halves)
        crowd = max(self.crowd[slot.day, slot.session] for slot, _ in halves)
        spare = min(self.spare[slot.day, slot.session] - self._short(slot) for slot, _ in halves)
        busy = kind is WorkKind.CLINIC or kind is WorkKind.SPORTS_MEDICINE
        return spare - (3 * max(0, crowd + 1 - self.problem.policy.clinic_comfort) if busy else 0)

    def _short(self, slot: Slot) -> float:
        half = (slot.day, slot.session)
        return self.need[half] / self.units - self.supervisors[half]

    def _code(self, slot: Slot, kind: WorkKind) -> ActivityCode | None:
        return next(
            (
                code
                for code in self.board.choices.get(slot, {})
                if code is not None and code != PCAT_CODE and self.problem.activities[code].work_kind is kind
            ),
            None,
        )

    # --- too full, too few --------------------------------------------------------------------------------------------

    def relieve(self) -> None:
        """Too few supervisors, too full a clinic: faculty to supervision, then residents to other half-days."""
        self.pool_of = {slot: pool for pool in flexible_weeks(self.problem).values() for slot in pool}
        halves = [(day, session) for day in self.problem.days for session in HALF_DAYS]
        for half in halves:
            while self._is_bad(half) and (self._more_supervision(half) or self._fewer_in_clinic(half)):
                pass

    def _is_bad(self, half: HalfDay) -> bool:
        return self._lacks(half) or self.crowd[half] > self.problem.policy.clinic_capacity

    def _lacks(self, half: HalfDay) -> bool:
        return self.need[half] > self.units * self.supervisors[half]

    def _more_supervision(self, half: HalfDay) -> bool:
        """Turn one faculty member's ordinary work into supervision, clinic first where it is too full."""
        full = self.crowd[half] > self.problem.policy.clinic_capacity
        found = []
        for person in self.problem.faculty:
            slot = Slot(person.id, *half)
            code = self.cells.get(slot)
            if not self.open(slot) or code is None or not self.can(slot, SUPERVISION_CODE):
                continue
            if code in (PCAT_CODE, FMIT_CODE, SUPERVISION_CODE):
                continue
            if not self.problem.activities[code].is_duty or self._room(person, WorkKind.SUPERVISION, half[0]) <= 0:
                continue
            counts = self.problem.activities[code].counts_toward_clinic_capacity
            if full and not counts and not self._lacks(half):
                continue
            kind = self.problem.activities[code].work_kind
            minimum = person.duty.minimum.get(kind, 0) if person.duty else 0
            missing = self._work_in_week(person, kind, half[0]) <= minimum
            found.append((full and not counts, missing, person.id, slot))
        if not found:
            return False
        self.put(min(found)[3], SUPERVISION_CODE)
        return True

    def _fewer_in_clinic(self, half: HalfDay) -> bool:
        """Exchange one resident's clinic with another half-day of the week that can carry it, else drop it."""
        full = self.crowd[half] > self.problem.policy.clinic_capacity
        droppable = []
        for person in self.problem.residents:
            slot = Slot(person.id, *half)
            code = self.cells.get(slot)
            if code is None or not self.open(slot) or slot not in self.pool_of:
                continue
            activity = self.problem.activities[code]
            policy = self.problem.policy
            helps = activity.counts_toward_clinic_capacity if full else units_needed(policy, person, activity)
            if not helps:
                continue
            for other in self.pool_of[slot]:
                if self._exchange_works(slot, other):
                    return True
            if self.can(slot, ADMIN_CODE):
                droppable.append((-units_needed(self.problem.policy, person, activity), slot))
        if not droppable:
            return False
        self.put(min(droppable)[1], ADMIN_CODE)
        return True

    def _exchange_works(self, slot: Slot, other: Slot) -> bool:
        mine, theirs = self.cells.get(slot), self.cells.get(other)
        if mine is None or theirs is None or mine == theirs or not self.open(other):
            return False
        activities = self.problem.activities
        if activities[theirs].counts_toward_clinic_capacity or activities[theirs].is_off:
            return False
        person = self.problem.person[slot.person]
        # Each exchange makes the clinic smaller or needs fewer supervisors; two procedures would be exchanged for ever.
        if not activities[mine].counts_toward_clinic_capacity and units_needed(
            self.problem.policy, person, activities[theirs]
        ) >= units_needed(self.problem.policy, person, activities[mine]):
            return False
        if not self.can(slot, theirs) or not self.can(other, mine):
            return False
        self.put(slot, theirs)
        self.put(other, mine)
        if not self._is_bad((other.day, other.session)):
            return True
        self.put(slot, mine)
        self.put(other, theirs)
        return False


def _half_days(person: PersonId, days: Iterable[Date]) -> list[Slot]:
    return [Slot(person, day, session) for day in days for session in HALF_DAYS]


def _fallback(options: Mapping[ActivityCode | None, object]) -> ActivityCode | None:
    """What an undecided slot holds when nothing was found for it: nothing at night, else the last (idle) choice."""
    if None in options:
        return None
    avoid = (FMIT_CODE, PCAT_CODE, DAY_OFF_CODE, POST_CALL_CODE)
    usual = [code for code in options if code not in avoid]
    return ADMIN_CODE if ADMIN_CODE in usual else (usual or list(options))[-1]
