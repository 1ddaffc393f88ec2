"""What a schedule is about: people, activities, rotations, demand and policy, as plain immutable data.

Nothing here knows Django or OR-Tools. ``schedules.mapping`` builds a `Problem` from the database;
rules, score and solver read it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum, StrEnum
from functools import cached_property
from types import MappingProxyType

Date = dt.date
PersonId = str
ActivityCode = str
RotationId = str

ONE_DAY = dt.timedelta(days=1)


class Session(StrEnum):
    """A third of a date. A half-day is an AM or PM session; NIGHT belongs to the date on which it begins."""

    AM = "AM"
    PM = "PM"
    NIGHT = "NIGHT"


HALF_DAYS = (Session.AM, Session.PM)
SESSIONS = (Session.AM, Session.PM, Session.NIGHT)


class Weekday(IntEnum):
    """Same numbers as `datetime.date.weekday`."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


class Role(StrEnum):
    RESIDENT = "RESIDENT"
    FACULTY = "FACULTY"


class Category(StrEnum):
    CLINIC = "clinic"
    PROCEDURE = "procedure"
    SPECIALTY = "specialty"
    INPATIENT = "inpatient"
    NIGHT = "night"
    EDUCATION = "education"
    RESEARCH = "research"
    ADMIN = "admin"
    SUPERVISION = "supervision"
    AWAY = "away"
    OFF = "off"


class SupervisionKind(StrEnum):
    """How much of a supervisor a person in this activity needs."""

    NONE = "none"
    BY_PGY = "by_pgy"
    DEDICATED = "dedicated"
    BY_CREDENTIAL = "by_credential"


class ShedTier(StrEnum):
    """The order in which work is given up in a crisis; '' is time off, which is nothing to give up."""

    PATIENT_SAFETY = "patient_safety"
    REQUIRED_EXPERIENCE = "required_experience"
    CONTINUITY = "continuity"
    CORE_EDUCATION = "core_education"
    RESEARCH_ADMIN = "research_admin"
    OPTIONAL_EDUCATION = "optional_education"
    NOTHING = ""


class WorkKind(StrEnum):
    """Kinds of faculty work whose weekly half-days a duty bounds (FACULTY_WEEK_MIN and _MAX)."""

    CLINIC = "clinic"
    GME = "gme"
    DEPARTMENT = "department"
    SPORTS_MEDICINE = "sports_medicine"
    SUPERVISION = "supervision"
    VASECTOMY = "vasectomy"
    BOTOX = "botox"
    UNCAPPED = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """What a person does in one session. Hours are per session, 0 where the activity does not exist."""

    code: ActivityCode
    name: str
    category: Category
    am_hours: float = 0
    pm_hours: float = 0
    night_hours: float = 0
    counts_toward_clinic_capacity: bool = False
    supervision: SupervisionKind = SupervisionKind.NONE
    provides_supervision: bool = False
    shed_tier: ShedTier = ShedTier.NOTHING
    work_kind: WorkKind = WorkKind.UNCAPPED
    roles: frozenset[Role] = frozenset()
    """Who may hold it; empty = everybody."""
    pgy_levels: frozenset[int] = frozenset()
    """Residents of these levels only; empty = all levels."""
    credential: str = ""
    """Code of the credential it needs; '' = none."""
    credential_roles: frozenset[Role] = frozenset()
    """Whom the credential requirement binds; empty = everybody."""

    def hours(self, session: Session) -> float:
        if session is Session.AM:
            return self.am_hours
        return self.pm_hours if session is Session.PM else self.night_hours

    @property
    def is_off(self) -> bool:
        """Time off of any kind: weekend, off, post-call, leave."""
        return self.category is Category.OFF

    @property
    def is_away(self) -> bool:
        """Off-site duty, timed by the host: occupies the person but counts 0 hours and no duty day here."""
        return self.category is Category.AWAY

    @property
    def is_duty(self) -> bool:
        return self.category is not Category.OFF and self.category is not Category.AWAY


@dataclass(frozen=True, slots=True)
class DutyLimits:
    """Half-days per week that a faculty duty asks for and allows, by kind of work. 0 as a maximum means none."""

    name: str
    minimum: Mapping[WorkKind, int]
    maximum: Mapping[WorkKind, int]
    available_weekdays: frozenset[int] = frozenset(range(5))
    inpatient_weeks_min: int = 0
    inpatient_weeks_max: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    id: PersonId
    name: str
    role: Role
    pgy_level: int | None = None
    adjunct: bool = False
    excluded_from_call: bool = False
    """`excludedFromAutomaticCall`: never given a call or an FMIT replacement by the system."""
    duty: DutyLimits | None = None
    credentials: Mapping[str, Date | None] = field(default_factory=dict)
    """Credential code -> last valid date (None = does not expire)."""

    @property
    def is_resident(self) -> bool:
        return self.role is Role.RESIDENT

    @property
    def is_faculty(self) -> bool:
        return self.role is Role.FACULTY

    def holds(self, credential: str, on: Date) -> bool:
        if credential not in self.credentials:
            return False
        expires_on = self.credentials[credential]
        return expires_on is None or on <= expires_on


