"""What each session of a roster must have and who could do it: the input of Hall's theorem (ADR 0002, availability)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from schedules.domain.calls import FMIT_NIGHTS, takes_call
from schedules.domain.codes import CALL_CODE, FMIT_CODE, SUPERVISION_CODE
from schedules.domain.problem import (
    HALF_DAYS,
    ONE_DAY,
    SESSIONS,
    ActivityCode,
    Category,
    Date,
    Demand,
    Person,
    PersonId,
    Problem,
    Session,
)
from schedules.domain.roster import Roster
from schedules.domain.supervision import can_step_in, may_supervise, units_needed, whole_supervisors

SUPERVISION_LABEL = "supervision"

ATTENDING_CODES = frozenset({FMIT_CODE, CALL_CODE})
"""Posts that the system never gives to adjuncts or to people excluded from automatic call."""


class Scope(StrEnum):
    """Which posts a margin is about."""

    SAFETY = "SAFETY"
    """Attending posts: supervision, call, FMIT, and any other patient-safety demand that attendings may fill."""
    ALL = "ALL"
    """Every demand but the resident teams, which rest by turns and so have no margin on a rest day by design."""
    TEAMS = "TEAMS"
    """Resident teams, reported apart."""


class Pool(StrEnum):
    """Who may step in."""

    ANYONE = "ANYONE"
    """Everybody available, whatever they are doing."""
    IDLE = "IDLE"
    """People on a post stay there; only those with nothing to give up, and those on stand-by, step in."""


@dataclass(frozen=True, slots=True)
class Post:
    """`needed` people out of the eligible and available ones, moved freely (`anyone`) or out of the idle (`idle`)."""

    label: str
    needed: int
    anyone: frozenset[PersonId]
    idle: frozenset[PersonId]
    scopes: frozenset[Scope]
    activity: ActivityCode = ""
    """What somebody who steps in is given."""

    def people(self, pool: Pool) -> frozenset[PersonId]:
        return self.anyone if pool is Pool.ANYONE else self.idle


@dataclass(frozen=True, slots=True)
class SessionPosts:
    """The posts of one session of one date."""

    day: Date
    session: Session
    posts: tuple[Post, ...]


Standby = Mapping[Date, frozenset[PersonId]]
"""People of the backup pool by date: the first to be asked when somebody is missing."""

_SAFETY = frozenset({Scope.SAFETY, Scope.ALL})
_OTHER = frozenset({Scope.ALL})
_TEAMS = frozenset({Scope.TEAMS})


def session_posts(problem: Problem, roster: Roster, *, standby: Standby | None = None) -> Iterator[SessionPosts]:
    """The posts of every session of the range, in the order of time; sessions that need nobody have none."""
    read = PostReader(problem, standby=standby)
    for day in problem.days:
        for session in SESSIONS:
            yield read.posts(roster, day, session)


class PostReader:
    """Reads the posts of single sessions from rosters of one problem; what no roster changes is worked out once."""

    def __init__(self, problem: Problem, *, standby: Standby | None = None) -> None:
        self._problem = problem
        self._standby = standby or {}
        self._who = _Eligibility(problem)
        self._demands: dict[tuple[Date, Session], list[Demand]] = defaultdict(list)
        for demand in problem.demands:
            if demand.minimum > 0:
                self._demands[demand.day, demand.session].append(demand)

    def posts(self, roster: Roster, day: Date, session: Session) -> SessionPosts:
        """The posts of one session."""
        crew = _crew(self._problem, roster, day, session, self._standby.get(day, frozenset()))
        posts = [_demand_post(demand, crew, self._who) for demand in self._demands.get((day, session), ())]
        supervision = _supervision_post(self._problem, crew, self._who, day)
        return SessionPosts(day, session, (*posts, supervision) if supervision else tuple(posts))


@dataclass(frozen=True, slots=True)
class _Crew:
    """Who is there in one session."""

    holders: Mapping[ActivityCode, frozenset[PersonId]]
    """People on each activity, off and absent ones left out."""
    anyone: frozenset[PersonId]
    idle: frozenset[PersonId]


class _Eligibility:
    """Facts about people that do not change within the range, or only with a credential's expiry."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.faculty = frozenset(person.id for person in problem.faculty)
        self.residents = frozenset(person.id for person in problem.residents)
        self.attendings = frozenset(person.id for person in problem.faculty if takes_call(person))
        self._supervising = [activity for activity in problem.activities.values() if activity.provides_supervision]
        self._may_supervise = [person for person in problem.faculty if may_supervise(person)]
        self._supervisors: dict[Date, frozenset[PersonId]] = {}

    def supervisors(self, day: Date) -> frozenset[PersonId]:
        """Faculty whose duty allows supervision and who may hold one of its activities on the date."""
        if day not in self._supervisors:
            self._supervisors[day] = frozenset(
                person.id
                for person in self._may_supervise
                if any(self._problem.eligible(person, activity, day) for activity in self._supervising)
            )
        return self._supervisors[day]


