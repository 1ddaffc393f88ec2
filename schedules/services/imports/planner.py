"""A parsed program against the database, table by table: links resolved, derived fields added, differences found."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from itertools import count
from typing import Any

from django.utils.text import slugify

from schedules import models
from schedules.domain.blocks import academic_year, standard_blocks
from schedules.domain.codes import SPORTS_MEDICINE_CODE
from schedules.domain.problem import Policy, Role, WorkKind
from schedules.enums import AbsenceStatus, RotationKind
from schedules.services.imports import derived
from schedules.services.imports.parsing import ABSENCE_TABLES
from schedules.services.imports.plan import Index, LinkError, Plan
from schedules.services.imports.report import Notice, ParsedProgram, Row

_POLICY_NUMBERS: Mapping[str, Callable[[Any], Any]] = {
    number.name: type(number.default) for number in fields(Policy) if type(number.default) in {int, float}
}
_INACTIVE = frozenset({"inactive", "archived", "retired"})
_ROLE_OF_TABLE = {"resident_absences": Role.RESIDENT, "faculty_absences": Role.FACULTY, "absences": None}


def plan(parsed: ParsedProgram) -> Plan:
    """Compare a parsed program with the database in a fixed number of queries, whatever the number of rows."""
    planner = _Planner(parsed)
    planner.run()
    return planner.plan


class _Planner:
    """Walks the tables in order of dependence; keeps of each what later ones link to."""

    def __init__(self, parsed: ParsedProgram) -> None:
        self.parsed = parsed
        self.plan = Plan()
        self.credentials = Index("credential")
        self.duties = Index("duty")
        self.people = Index("person")
        self.rotations = Index("rotation")
        self.blocks = Index("block")
        self.activities: dict[str, Any] = {}
        self.new_activities: list[Any] = []
        self.patterned: set[Any] = set()

    def run(self) -> None:
        self._policy()
        self._credentials()
        self._duties()
        self._activities()
        self._people()
        self._credential_holders()
        self._rotations()
        self._blocks()
        self._holidays()
        self._absences()
        self._fmit_weeks()
        self._demand()
        self._preferences()
        self._duty_logs()
        self._block_assignments()

    # --- tools

    def _rows(self, table: str) -> tuple[Row, ...]:
        return self.parsed.rows(table)

    def _stored(self, model: Any) -> tuple[list[Any], dict[str, Any]]:
        """Every stored record, and those with a source id by it."""
        records = list(model._default_manager.order_by("pk"))
        return records, {record.source_id: record for record in records if record.source_id}

    def _linked(self, row: Row, **wanted: tuple[Index, str]) -> dict[str, Any] | None:
        """The records a row links to, by column; None where one is not there (the row is then refused)."""
        found, problems = {}, []
        for column, (index, text) in wanted.items():
            try:
                found[column] = index.find(text)
            except LinkError as error:
                problems.append(f"{column} {error}")
        if problems:
            self.plan.reject(row, "; ".join(problems))
            return None
        return found

    def _person(self, row: Row, role: Role | None) -> Any:
        """The person of a row, who must have the role; None where the row was refused."""
        found = self._linked(row, person=(self.people, row.values["person"]))
        if found is None:
            return None
        person = found["person"]
        if role is not None and person.role != role:
            article = "resident" if role is Role.RESIDENT else "faculty member"
            self.plan.reject(row, f"person '{row.values['person']}' is no {article}")
            return None
        return person

    # --- tables

    def _policy(self) -> None:
        """The record with the defaults where there is none, and the numbers that the files name."""
        values: dict[str, Any] = {}
        for row in self._rows("policy"):
            kind = _POLICY_NUMBERS.get(row.values["name"])
            if kind is None:
                self.plan.reject(row, f"'{row.values['name']}' is no number of the program policy")
            else:
                values[row.values["name"]] = kind(row.values["value"])
        self.plan.merge(models.ProgramPolicy, models.ProgramPolicy.objects.first(), values)

    def _credentials(self) -> None:
        stored, by_key = self._stored(models.Credential)
        by_code = {record.code: record for record in stored}
        for record in stored:
            self.credentials.add(record, key=record.source_id, name=record.name, imported=False)
            self.credentials.add(record, key=record.code, name=record.name, imported=False)
        for row in self._rows("credentials"):
            name = row.values["name"]
            old = by_key.get(row.key) or _unclaimed(by_code.get(slugify(name)[:50]))
            first = {} if old else {"code": _free_code(name, by_code)}
            record = self.plan.merge(models.Credential, old, {"name": name, "source_id": row.key}, first)
            by_code[record.code] = record
            self.credentials.add(record, key=row.key, name=name, imported=True)
        code = derived.SPORTS_MEDICINE
        if code not in by_code and any(row.values["code"] == SPORTS_MEDICINE_CODE for row in self._rows("activities")):
            by_code[code] = self.plan.merge(models.Credential, None, {"name": "Sports Medicine"}, {"code": code})
            self.credentials.add(by_code[code], key=code, name="Sports Medicine", imported=True)
        self.sports_medicine = by_code.get(derived.SPORTS_MEDICINE)

    def _duties(self) -> None:
        stored, by_key = self._stored(models.FacultyDuty)
        by_name = {record.name: record for record in stored}
        for record in stored:
            self.duties.add(record, key=record.source_id, name=record.name, imported=False)
        for row in self._rows("duties"):
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
            record = self.plan.merge(models.FacultyDuty, old, values)
            self.duties.add(record, key=row.key, name=record.name, imported=True)

    def _activities(self) -> None:
        self.activities = {record.code: record for record in models.Activity.objects.order_by("code")}
        optional = ("work_kind", "roles", "colour")
        for row in self._rows("activities"):
            code = row.values["code"]
            values = {name: value for name, value in row.values.items() if name not in optional or value is not None}
            old = self.activities.get(code)
            record = self.plan.merge(models.Activity, old, values, derived.activity_fields(code, self.sports_medicine))
            self.activities[code] = record
            if old is None:
                self.new_activities.append(record)

    def _people(self) -> None:
        stored, by_key = self._stored(models.Person)
        by_name = {(record.role, record.name): record for record in stored}
        for record in stored:
            self.people.add(record, key=record.source_id, name=record.name, imported=False)
        flat = {(row.values["role"], row.values["name"]): row for row in self._rows("people")}
        for table, role in (("residents", Role.RESIDENT), ("faculty", Role.FACULTY)):
            for row in self._rows(table):
                key = (role.value, row.values["name"])
                values = self._person_values(row, role, flat.pop(key, None))
                if values is None:
                    continue
                old = by_key.get(row.key) or _unclaimed(by_name.get(key))
                self._add_person(old, values, row)
        for key, row in flat.items():
            values = {"name": key[1], "role": key[0], "source_id": row.key, "faculty_role": row.values["faculty_role"]}
            values["pgy_level"] = row.values["pgy_level"] if key[0] == Role.RESIDENT else None
            old = by_key.get(row.key) or by_name.get(key)
            if old is not None and old.source_id:
                del values["source_id"]
            self._add_person(old, values, row)

    def _add_person(self, old: Any, values: dict[str, Any], row: Row) -> None:
        if old is not None and old.role != values["role"]:
            self.plan.reject(row, f"was {old.get_role_display().lower()} before; a person's role does not change")
            return
        record = self.plan.merge(models.Person, old, values)
        self.people.add(record, key=row.key, name=record.name, imported=True)

    def _person_values(self, row: Row, role: Role, flat: Row | None) -> dict[str, Any] | None:
        values: dict[str, Any] = {"name": row.values["name"], "role": role.value, "source_id": row.key}
        if row.values["email"]:
            values["email"] = row.values["email"]
        if role is Role.RESIDENT:
            values["pgy_level"] = row.values["pgy_level"]
            if flat is not None and flat.values["pgy_level"] != row.values["pgy_level"]:
                message = f"names PGY-{flat.values['pgy_level']}, but {row.file} names PGY-{row.values['pgy_level']}"
                self.plan.warnings.append(Notice(flat.file, flat.row, f"{message}, which is taken"))
            return values
        values["adjunct"] = row.values["type"].casefold().startswith("adj")
        values["excluded_from_call"] = row.values["excluded_from_call"]
        if row.values["duty"] is not None:
            found = self._linked(row, primaryDuty=(self.duties, row.values["duty"]))
            if found is None:
                return None
            values["duty_id"] = found["primaryDuty"].pk
        if flat is not None:
            values["faculty_role"] = flat.values["faculty_role"]
        return values

    def _credential_holders(self) -> None:
        stored = {(h.person_id, h.credential_id): h for h in models.PersonCredential.objects.order_by("pk")}
        done: set[tuple[Any, Any]] = set()
        for row, person, credential, expiry in self._holders():
            found = self._linked(row, person=(self.people, person), credential=(self.credentials, credential))
            if found is None:
                continue
            pair = (found["person"].pk, found["credential"].pk)
            if pair in done:
                continue
            done.add(pair)
            keys = {"person_id": pair[0], "credential_id": pair[1]}
            self.plan.merge(models.PersonCredential, stored.get(pair), {**keys, **expiry})

    def _holders(self) -> Iterator[tuple[Row, str, str, dict[str, Any]]]:
        """Who holds what by all three ways of saying it; only the first of them knows an expiry."""
        for row in self._rows("credential_holders"):
            yield row, row.values["person"], row.values["credential"], {"expires_on": row.values["expires_on"]}
        for row in self._rows("credentials"):
            for person in row.values["holders"]:
                yield row, person, row.key, {}
        for row in self._rows("faculty"):
            for credential in row.values["credentials"]:
                yield row, row.key, credential, {}

    def _rotations(self) -> None:
        stored, by_key = self._stored(models.RotationTemplate)
        for record in stored:
            self.rotations.add(record, key=record.source_id, name=record.name, imported=False)
        kinds = derived.rotation_kinds(self._rows("patterns"), self.activities)
        for row in self._rows("rotations"):
            values = {"name": row.values["name"], "source_id": row.key}
            if row.values["status"]:
                values["is_active"] = row.values["status"].casefold() not in _INACTIVE
            kind = kinds.get(row.key) or kinds.get(row.values["name"].casefold()) or RotationKind.OUTPATIENT
            record = self.plan.merge(
                models.RotationTemplate, by_key.get(row.key), values, {"kind": RotationKind(kind).value}
            )
            self.rotations.add(record, key=row.key, name=record.name, imported=True)
        self._patterns()

    def _patterns(self) -> None:
        """A rotation's pattern is one thing: cells that the files no longer name are removed."""
        stored: dict[Any, dict[tuple[int, int, str], Any]] = defaultdict(dict)
        for cell in models.RotationPattern.objects.order_by("pk"):
            stored[cell.rotation_id][cell.week, cell.weekday, cell.session] = cell
        named: dict[Any, set[tuple[int, int, str]]] = defaultdict(set)
        for row in self._rows("patterns"):
            found = self._linked(row, rotationName=(self.rotations, row.values["rotation"]))
            activity = self.activities.get(row.values["activity"])
            if activity is None:
                self.plan.reject(row, f"activity '{row.values['activity']}' is none of the activities")
            if found is None or activity is None:
                continue
            rotation = found["rotationName"].pk
            place = (row.values["week"], row.values["weekday"], row.values["session"])
            named[rotation].add(place)
            values = {
                "rotation_id": rotation,
                "week": place[0],
                "weekday": place[1],
                "session": place[2],
                "activity_id": activity.pk,
            }
            self.plan.merge(models.RotationPattern, stored[rotation].get(place), values)
        for rotation, places in named.items():
            gone = [cell for place, cell in stored[rotation].items() if place not in places]
            self.plan.removed[models.RotationPattern].extend(gone)
        self.patterned = {rotation for rotation, cells in stored.items() if cells} | set(named)

    def _blocks(self) -> None:
        stored, by_key = self._stored(models.Block)
        by_number = {(record.academic_year, record.number): record for record in stored}
        for record in stored:
            self.blocks.add(record, key=record.source_id, name=str(record.number), imported=False)
        if self._rows("blocks"):
            for row in self._rows("blocks"):
                start, end = row.values["start"], row.values["end"]
                year = academic_year(start + (end - start) / 2)
                self._block(by_key, by_number, (year, row.values["number"], start, end), row.key, row)
        elif self._rows("block_assignments") and not stored:
            for year in self._years():
                for number, start, end in standard_blocks(year):
                    self._block(by_key, by_number, (year, number, start, end), f"block-{year}-{number}", None)
        for record in self._refuse_overlaps(models.Block, stored, self._rows("blocks")):
            self.blocks.remove(record)

    def _block(
        self,
        by_key: dict[str, Any],
        by_number: dict[tuple[int, int], Any],
        dates: tuple[int, int, dt.date, dt.date],
        key: str,
        row: Row | None,
    ) -> None:
        year, number, start, end = dates
        old = by_key.get(key) or by_number.get((year, number))
        values = {"academic_year": year, "number": number, "start_date": start, "end_date": end, "source_id": key}
        taken = by_number.get((year, number))
        if row is not None and taken is not None and taken is not old:
            self.plan.reject(row, f"block {number} of {year} is there already under another record id")
            return
        record = self.plan.merge(models.Block, old, values)
        by_number[year, number] = record
        self.blocks.add(record, key=key, name=str(number), imported=True)

    def _years(self) -> list[int]:
        """The academic year that most dates of the files fall into, where no file names blocks."""
        dates = [row.values["start"] for row in self._rows("fmit_weeks")]
        dates += [row.values["date"] for row in self._rows("holidays")]
        years = Counter(academic_year(day) for day in dates)
        if not years:
            row = self._rows("block_assignments")[0]
            self.plan.reject(row, "no file names blocks, and no FMIT week or holiday tells the academic year")
        return [year for year, _ in years.most_common(1)]

    def _refuse_overlaps(self, model: Any, stored: list[Any], rows: tuple[Row, ...]) -> list[Any]:
        """Dates that two records would claim: the database allows one. Returns the records left out for it."""
        row_of = {row.key: row for row in rows}
        refused: list[Any] = []
        before = None
        for record in sorted({*stored, *self.plan.created[model]}, key=lambda r: (r.start_date, r.source_id)):
            if before is None or record.start_date > before.end_date:
                before = record
                continue
            wrong, kept = (record, before) if record.source_id in row_of else (before, record)
            if wrong.source_id in row_of:
                self.plan.reject(row_of[wrong.source_id], f"overlaps {kept}, which is there already")
                self.plan.withdraw(model, wrong)
                refused.append(wrong)
            before = kept if kept.end_date > before.end_date or wrong is before else before
        return refused

    def _holidays(self) -> None:
        stored, by_key = self._stored(models.Holiday)
        by_date = {record.date: record for record in stored}
        for row in self._rows("holidays"):
            day = row.values["date"]
            old = by_key.get(row.key)
            if day in by_date and old is not None and by_date[day] is not old:
                self.plan.reject(row, f"{day} is a holiday already ({by_date[day].name})")
                continue
            if day in by_date and by_date[day]._state.adding:
                self.plan.reject(row, f"{day} is named twice")
                continue
            values = {"name": row.values["name"], "date": day, "source_id": row.key}
            by_date[day] = self.plan.merge(models.Holiday, old or by_date.get(day), values)

    def _absences(self) -> None:
        _, by_key = self._stored(models.Absence)
        for table in ABSENCE_TABLES:
            for row in self._rows(table):
                person = self._person(row, _ROLE_OF_TABLE[table])
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
                self.plan.merge(models.Absence, old, values, {"reason": row.values["reason"]})

    def _fmit_weeks(self) -> None:
        stored, by_key = self._stored(models.FmitWeek)
        by_start = {record.start_date: record for record in stored}
        for row in self._rows("fmit_weeks"):
            person = self._person(row, Role.FACULTY)
            if person is None:
                continue
            start, end = row.values["start"], row.values["end"]
            values = {"person_id": person.pk, "start_date": start, "end_date": end, "source_id": row.key}
            self.plan.merge(models.FmitWeek, by_key.get(row.key) or by_start.get(start), values)
        self._refuse_overlaps(models.FmitWeek, stored, self._rows("fmit_weeks"))

    def _demand(self) -> None:
        """Derived once, for activities that are new with this import; afterwards the program's own to edit."""
        stored = models.Demand.objects.count()
        self.plan.unchanged[models.Demand] = stored
        for code, values in derived.demand_fields(self.new_activities):
            self.plan.merge(models.Demand, None, {"activity_id": self.activities[code].pk, **values})

    def _preferences(self) -> None:
        names = ("person_id", "scope", "weekday", "session", "start_date", "end_date", "activity_id")
        stored = {
            tuple(getattr(record, name) for name in names): record
            for record in (models.Preference.objects.order_by("pk") if self._rows("preferences") else ())
        }
        for row in self._rows("preferences"):
            person = self._person(row, None)
            code = row.values["activity"]
            if code and code not in self.activities:
                self.plan.reject(row, f"activity '{code}' is none of the activities")
                continue
            if person is None:
                continue
            given = row.values
            activity = self.activities[code].pk if code else None
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
            self.plan.merge(models.Preference, stored.get(key), values)

    def _duty_logs(self) -> None:
        if not self._rows("duty_logs"):
            return
        _, by_key = self._stored(models.DutyLog)
        for row in self._rows("duty_logs"):
            person = self._person(row, None)
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
            self.plan.merge(models.DutyLog, by_key.get(row.key), values)

    def _block_assignments(self) -> None:
        stored = {(r.person_id, r.block_id): r for r in models.BlockAssignment.objects.order_by("pk")}
        seen: dict[tuple[Any, Any], Row] = {}
        used: dict[Any, tuple[Any, Row]] = {}
        for row in self._rows("block_assignments"):
            person = self._person(row, Role.RESIDENT)
            found = self._linked(
                row, block=(self.blocks, row.values["block"]), rotation=(self.rotations, row.values["rotation"])
            )
            if person is None or found is None:
                continue
            pair = (person.pk, found["block"].pk)
            if pair in seen:
                self.plan.reject(row, f"gives a second rotation for the block, after {seen[pair].row}")
                continue
            seen[pair] = row
            used.setdefault(found["rotation"].pk, (found["rotation"], row))
            values = {"person_id": pair[0], "block_id": pair[1], "rotation_id": found["rotation"].pk}
            values["source_id"] = row.key
            self.plan.merge(models.BlockAssignment, stored.get(pair), values)
        for rotation, row in used.values():
            if rotation.pk not in self.patterned:
                message = f"the rotation '{rotation.name}' is in use but has no weekly pattern: its days stay off"
                self.plan.warnings.append(Notice(row.file, row.row, message))


def _unclaimed(record: Any) -> Any:
    """A record made by hand, which an import may adopt; one with a source id belongs to another row."""
    return record if record is not None and not record.source_id else None


def _free_code(name: str, taken: Mapping[str, Any]) -> str:
    """The name as a code; with -2, -3, ... where another credential of that name has it."""
    base = slugify(name)[:50] or "credential"
    codes = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(code for code in codes if code not in taken)
