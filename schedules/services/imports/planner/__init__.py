"""A parsed program against the database, table by table: links resolved, derived fields added, differences found."""

from __future__ import annotations

from schedules.services.imports.plan import Plan
from schedules.services.imports.planner import calendar, people, program, rotations
from schedules.services.imports.planner.linking import Planner
from schedules.services.imports.report import ParsedProgram

__all__ = ["plan"]

TABLES = (
    program.policy,
    program.credentials,
    program.duties,
    program.activities,
    people.people,
    people.credential_holders,
    rotations.rotations,
    calendar.blocks,
    calendar.holidays,
    people.absences,
    calendar.fmit_weeks,
    program.demand,
    people.preferences,
    people.duty_logs,
    rotations.block_assignments,
)
"""One function per table, in order of dependence."""


def plan(parsed: ParsedProgram) -> Plan:
    """Compare a parsed program with the database in a fixed number of queries, whatever the number of rows."""
    planner = Planner(parsed)
    for table in TABLES:
        table(planner)
    return planner.plan
