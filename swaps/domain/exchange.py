"""What a swap does to a roster: rows that change hands, calls that follow, post-call days, and the exact way back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from schedules.domain.calls import FMIT_NIGHTS, takes_call
from schedules.domain.changes import CellChange
from schedules.domain.codes import (
    ADMIN_CODE,
    CALL_CODE,
    DAY_OFF_CODE,
    FMIT_CODE,
    LEAVE_CODE,
    OFF_CODE,
    PCAT_CODE,
    POST_CALL_CODE,
    SUPERVISION_CODE,
)
from schedules.domain.pattern import faculty_base, idle_code, protected_cells, week_start
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    SESSIONS,
    ActivityCode,
    Date,
    FmitWeek,
    Person,
    PersonId,
    Problem,
    Session,
    Weekday,
    WorkKind,
    days_between,
)
from schedules.domain.roster import Roster, Slot
from swaps.domain.tables import SwapPolicy, SwapType
from swaps.domain.weeks import leads, swap_week

Place = tuple[Date, Session]
"""A session of a date, whoever holds it."""

RELEASED: Mapping[ActivityCode, ActivityCode] = {
    PCAT_CODE: SUPERVISION_CODE,
    DAY_OFF_CODE: ADMIN_CODE,
    POST_CALL_CODE: ADMIN_CODE,
}
"""What a faculty post-call cell becomes once its night or week is somebody else's (ADR 0002, after a changed edge)."""

KEPT_AFTER_CALL = (None, LEAVE_CODE, FMIT_CODE)
"""No post-call cell replaces these: an inpatient team is not left alone, the rule table refuses the swap instead."""


class RangeTooShort(ValueError):
    """The problem does not cover the dates that the swap touches."""


class Kept(StrEnum):
    """Why a row that the request names stays where it is."""

    GIVER_LOCKED = "the giver's row is locked"
    TAKER_LOCKED = "the taker's row is locked"


@dataclass(frozen=True, slots=True)
class SwapRequest:
    """Who gives which sessions to whom. `taker_places` come back in exchange (one_to_one); empty for absorb."""

    giver: PersonId
    taker: PersonId
    type: SwapType
    giver_places: tuple[Place, ...]
    taker_places: tuple[Place, ...] = ()

    @property
    def days(self) -> tuple[Date, ...]:
        return tuple(sorted({day for day, _ in (*self.giver_places, *self.taker_places)}))


@dataclass(frozen=True, slots=True)
class Exchange:
    """Every cell that the swap changes, with what is there before and after, and what went with it."""

    request: SwapRequest
    changes: Mapping[Slot, CellChange]
    lapsed: tuple[Slot, ...] = ()
    """The taker's duty (by the slot where it was) that nobody does any more."""
    cascaded: tuple[Slot, ...] = ()
    """Friday and Saturday calls that followed the FMIT week, by the slot where they were."""
    kept: Mapping[Slot, Kept] = field(default_factory=dict)
    weeks: tuple[tuple[FmitWeek, PersonId], ...] = ()
    """Planned FMIT weeks that change hands, and who leads them afterwards."""

    @property
    def people(self) -> tuple[PersonId, ...]:
        return tuple(sorted({slot.person for slot in self.changes}))

    @property
    def days(self) -> tuple[Date, ...]:
        return tuple(sorted({slot.day for slot in self.changes}))

    def apply(self, roster: Roster) -> Roster:
        """The roster after the swap."""
        return roster.with_changes({slot: change.after for slot, change in self.changes.items()})

    def replan(self, problem: Problem) -> Problem:
        """The problem with the planned FMIT weeks in their new hands."""
        new = dict(self.weeks)
        if not new:
            return problem
        return problem.with_weeks(
            tuple(replace(week, person=new.get(week, week.person)) for week in problem.fmit_weeks)
        )


def week_request(
    roster: Roster,
    *,
    giver: PersonId,
    taker: PersonId,
    source_day: Date,
    target_day: Date | None = None,
    policy: SwapPolicy,
) -> SwapRequest:
    """The request for the giver's swap week of `source_day`, against the taker's of `target_day` if there is one."""
    return SwapRequest(
        giver=giver,
        taker=taker,
        type=SwapType.ABSORB if target_day is None else SwapType.ONE_TO_ONE,
        giver_places=_places(swap_week(roster, giver, source_day, policy)),
        taker_places=() if target_day is None else _places(swap_week(roster, taker, target_day, policy)),
    )


def _places(days: Iterable[Date]) -> tuple[Place, ...]:
    return tuple((day, session) for day in days for session in SESSIONS)


