"""What two apps need of models: UUID keys, time stamps, history, and querysets that refuse writes nobody would see."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import connection, models
from django.utils import timezone
from psycopg import sql

_Row = TypeVar("_Row", bound=models.Model)


class GateClosed(RuntimeError):
    """A guarded table was written outside the gate. A programming error, never a user's: no door shows it."""


class HistoryBypassed(RuntimeError):
    """A bulk write that would leave no history. A programming error, never a user's: no door shows it."""


_gate_open: ContextVar[bool] = ContextVar("gate_open", default=False)


@contextmanager
def guarded_writes_allowed() -> Iterator[None]:
    """Let guarded querysets write. Entered by the gate alone (`backups.services`)."""
    token = _gate_open.set(True)
    try:
        yield
    finally:
        _gate_open.reset(token)


def require_open_gate(model: type[models.Model]) -> None:
    """Raise GateClosed unless this thread of work is inside the gate."""
    if not _gate_open.get():
        raise GateClosed(f"{model._meta.verbose_name_plural} are written through schedules.services.gate only.")


_history: ContextVar[tuple[Any, str] | None] = ContextVar("history", default=None)


@contextmanager
def history_of(*, by: Any, reason: str) -> Iterator[None]:
    """Give history rows written inside their user and reason where the writer names none. `by` may be None."""
    token = _history.set((by, reason))
    try:
        yield
    finally:
        _history.reset(token)


def current_history() -> tuple[Any, str] | None:
    """User and reason of the surrounding `history_of`."""
    return _history.get()