@dataclass(frozen=True, slots=True)
class Absence:
    """An approved absence; dates inclusive."""

    person: PersonId
    start: Date
    end: Date
    kind: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation. `pattern[(week 1..4, weekday 0..6, session)]` names the activity; a night only if there is one."""

    id: RotationId
    name: str
    kind: str
    pattern: Mapping[tuple[int, int, Session], ActivityCode]


@dataclass(frozen=True, slots=True)
class Block:
    """A scheduling period; dates inclusive."""

    id: str
    academic_year: int
    number: int
    start: Date
    end: Date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def week_of(self, day: Date) -> int:
        """Pattern week 1..4 of a date; days beyond week 4 repeat week 4. Weeks start on the block's first weekday."""
        return min((day - self.start).days // 7 + 1, 4)


@dataclass(frozen=True, slots=True)
class BlockAssignment:
    """A resident's rotation in one block; the rotation period of the duty-hour averages."""

    person: PersonId
    block: Block
    rotation: RotationId


@dataclass(frozen=True, slots=True)
class FmitWeek:
    """Friday to Thursday: one attending leads the inpatient team; dates inclusive."""

    person: PersonId
    start: Date
    end: Date


class DutyLogKind(StrEnum):
    MOONLIGHTING = "MOONLIGHTING"
    CLINICAL_FROM_HOME = "CLINICAL_FROM_HOME"
    HOME_CALL = "HOME_CALL"


@dataclass(frozen=True, slots=True)
class DutyLog:
    """Hours of a person outside the schedule on one date."""

    person: PersonId
    day: Date
    kind: DutyLogKind
    hours: float


@dataclass(frozen=True, slots=True)
class Demand:
    """People that a session of a date must have: `minimum` (`hard` or not), `desired`, `maximum` (None = no limit)."""

    day: Date
    session: Session
    activity: ActivityCode
    minimum: int
    desired: int
    maximum: int | None
    hard: bool
    eligible: frozenset[PersonId]
    """Who counts toward it and may fill it (absence and rest are judged separately)."""


class PreferenceScope(StrEnum):
    WEEKDAY = "WEEKDAY"
    SESSION = "SESSION"
    WEEK = "WEEK"


@dataclass(frozen=True, slots=True)
class Preference:
    """A like (weight > 0) or dislike (weight < 0) of working at certain times.

    WEEKDAY: `weekday`, and `session` if set. SESSION: `session` on every day. WEEK: the dates `start`..`end`.
    `activity` '' = any duty, else that activity only.
    """

    person: PersonId
    scope: PreferenceScope
    weight: int
    weekday: int | None = None
    session: Session | None = None
    start: Date | None = None
    end: Date | None = None
    activity: ActivityCode = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """The program's numbers, every one a field of the one editable `ProgramPolicy` record: no constants of the code."""

    # Duty hours (ACGME Common Program Requirements, section VI.F of 2023 = 6.20-6.28 of 2025)
    weekly_hours_limit: float = 80
    weekly_hours_warning: float = 75
    rolling_window_days: int = 28
    worked_days_warning: int = 6
    worked_days_limit: int = 13
    rest_hours: float = 8
    continuous_hours_limit: float = 24
    rest_hours_after_24: float = 14
    call_every_nth_night: int = 3
    night_float_limit: int = 6
    merge_gap_hours: float = 2
    """Assignments less than this apart are one duty period."""
    # Supervision and clinic
    pgy1_per_supervisor: int = 2
    upper_per_supervisor: int = 4
    clinic_capacity: int = 8
    clinic_comfort: int = 6
    # Call and equity
    equity_absence_days: int = 60
    """Eligible all year = absent on fewer days than this."""
    # Acceptance
    max_violations: int = 5
    discard_violations: int = 10
    min_coverage: float = 0.80
    require_n1: bool = True
    # Soft rule weights: points per unit of the rule's count; 0 switches a soft rule off.
    weights: Mapping[str, int] = field(default_factory=lambda: DEFAULT_WEIGHTS)


DEFAULT_WEIGHTS: Mapping[str, int] = MappingProxyType(
    {
        "DEMAND_MIN": 600,
        "PATTERN_MOVED": 20,
        "PATTERN_DROPPED": 200,
        "FACULTY_WEEK_MIN": 80,
        "CALL_EQUITY": 300,
        "CALL_SPACING": 60,
        "CALL_BEFORE_LEAVE": 40,
        "WEEKEND_EQUITY": 40,
        "FULL_DAYS": 2,
        "PREFERENCE": 30,
        "N1_MARGIN": 50,
        "N1_SAFETY": 400,
        "CLINIC_COMFORT": 50,
        "REST_8": 30,
        "DAY_FREE_IN_7": 120,
        "REPAIR_CHANGE": 100,
    }
)


@dataclass(frozen=True, slots=True)
class CallTally:
    """A person's calls in the academic year before the range, and the nights of each kind they were available for."""

    sunday: int = 0
    weekday: int = 0
    holiday: int = 0
    sunday_available: int = 0
    weekday_available: int = 0
    holiday_available: int = 0
    absent_days: int = 0


@dataclass(frozen=True)
class Problem:
    """Everything that judging or making the roster of `start`..`end` (inclusive) needs, and nothing else.

    `blocks`, `block_assignments`, `fmit_weeks`, `absences` also cover the edges of the range: those that
    touch it and the 31 days before and after. `Roster.context` carries what is already decided there.
    """

    start: Date
    end: Date
    people: tuple[Person, ...]
    activities: Mapping[ActivityCode, Activity]
    rotations: Mapping[RotationId, Rotation]
    blocks: tuple[Block, ...]
    block_assignments: tuple[BlockAssignment, ...]
    absences: tuple[Absence, ...] = ()
    fmit_weeks: tuple[FmitWeek, ...] = ()
    holidays: frozenset[Date] = frozenset()
    demands: tuple[Demand, ...] = ()
    preferences: tuple[Preference, ...] = ()
    duty_logs: tuple[DutyLog, ...] = ()
    call_history: Mapping[PersonId, CallTally] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)

    def with_weeks(self, weeks: tuple[FmitWeek, ...]) -> Problem:
        """The same problem with other planned FMIT weeks."""
        return self._keeping(replace(self, fmit_weeks=weeks), but="fmit_attending")

    def with_demands(self, demands: tuple[Demand, ...]) -> Problem:
        """The same problem with other demands."""
        return self._keeping(replace(self, demands=demands))

    def _keeping(self, other: Problem, *, but: str = "") -> Problem:
        """What was worked out here holds there as well, `but` one property excepted."""
        own = {item.name for item in fields(self)} | {but}
        vars(other).update({name: value for name, value in vars(self).items() if name not in own})
        return other

    @cached_property
    def days(self) -> tuple[Date, ...]:
        return tuple(days_between(self.start, self.end))

    def covers(self, day: Date) -> bool:
        """Whether the date is in the range."""
        return self.start <= day <= self.end

    def reaches(self, block: Block) -> bool:
        """Whether the range has a date of the block."""
        return block.start <= self.end and block.end >= self.start

    @cached_property
    def person(self) -> Mapping[PersonId, Person]:
        return {person.id: person for person in self.people}

    def in_order(self, people: Container[PersonId]) -> list[PersonId]:
        """Those of the people in the order of the program; that of their ids is another one in every database."""
        return [person.id for person in self.people if person.id in people]

    @cached_property
    def residents(self) -> tuple[Person, ...]:
        return tuple(person for person in self.people if person.is_resident)

    @cached_property
    def faculty(self) -> tuple[Person, ...]:
        return tuple(person for person in self.people if person.is_faculty)

    @cached_property
    def leave_days(self) -> Mapping[PersonId, Mapping[Date, Absence]]:
        """Days of any approved absence, whatever its kind; of overlapping ones the earliest is named."""
        leave: dict[PersonId, dict[Date, Absence]] = {person.id: {} for person in self.people}
        for absence in self.absences:
            days = leave.setdefault(absence.person, {})
            for day in days_between(absence.start, absence.end):
                days.setdefault(day, absence)
        return leave

    @cached_property
    def fmit_attending(self) -> Mapping[Date, PersonId]:
        """The planned FMIT attending of each date, present or not."""
        return {day: week.person for week in self.fmit_weeks for day in days_between(week.start, week.end)}

    @cached_property
    def assignment_of(self) -> Mapping[tuple[PersonId, Date], BlockAssignment]:
        """The rotation period that a resident is in on a date."""
        days = {item.block.id: tuple(days_between(item.block.start, item.block.end)) for item in self.block_assignments}
        return {(item.person, day): item for item in self.block_assignments for day in days[item.block.id]}

    @cached_property
    def rotation_periods(self) -> tuple[BlockAssignment, ...]:
        """Who is on which rotation in each block that the range reaches into."""
        return tuple(item for item in self.block_assignments if self.reaches(item.block))

    def is_absent(self, person: PersonId, day: Date) -> bool:
        return day in self.leave_days.get(person, {})

    def block_of(self, day: Date) -> Block | None:
        return self._block_of_day.get(day)

    @cached_property
    def _block_of_day(self) -> Mapping[Date, Block]:
        return {day: block for block in self.blocks for day in days_between(block.start, block.end)}

    def eligible(self, person: Person, activity: Activity, day: Date) -> bool:
        """Whether role, level and unexpired credential allow the activity (NOT_ELIGIBLE)."""
        if activity.roles and person.role not in activity.roles:
            return False
        if activity.pgy_levels and person.is_resident and person.pgy_level not in activity.pgy_levels:
            return False
        binds = not activity.credential_roles or person.role in activity.credential_roles
        return not (activity.credential and binds) or person.holds(activity.credential, day)


def days_between(start: Date, end: Date) -> Iterator[Date]:
    """Every date from start to end, both included."""
    for offset in range((end - start).days + 1):
        yield start + dt.timedelta(days=offset)
