"""The import layout: which file holds which table, which columns it has and how a cell is read."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from schedules.domain.problem import (
    Category,
    DutyLogKind,
    PreferenceScope,
    Role,
    Session,
    ShedTier,
    SupervisionKind,
    WorkKind,
)
from schedules.enums import AbsenceKind


class BadCellError(ValueError):
    """A cell that cannot be read; the text ends the sentence "<column> ..."."""


Reader = Callable[[Any], Any]

_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.])")
_TRUE = frozenset({"1", "true", "yes", "y", "x"})
_FALSE = frozenset({"0", "false", "no", "n"})
_WEEKDAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}


def is_formula(value: object) -> bool:
    """Whether a spreadsheet would run this text: it begins like a formula and is no signed number."""
    return isinstance(value, str) and _FORMULA.match(value) is not None


def text(longest: int) -> Reader:
    """Trimmed text, normalised so that one name has one spelling; no formulas, at most `longest` characters."""

    def read(value: Any) -> str:
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise BadCellError("must be text")
        if is_formula(value):
            raise BadCellError("holds a formula; write the value itself")
        found = unicodedata.normalize("NFC", str(value)).strip()
        if len(found) > longest:
            raise BadCellError(f"is longer than {longest} characters")
        if any(unicodedata.category(character) == "Cc" for character in found):
            raise BadCellError("holds control characters")
        return found

    return read


def whole(low: int, high: int) -> Reader:
    def read(value: Any) -> int:
        number = decimal(low, high)(value)
        if number != number.to_integral_value():
            raise BadCellError(f"must be a whole number, not {value}")
        return int(number)

    return read


def decimal(low: float, high: float) -> Reader:
    def read(value: Any) -> Decimal:
        if isinstance(value, bool):
            raise BadCellError("must be a number")
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            raise BadCellError(f"must be a number, not {_short(value)}") from None
        if not (number.is_finite() and low <= number <= high):
            raise BadCellError(f"must lie between {low} and {high}, not {_short(value)}")
        return number.quantize(Decimal("0.01"))

    return read


def flag(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadCellError(f"must be yes or no, not {_short(value)}")


def date(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        found = dt.date.fromisoformat(value.strip())
    except (ValueError, AttributeError):
        raise BadCellError(f"must be a date like 2026-03-12, not {_short(value)}") from None
    if not 2000 <= found.year <= 2100:
        raise BadCellError(f"lies outside 2000 to 2100: {found}")
    return found


def links(value: Any) -> tuple[str, ...]:
    """Record ids or names: a JSON list, or text separated by semicolons."""
    parts = value if isinstance(value, list) else str(value).split(";")
    found = tuple(text(160)(part) for part in parts)
    return tuple(part for part in found if part)


def link(value: Any) -> str:
    found = links(value)
    if len(found) != 1:
        raise BadCellError(f"must name exactly one record, not {len(found)}")
    return found[0]


def one_of(choices: Mapping[str, Any]) -> Reader:
    """One of the given words, whatever their case."""

    def read(value: Any) -> Any:
        word = str(value).strip().lower().replace(" ", "_").replace("-", "_")
        if word not in choices:
            raise BadCellError(f"is {_short(value)}, which is none of: {', '.join(sorted(c for c in choices if c))}")
        return choices[word]

    return read


def several(choices: Mapping[str, Any]) -> Reader:
    def read(value: Any) -> list[Any]:
        return sorted({one_of(choices)(part) for part in links(value)})

    return read


def weekday(value: Any) -> int:
    found = _WEEKDAYS.get(str(value).strip().lower()[:3])
    if found is None:
        raise BadCellError(f"is {_short(value)}, which is no weekday")
    return found


def weekdays(value: Any) -> list[int]:
    return sorted({weekday(part) for part in links(value)})


def absence_kind(value: Any) -> str:
    """The kind of an absence; a kind the program does not know is OTHER, and its name becomes the reason."""
    word = text(60)(value).strip().upper().replace(" ", "_")
    return str(_ABSENCE_KINDS.get(word, word))


def _short(value: Any) -> str:
    shown = str(value)
    return f"'{shown[:40]}…'" if len(shown) > 40 else f"'{shown}'"


def _words(enum: Any) -> dict[str, str]:
    return {item.value.lower(): item.value for item in enum}


_ABSENCE_KINDS = {kind.value: kind.value for kind in AbsenceKind} | {
    "VACATION": AbsenceKind.LEAVE.value,
    "ANNUAL_LEAVE": AbsenceKind.LEAVE.value,
    "SICK_LEAVE": AbsenceKind.SICK.value,
    "CONVALESCENT": AbsenceKind.MEDICAL.value,
    "MATERNITY": AbsenceKind.PARENTAL.value,
    "PATERNITY": AbsenceKind.PARENTAL.value,
}
_ROLES = _words(Role)
_SESSIONS = _words(Session)
_HALF_DAYS_A_WEEK = whole(0, 14)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: our name for it, the headings it is known by, how a cell is read, and what an empty cell means."""

    name: str
    headings: tuple[str, ...]
    read: Reader
    required: bool = True
    default: Any = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the layout. `identity`: columns that make a row's key where it has no record id."""

    name: str
    stems: tuple[str, ...]
    columns: tuple[Column, ...]
    identity: tuple[str, ...]


