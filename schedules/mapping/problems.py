"""A `Problem` from the program's rows, in a fixed small number of queries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields
from uuid import UUID

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from schedules import models
from schedules.domain import calls
from schedules.domain.blocks import academic_year_start
from schedules.domain.codes import CALL_CODE
from schedules.domain.demand import DemandRule, expand
from schedules.domain.problem import (
    DEFAULT_WEIGHTS,
    Absence,
    Activity,
    ActivityCode,
    Block,
    BlockAssignment,
    CallTally,
    Category,
    DutyLimits,
    DutyLog,
    DutyLogKind,
    FmitWeek,
    Person,
    PersonId,
    Policy,
    Preference,
    PreferenceScope,
    Problem,
    Role,
    Rotation,
    RotationId,
    Session,
    ShedTier,
    SupervisionKind,
    WorkKind,
    days_between,
)
from schedules.domain.roster import Slot
from schedules.enums import AbsenceStatus, DemandBasis, ScheduleStatus

EDGE_DAYS = 31
"""Days before and after a range that rules look at: the longest rotation period of the duty-hour averages."""

_EDGE = dt.timedelta(days=EDGE_DAYS)
_NO_CELLS: Mapping[Slot, ActivityCode] = {}
_SESSIONS = {session.value: session for session in Session}


def load_problem(
    start: dt.date,
    end: dt.date,
    *,
    schedule: models.Schedule | None = None,
    decided: Mapping[Slot, ActivityCode] = _NO_CELLS,
    assumed: tuple[Absence, ...] = (),
) -> Problem:
    """Everything that judging or making the roster of `start`..`end` (inclusive) needs.

    People are the active ones, and with `schedule` also those whom it has rows for. `decided` are cells made
    but not yet published (the earlier blocks of a year's generation): their calls count in the year so far,
    before what is published on those dates. `assumed` absences count as if they were approved.
    """
    first, last = start - _EDGE, end + _EDGE
    people = _people(schedule)
    known = {person.id for person in people}
    blocks = {
        str(row.pk): Block(str(row.pk), row.academic_year, row.number, row.start_date, row.end_date)
        for row in models.Block.objects.filter(start_date__lte=last, end_date__gte=first)
    }
    assignments = _block_assignments(blocks, known)
    year_start = academic_year_start(start)
    absences = (*_absences(known, min(first, year_start), last), *assumed)
    weeks = _fmit_weeks(known, min(first, year_start), last)
    holidays = frozenset(
        models.Holiday.objects.filter(date__gte=min(first, year_start), date__lte=last).values_list("date", flat=True)
    )
    problem = Problem(
        start=start,
        end=end,
        people=people,
        activities=_activities(),
        rotations=_rotations({item.rotation for item in assignments}),
        blocks=tuple(blocks.values()),
        block_assignments=assignments,
        absences=tuple(a for a in absences if a.end >= first),
        fmit_weeks=tuple(w for w in weeks if w.end >= first),
        holidays=frozenset(day for day in holidays if day >= first),
        preferences=_preferences(known, start, end),
        duty_logs=_duty_logs(known, first, last),
        call_history=_call_history(
            people, year_start, start, decided=decided, absences=absences, weeks=weeks, holidays=holidays
        ),
        policy=load_policy(),
    )
    return problem.with_demands(expand(problem, _demand_rules()))


def load_policy() -> Policy:
    """The program's numbers; the defaults where no record was made yet, and for weights that it does not name."""
    row = models.ProgramPolicy.objects.filter(pk=1).first()
    if row is None:
        return Policy()
    numbers = {field.name: getattr(row, field.name) for field in fields(Policy)}
    return Policy(**numbers | {"weights": {**DEFAULT_WEIGHTS, **row.weights}})


def _people(schedule: models.Schedule | None) -> tuple[Person, ...]:
    wanted = Q(is_active=True)
    if schedule is not None:
        wanted |= Q(pk__in=models.Assignment.objects.filter(schedule=schedule).values("person_id"))
    credentials: dict[str, dict[str, dt.date | None]] = defaultdict(dict)
    for person, code, expires_on in models.PersonCredential.objects.order_by("credential__code").values_list(
        "person_id", "credential__code", "expires_on"
    ):
        credentials[str(person)][code] = expires_on
    duties = {duty.pk: _duty(duty) for duty in models.FacultyDuty.objects.all()}
    people = [
        Person(
            id=str(row.pk),
            name=row.name,
            role=Role(row.role),
            pgy_level=row.pgy_level,
            adjunct=row.adjunct,
            excluded_from_call=row.excluded_from_call,
            duty=duties[row.duty_id] if row.duty_id else None,
            credentials=credentials[str(row.pk)],
        )
        for row in models.Person.objects.filter(wanted).only(
            "name", "role", "pgy_level", "adjunct", "excluded_from_call", "duty_id"
        )
    ]
    return tuple(sorted(people, key=lambda p: (p.role is Role.FACULTY, p.pgy_level or 0, p.name, p.id)))


def _duty(row: models.FacultyDuty) -> DutyLimits:
    return DutyLimits(
        name=row.name,
        minimum={WorkKind(kind): number for kind, number in row.minimum.items()},
        maximum={WorkKind(kind): number for kind, number in row.maximum.items()},
        available_weekdays=frozenset(row.available_weekdays),
        inpatient_weeks_min=row.inpatient_weeks_min,
        inpatient_weeks_max=row.inpatient_weeks_max,
    )


def _activities() -> dict[ActivityCode, Activity]:
    return {row.code: _activity(row) for row in models.Activity.objects.select_related("credential")}


def _activity(row: models.Activity) -> Activity:
    return Activity(
        code=row.code,
        name=row.name,
        category=Category(row.category),
        am_hours=float(row.am_hours),
        pm_hours=float(row.pm_hours),
        night_hours=float(row.night_hours),
        counts_toward_clinic_capacity=row.counts_toward_clinic_capacity,
        supervision=SupervisionKind(row.supervision),
        provides_supervision=row.provides_supervision,
        shed_tier=ShedTier(row.shed_tier),
        work_kind=WorkKind(row.work_kind),
        roles=frozenset(map(Role, row.roles)),
        pgy_levels=frozenset(row.pgy_levels),
        credential=row.credential.code if row.credential else "",
        credential_roles=frozenset(map(Role, row.credential_roles)),
    )


def _block_assignments(blocks: Mapping[str, Block], people: set[PersonId]) -> tuple[BlockAssignment, ...]:
    rows = models.BlockAssignment.objects.filter(block_id__in=blocks).order_by(
        "block__start_date", "person__name", "person_id"
    )
    return tuple(
        BlockAssignment(str(person), blocks[str(block)], str(rotation))
        for person, block, rotation in rows.values_list("person_id", "block_id", "rotation_id")
        if str(person) in people
    )


def _rotations(wanted: set[RotationId]) -> dict[RotationId, Rotation]:
    patterns: dict[str, dict[tuple[int, int, Session], ActivityCode]] = defaultdict(dict)
    keys = [UUID(rotation) for rotation in wanted]
    cells = models.RotationPattern.objects.filter(rotation_id__in=keys).order_by()
    for rotation, week, weekday, session, code in cells.values_list(
        Cast("rotation_id", TextField()), "week", "weekday", "session", "activity__code"
    ):
        patterns[rotation][week, weekday, _SESSIONS[session]] = code
    rows = models.RotationTemplate.objects.filter(pk__in=keys).order_by("name", "pk").values_list("pk", "name", "kind")
    return {str(pk): Rotation(str(pk), name, kind, patterns[str(pk)]) for pk, name, kind in rows}


def _absences(people: set[PersonId], first: dt.date, last: dt.date) -> tuple[Absence, ...]:
    rows = models.Absence.objects.filter(
        status=AbsenceStatus.APPROVED, start_date__lte=last, end_date__gte=first
    ).order_by("start_date", "end_date", "person__name", "pk")
    return tuple(
        Absence(str(person), start, end, kind)
        for person, start, end, kind in rows.values_list("person_id", "start_date", "end_date", "kind")
        if str(person) in people
    )


def _fmit_weeks(people: set[PersonId], first: dt.date, last: dt.date) -> tuple[FmitWeek, ...]:
    rows = models.FmitWeek.objects.filter(start_date__lte=last, end_date__gte=first)
    return tuple(
        FmitWeek(str(person), start, end)
        for person, start, end in rows.values_list("person_id", "start_date", "end_date")
        if str(person) in people
    )


def _preferences(people: set[PersonId], start: dt.date, end: dt.date) -> tuple[Preference, ...]:
    rows = models.Preference.objects.select_related("activity").order_by("person__name", "scope", "pk")
    rows = rows.exclude(Q(start_date__gt=end) | Q(end_date__lt=start))
    return tuple(
        Preference(
            person=str(row.person_id),
            scope=PreferenceScope(row.scope),
            weight=row.weight,
            weekday=row.weekday,
            session=Session(row.session) if row.session else None,
            start=row.start_date,
            end=row.end_date,
            activity=row.activity.code if row.activity else "",
        )
        for row in rows
        if str(row.person_id) in people
    )


def _duty_logs(people: set[PersonId], first: dt.date, last: dt.date) -> tuple[DutyLog, ...]:
    rows = models.DutyLog.objects.filter(date__gte=first, date__lte=last).order_by("date", "person__name", "pk")
    return tuple(
        DutyLog(str(person), day, DutyLogKind(kind), float(hours))
        for person, day, kind, hours in rows.values_list("person_id", "date", "kind", "hours")
        if str(person) in people
    )


def _demand_rules() -> list[DemandRule]:
    rows = models.Demand.objects.filter(is_active=True).select_related("activity")
    return [
        DemandRule(
            activity=row.activity.code,
            session=Session(row.session),
            minimum=row.minimum,
            desired=row.desired,
            maximum=row.maximum,
            team=row.basis == DemandBasis.TEAM,
            weekdays=frozenset(row.weekdays),
            on_holidays=row.on_holidays,
            start=row.start_date,
            end=row.end_date,
            roles=frozenset(map(Role, row.roles)),
        )
        for row in rows.order_by("activity__code", "session", "basis", "minimum", "pk")
    ]


def _call_history(
    people: Iterable[Person],
    year_start: dt.date,
    start: dt.date,
    *,
    decided: Mapping[Slot, ActivityCode],
    absences: Iterable[Absence],
    weeks: Iterable[FmitWeek],
    holidays: frozenset[dt.date],
) -> dict[PersonId, CallTally]:
    """Calls of the academic year before the range: published ones, overridden by `decided` on its dates."""
    rows = models.Assignment.objects.filter(
        schedule__status=ScheduleStatus.PUBLISHED,
        date__gte=year_start,
        date__lt=start,
        session=Session.NIGHT,
        activity__code=CALL_CODE,
        person__role=Role.FACULTY,
    ).order_by()
    remade = {slot.day for slot in decided}
    callers = {day: str(person) for day, person in rows.values_list("date", "person_id") if day not in remade}
    callers |= {
        slot.day: slot.person
        for slot, code in decided.items()
        if code == CALL_CODE and slot.session is Session.NIGHT and year_start <= slot.day < start
    }
    away: dict[PersonId, set[dt.date]] = defaultdict(set)
    for absence in absences:
        away[absence.person].update(days_between(absence.start, absence.end))
    return calls.tally(
        people,
        callers,
        holidays=holidays,
        away={person: frozenset(days) for person, days in away.items()},
        attending={day: week.person for week in weeks for day in days_between(week.start, week.end)},
    )
