"""Worlds that many tests ask for: built once in a process by their factory, then put back row by row."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, wraps
from typing import ParamSpec, TypeVar

import time_machine
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

P = ParamSpec("P")
R = TypeVar("R")

OWN = frozenset({"schedules", "swaps", "resilience"})
"""Apps of whose tables a kept world has every row. Where a test has some already, its world is built beside them."""


@dataclass(frozen=True)
class _Kept:
    """Rows by table as COPY writes them, and what the factory gave, pickled: every test gets objects of its own."""

    rows: dict[str, bytes]
    result: bytes


_kept: dict[tuple[object, ...], _Kept] = {}


def kept(build: Callable[P, R]) -> Callable[P, R]:
    """The same rows, ids and objects at every call in a process, for a few COPY statements after the first.

    For factories that only insert rows, and depend on nothing but their arguments and the clock. Never from one
    database into another: history ids only grow within each.
    """

    @wraps(build)
    def put_back(*args: P.args, **kwargs: P.kwargs) -> R:
        filled, database = _look()
        if filled:
            return build(*args, **kwargs)
        clock = timezone.now() if time_machine.escape_hatch.is_travelling() else None
        # What follows a commit belongs to the world of a test that commits.
        key = (build, repr((args, sorted(kwargs.items()))), clock, connection.in_atomic_block, database)
        found = _kept.get(key)
        if found is not None:
            _write(found.rows)
            again: R = pickle.loads(found.result)
            return again
        before = _read(_tables())
        made = build(*args, **kwargs)
        after = _read(_tables())
        assert all(set(before[table]) <= set(after[table]) for table in before), "a kept world changes no older rows"
        new = {table: b"".join(line for line in lines if line not in before[table]) for table, lines in after.items()}
        _kept[key] = _Kept({table: lines for table, lines in new.items() if lines}, pickle.dumps(made))
        return made

    return put_back


@cache
def _tables(labels: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """All tables, or those of the apps."""
    models = (m for m in apps.get_models(include_auto_created=True) if not labels or m._meta.app_label in labels)
    return tuple(sorted({model._meta.db_table for model in models}))


def _look() -> tuple[bool, tuple[object, ...]]:
    """Whether a table of `OWN` holds rows, and which database this is."""
    exists = (sql.SQL("EXISTS (SELECT FROM {})").format(sql.Identifier(table)) for table in _tables(OWN))
    question = sql.SQL("SELECT {}, oid FROM pg_database WHERE datname = current_database()")
    with connection.cursor() as cursor:
        cursor.execute(question.format(sql.SQL(" OR ").join(exists)))
        filled, oid = cursor.fetchone()
    return filled, (connection.connection.info.host, oid)


def _read(tables: Iterable[str]) -> dict[str, frozenset[bytes]]:
    """Every row of the tables as one line of COPY."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
                found[table] = frozenset(bytes(line) for line in copy)
    return found


def _write(rows: dict[str, bytes]) -> None:
    """Insert the rows past triggers and foreign keys, which they passed when they were built."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, lines in rows.items():
            with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                copy.write(lines)
        cursor.execute("SET LOCAL session_replication_role = origin")