def _needed(name: str, headings: str, read: Reader) -> Column:
    return Column(name, tuple(headings.split()), read)


def _optional(name: str, headings: str, read: Reader, default: Any = None) -> Column:
    return Column(name, tuple(headings.split()), read, required=False, default=default)


def _absences(person: str) -> tuple[Column, ...]:
    return (
        _needed("person", f"{person} person", link),
        _needed("start", "absenceStart start_date start", date),
        _needed("end", "absenceEnd end_date end", date),
        _needed("kind", "absenceType kind type", absence_kind),
        _optional("approved", "approved", flag, False),
        _optional("reason", "reason", text(500), ""),
    )


_DUTY_BOUNDS = {
    WorkKind.CLINIC: "clinic",
    WorkKind.GME: "gme",
    WorkKind.DEPARTMENT: "department",
    WorkKind.SPORTS_MEDICINE: "sportsMedicine",
    WorkKind.SUPERVISION: "supervision",
    WorkKind.VASECTOMY: "vasectomy",
    WorkKind.BOTOX: "botox",
}

_TABLES = (
    Table(
        "policy",
        ("policy",),
        (_needed("name", "name", text(40)), _needed("value", "value", decimal(0, 10_000))),
        ("name",),
    ),
    Table(
        "residents",
        ("residents",),
        (
            _needed("name", "Resident name", text(120)),
            _needed("pgy_level", "postGraduateYear pgy_level pgy", whole(1, 5)),
            _optional("email", "email", text(254), ""),
        ),
        ("name",),
    ),
    Table(
        "faculty",
        ("faculty",),
        (
            _needed("name", "Faculty name", text(120)),
            _optional("type", "Faculty_Type type", text(60), ""),
            _optional("duty", "primaryDuty duty", link),
            _optional("excluded_from_call", "excludedFromAutomaticCall excluded_from_call", flag, False),
            _optional("credentials", "credentials", links, ()),
            _optional("email", "email", text(254), ""),
        ),
        ("name",),
    ),
    Table(
        "people",
        ("people_import", "people"),
        (
            _needed("name", "name", text(120)),
            _needed("role", "type role", one_of(_ROLES)),
            _optional("pgy_level", "pgy_level pgy", whole(1, 5)),
            _optional("faculty_role", "faculty_role", text(120), ""),
        ),
        ("name",),
    ),
    Table(
        "duties",
        ("primary_duties", "duties"),
        (
            _needed("name", "primaryDuty name", text(120)),
            *(_optional(f"min_{kind}", f"{head}Min", _HALF_DAYS_A_WEEK, 0) for kind, head in _DUTY_BOUNDS.items()),
            *(_optional(f"max_{kind}", f"{head}Max", _HALF_DAYS_A_WEEK, 0) for kind, head in _DUTY_BOUNDS.items()),
            _optional("inpatient_weeks_min", "inpatientWeeksMin", whole(0, 53), 0),
            _optional("inpatient_weeks_max", "inpatientWeeksMax", whole(0, 53), 0),
            _optional("available_weekdays", "availableDays", weekdays, []),
        ),
        ("name",),
    ),
    Table(
        "credentials",
        ("credentials",),
        (_needed("name", "credential name", text(120)), _optional("holders", "faculty people", links, ())),
        ("name",),
    ),
    Table(
        "credential_holders",
        ("credential_holders", "person_credentials"),
        (
            _needed("person", "person", link),
            _needed("credential", "credential", link),
            _optional("expires_on", "expires_on expiresOn", date),
        ),
        ("person", "credential"),
    ),
    Table(
        "activities",
        ("activities",),
        (
            _needed("code", "code", text(12)),
            _needed("name", "name", text(120)),
            _needed("category", "category", one_of(_words(Category))),
            *(_optional(f"{s}_hours", f"{s}_hours", decimal(0, 24), Decimal("0.00")) for s in ("am", "pm", "night")),
            _optional("counts_toward_clinic_capacity", "counts_toward_clinic_capacity", flag, False),
            _optional("supervision", "supervision", one_of(_words(SupervisionKind)), SupervisionKind.NONE.value),
            _optional("provides_supervision", "provides_supervision", flag, False),
            _optional("shed_tier", "shed_tier", one_of(_words(ShedTier)), ""),
            _optional("work_kind", "work_kind", one_of(_words(WorkKind))),
            _optional("roles", "roles", several(_ROLES)),
            _optional("colour", "colour", text(7)),
        ),
        ("code",),
    ),
    Table(
        "rotations",
        ("rotation_templates", "rotations"),
        (_needed("name", "rotationName name", text(160)), _optional("status", "status", text(20), "")),
        ("name",),
    ),
    Table(
        "patterns",
        ("rotation_weekly_patterns", "patterns"),
        (
            _needed("rotation", "rotationName rotation", link),
            _needed("week", "week", whole(1, 4)),
            _needed("weekday", "weekday", weekday),
            _needed("session", "session", one_of(_SESSIONS)),
            _needed("activity", "activity", text(12)),
        ),
        ("rotation", "week", "weekday", "session"),
    ),
    Table(
        "blocks",
        ("blocks",),
        (
            _needed("number", "blockNumber number", whole(0, 13)),
            _needed("start", "startDate start_date start", date),
            _needed("end", "endDate end_date end", date),
        ),
        ("start",),
    ),
    Table(
        "block_assignments",
        ("block_schedule", "block_assignments"),
        (
            _needed("person", "residentsLink resident person", link),
            _needed("block", "blocksLink block blockNumber", link),
            _needed("rotation", "rotationsLink rotation", link),
        ),
        ("person", "block"),
    ),
    Table(
        "holidays",
        ("holidays",),
        (_needed("name", "holiday name", text(120)), _needed("date", "holidayDate date", date)),
        ("date",),
    ),
    Table("resident_absences", ("resident_absences",), _absences("resident"), ("person", "start", "end", "kind")),
    Table("faculty_absences", ("faculty_absences",), _absences("faculty"), ("person", "start", "end", "kind")),
    Table("absences", ("absences",), _absences("person"), ("person", "start", "end", "kind")),
    Table(
        "fmit_weeks",
        ("faculty_inpatient_schedule", "fmit_weeks"),
        (
            _needed("person", "inpatientFaculty faculty person", link),
            _needed("start", "weekStart start_date start", date),
            _needed("end", "weekEnd end_date end", date),
        ),
        ("start",),
    ),
    Table(
        "duty_logs",
        ("duty_logs",),
        (
            _needed("person", "person", link),
            _needed("date", "date", date),
            _needed("kind", "kind", one_of(_words(DutyLogKind))),
            _needed("hours", "hours", decimal(0.01, 24)),
            _optional("note", "note", text(200), ""),
        ),
        ("person", "date", "kind"),
    ),
    Table(
        "preferences",
        ("preferences",),
        (
            _needed("person", "person", link),
            _needed("scope", "scope", one_of(_words(PreferenceScope))),
            _needed("weight", "weight", whole(-3, 3)),
            _optional("weekday", "weekday", weekday),
            _optional("session", "session", one_of(_SESSIONS), ""),
            _optional("start", "start_date start", date),
            _optional("end", "end_date end", date),
            _optional("activity", "activity", text(12), ""),
        ),
        ("person", "scope", "weekday", "session", "start", "activity"),
    ),
)

LAYOUT: Mapping[str, Table] = {stem: table for table in _TABLES for stem in table.stems}
"""Table by the stem of its file or sheet, `airtable_` left out."""


def table_of(name: str) -> Table | None:
    """The table that a file or sheet of this name holds; None where it is not part of the layout."""
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0] if "." in name else name
    return LAYOUT.get(stem.strip().lower().replace(" ", "_").removeprefix("airtable_"))
