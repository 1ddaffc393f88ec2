"""One pass over a roster that all rules share: rows by person and day, half-days, duty tracks, rotation periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from functools import cached_property

from schedules.domain.codes import CALL_CODE, FMIT_CODE
from schedules.domain.pattern import protected_cells
from schedules.domain.problem import (
    SESSIONS,
    Activity,
    Block,
    Category,
    Date,
    Person,
    PersonId,
    Problem,
    Session,
    days_between,
)
from schedules.domain.roster import Roster, Slot
from schedules.domain.timeline import Duty, DutyClock, DutyPeriod, Rest, duty_periods, free_days, rests, runs

Row = list[Activity | None]
"""A person's day: the activities of AM, PM and NIGHT."""

AM, PM, NIGHT = 0, 1, 2
_POSITION = {Session.AM: AM, Session.PM: PM, Session.NIGHT: NIGHT}


class Track:
    """One person's days in order of time, in the range and around it, with the hours logged beside them."""

    def __init__(
        self,
        person: Person,
        rows: Mapping[Date, Row],
        logged: Mapping[Date, float],
        merge_gap: float,
        clock: DutyClock,
    ) -> None:
        self.person = person
        self.rows = dict(sorted(rows.items()))
        self._logged = logged
        self._merge_gap = merge_gap
        self._clock = clock

    @cached_property
    def duties(self) -> tuple[Duty, ...]:
        found = (
            self._clock.duty(activity, day, session)
            for day, row in self.rows.items()
            for activity, session in zip(row, SESSIONS, strict=True)
            if activity is not None
        )
        return tuple(sorted(item for item in found if item is not None))

    @cached_property
    def periods(self) -> tuple[DutyPeriod, ...]:
        return tuple(duty_periods(self.duties, merge_gap_hours=self._merge_gap))

    @cached_property
    def rests(self) -> tuple[Rest, ...]:
        return tuple(rests(self.periods))

    @cached_property
    def hours(self) -> Mapping[Date, float]:
        """Hours by the date on which the duty begins, with moonlighting, work from home and home call worked."""
        hours: dict[Date, float] = defaultdict(float, self._logged)
        for item in self.duties:
            hours[item.day] += item.activity.hours(item.session)
        return hours

    @cached_property
    def worked_days(self) -> tuple[Date, ...]:
        return tuple(
            day for day, row in self.rows.items() if any(activity is not None and activity.is_duty for activity in row)
        )

    @cached_property
    def worked_runs(self) -> tuple[tuple[Date, ...], ...]:
        return tuple(runs(self.worked_days))

    @cached_property
    def call_nights(self) -> tuple[Date, ...]:
        return tuple(
            day for day, row in self.rows.items() if (night := row[NIGHT]) is not None and night.code == CALL_CODE
        )

    @cached_property
    def float_nights(self) -> tuple[Date, ...]:
        """Nights of any night activity but overnight call."""
        return tuple(
            day
            for day, row in self.rows.items()
            if (night := row[NIGHT]) is not None and night.category is Category.NIGHT and night.code != CALL_CODE
        )

    @cached_property
    def away_days(self) -> tuple[Date, ...]:
        return tuple(
            day for day, row in self.rows.items() if any(activity is not None and activity.is_away for activity in row)
        )


@dataclass(frozen=True)
class RotationPeriod:
    """A resident's block assignment within its block: what duty-hour averages are taken over."""

    track: Track
    block: Block
    days: tuple[Date, ...]
    leave: tuple[Date, ...]
    unknown: tuple[Date, ...]
    """Days without any assignment and without leave, in the range or around it: nothing is decided there."""

    @property
    def person(self) -> Person:
        return self.track.person

    @property
    def counted_days(self) -> int:
        """Days that are no leave: what averages are taken over."""
        return len(self.days) - len(self.leave)

    @cached_property
    def hours(self) -> float:
        """Hours of duty, those logged beside it included."""
        return sum(self.track.hours.get(day, 0) for day in self.days)

    @cached_property
    def free_days(self) -> int:
        """Continuous 24-hour days without duty; see `timeline.free_days`."""
        return free_days(self.track.duties, first=self.block.start, last=self.block.end, leave=self.leave)

    def with_track(self, track: Track) -> RotationPeriod:
        """The same period with other duties."""
        leave = set(self.leave)
        unknown = tuple(day for day in self.days if day not in track.rows and day not in leave)
        return replace(self, track=track, unknown=unknown)