class TimeStamped(models.Model):
    """UUID key and time stamps."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


def who_has_when(verb: str, *, name: str) -> models.CheckConstraint:
    """The constraint that nobody is named in `<verb>_by` without the time in `<verb>_at`.

    The other way round is legal: the system acts without a user, and accounts are deleted.
    """
    nobody, timed = models.Q(**{f"{verb}_by__isnull": True}), models.Q(**{f"{verb}_at__isnull": False})
    return models.CheckConstraint(condition=nobody | timed, name=name)


class TrackedQuerySet(models.QuerySet[Any]):
    """Refuses the bulk writes that django-simple-history does not see.

    Services use `bulk_create_with_history` and `bulk_update_with_history` of this module (those of
    `simple_history.utils` write through the default manager, which is this one).
    """

    def update(self, **kwargs: Any) -> int:
        raise HistoryBypassed("update() leaves no history; save each row or use bulk_update_with_history")

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        raise HistoryBypassed("bulk_create() leaves no history; use bulk_create_with_history")

    def bulk_update(self, *args: Any, **kwargs: Any) -> Any:
        raise HistoryBypassed("bulk_update() leaves no history; use bulk_update_with_history")


class GuardedQuerySet(TrackedQuerySet):
    """Refuses every write outside the gate, deletes included."""

    def delete(self) -> tuple[int, dict[str, int]]:
        require_open_gate(self.model)
        return super().delete()


class Guarded(models.Model):
    """A row that only the gate writes: saving or deleting it elsewhere raises GateClosed.

    The second of three nets: the first is the gate itself, the third a trigger in the database.
    """

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        require_open_gate(type(self))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        require_open_gate(type(self))
        return super().delete(*args, **kwargs)


def signed(row: _Row, *, by: Any, at: dt.datetime, reason: str) -> _Row:
    """Name who changes a tracked row, when and why; the history row of its next save or delete says so."""
    row._history_user = by  # type: ignore[attr-defined]
    row._history_date = at  # type: ignore[attr-defined]
    row._change_reason = reason[:100]  # type: ignore[attr-defined]
    return row


def bulk_create_with_history(
    rows: Sequence[_Row], *, by: Any, reason: str, at: dt.datetime | None = None, batch_size: int = 1000
) -> Sequence[_Row]:
    """Insert rows of one tracked model, each with its history row, in a few statements. Needs a transaction.

    Guarded tables stay guarded (GateClosed). `by` is a User or None.
    """
    if not rows:
        return rows
    model = type(rows[0])
    if issubclass(model, Guarded):
        require_open_gate(model)
    model._base_manager.bulk_create(rows, batch_size=batch_size)
    model.history.bulk_history_create(  # type: ignore[attr-defined]
        rows, batch_size=batch_size, default_user=by, default_change_reason=reason, default_date=at
    )
    return rows


def bulk_update_with_history(
    rows: Sequence[_Row],
    fields: Sequence[str],
    *,
    by: Any,
    reason: str,
    at: dt.datetime | None = None,
    batch_size: int = 1000,
) -> int:
    """Write `fields` of changed rows of one tracked model, each with its history row; returns how many."""
    if not rows:
        return 0
    model = type(rows[0])
    if issubclass(model, Guarded):
        require_open_gate(model)
    names = [*fields, *_stamp(rows, at)]
    written = sum(_update(rows[first : first + batch_size], names) for first in range(0, len(rows), batch_size))
    model.history.bulk_history_create(  # type: ignore[attr-defined]
        rows, batch_size=batch_size, update=True, default_user=by, default_change_reason=reason, default_date=at
    )
    return written


def _update(rows: Sequence[models.Model], names: Sequence[str]) -> int:
    """Write these fields of saved rows in one statement: the new values as a table, joined by key.

    `bulk_update` of Django asks for every column of every row in a branch of its own, ten times as slow.
    """
    model = type(rows[0])
    stored = model._meta.concrete_fields
    known = {name: column for column in stored for name in (column.name, column.attname)}
    columns = [*(column for column in stored if column.primary_key), *(known[name] for name in names)]
    key, *changed = (sql.Identifier(str(column.column)) for column in columns)
    types = [sql.SQL(str(column.db_type(connection))) for column in columns]
    row_of_values = sql.SQL("({})").format(sql.SQL(", ").join(sql.SQL("%s::{}").format(name) for name in types))
    statement = sql.SQL(
        "UPDATE {table} SET {pairs} FROM (VALUES {values}) AS new ({columns}) WHERE {table}.{key} = new.{key}"
    ).format(
        table=sql.Identifier(model._meta.db_table),
        pairs=sql.SQL(", ").join(sql.SQL("{0} = new.{0}").format(name) for name in changed),
        values=sql.SQL(", ").join([row_of_values] * len(rows)),
        columns=sql.SQL(", ").join((key, *changed)),
        key=key,
    )
    values = [column.get_db_prep_save(getattr(row, column.attname), connection) for row in rows for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(None), values)
        return int(cursor.rowcount)


def _stamp(rows: Sequence[models.Model], at: dt.datetime | None) -> list[str]:
    """`bulk_update` does not run `auto_now`: set `updated_at` here where the model has it."""
    if not isinstance(rows[0], TimeStamped):
        return []
    for row in rows:
        row.updated_at = at or timezone.now()  # type: ignore[attr-defined]
    return ["updated_at"]


def bulk_delete_with_history(
    rows: Sequence[_Row], *, by: Any, reason: str, at: dt.datetime | None = None, batch_size: int = 1000
) -> int:
    """Delete rows of one tracked model, each with its history row; returns how many. Nothing may refer to them."""
    if not rows:
        return 0
    model = type(rows[0])
    history = model.history.model  # type: ignore[attr-defined]
    history.objects.bulk_create(
        [
            history(
                history_date=at or timezone.now(),
                history_user=by,
                history_change_reason=reason,
                history_type="-",
                **{field.attname: getattr(row, field.attname) for field in history.tracked_fields},
            )
            for row in rows
        ],
        batch_size=batch_size,
    )
    gone = model._base_manager.filter(pk__in=[row.pk for row in rows])
    return int(gone._raw_delete(gone.db))
