"""Rows of program data for tests: one function per model, sequences for names, and a tiny whole program."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from backups.enums import BackupKind, BackupState
from backups.models import Backup
from common.models import bulk_create_with_history, guarded_writes_allowed
from schedules import models
from schedules.domain.problem import Category, Role, Session, ShedTier, SupervisionKind, WorkKind
from schedules.enums import AbsenceKind, AbsenceStatus, DemandBasis, RotationKind, ScheduleStatus
from tests.factories.backups import database_clock
from tests.factories.kept import kept

_numbers = itertools.count(1)

# code: name, category, (AM, PM, NIGHT hours), further fields
_STANDARD: Mapping[str, tuple[str, Category, tuple[float, float, float], dict[str, Any]]] = {
    "C": (
        "Clinic",
        Category.CLINIC,
        (5, 5, 0),
        {
            "counts_toward_clinic_capacity": True,
            "supervision": SupervisionKind.BY_PGY,
            "shed_tier": ShedTier.CONTINUITY,
            "work_kind": WorkKind.CLINIC,
        },
    ),
    "PR": (
        "Procedures",
        Category.PROCEDURE,
        (5, 5, 0),
        {
            "counts_toward_clinic_capacity": True,
            "supervision": SupervisionKind.DEDICATED,
            "shed_tier": ShedTier.REQUIRED_EXPERIENCE,
        },
    ),
    "CARD": ("Cardiology", Category.SPECIALTY, (5, 5, 0), {"shed_tier": ShedTier.REQUIRED_EXPERIENCE}),
    "FMIT": ("Inpatient team", Category.INPATIENT, (6, 6, 0), {"shed_tier": ShedTier.PATIENT_SAFETY}),
    "NF": ("Night float", Category.NIGHT, (0, 0, 12), {"shed_tier": ShedTier.PATIENT_SAFETY}),
    "CALL": ("Overnight call", Category.NIGHT, (0, 0, 12), {"shed_tier": ShedTier.PATIENT_SAFETY}),
    "LEC": ("Lecture", Category.EDUCATION, (5, 5, 0), {"shed_tier": ShedTier.CORE_EDUCATION}),
    "GME": (
        "Graduate medical education",
        Category.EDUCATION,
        (5, 5, 0),
        {"shed_tier": ShedTier.CORE_EDUCATION, "work_kind": WorkKind.GME},
    ),
    "ADM": ("Administration", Category.ADMIN, (5, 5, 0), {"shed_tier": ShedTier.RESEARCH_ADMIN}),
    "AT": (
        "Supervision",
        Category.SUPERVISION,
        (5, 5, 0),
        {
            "provides_supervision": True,
            "shed_tier": ShedTier.PATIENT_SAFETY,
            "work_kind": WorkKind.SUPERVISION,
            "roles": [Role.FACULTY],
        },
    ),
    "PCAT": (
        "Post-call supervision",
        Category.SUPERVISION,
        (5, 5, 0),
        {
            "provides_supervision": True,
            "shed_tier": ShedTier.PATIENT_SAFETY,
            "work_kind": WorkKind.SUPERVISION,
            "roles": [Role.FACULTY],
        },
    ),
    "TDY": ("Off-site duty", Category.AWAY, (0, 0, 0), {"shed_tier": ShedTier.REQUIRED_EXPERIENCE}),
    "W": ("Weekend", Category.OFF, (0, 0, 0), {}),
    "OFF": ("Off", Category.OFF, (0, 0, 0), {}),
    "PC": ("Post-call off", Category.OFF, (0, 0, 0), {}),
    "DO": ("Day off after call", Category.OFF, (0, 0, 0), {"roles": [Role.FACULTY]}),
    "LV": ("Leave", Category.OFF, (0, 0, 0), {}),
}

CLINIC_WEEK = {
    **{(day, session): "C" for day in range(5) for session in (Session.AM, Session.PM)},
    (2, Session.PM): "LEC",
}
WARD_WEEK = {(day, session): "FMIT" for day in range(7) for session in (Session.AM, Session.PM)}
NIGHT_WEEK = {(day, Session.NIGHT): "NF" for day in (6, 0, 1, 2, 3)}


@contextmanager
def open_gate() -> Iterator[None]:
    """Let a test write gated tables: a verified backup row, the transaction's mark, guarded querysets open.

    Rows only, no file: tests of the gate itself make real backups.
    """
    now = database_clock()
    with transaction.atomic():
        backup = Backup.objects.create(
            file=f"residency_scheduler_test_{next(_numbers)}.sql.gz",
            kind=BackupKind.REGULAR,
            state=BackupState.VERIFIED,
            created_at=now,
            verified_at=now,
        )
        _mark_transaction(str(backup.pk))
        with guarded_writes_allowed():
            yield
        _mark_transaction("")
        backup.delete()


def _mark_transaction(backup_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('scheduler.backup_id', %s, true)", [backup_id])


# --- one function per model -----------------------------------------------------------------------------------------


def credential(**fields: Any) -> models.Credential:
    number = next(_numbers)
    return models.Credential.objects.create(**{"code": f"credential-{number}", "name": f"Credential {number}"} | fields)


def activity(code: str = "", **fields: Any) -> models.Activity:
    """An activity; the standard codes (C, FMIT, NF, CALL, AT, LV, ...) come with their standard fields."""
    code = code or f"X{next(_numbers)}"
    name, category, (am, pm, night), further = _STANDARD.get(code, (code, Category.SPECIALTY, (5, 5, 0), {}))
    standard = {"name": name, "category": category, "am_hours": am, "pm_hours": pm, "night_hours": night} | further
    return models.Activity.objects.create(code=code, **standard | fields)


def standard_activities() -> dict[str, models.Activity]:
    """The seventeen activities that patterns, rules and the solver know by code; made once, then found again."""
    known = models.Activity.objects.in_bulk(field_name="code")
    return {code: known.get(code) or activity(code) for code in _STANDARD}


def duty(**fields: Any) -> models.FacultyDuty:
    """A duty that allows clinic 4, GME 4 and supervision 10 half-days a week and asks for none."""
    maximum = {kind.value: 0 for kind in WorkKind if kind} | {"clinic": 4, "gme": 4, "supervision": 10}
    standard = {
        "name": f"Duty {next(_numbers)}",
        "minimum": {kind.value: 0 for kind in WorkKind if kind},
        "maximum": maximum,
        "inpatient_weeks_max": 12,
        "available_weekdays": [0, 1, 2, 3, 4],
    }
    return models.FacultyDuty.objects.create(**standard | fields)


def resident(pgy_level: int = 1, **fields: Any) -> models.Person:
    standard = {"name": f"Resident {next(_numbers)}", "role": Role.RESIDENT, "pgy_level": pgy_level}
    return models.Person.objects.create(**standard | fields)


def faculty(**fields: Any) -> models.Person:
    """A core faculty member with a duty of their own unless one is given."""
    standard = {"name": f"Faculty {next(_numbers)}", "role": Role.FACULTY}
    if "duty" not in fields:
        standard["duty"] = duty()
    return models.Person.objects.create(**standard | fields)


def holds(person: models.Person, credential: models.Credential, **fields: Any) -> models.PersonCredential:
    return models.PersonCredential.objects.create(person=person, credential=credential, **fields)


def absence(person: models.Person, start: dt.date, end: dt.date | None = None, **fields: Any) -> models.Absence:
    """An approved leave unless said otherwise."""
    standard = {"kind": AbsenceKind.LEAVE, "status": AbsenceStatus.APPROVED}
    return models.Absence.objects.create(person=person, start_date=start, end_date=end or start, **standard | fields)


def preference(person: models.Person, **fields: Any) -> models.Preference:
    """A dislike of working on Mondays unless said otherwise."""
    return models.Preference.objects.create(person=person, **{"scope": "WEEKDAY", "weekday": 0, "weight": -1} | fields)


def duty_log(person: models.Person, date: dt.date, **fields: Any) -> models.DutyLog:
    return models.DutyLog.objects.create(person=person, date=date, **{"kind": "MOONLIGHTING", "hours": 6} | fields)


def standby(person: models.Person, start: dt.date, end: dt.date | None = None) -> models.BackupPoolEntry:
    return models.BackupPoolEntry.objects.create(person=person, start_date=start, end_date=end or start)


def rotation(
    pattern: Mapping[tuple[int, Session], str] | None = None, weeks: Iterable[int] = (1, 2, 3, 4), **fields: Any
) -> models.RotationTemplate:
    """A rotation whose weekly pattern `{(weekday, session): activity code}` repeats in the given weeks."""
    number = next(_numbers)
    template = models.RotationTemplate.objects.create(
        **{"name": f"Rotation {number}", "kind": RotationKind.OUTPATIENT, "source_id": f"rotation-{number}"} | fields
    )
    activities = standard_activities() if pattern else {}
    cells = [
        models.RotationPattern(
            rotation=template, week=week, weekday=weekday, session=session, activity=activities[code]
        )
        for week in weeks
        for (weekday, session), code in (pattern or {}).items()
    ]
    bulk_create_with_history(cells, by=None, reason="test")
    return template


def block(number: int = 10, start: dt.date = dt.date(2026, 3, 12), **fields: Any) -> models.Block:
    """A 28-day block of academic year 2025; block 10 (12 March to 8 April 2026) unless said otherwise."""
    standard = {"academic_year": 2025, "end_date": start + dt.timedelta(days=27)}
    return models.Block.objects.create(number=number, start_date=start, **standard | fields)


def block_assignment(
    person: models.Person, block: models.Block, rotation: models.RotationTemplate, **fields: Any
) -> models.BlockAssignment:
    with open_gate():
        return models.BlockAssignment.objects.create(person=person, block=block, rotation=rotation, **fields)


def fmit_week(person: models.Person, start: dt.date, **fields: Any) -> models.FmitWeek:
    """The seven days from `start`, a Friday."""
    standard = {"end_date": start + dt.timedelta(days=6)}
    return models.FmitWeek.objects.create(person=person, start_date=start, **standard | fields)


def holiday(date: dt.date, **fields: Any) -> models.Holiday:
    return models.Holiday.objects.create(date=date, **{"name": f"Holiday {next(_numbers)}"} | fields)


def demand(activity: models.Activity, session: Session = Session.AM, **fields: Any) -> models.Demand:
    """One person of anybody on every day unless said otherwise."""
    standard = {"basis": DemandBasis.FIXED, "minimum": 1, "desired": 1}
    return models.Demand.objects.create(activity=activity, session=session, **standard | fields)


def policy(**fields: Any) -> models.ProgramPolicy:
    record, _ = models.ProgramPolicy.objects.update_or_create(id=1, defaults=fields)
    return record


def schedule(start: dt.date, end: dt.date, *, status: str = ScheduleStatus.DRAFT, **fields: Any) -> models.Schedule:
    published = {"published_at": timezone.now()} if status == ScheduleStatus.PUBLISHED else {}
    with open_gate():
        return models.Schedule.objects.create(start_date=start, end_date=end, status=status, **published | fields)


def assignments(
    schedule: models.Schedule,
    rows: Iterable[tuple[models.Person, dt.date, Session, str]],
    *,
    source: str = "MANUAL",
    locked: bool = False,
) -> list[models.Assignment]:
    """Rows (person, date, session, activity code) of a schedule."""
    codes = standard_activities()
    made = [
        models.Assignment(
            schedule=schedule,
            person=person,
            date=date,
            session=session,
            activity=codes.get(code) or models.Activity.objects.get(code=code),
            source=source,
            locked=locked,
        )
        for person, date, session, code in rows
    ]
    with open_gate():
        bulk_create_with_history(made, by=None, reason="test")
    return made


# --- a program that hangs together ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Program:
    """What `tiny_program` made."""

    block: models.Block
    residents: tuple[models.Person, ...]
    faculty: tuple[models.Person, ...]
    clinic: models.RotationTemplate
    ward: models.RotationTemplate
    nights: models.RotationTemplate


@kept
def tiny_program(start: dt.date = dt.date(2026, 3, 12)) -> Program:
    """Block 10 of 2025-26 (or 28 days from another Thursday): feasible, and quick to solve.

    Four residents, four core faculty and an adjunct.

    Residents: PGY-1 in clinic, PGY-2 and PGY-3 on the inpatient team (one rests while the other works), PGY-3 on
    night float. FMIT weeks turn among the first three faculty from the Friday before; demand as derived on import.
    """
    standard_activities()
    policy()
    period = block(start=start)
    clinic = rotation(CLINIC_WEEK, name="Clinic")
    ward = rotation(WARD_WEEK, name="Inpatient team", kind=RotationKind.INPATIENT)
    nights = rotation(NIGHT_WEEK, name="Night float", kind=RotationKind.NIGHT)
    residents = (resident(1), resident(2), resident(3), resident(3))
    members = (*(faculty() for _ in range(4)), faculty(adjunct=True, excluded_from_call=True))
    for person, template in zip(residents, (clinic, ward, ward, nights), strict=True):
        block_assignment(person, period, template)
    for week in range(6):
        fmit_week(members[week % 3], start + dt.timedelta(weeks=week, days=-6))
    derived_demand()
    return Program(period, residents, members, clinic, ward, nights)


def derived_demand() -> list[models.Demand]:
    """The demand rows that an import derives from the activities there are."""
    codes = standard_activities()
    faculty_only, residents_only, workdays = [Role.FACULTY], [Role.RESIDENT], [0, 1, 2, 3, 4]
    return [
        demand(codes["FMIT"], Session.AM, maximum=1, roles=faculty_only),
        demand(codes["FMIT"], Session.PM, maximum=1, roles=faculty_only),
        demand(codes["CALL"], Session.NIGHT, maximum=1, roles=faculty_only),
        demand(codes["C"], Session.AM, minimum=2, desired=2, weekdays=workdays, on_holidays=False),
        demand(codes["C"], Session.PM, minimum=2, desired=2, weekdays=[0, 1, 3, 4], on_holidays=False),
        *(
            demand(codes[code], session, basis=DemandBasis.TEAM, minimum=0, desired=0, roles=residents_only)
            for code, session in (("FMIT", Session.AM), ("FMIT", Session.PM), ("NF", Session.NIGHT))
        ),
    ]