class RosterIndex:
    """What the rules ask of one problem and one roster, computed once and only where asked."""

    def __init__(self, problem: Problem, roster: Roster) -> None:
        self.problem = problem
        self.roster = roster
        self._known_tracks: Mapping[PersonId, Track] = {}

    def after(self, problem: Problem, roster: Roster, slots: Iterable[Slot]) -> RosterIndex:
        """The index of a roster that differs from this one's in the cells of `slots` alone.

        What they cannot reach is taken over: the rows, duties and periods of other people, the half-days of other
        dates. `problem` may differ in its planned FMIT weeks, which nothing taken over reads; with any other
        difference the index is made anew. Either way it says what a fresh one says.
        """
        found = RosterIndex(problem, roster)
        if not _differ_in_weeks_only(self.problem, problem) or roster.context is not self.roster.context:
            return found
        touched = tuple(slots)
        days = [day for day in {slot.day for slot in touched} if self.in_range(day)]
        found.rows = self._rows_after(roster, touched)
        found.half_days = {**self.half_days, **found._held_on(days)}
        people = {slot.person for slot in touched}
        found._known_tracks = {track.person.id: track for track in self.tracks if track.person.id not in people}
        tracks = {track.person.id: track for track in found.tracks}
        found.rotation_periods = tuple(
            period.with_track(tracks[period.person.id]) if period.person.id in people else period
            for period in self.rotation_periods
        )
        found.protected, found.block_weeks = self.protected, self.block_weeks
        return found

    def _rows_after(self, roster: Roster, slots: Iterable[Slot]) -> Mapping[PersonId, Mapping[Date, Row]]:
        activities = self.problem.activities
        changed: dict[PersonId, dict[Date, Row]] = {}
        for slot in slots:
            days = changed.get(slot.person)
            if days is None:
                days = changed[slot.person] = {day: [*row] for day, row in self.rows.get(slot.person, {}).items()}
            row = days.setdefault(slot.day, [None, None, None])
            known = (activities.get(cells.get(slot, "")) for cells in (roster.cells, roster.context))
            row[_POSITION[slot.session]] = next((activity for activity in known if activity is not None), None)
            if not any(row):
                del days[slot.day]
        return {person: days for person, days in {**self.rows, **changed}.items() if days}

    @cached_property
    def rows(self) -> Mapping[PersonId, Mapping[Date, Row]]:
        """Every person's day rows; cells of the roster win over its context. Unknown activities are left out."""
        activities = self.problem.activities
        rows: dict[PersonId, dict[Date, Row]] = defaultdict(dict)
        for cells in (self.roster.context, self.roster.cells):
            for (person, day, session), code in cells.items():
                activity = activities.get(code)
                if activity is None:
                    continue
                days = rows[person]
                row = days.get(day)
                if row is None:
                    row = days[day] = [None, None, None]
                row[_POSITION[session]] = activity
        return rows

    @cached_property
    def half_days(self) -> Mapping[Date, tuple[list[tuple[Person, Activity]], ...]]:
        """Who holds what in AM, PM and NIGHT of each date of the range, by name."""
        return self._held_on(self.problem.days)

    def _held_on(self, days: Iterable[Date]) -> dict[Date, tuple[list[tuple[Person, Activity]], ...]]:
        found: dict[Date, tuple[list[tuple[Person, Activity]], ...]] = {day: ([], [], []) for day in days}
        for person in by_name(self.problem.people):
            rows = self.rows.get(person.id, {})
            for day, held in found.items():
                for position, activity in enumerate(rows.get(day, ())):
                    if activity is not None:
                        held[position].append((person, activity))
        return found

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """Tracks of the residents who hold anything or have a rotation in the range, by name."""
        logged: dict[PersonId, dict[Date, float]] = defaultdict(lambda: defaultdict(float))
        for log in self.problem.duty_logs:
            logged[log.person][log.day] += log.hours
        gap, clock = self.problem.policy.merge_gap_hours, DutyClock()
        placed = {item.person for item in self.problem.rotation_periods}
        return tuple(
            self._known_tracks.get(person.id)
            or Track(person, self.rows.get(person.id, {}), logged.get(person.id, {}), gap, clock)
            for person in by_name(self.problem.residents)
            if person.id in self.rows or person.id in placed
        )

    @cached_property
    def rotation_periods(self) -> tuple[RotationPeriod, ...]:
        """The rotation periods of scheduled residents that reach into the range."""
        problem = self.problem
        by_person = {track.person.id: track for track in self.tracks}
        found = []
        for item in problem.rotation_periods:
            track, block = by_person.get(item.person), item.block
            if track is None:
                continue
            days = tuple(days_between(block.start, block.end))
            absent = problem.leave_days.get(item.person, {})
            leave = tuple(day for day in days if day in absent)
            unknown = tuple(day for day in days if day not in track.rows and day not in absent)
            found.append(RotationPeriod(track, block, days, leave, unknown))
        return tuple(sorted(found, key=lambda period: (period.block.start, period.person.name, period.person.id)))

    @cached_property
    def unplaced(self) -> tuple[Person, ...]:
        """Residents on duty in the range on a date that no block assignment covers."""
        placed = self.problem.assignment_of
        return tuple(
            track.person
            for track in self.tracks
            if any(self.in_range(day) and (track.person.id, day) not in placed for day in track.worked_days)
        )

    @cached_property
    def undecided(self) -> tuple[Person, ...]:
        """Residents with days of the range, inside a rotation and without leave, that hold no assignment."""
        missing = {
            period.person.id for period in self.rotation_periods if any(self.in_range(day) for day in period.unknown)
        }
        return tuple(track.person for track in self.tracks if track.person.id in missing)

    @cached_property
    def empty_days(self) -> tuple[Date, ...]:
        """Dates of the range on which nobody holds anything."""
        return tuple(day for day, held in self.half_days.items() if not any(held))

    def in_range(self, day: Date) -> bool:
        return self.problem.covers(day)

    def row(self, person: PersonId, day: Date) -> Row | None:
        days = self.rows.get(person)
        return days.get(day) if days is not None else None

    def is_judged(self, person: PersonId, day: Date) -> bool:
        """Whether what the person does that day is known: in the range always, around it where anything is decided."""
        return self.in_range(day) or self.row(person, day) is not None

    def code_at(self, person: PersonId, day: Date, position: int) -> str | None:
        row = self.row(person, day)
        activity = row[position] if row is not None else None
        return activity.code if activity is not None else None

    @cached_property
    def calls(self) -> tuple[tuple[Person, Date], ...]:
        """Overnight calls in the range and around it, by person and date."""
        known = self.problem.person
        return tuple(
            sorted(
                (
                    (known[person], day)
                    for person, days in self.rows.items()
                    if person in known
                    for day, row in days.items()
                    if (night := row[NIGHT]) is not None and night.code == CALL_CODE
                ),
                key=lambda call: (call[1], call[0].id),
            )
        )

    @cached_property
    def leads(self) -> Mapping[Date, tuple[Person, ...]]:
        """The attendings who hold FMIT on each date, in the range and around it."""
        found: dict[Date, list[Person]] = defaultdict(list)
        for person in by_name(self.problem.faculty):
            for day, row in self.rows.get(person.id, {}).items():
                if any(activity is not None and activity.code == FMIT_CODE for activity in row[:2]):
                    found[day].append(person)
        return {day: tuple(people) for day, people in sorted(found.items())}

    def holds_fmit(self, person: PersonId, day: Date) -> bool:
        return any(held.id == person for held in self.leads.get(day, ()))

    @cached_property
    def kept(self) -> Mapping[Slot, str]:
        """Cells nobody may change: protected ones and locked ones, with the activity that stays there."""
        locked = {slot: code for slot in self.roster.locked if (code := self.roster.cells.get(slot)) is not None}
        return {**self.protected, **locked}

    @cached_property
    def protected(self) -> Mapping[Slot, str]:
        return protected_cells(self.problem)

    @cached_property
    def block_weeks(self) -> tuple[tuple[Block, int, tuple[Date, ...]], ...]:
        """Weeks that reach into the range: 7 days from the block's first day, the last one maybe shorter."""
        weeks = []
        for block in self.problem.blocks:
            if not self.problem.reaches(block):
                continue
            days = tuple(days_between(block.start, block.end))
            for first in range(0, len(days), 7):
                week = days[first : first + 7]
                if week[-1] >= self.problem.start and week[0] <= self.problem.end:
                    weeks.append((block, first // 7 + 1, week))
        return tuple(weeks)


def _differ_in_weeks_only(one: Problem, other: Problem) -> bool:
    return all(
        getattr(one, item.name) is getattr(other, item.name) for item in fields(Problem) if item.name != "fmit_weeks"
    )


def by_name(people: Iterable[Person]) -> list[Person]:
    """The order in which findings name people, whatever the order of the problem."""
    return sorted(people, key=lambda person: (person.name, person.id))


_judged: ContextVar[RosterIndex | None] = ContextVar("judged_roster", default=None)


@contextmanager
def judging(index: RosterIndex) -> Iterator[None]:
    """Share one index between the rules that judge its problem and roster."""
    token = _judged.set(index)
    try:
        yield
    finally:
        _judged.reset(token)


def index_of(problem: Problem, roster: Roster) -> RosterIndex:
    """The shared index inside `judging`, else a fresh one: rules stay pure functions of their two arguments."""
    index = _judged.get()
    if index is not None and index.problem is problem and index.roster is roster:
        return index
    return RosterIndex(problem, roster)