def plan(problem: Problem, roster: Roster, request: SwapRequest) -> Exchange:
    """Work the request out on the roster, cell by cell; nothing is judged here.

    Only the giver's duty moves (own time off, protected education and post-call cells do not). The taker's duty of
    those sessions goes to the giver where they may hold it, else it lapses and the giver is off. Friday and Saturday
    calls follow FMIT. Post-call days of both are worked out anew, the day after included. Raises RangeTooShort where
    a date of the request is outside the problem's range, or the day after one is decided but outside it.
    """
    outside = [day for day in request.days if not problem.covers(day)]
    if outside:
        raise RangeTooShort(f"The roster does not cover {outside[0]}: load the whole week and the day after it.")
    hands = _Hands(problem, roster)
    hands.move(request.giver, request.taker, request.giver_places)
    hands.move(request.taker, request.giver, request.taker_places)
    hands.renew_post_call((request.giver, request.taker))
    changes = {
        slot: CellChange(slot, roster.cells.get(slot), after)
        for slot, after in sorted(hands.cells.items(), key=lambda item: (item[0].person, item[0].day, item[0].session))
        if roster.cells.get(slot) != after
    }
    return Exchange(
        request=request,
        changes=changes,
        lapsed=tuple(hands.lapsed),
        cascaded=tuple(hands.cascaded),
        kept=hands.kept,
        weeks=tuple(_replanned(problem, request, changes)),
    )


def undo(exchange: Exchange) -> Exchange:
    """The exact inverse: applied to what the swap left, it gives what was there before, plan of weeks included."""
    return replace(
        exchange,
        changes={slot: CellChange(slot, change.after, change.before) for slot, change in exchange.changes.items()},
        lapsed=(),
        cascaded=(),
        kept={},
        weeks=tuple((replace(week, person=person), week.person) for week, person in exchange.weeks),
    )


def conflicts(exchange: Exchange, roster: Roster) -> tuple[CellChange, ...]:
    """Touched cells that no longer are as the swap left them: what it left, and what is there now."""
    return tuple(
        CellChange(slot, change.after, roster.cells.get(slot))
        for slot, change in exchange.changes.items()
        if roster.cells.get(slot) != change.after
    )


def _replanned(
    problem: Problem, request: SwapRequest, changes: Mapping[Slot, CellChange]
) -> Iterator[tuple[FmitWeek, PersonId]]:
    """Planned weeks of which the swap moves every FMIT half-day that the planned person holds."""
    other = {request.giver: request.taker, request.taker: request.giver}
    for week in problem.fmit_weeks:
        given = [
            change
            for slot, change in changes.items()
            if slot.person == week.person and week.start <= slot.day <= week.end and change.before == FMIT_CODE
        ]
        days = {change.slot.day for change in given}
        if week.person in other and days == set(days_between(week.start, week.end)):
            yield week, other[week.person]


