"""What the backup pages show beside the catalogue: rows now and in a backup."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db import connection
from django.utils.text import capfirst

from backups.models import Backup


@dataclass(frozen=True)
class TableCount:
    """Rows of one table now and in a backup; None where the table is missing on that side."""

    table: str
    now: int | None
    then: int | None

    @property
    def difference(self) -> int:
        return (self.then or 0) - (self.now or 0)

    @property
    def difference_text(self) -> str:
        return f"{self.difference:+d}"

    @property
    def name(self) -> str:
        """What the rows are called where people read of them; a table that no model has goes by its own name."""
        return capfirst(_names().get(self.table, self.table.replace("_", " ")))


@cache
def _names() -> dict[str, str]:
    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: str(model._meta.verbose_name_plural) for model in models}


def count_differences(backup: Backup) -> list[TableCount]:
    """Every table of the database or the backup, those that differ first; one statement."""
    then: dict[str, int] = backup.row_counts
    now = _rows_now()
    counts = [TableCount(table, now.get(table), then.get(table)) for table in sorted(now.keys() | then.keys())]
    return sorted(counts, key=lambda count: (count.difference == 0, count.table))


def _rows_now() -> dict[str, int]:
    """Exact row counts of all tables, names quoted by the database's own rules."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        parts = [f"SELECT '{table}', count(*) FROM {quote(table)}" for table in tables]  # noqa: S608 (own tables)
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())
