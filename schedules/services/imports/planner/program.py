"""What people and rotations refer to: policy, credentials, duties, activities, and the demand derived from these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from itertools import count
from typing import Any

from django.utils.text import slugify

from schedules import models
from schedules.domain.codes import SPORTS_MEDICINE_CODE
from schedules.domain.problem import Policy, WorkKind
from schedules.services.imports import derived
from schedules.services.imports.planner.linking import Planner, unclaimed

_POLICY_NUMBERS: Mapping[str, Callable[[Any], Any]] = {
    number.name: type(number.default) for number in fields(Policy) if type(number.default) in {int, float}
}


def policy(planner: Planner) -> None:
    """The record with the defaults where there is none, and the numbers that the files name."""
    values: dict[str, Any] = {}
    for row in planner.rows("policy"):
        kind = _POLICY_NUMBERS.get(row.values["name"])
        if kind is None:
            planner.plan.reject(row, f"'{row.values['name']}' is no number of the program policy")
        else:
            values[row.values["name"]] = kind(row.values["value"])
    planner.plan.merge(models.ProgramPolicy, models.ProgramPolicy.objects.first(), values)


def credentials(planner: Planner) -> None:
    """Credentials, and the one that sports medicine needs where an activity asks for it."""
    stored, by_key = planner.stored(models.Credential)
    by_code = {record.code: record for record in stored}
    for record in stored:
        planner.credentials.add(record, key=record.source_id, name=record.name, imported=False)
        planner.credentials.add(record, key=record.code, name=record.name, imported=False)
    for row in planner.rows("credentials"):
        name = row.values["name"]
        old = by_key.get(row.key) or unclaimed(by_code.get(slugify(name)[:50]))
        first = {} if old else {"code": _free_code(name, by_code)}
        record = planner.plan.merge(models.Credential, old, {"name": name, "source_id": row.key}, first)
        by_code[record.code] = record
        planner.credentials.add(record, key=row.key, name=name, imported=True)
    code = derived.SPORTS_MEDICINE
    if code not in by_code and any(row.values["code"] == SPORTS_MEDICINE_CODE for row in planner.rows("activities")):
        by_code[code] = planner.plan.merge(models.Credential, None, {"name": "Sports Medicine"}, {"code": code})
        planner.credentials.add(by_code[code], key=code, name="Sports Medicine", imported=True)
    planner.sports_medicine = by_code.get(derived.SPORTS_MEDICINE)


def duties(planner: Planner) -> None:
    """Faculty duties with their weekly limits."""
    stored, by_key = planner.stored(models.FacultyDuty)
    by_name = {record.name: record for record in stored}
    for record in stored:
        planner.duties.add(record, key=record.source_id, name=record.name, imported=False)
    for row in planner.rows("duties"):
        values = {
            "name": row.values["name"],
            "source_id": row.key,
            "minimum": {kind.value: row.values[f"min_{kind}"] for kind in WorkKind if kind},
            "maximum": {kind.value: row.values[f"max_{kind}"] for kind in WorkKind if kind},
            "inpatient_weeks_min": row.values["inpatient_weeks_min"],
            "inpatient_weeks_max": row.values["inpatient_weeks_max"],
            "available_weekdays": list(row.values["available_weekdays"]),
        }
        old = by_key.get(row.key) or by_name.get(values["name"])
        record = planner.plan.merge(models.FacultyDuty, old, values)
        planner.duties.add(record, key=row.key, name=record.name, imported=True)


def activities(planner: Planner) -> None:
    """Activities; a new one also gets what the file need not say."""
    planner.activities = {record.code: record for record in models.Activity.objects.order_by("code")}
    optional = ("work_kind", "roles", "colour")
    for row in planner.rows("activities"):
        code = row.values["code"]
        values = {name: value for name, value in row.values.items() if name not in optional or value is not None}
        old = planner.activities.get(code)
        record = planner.plan.merge(
            models.Activity, old, values, derived.activity_fields(code, planner.sports_medicine)
        )
        planner.activities[code] = record
        if old is None:
            planner.new_activities.append(record)


def demand(planner: Planner) -> None:
    """Derived once, for activities that are new with this import; afterwards the program's own to edit."""
    stored = models.Demand.objects.count()
    planner.plan.unchanged[models.Demand] = stored
    for code, values in derived.demand_fields(planner.new_activities):
        planner.plan.merge(models.Demand, None, {"activity_id": planner.activities[code].pk, **values})


def _free_code(name: str, taken: Mapping[str, Any]) -> str:
    """The name as a code; with -2, -3, ... where another credential of that name has it."""
    base = slugify(name)[:50] or "credential"
    codes = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(code for code in codes if code not in taken)
