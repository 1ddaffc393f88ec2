"""The published roster around a swap and what the rule table says of it, kept while nothing it depends on changes."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property

from django.apps import apps
from django.db import connection
from psycopg import sql

from schedules.domain.problem import Session
from schedules.domain.roster import Slot
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Assignment, Schedule
from swaps.domain.checks import Untouched

CONTEXT = dt.timedelta(days=14)
"""Judged on each side of the touched dates: neighbouring FMIT weeks, and duties that displaced ones collide with."""
DAY_AFTER = dt.timedelta(days=1)
KEPT = 6
"""Grounds kept in memory: a wizard asks about the same few weeks again and again."""

_kept: OrderedDict[tuple[object, ...], Ground] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Ground(Untouched):
    """What is published from `problem.start` to `problem.end`; only rows that a person locked are locked."""

    key: tuple[object, ...] = ()
    """Range and version: equal exactly while nothing that the ground depends on has changed. Empty = not asked."""

    def covers(self, days: Iterable[dt.date]) -> bool:
        """Whether something is published on every one of the dates."""
        return set(days) <= self._published

    @cached_property
    def _published(self) -> frozenset[dt.date]:
        return frozenset(slot.day for slot in self.roster.cells)


def around(days: Iterable[dt.date]) -> Ground:
    """The ground of these dates, the day after them, and two weeks on each side."""
    wanted = sorted(days)
    return _load(wanted[0] - CONTEXT, wanted[-1] + DAY_AFTER + CONTEXT)


def _load(start: dt.date, end: dt.date) -> Ground:
    key = (start, end, *version())
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    made = replace(fresh(start, end), key=key)
    with _lock:
        _kept[key] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made


def forget() -> None:
    """Keep nothing in memory: for those who measure."""
    with _lock:
        _kept.clear()


def fresh(start: dt.date, end: dt.date) -> Ground:
    """The ground as the database has it now."""
    problem = load_problem(start, end)
    return Ground(problem, replace(load_roster(problem, schedule="published"), locked=_locked(start, end)))


def _locked(start: dt.date, end: dt.date) -> frozenset[Slot]:
    """Rows that a person locked. What a person or an earlier swap merely set may change hands."""
    rows = Assignment.objects.filter(
        schedule__status=ScheduleStatus.PUBLISHED, locked=True, date__gte=start, date__lte=end
    ).values_list("person_id", "date", "session")
    return frozenset(Slot(str(person), day, Session(session)) for person, day, session in rows)


def version() -> tuple[object, ...]:
    """Different after any change of what a ground depends on: every such row has history, whose ids only grow.

    With the transactions of others that are under way: one of them may hold a smaller id than is seen already, and
    end unseen by the newest ids. With the identity of the database: a restored one counts from an earlier number.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # what is under way is remembered within a transaction
        cursor.execute(_newest())
        row = cursor.fetchone()
    return tuple(row)


@cache
def _newest() -> str:
    tables = [
        model.history.model._meta.db_table
        for model in apps.get_app_config("schedules").get_models()
        if hasattr(model, "history")
    ]
    ids = sql.SQL(", ").join(
        sql.SQL("(SELECT max(history_id) FROM {})").format(sql.Identifier(table)) for table in tables
    )
    return (
        sql.SQL(
            "WITH here AS (SELECT oid FROM pg_database WHERE datname = current_database())"
            " SELECT (SELECT oid FROM here), (SELECT string_agg(backend_xid::text, ' ' ORDER BY pid)"
            " FROM pg_stat_get_activity(NULL) WHERE datid = (SELECT oid FROM here) AND pid <> pg_backend_pid()), {}"
        )
        .format(ids)
        .as_string(None)
    )


def versions_of(days: Iterable[dt.date]) -> list[Schedule]:
    """The published versions that hold the dates, in order of date."""
    wanted = sorted(days)
    return list(Schedule.objects.published(wanted[0], wanted[-1]))
