"""Raw rows to a `ParsedProgram`: every cell read, every row judged by itself and against its own table. No database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from schedules.domain.problem import PreferenceScope, Role, Weekday
from schedules.enums import AbsenceKind
from schedules.services.imports import files
from schedules.services.imports.files import RawRow, RawTable, Source
from schedules.services.imports.layout import BadCellError, Column
from schedules.services.imports.report import Notice, ParsedProgram, Rejection, Row

ABSENCE_TABLES = ("resident_absences", "faculty_absences", "absences")
_UNREADABLE = "cannot be read: it has the wrong shape"


def read_source(source: Source) -> ParsedProgram:
    """Read a folder, file, zip or list of uploads. Never raises for what is in them: see `rejected`."""
    draft = _Draft()
    try:
        for name, data in files.contents(source):
            draft.read(name, data)
    except files.FileRefusedError as error:
        draft.rejected.append(Rejection("source", "", str(error)))
    draft.finish()
    return ParsedProgram(
        tables={name: tuple(rows) for name, rows in draft.tables.items()},
        rejected=tuple(draft.rejected),
        warnings=tuple(draft.warnings),
    )


class _Draft:
    """The tables while they are read: rows so far, refusals and warnings."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Row]] = defaultdict(list)
        self.rejected: list[Rejection] = []
        self.warnings: list[Notice] = []

    def read(self, name: str, data: bytes) -> None:
        try:
            found = files.tables(name, data)
        except files.FileRefusedError as error:
            self.rejected.append(Rejection(name, "", f"The file {error}"))
            return
        if not found:
            self.warnings.append(Notice(name, "", "is not part of the import layout and was left out"))
        for raw in found:
            self._read_table(raw)

    def _read_table(self, raw: RawTable) -> None:
        missing = [column.headings[0] for column in raw.table.columns if _lacks(raw, column)]
        if missing:
            self.rejected.append(Rejection(raw.file, "", f"The file lacks the column {', '.join(missing)}."))
            return
        for row in raw.rows:
            values, problems = _cells(raw, row)
            if problems:
                self.rejected.append(Rejection(raw.file, row.row, "; ".join(problems)))
            else:
                key = row.key or "|".join(str(values[name]) for name in raw.table.identity)
                self.tables[raw.table.name].append(Row(raw.file, row.row, key, values))

    def finish(self) -> None:
        """The checks that need more than one row."""
        if not self.tables and not self.rejected:
            self.rejected.append(
                Rejection(
                    "source",
                    "",
                    "No file has the name of a table. Name each after what it holds: people, absences and so on.",
                )
            )
        for name, check in _ROW_CHECKS.items():
            self._keep(name, check)
        for name in list(self.tables):
            self._drop_repeated_keys(name)
        for name in ("residents", "faculty"):
            self._drop_same_names(name, lambda row: row.values["name"], "the same person")
        self._drop_same_names("people", lambda row: (row.values["role"], row.values["name"]), "the same person")
        self._drop_overlapping("blocks")
        self._drop_overlapping("fmit_weeks")
        self._warn_about_names("rotations")
        self._warn_about_names("credentials")
        self._warn_about_absences()
        self._warn_about_fmit_weeks()

    def _keep(self, table: str, problem: Callable[[Row], str]) -> None:
        kept = []
        for row in self.tables.get(table, ()):
            reason = problem(row)
            if reason:
                self.rejected.append(Rejection(row.file, row.row, reason))
            else:
                kept.append(row)
        if table in self.tables:
            self.tables[table] = kept

    def _drop_repeated_keys(self, table: str) -> None:
        seen: dict[str, Row] = {}

        def problem(row: Row) -> str:
            first = seen.setdefault(row.key, row)
            return "" if first is row else f"has the same record id as {first.row} of {first.file}"

        self._keep(table, problem)

    def _drop_same_names(self, table: str, name: Callable[[Row], object], what: str) -> None:
        seen: dict[object, Row] = {}

        def problem(row: Row) -> str:
            first = seen.setdefault(name(row), row)
            return "" if first is row else f"is {what} as {first.row} of {first.file}: give them different names"

        self._keep(table, problem)

    def _drop_overlapping(self, table: str) -> None:
        kept: list[Row] = []
        for row in sorted(self.tables.get(table, ()), key=lambda r: (r.values["start"], r.row)):
            if kept and row.values["start"] <= kept[-1].values["end"]:
                reason = f"overlaps {kept[-1].row} ({kept[-1].values['start']} to {kept[-1].values['end']})"
                self.rejected.append(Rejection(row.file, row.row, reason))
            else:
                kept.append(row)
        if table in self.tables:
            self.tables[table] = kept

    def _warn_about_names(self, table: str) -> None:
        by_name: dict[str, list[Row]] = defaultdict(list)
        for row in self.tables.get(table, ()):
            by_name[row.values["name"]].append(row)
        for name, rows in by_name.items():
            if len(rows) > 1:
                message = f"'{name}' occurs {len(rows)} times; the rows are kept apart by their record ids"
                self.warnings.append(Notice(rows[0].file, rows[1].row, message))

    def _warn_about_absences(self) -> None:
        of_person: dict[str, list[Row]] = defaultdict(list)
        for table in ABSENCE_TABLES:
            for row in self.tables.get(table, ()):
                of_person[row.values["person"]].append(row)
        for rows in of_person.values():
            self.warnings.extend(_overlaps(rows))
        for table in ABSENCE_TABLES:
            self.tables[table] = [self._known_kind(row) for row in self.tables.get(table, ())]
            if not self.tables[table]:
                del self.tables[table]

    def _known_kind(self, row: Row) -> Row:
        kind = row.values["kind"]
        if kind in AbsenceKind.values:
            return row
        shown = kind.replace("_", " ").capitalize()
        self.warnings.append(Notice(row.file, row.row, f"has the unknown kind '{shown}'; it is taken as Other"))
        reason = row.values["reason"] or shown
        return Row(row.file, row.row, row.key, {**row.values, "kind": AbsenceKind.OTHER.value, "reason": reason})

    def _warn_about_fmit_weeks(self) -> None:
        weeks = self.tables.get("fmit_weeks", ())
        for row in weeks:
            start, end = row.values["start"], row.values["end"]
            if start.weekday() != Weekday.FRI or (end - start).days != 6:
                self.warnings.append(Notice(row.file, row.row, f"{start} to {end} is not Friday to Thursday"))
        for before, after in pairwise(weeks):
            missing = (after.values["start"] - before.values["end"]).days - 1
            if missing:
                message = f"{missing} days before {after.values['start']} have no FMIT attending"
                self.warnings.append(Notice(after.file, after.row, message))


