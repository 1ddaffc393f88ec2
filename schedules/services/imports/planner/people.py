"""People, the credentials they hold, their absences, preferences and duty logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schedules import models
from schedules.domain.problem import Role
from schedules.enums import AbsenceStatus
from schedules.services.imports.parsing import ABSENCE_TABLES
from schedules.services.imports.planner.linking import Planner, unclaimed
from schedules.services.imports.report import Notice, Row

_ROLE_OF_TABLE = {"resident_absences": Role.RESIDENT, "faculty_absences": Role.FACULTY, "absences": None}


def people(planner: Planner) -> None:
    """Residents and faculty; a flat table of people adds to them, or stands for them."""
    stored, by_key = planner.stored(models.Person)
    by_name = {(record.role, record.name): record for record in stored}
    for record in stored:
        planner.people.add(record, key=record.source_id, name=record.name, imported=False)
    flat = {(row.values["role"], row.values["name"]): row for row in planner.rows("people")}
    for table, role in (("residents", Role.RESIDENT), ("faculty", Role.FACULTY)):
        for row in planner.rows(table):
            key = (role.value, row.values["name"])
            values = _person_values(planner, row, role, flat.pop(key, None))
            if values is None:
                continue
            old = by_key.get(row.key) or unclaimed(by_name.get(key))
            _add_person(planner, old, values, row)
    for key, row in flat.items():
        values = {"name": key[1], "role": key[0], "source_id": row.key, "faculty_role": row.values["faculty_role"]}
        values["pgy_level"] = row.values["pgy_level"] if key[0] == Role.RESIDENT else None
        old = by_key.get(row.key) or by_name.get(key)
        if old is not None and old.source_id:
            del values["source_id"]
        _add_person(planner, old, values, row)


def _add_person(planner: Planner, old: Any, values: dict[str, Any], row: Row) -> None:
    if old is not None and old.role != values["role"]:
        planner.plan.reject(row, f"was {old.get_role_display().lower()} before; a person's role does not change")
        return
    record = planner.plan.merge(models.Person, old, values)
    planner.people.add(record, key=row.key, name=record.name, imported=True)


def _person_values(planner: Planner, row: Row, role: Role, flat: Row | None) -> dict[str, Any] | None:
    values: dict[str, Any] = {"name": row.values["name"], "role": role.value, "source_id": row.key}
    if row.values["email"]:
        values["email"] = row.values["email"]
    if role is Role.RESIDENT:
        values["pgy_level"] = row.values["pgy_level"]
        if flat is not None and flat.values["pgy_level"] != row.values["pgy_level"]:
            message = f"names PGY-{flat.values['pgy_level']}, but {row.file} names PGY-{row.values['pgy_level']}"
            planner.plan.warnings.append(Notice(flat.file, flat.row, f"{message}, which is taken"))
        return values
    values["adjunct"] = row.values["type"].casefold().startswith("adj")
    values["excluded_from_call"] = row.values["excluded_from_call"]
    if row.values["duty"] is not None:
        found = planner.linked(row, primaryDuty=(planner.duties, row.values["duty"]))
        if found is None:
            return None
        values["duty_id"] = found["primaryDuty"].pk
    if flat is not None:
        values["faculty_role"] = flat.values["faculty_role"]
    return values


def credential_holders(planner: Planner) -> None:
    """Who holds what, each pair once."""
    stored = {(h.person_id, h.credential_id): h for h in models.PersonCredential.objects.order_by("pk")}
    done: set[tuple[Any, Any]] = set()
    for row, person, credential, expiry in _holders(planner):
        found = planner.linked(row, person=(planner.people, person), credential=(planner.credentials, credential))
        if found is None:
            continue
        pair = (found["person"].pk, found["credential"].pk)
        if pair in done:
            continue
        done.add(pair)
        keys = {"person_id": pair[0], "credential_id": pair[1]}
        planner.plan.merge(models.PersonCredential, stored.get(pair), {**keys, **expiry})


def _holders(planner: Planner) -> Iterator[tuple[Row, str, str, dict[str, Any]]]:
    """Who holds what by all three ways of saying it; only the first of them knows an expiry."""
    for row in planner.rows("credential_holders"):
        yield row, row.values["person"], row.values["credential"], {"expires_on": row.values["expires_on"]}
    for row in planner.rows("credentials"):
        for person in row.values["holders"]:
            yield row, person, row.key, {}
    for row in planner.rows("faculty"):
        for credential in row.values["credentials"]:
            yield row, row.key, credential, {}


def absences(planner: Planner) -> None:
    """Absences of residents and faculty."""
    _, by_key = planner.stored(models.Absence)
    for table in ABSENCE_TABLES:
        for row in planner.rows(table):
            person = planner.person(row, _ROLE_OF_TABLE[table])
            if person is None:
                continue
            values = {
                "person_id": person.pk,
                "start_date": row.values["start"],
                "end_date": row.values["end"],
                "kind": row.values["kind"],
                "source_id": row.key,
            }
            old = by_key.get(row.key)
            approved = row.values["approved"]
            # What people decided here stands: the files may approve a request, never undo a decision.
            if old is None or (approved and old.status == AbsenceStatus.REQUESTED):
                status = AbsenceStatus.APPROVED if approved else AbsenceStatus.REQUESTED
                values["status"] = status.value
            planner.plan.merge(models.Absence, old, values, {"reason": row.values["reason"]})


def preferences(planner: Planner) -> None:
    """Likes and dislikes."""
    names = ("person_id", "scope", "weekday", "session", "start_date", "end_date", "activity_id")
    stored = {
        tuple(getattr(record, name) for name in names): record
        for record in (models.Preference.objects.order_by("pk") if planner.rows("preferences") else ())
    }
    for row in planner.rows("preferences"):
        person = planner.person(row, None)
        code = row.values["activity"]
        if code and code not in planner.activities:
            planner.plan.reject(row, f"activity '{code}' is none of the activities")
            continue
        if person is None:
            continue
        given = row.values
        activity = planner.activities[code].pk if code else None
        key = (
            person.pk,
            given["scope"],
            given["weekday"],
            given["session"],
            given["start"],
            given["end"],
            activity,
        )
        values = {**dict(zip(names, key, strict=True)), "weight": given["weight"]}
        planner.plan.merge(models.Preference, stored.get(key), values)


def duty_logs(planner: Planner) -> None:
    """Hours worked outside the schedule."""
    if not planner.rows("duty_logs"):
        return
    _, by_key = planner.stored(models.DutyLog)
    for row in planner.rows("duty_logs"):
        person = planner.person(row, None)
        if person is None:
            continue
        values = {
            "person_id": person.pk,
            "date": row.values["date"],
            "kind": row.values["kind"],
            "hours": row.values["hours"],
            "note": row.values["note"],
            "source_id": row.key,
        }
        planner.plan.merge(models.DutyLog, by_key.get(row.key), values)
