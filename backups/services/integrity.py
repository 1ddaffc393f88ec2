"""The integrity check: validated constraints, no orphans, and no rows lost that history does not know of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.apps import apps
from django.db import connection

from backups.enums import BackupState
from backups.models import Backup
from common.models import Guarded

_FOREIGN_KEYS = """
SELECT conname, conrelid::regclass::text, a.attname, confrelid::regclass::text, f.attname
FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[1]
WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND array_length(conkey, 1) = 1
ORDER BY 1
"""


_CHECKED = ("constraints", "triggers", "links", "row counts against the last backup")


@dataclass(frozen=True)
class Integrity:
    """Sentences on what is wrong (none: the database is sound), and what was looked at."""

    problems: tuple[str, ...]
    checked: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def check_integrity(at: dt.datetime) -> Integrity:
    """Look and change nothing: constraints valid, the gate's triggers on, every link leads somewhere, no rows lost.

    Lost: a tracked table has fewer rows than the newest verified backup less the deletions recorded since.
    """
    return Integrity(problems=(*_constraints(), *_triggers(), *_orphans(), *_lost_rows()), checked=_CHECKED)


def _rows(statement: str, *values: int) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())


def _constraints() -> list[str]:
    found = _rows(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE NOT convalidated AND connamespace = 'public'::regnamespace ORDER BY 1, 2"
    )
    found += _rows(
        "SELECT indrelid::regclass::text, indexrelid::regclass::text FROM pg_index"
        " WHERE NOT indisvalid AND indrelid >= 16384 ORDER BY 1, 2"
    )
    return [f"Constraint or index {name} of {table} is not valid." for table, name in found]


def _triggers() -> list[str]:
    """The gate's own triggers are there and switched on, on every guarded table."""
    guarded = sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, Guarded))
    rows = _rows(
        "SELECT tgrelid::regclass::text, tgenabled = 'O' FROM pg_trigger"
        " WHERE tgname = 'scheduler_gate' AND tgfoid = to_regproc('scheduler_require_backup')"
    )
    found = {str(table): bool(is_on) for table, is_on in rows}
    faults = {None: "is missing", False: "is switched off"}
    return [f"The gate's trigger on {table} {faults[found.get(table)]}." for table in guarded if not found.get(table)]


def _orphans() -> list[str]:
    """One statement over all links: a row each for those that have orphans."""
    quote = connection.ops.quote_name
    links = _rows(_FOREIGN_KEYS)
    if not links:
        return []
    parts = [
        f"SELECT '{name}', '{table}', (SELECT count(*) FROM {table} c WHERE c.{quote(str(column))} IS NOT NULL"  # noqa: S608
        f" AND NOT EXISTS (SELECT FROM {target} p WHERE p.{quote(str(key))} = c.{quote(str(column))}))"
        for name, table, column, target, key in links
    ]
    found = _rows(f"SELECT * FROM ({' UNION ALL '.join(parts)}) o(name, place, orphans) WHERE orphans > 0")  # noqa: S608
    return [f"{orphans} rows of {place} point at rows that do not exist ({name})." for name, place, orphans in found]


def _lost_rows() -> list[str]:
    last = Backup.objects.filter(state=BackupState.VERIFIED).exclude(row_counts={}).order_by("-created_at").first()
    if last is None:
        return []
    tables = _tracked_tables()
    parts: list[str] = []
    values: list[int] = []
    for table, history in tables.items():
        then = last.row_counts.get(table, 0)
        past = last.row_counts.get(history, 0)
        # Those after the backup's by number: their dates are those of requests, which may begin before the backup that
        # they themselves ask for.
        parts += [
            f"SELECT '{table}', %s, (SELECT count(*) FROM {table}) + (SELECT count(*) FROM"  # noqa: S608
            f" (SELECT history_type FROM {history} ORDER BY history_id OFFSET %s) since WHERE history_type = '-')",
            f"SELECT '{history}', %s, (SELECT count(*) FROM {history})",  # noqa: S608
        ]
        values += [then, past, past]
    found = _rows(
        f"SELECT * FROM ({' UNION ALL '.join(parts)}) c(place, expected, counted) WHERE counted < expected",  # noqa: S608
        *values,
    )
    return [
        f"{place} lost {int(str(expected)) - int(str(counted))} rows since {last.file} without a record of it."
        for place, expected, counted in found
    ]


def _tracked_tables() -> dict[str, str]:
    """Table -> table of its history, for every model with history."""
    return {
        model._meta.db_table: model.history.model._meta.db_table
        for model in apps.get_models()
        if hasattr(model, "history")
        and not model._meta.db_table.startswith("django_")
        and "historical" not in model._meta.db_table
    }
