"""What an import read, refused and wrote, as data for every door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.errors import Invalid


class ImportRefused(Invalid):
    """The source holds rows or files that cannot be imported; nothing was written. `report` says which and why."""

    code = "import_refused"
    status = 422

    def __init__(self, detail: str, report: ImportReport) -> None:
        super().__init__(detail)
        self.report = report


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that cannot be imported, or a whole file where `row` is empty (never skipped)."""

    file: str
    row: str
    reason: str

    @property
    def is_file(self) -> bool:
        return not self.row


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should look at that stops nothing."""

    file: str
    row: str
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read: `key` is its source id, `row` what a person finds it by, `values` typed by the columns."""

    file: str
    row: str
    key: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParsedProgram:
    """Every table of a source, typed and checked row by row; links between tables are still texts."""

    tables: Mapping[str, tuple[Row, ...]]
    rejected: tuple[Rejection, ...] = ()
    warnings: tuple[Notice, ...] = ()

    def rows(self, table: str) -> tuple[Row, ...]:
        return self.tables.get(table, ())


@dataclass(frozen=True, slots=True)
class Counts:
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One value that an import would replace."""

    table: str
    what: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Counts per table, what was refused, what to look at, and whether anything was written."""

    counts: Mapping[str, Counts]
    rejected: tuple[Rejection, ...] = ()
    warnings: tuple[Notice, ...] = ()
    changes: tuple[Change, ...] = field(default=())
    written: bool = False

    @property
    def may_write(self) -> bool:
        return not self.rejected

    @property
    def may_skip(self) -> bool:
        """Whether leaving out the bad rows would do: no whole file was refused."""
        return not any(item.is_file for item in self.rejected)

    @property
    def total(self) -> Counts:
        rows = self.counts.values()
        return Counts(
            created=sum(c.created for c in rows),
            changed=sum(c.changed for c in rows),
            unchanged=sum(c.unchanged for c in rows),
            removed=sum(c.removed for c in rows),
        )