def _lacks(raw: RawTable, column: Column) -> bool:
    if raw.headings is None or not column.required:
        return False
    return not any(files.heading(name) in raw.headings for name in column.headings)


def _cells(raw: RawTable, row: RawRow) -> tuple[dict[str, Any], list[str]]:
    """The row's values by our column names, and what is wrong with it."""
    if "" in row.cells:
        return {}, [_UNREADABLE]
    values: dict[str, Any] = {}
    problems: list[str] = []
    lacking: list[str] = []
    for column in raw.table.columns:
        cell = _cell(column, row)
        if cell is None:
            values[column.name] = column.default
            lacking.extend([column.headings[0]] if column.required else [])
            continue
        try:
            values[column.name] = column.read(cell)
        except BadCellError as error:
            problems.append(f"{column.headings[0]} {error}")
    if not any(isinstance(p, str) for p in problems) and row.key and not _KEY.fullmatch(row.key):
        problems.append("id must be at most 64 letters, digits, spaces or one of | . _ : -")
    return values, ([f"lacks {', '.join(lacking)}"] if lacking else []) + problems


_KEY = re.compile(r"[\w|.: -]{1,64}")


def _cell(column: Column, row: RawRow) -> Any:
    for name in column.headings:
        found = row.cells.get(files.heading(name))
        if found is not None and found not in ("", []):
            return found
    return None


def _overlaps(rows: list[Row]) -> Iterator[Notice]:
    """One warning for each absence that begins before the one before it, in order of dates, has ended."""
    ordered = sorted(rows, key=lambda r: (r.values["start"], r.values["end"]))
    return (_overlap(a, b) for a, b in pairwise(ordered) if b.values["start"] <= a.values["end"])


def _overlap(a: Row, b: Row) -> Notice:
    dates = f"{b.values['start']} to {b.values['end']}"
    other = f"{a.row} ({a.values['start']} to {a.values['end']})"
    return Notice(b.file, b.row, f"{dates} overlaps {other} of the same person; every day of both counts once")


def _dates_in_order(row: Row) -> str:
    start, end = row.values["start"], row.values["end"]
    if start is None or end is None or start <= end:
        return ""
    return f"ends ({end}) before it starts ({start})"


def _person_has_level(row: Row) -> str:
    is_resident = row.values["role"] == Role.RESIDENT
    return "lacks pgy_level, which every resident needs" if is_resident and row.values["pgy_level"] is None else ""


def _duty_is_possible(row: Row) -> str:
    for name, low in row.values.items():
        kind = name.removeprefix("min_")
        # The layout has no minimum for some kinds of work, and 0 as a maximum means none.
        if name.startswith("min_") and low > row.values[f"max_{kind}"]:
            return f"asks for more {kind.replace('_', ' ')} ({low}) than it allows ({row.values[f'max_{kind}']})"
    return ""


def _preference_names_its_time(row: Row) -> str:
    needed = {
        PreferenceScope.WEEKDAY.value: ("weekday",),
        PreferenceScope.SESSION.value: ("session",),
        PreferenceScope.WEEK.value: ("start", "end"),
    }[row.values["scope"]]
    lacking = [name for name in needed if row.values[name] in (None, "")]
    if lacking:
        return f"lacks {', '.join(lacking)}, which a {row.values['scope'].lower()} preference needs"
    return "has the weight 0, which says nothing" if row.values["weight"] == 0 else _dates_in_order(row)


_ROW_CHECKS: dict[str, Callable[[Row], str]] = {
    **dict.fromkeys((*ABSENCE_TABLES, "blocks", "fmit_weeks"), _dates_in_order),
    "people": _person_has_level,
    "duties": _duty_is_possible,
    "preferences": _preference_names_its_time,
}
