"""Worlds of the pure core written into the database, so that one case is judged by the core and through the doors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from common.models import bulk_create_with_history
from schedules import models
from schedules.domain.problem import Activity, DutyLimits, Person, Problem, Role
from schedules.domain.roster import Roster
from schedules.enums import ScheduleStatus
from tests.factories import program

ZONE = ZoneInfo(settings.TIME_ZONE)


@dataclass(frozen=True)
class Stored:
    """The rows of a world; `person` by the world's own ids (F1, R2)."""

    person: Mapping[str, models.Person]
    schedule: models.Schedule


def store(made: tuple[Problem, Roster]) -> Stored:
    """People, activities, patterns, absences, demand and the whole roster as one published version."""
    problem, roster = made
    program.policy()
    activities = {code: _activity(activity) for code, activity in problem.activities.items()}
    people = {person.id: _person(person) for person in problem.people}
    _rotations(problem, people, activities)
    for leave in problem.absences:
        program.absence(people[leave.person], leave.start, leave.end, kind=leave.kind)
    for week in problem.fmit_weeks:
        program.fmit_week(people[week.person], week.start, end_date=week.end)
    for day in problem.holidays:
        program.holiday(day)
    for log in problem.duty_logs:
        program.duty_log(people[log.person], log.day, kind=log.kind.value, hours=log.hours)
    for demand in problem.demands:
        program.demand(
            activities[demand.activity],
            demand.session,
            minimum=demand.minimum,
            desired=demand.desired,
            maximum=demand.maximum,
            start_date=demand.day,
            end_date=demand.day,
            roles=sorted({problem.person[who].role.value for who in demand.eligible}),
        )
    return Stored(people, _published(roster, people, activities))


def _activity(activity: Activity) -> models.Activity:
    credential = None
    if activity.credential:
        credential, _ = models.Credential.objects.get_or_create(code=activity.credential, name=activity.credential)
    return models.Activity.objects.create(
        code=activity.code,
        name=activity.name,
        category=activity.category,
        am_hours=activity.am_hours,
        pm_hours=activity.pm_hours,
        night_hours=activity.night_hours,
        counts_toward_clinic_capacity=activity.counts_toward_clinic_capacity,
        supervision=activity.supervision,
        provides_supervision=activity.provides_supervision,
        shed_tier=activity.shed_tier,
        work_kind=activity.work_kind,
        roles=sorted(activity.roles),
        pgy_levels=sorted(activity.pgy_levels),
        credential=credential,
        credential_roles=sorted(activity.credential_roles),
    )


def _person(person: Person) -> models.Person:
    if person.role is Role.RESIDENT:
        return program.resident(person.pgy_level or 1, name=person.name)
    stored = program.faculty(
        name=person.name,
        adjunct=person.adjunct,
        excluded_from_call=person.excluded_from_call,
        duty=_duty(person.duty) if person.duty else None,
    )
    for code, until in person.credentials.items():
        credential, _ = models.Credential.objects.get_or_create(code=code, defaults={"name": code})
        program.holds(stored, credential, expires_on=until)
    return stored


def _duty(limits: DutyLimits) -> models.FacultyDuty:
    return program.duty(
        minimum={kind.value: number for kind, number in limits.minimum.items()},
        maximum={kind.value: number for kind, number in limits.maximum.items()},
        available_weekdays=sorted(limits.available_weekdays),
    )


def _rotations(
    problem: Problem, people: Mapping[str, models.Person], activities: Mapping[str, models.Activity]
) -> None:
    blocks = {block.id: program.block(block.number, block.start, end_date=block.end) for block in problem.blocks}
    for name, rotation in problem.rotations.items():
        template = models.RotationTemplate.objects.create(name=name, kind="INPATIENT", source_id=name)
        cells = [
            models.RotationPattern(
                rotation=template, week=week, weekday=weekday, session=session.value, activity=activities[code]
            )
            for (week, weekday, session), code in rotation.pattern.items()
        ]
        bulk_create_with_history(cells, by=None, reason="test")
        for item in problem.block_assignments:
            if item.rotation == name:
                program.block_assignment(people[item.person], blocks[item.block.id], template)


def _published(
    roster: Roster, people: Mapping[str, models.Person], activities: Mapping[str, models.Activity]
) -> models.Schedule:
    cells = {**roster.context, **roster.cells}
    days = sorted({slot.day for slot in cells})
    schedule = program.schedule(days[0], days[-1], status=ScheduleStatus.PUBLISHED, published_at=timezone.now())
    rows = [
        models.Assignment(
            schedule=schedule,
            person=people[slot.person],
            date=slot.day,
            session=slot.session.value,
            activity=activities[code],
            source="SOLVER",
            locked=slot in roster.locked,
        )
        for slot, code in sorted(cells.items())
    ]
    with program.open_gate():
        bulk_create_with_history(rows, by=None, reason="test")
    return schedule