def _demand_post(demand: Demand, crew: _Crew, who: _Eligibility) -> Post:
    eligible = demand.eligible
    of_faculty = bool(eligible) and eligible <= who.faculty
    if of_faculty and demand.activity in ATTENDING_CODES:
        eligible &= who.attendings
    holders = crew.holders.get(demand.activity, frozenset()) & demand.eligible
    return Post(
        label=f"{demand.activity} attending" if of_faculty else demand.activity,
        needed=demand.minimum,
        anyone=holders | (eligible & crew.anyone),
        idle=holders | (eligible & crew.idle),
        scopes=_scopes(demand, who),
        activity=demand.activity,
    )


def _scopes(demand: Demand, who: _Eligibility) -> frozenset[Scope]:
    if demand.eligible and demand.eligible <= who.residents:
        return _TEAMS
    return _SAFETY if demand.hard else _OTHER


def _supervision_post(problem: Problem, crew: _Crew, who: _Eligibility, day: Date) -> Post | None:
    """The supervisors that the session's clinic and procedures need (SUPERVISION), as one post."""
    needed = supervisors_needed(problem, crew.holders)
    if not needed:
        return None
    supervising = (code for code in crew.holders if problem.activities[code].provides_supervision)
    holders = frozenset[PersonId]().union(*(crew.holders[code] for code in supervising))
    eligible = who.supervisors(day)
    return Post(
        label=SUPERVISION_LABEL,
        needed=needed,
        anyone=holders | (eligible & crew.anyone),
        idle=holders | (eligible & crew.idle),
        scopes=_SAFETY,
        activity=SUPERVISION_CODE,
    )


def supervisors_needed(problem: Problem, holders: Mapping[ActivityCode, Iterable[PersonId]]) -> int:
    """Whole supervisors for the people on each activity of one session, rounded up (SUPERVISION)."""
    load = sum(
        units_needed(problem.policy, problem.person[person], problem.activities[code])
        for code, people in holders.items()
        for person in people
    )
    return whole_supervisors(problem.policy, load)


def _crew(problem: Problem, roster: Roster, day: Date, session: Session, standby: frozenset[PersonId]) -> _Crew:
    holders: dict[ActivityCode, set[PersonId]] = defaultdict(set)
    anyone: set[PersonId] = set()
    idle: set[PersonId] = set()
    can_step_in = _can_take_night if session is Session.NIGHT else _can_take_half_day
    for person in problem.people:
        if problem.is_absent(person.id, day):
            continue
        code = roster.at(person.id, day, session)
        if code is not None and problem.activities[code].is_duty:
            holders[code].add(person.id)
        if can_step_in(problem, roster, person, day, code):
            anyone.add(person.id)
            if person.id in standby or _is_idle(problem, code, session):
                idle.add(person.id)
    return _Crew({code: frozenset(people) for code, people in holders.items()}, frozenset(anyone), frozenset(idle))


def _is_idle(problem: Problem, code: ActivityCode | None, session: Session) -> bool:
    """Nothing to give up: administration by day, no duty at night."""
    if session is Session.NIGHT:
        return code is None
    return code is not None and problem.activities[code].category is Category.ADMIN


def _can_take_half_day(problem: Problem, roster: Roster, person: Person, day: Date, code: ActivityCode | None) -> bool:
    """On duty here, or a faculty member who can be called in. Away, post-call and resting people are not."""
    if code is None:
        return False
    if person.is_resident and _on_duty_at_night(problem, roster, person, day - ONE_DAY):
        return False
    return can_step_in(person, problem.activities[code])


def _can_take_night(problem: Problem, roster: Roster, person: Person, day: Date, code: ActivityCode | None) -> bool:
    """Faculty who could take the call by its rules; residents only where they are on the night already.

    Not absent that day nor the next, not away, not FMIT attending on that day or the next (Sunday to Thursday), not
    on call the night before or after.
    """
    if code is not None:
        return problem.activities[code].is_duty
    if person.is_resident or problem.is_absent(person.id, day + ONE_DAY):
        return False
    if any(roster.at(person.id, day + offset, Session.NIGHT) == CALL_CODE for offset in (-ONE_DAY, ONE_DAY)):
        return False
    today = [roster.at(person.id, day, half) for half in HALF_DAYS]
    if any(held is None or problem.activities[held].is_away for held in today):
        return False
    attending = FMIT_CODE in (*today, roster.at(person.id, day + ONE_DAY, Session.AM))
    return not attending or day.weekday() in FMIT_NIGHTS


def _on_duty_at_night(problem: Problem, roster: Roster, person: Person, day: Date) -> bool:
    code = roster.at(person.id, day, Session.NIGHT)
    return code is not None and problem.activities[code].is_duty
