"""Drafts and runs for tests: a solved roster of the tiny program written as a draft, and a worker to be seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

from common.models import bulk_create_with_history
from common.services import presence
from schedules.domain.problem import Problem
from schedules.domain.roster import Roster, Slot
from schedules.mapping import fingerprint, load_problem, load_roster, to_assignment_rows
from schedules.models import Schedule
from schedules.services.preflight import inputs_of
from schedules.solver.options import Algorithm, Options
from schedules.solver.solve import solve
from tests.factories import program


@contextmanager
def worker_present(cluster: str = presence.SOLVER) -> Iterator[None]:
    """A worker as others see it: its presence lock, held by a connection of its own."""
    params = connection.get_connection_params()
    own = {key: params[key] for key in ("dbname", "user", "host", "password", "port") if params.get(key)}
    with psycopg.connect(**own, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock_shared(%s, %s)", [presence.PRESENCE_CLASS, presence._key(cluster)])
        yield


_known: dict[str, dict[Slot, str]] = {}
"""Solved cells by the fingerprint of all that a solver is given: kept worlds ask for the same again and again."""


def solved(problem: Problem) -> Roster:
    """A roster of the problem that breaks no rule: the quick heuristic's, else a coarse search's."""
    base = load_roster(problem, schedule=None)
    key = fingerprint(problem, base)
    if key not in _known:
        _known[key] = _searched(problem, base)
    return Roster(cells=dict(_known[key]), context=base.context)


def _searched(problem: Problem, base: Roster) -> dict[Slot, str]:
    quick, thorough = Options(algorithm=Algorithm.GREEDY), Options(relative_gap=0.5, workers=1, timeout_seconds=600)
    solution = solve(problem, base=base, options=quick)
    roster = solution.roster or solve(problem, base=base, options=thorough).roster
    assert roster is not None
    return dict(roster.cells)


def draft(start: dt.date, end: dt.date, **fields: Any) -> Schedule:
    """A draft of the dates with a solved roster, fresh by its fingerprint."""
    problem = load_problem(start, end)
    published = load_roster(problem, schedule="published")
    made = program.schedule(start, end, fingerprint=inputs_of(problem, published), **fields)
    write(made, problem, solved(problem))
    return made


def write(schedule: Schedule, problem: Problem, roster: Roster) -> None:
    """The roster's cells as rows of the schedule."""
    with program.open_gate():
        bulk_create_with_history(to_assignment_rows(problem, roster, schedule=schedule), by=None, reason="test")


def cells(schedule: Schedule) -> dict[tuple[str, dt.date, str], str]:
    """What the schedule holds: (person, date, session) -> activity code."""
    rows = schedule.assignments.values_list("person_id", "date", "session", "activity__code")
    return {(str(person), day, session): code for person, day, session, code in rows}
