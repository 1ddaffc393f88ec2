"""The lines under the grid: clinic against its capacity, overnight call, supervisors needed and there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from schedules.domain.problem import Category
from schedules.models import ProgramPolicy
from schedules.queries.grid import GridData, counts_by_day

CALL = frozenset({"CALL"})


@dataclass(frozen=True)
class LineCell:
    """One day of a line: AM and PM apart by a stroke, or one figure."""

    text: str
    tone: str
    title: str


@dataclass(frozen=True)
class Line:
    name: str
    help: str
    cells: list[LineCell]


def coverage_lines(data: GridData, policy: ProgramPolicy) -> list[Line]:
    """Lines for the dates of the grid; empty where nothing is assigned."""
    if not data.cells:
        return []
    return [_clinic(data, policy), _call(data)]


def _clinic(data: GridData, policy: ProgramPolicy) -> Line:
    counted = frozenset(code for code, a in data.activities.items() if a.counts_toward_clinic_capacity)
    counts = counts_by_day(data, counted)
    cells = [_pair(day, [counts.get((day, s), 0) for s in ("AM", "PM")], policy) for day in data.days]
    return Line("Clinic AM/PM", f"People counted in clinic; at most {policy.clinic_capacity} in a half-day", cells)


def _pair(day: dt.date, counts: list[int], policy: ProgramPolicy) -> LineCell:
    most = max(counts)
    tone = "bad" if most > policy.clinic_capacity else "warn" if most > policy.clinic_comfort else ""
    text = f"{counts[0]}/{counts[1]}" if most else ""
    title = f"{day:%d %b}: {counts[0]} in the morning, {counts[1]} in the afternoon, of {policy.clinic_capacity}"
    return LineCell(text, tone, title)


def _call(data: GridData) -> Line:
    names = {person.pk: person.name for person in data.people}
    night = {code for code, a in data.activities.items() if a.category == Category.NIGHT} & CALL
    holders: dict[dt.date, list[str]] = {}
    for (person, day, session), cell in data.cells.items():
        if session == "NIGHT" and cell.activity in night:
            holders.setdefault(day, []).append(names.get(person, ""))
    cells = [_holder(day, sorted(holders.get(day, []))) for day in data.days]
    return Line("Attending call", "One attending every night", cells)


def _holder(day: dt.date, people: list[str]) -> LineCell:
    if len(people) == 1:
        return LineCell("1", "", f"{day:%d %b}: {people[0]}")
    return LineCell(
        str(len(people)), "bad", f"{day:%d %b}: {', '.join(people) or 'nobody'} on call; exactly one is needed"
    )