class _Hands:
    """The cells of both people while the swap is being worked out."""

    def __init__(self, problem: Problem, roster: Roster) -> None:
        self.problem = problem
        self.roster = roster
        self.cells: dict[Slot, ActivityCode | None] = {}
        self.lapsed: list[Slot] = []
        self.cascaded: list[Slot] = []
        self.kept: dict[Slot, Kept] = {}
        self._protected = protected_cells(problem)
        self._done: set[Place] = set()

    def at(self, person: PersonId, day: Date, session: Session) -> ActivityCode | None:
        slot = Slot(person, day, session)
        return self.cells[slot] if slot in self.cells else self.roster.at(person, day, session)

    def move(self, giver: PersonId, taker: PersonId, places: Iterable[Place]) -> None:
        """Give the giver's duty of these places away, and take the taker's for it. A place changes hands once."""
        asked = dict.fromkeys(place for place in places if place not in self._done)
        given = {day for day, session in asked if self.roster.at(giver, day, session) == FMIT_CODE}
        nights = [(day, Session.NIGHT) for day in sorted(given)]
        for day, session in dict.fromkeys((*asked, *nights)):
            if (day, session) in self._done or not self._moves(giver, taker, day, session):
                continue
            self._hand_over(giver, taker, day, session)
            self._done.add((day, session))
            if session is Session.NIGHT and day in given and day.weekday() in FMIT_NIGHTS:
                self.cascaded.append(Slot(giver, day, session))

    def _moves(self, giver: PersonId, taker: PersonId, day: Date, session: Session) -> bool:
        mine, theirs = Slot(giver, day, session), Slot(taker, day, session)
        follows_fmit = session is Session.NIGHT and self.roster.at(taker, day, session) is not None
        if not self._is_given(mine) and not (follows_fmit and self._leads_now(taker, day)):
            return False
        for slot, why in ((mine, Kept.GIVER_LOCKED), (theirs, Kept.TAKER_LOCKED)):
            if slot in self.roster.locked:
                self.kept[slot] = why
                return False
        return True

    def _leads_now(self, person: PersonId, day: Date) -> bool:
        return any(self.at(person, day, session) == FMIT_CODE for session in HALF_DAYS)

    def _is_given(self, slot: Slot) -> bool:
        """Duty that another person can do: no time off, no post-call supervision, no education of one's own."""
        code = self.roster.cells.get(slot)
        activity = self.problem.activities.get(code) if code is not None else None
        return activity is not None and not activity.is_off and code != PCAT_CODE and slot not in self._protected

    def _hand_over(self, giver: PersonId, taker: PersonId, day: Date, session: Session) -> None:
        mine, theirs = Slot(giver, day, session), Slot(taker, day, session)
        given, displaced = self.roster.cells.get(mine), self.roster.cells.get(theirs)
        self.cells[theirs] = given
        self.cells[mine] = self._free(giver, day, session)
        if self._is_given(theirs) and displaced is not None:
            if self._may_take(giver, displaced, day, session):
                self.cells[mine] = displaced
            else:
                self.lapsed.append(theirs)

    def _free(self, person: PersonId, day: Date, session: Session) -> ActivityCode | None:
        if session is Session.NIGHT:
            return None
        return LEAVE_CODE if self.problem.is_absent(person, day) else idle_code(day)

    def _may_take(self, person_id: PersonId, code: ActivityCode, day: Date, session: Session) -> bool:
        """Eligible, present, within the week's maximum; call only where the system may give it."""
        person, activity = self.problem.person[person_id], self.problem.activities[code]
        if self.problem.is_absent(person_id, day) or not self.problem.eligible(person, activity, day):
            return False
        if code in (CALL_CODE, FMIT_CODE) and person.is_faculty and not takes_call(person):
            return False
        if person.is_resident or person.duty is None or session is Session.NIGHT:
            return True
        limit = person.duty.maximum.get(activity.work_kind)
        return (
            activity.work_kind is WorkKind.UNCAPPED
            or limit is None
            or self._held(person, activity.work_kind, day) < limit
        )

    def _held(self, person: Person, kind: WorkKind, day: Date) -> int:
        """Half-days of the kind that the person has in the block week of the date as things stand."""
        first = week_start(self.problem, day)
        held = (
            self.at(person.id, other, session)
            for other in days_between(first, first + 6 * ONE_DAY)
            for session in HALF_DAYS
        )
        return sum(code is not None and self.problem.activities[code].work_kind is kind for code in held)

    def renew_post_call(self, people: tuple[PersonId, PersonId]) -> None:
        """Post-call cells of both people on every touched date and the day after, from the nights as they are now."""
        touched = {slot.day for slot in self.cells}
        for day in sorted(touched | {day + ONE_DAY for day in touched}):
            for session in HALF_DAYS:
                freed = [who for who in people if self._release(who, day, session)]
                for who in people:
                    self._oblige(who, day, session, next((other for other in freed if other != who), None))

    def _owed(self, person: Person, day: Date, session: Session, *, now: bool) -> ActivityCode | None:
        """The post-call cell that the night before, or the inpatient week to Thursday, obliges (rules, POST_CALL)."""
        night = day - ONE_DAY
        at = self.at if now else self.roster.at
        on_call = at(person.id, night, Session.NIGHT) == CALL_CODE
        if person.is_resident:
            return POST_CALL_CODE if on_call else None
        if night.weekday() == Weekday.THU and self._leads(person.id, night, now=now):
            return None if self._leads(person.id, day, now=now) else POST_CALL_CODE
        if on_call and night.weekday() not in FMIT_NIGHTS:
            return PCAT_CODE if session is Session.AM else DAY_OFF_CODE
        return None

    def _leads(self, person: PersonId, day: Date, *, now: bool) -> bool:
        return self._leads_now(person, day) if now else leads(self.roster, person, day)

    def _release(self, person_id: PersonId, day: Date, session: Session) -> bool:
        """Free a faculty post-call cell whose reason the swap took away; a resident's rest stays (ADR 0002)."""
        person, slot = self.problem.person[person_id], Slot(person_id, day, session)
        code = self.at(person_id, day, session)
        if person.is_resident or code not in RELEASED or slot in self.roster.locked:
            return False
        owed = self._owed(person, day, session, now=False)
        if owed is None or owed != code or self._owed(person, day, session, now=True) is not None:
            return False
        self._write(slot, faculty_base(self.problem, person, day, session) or RELEASED[code])
        return True

    def _oblige(self, person_id: PersonId, day: Date, session: Session, freed: PersonId | None) -> None:
        """Set the post-call cell that is owed now; what it displaces goes to the one just freed, or lapses."""
        person, slot = self.problem.person[person_id], Slot(person_id, day, session)
        owed, held = self._owed(person, day, session, now=True), self.at(person_id, day, session)
        unneeded = owed is None or owed == held or owed == self._owed(person, day, session, now=False)
        if owed is None or unneeded or held in KEPT_AFTER_CALL or self.problem.is_absent(person_id, day):
            return
        if slot in self.roster.locked:
            self.kept[slot] = Kept.TAKER_LOCKED
            return
        self._write(slot, owed)
        if self._is_work(held):
            if freed is not None and held is not None and self._may_take(freed, held, day, session):
                self._write(Slot(freed, day, session), held)
            else:
                self.lapsed.append(slot)

    def _is_work(self, code: ActivityCode | None) -> bool:
        return code is not None and code not in (PCAT_CODE, OFF_CODE) and not self.problem.activities[code].is_off

    def _write(self, slot: Slot, code: ActivityCode) -> None:
        if slot not in self.roster.cells and slot in self.roster.context:
            raise RangeTooShort(f"The swap reaches {slot.day}, which is decided but not loaded: load that date too.")
        self.cells[slot] = code
