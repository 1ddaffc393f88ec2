"""The lines under the grid: clinic against its capacity, overnight call, supervisors needed and there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from schedules.domain import problem as domain
from schedules.domain.codes import CALL_CODE
from schedules.domain.problem import Category
from schedules.domain.supervision import supervision_of
from schedules.mapping import load_policy
from schedules.queries.grid import GridData, counts_by_day


@dataclass(frozen=True)
class LineCell:
    """One day of a line: morning and afternoon below each other as in the grid, or one figure."""

    text: str
    tone: str
    title: str


@dataclass(frozen=True)
class Line:
    """A name, what it counts, and a cell per day; with `by_half_day` the morning's figure, then the afternoon's."""

    name: str
    help: str
    cells: list[LineCell]
    by_half_day: bool = True


def coverage_lines(data: GridData) -> list[Line]:
    """Lines for the dates of the grid; empty where nothing is assigned. One query (the policy)."""
    if not data.cells:
        return []
    policy = load_policy()
    return [_supervision(data, policy), _clinic(data, policy), _call(data)]


def _supervision(data: GridData, policy: domain.Policy) -> Line:
    """Needed and present by the counting that the SUPERVISION rule itself uses."""
    people = {p.pk: domain.Person(str(p.pk), p.name, domain.Role(p.role), p.pgy_level) for p in data.people}
    activities = {
        code: domain.Activity(
            code,
            a.name,
            Category(a.category),
            supervision=domain.SupervisionKind(a.supervision),
            provides_supervision=a.provides_supervision,
        )
        for code, a in data.activities.items()
    }
    held: dict[tuple[dt.date, str], list[tuple[domain.Person, domain.Activity]]] = {}
    for (person, day, session), cell in data.cells.items():
        if session != "NIGHT" and person in people:
            held.setdefault((day, session), []).append((people[person], activities[cell.activity]))
    cells = []
    for day in data.days:
        pairs = [supervision_of(policy, held.get((day, session), [])) for session in ("AM", "PM")]
        cells.append(_needed_and_there(day, [(pair.supervisors, pair.needed) for pair in pairs]))
    return Line("Supervisors", "Supervisors there of those needed, in the morning and in the afternoon", cells)


def _needed_and_there(day: dt.date, pairs: list[tuple[int, int]]) -> LineCell:
    if not any(have or need for have, need in pairs):
        return LineCell("", "", f"{day:%d %b}: nobody needs a supervisor")
    short = any(have < need for have, need in pairs)
    text = "\n".join(f"{have}/{need}" for have, need in pairs)
    title = ", ".join(f"{s} {have} there of {need} needed" for s, (have, need) in zip(("AM", "PM"), pairs, strict=True))
    return LineCell(text, "bad" if short else "", f"{day:%d %b}: {title}")


def _clinic(data: GridData, policy: domain.Policy) -> Line:
    counted = frozenset(code for code, a in data.activities.items() if a.counts_toward_clinic_capacity)
    counts = counts_by_day(data, counted)
    cells = [_pair(day, [counts.get((day, s), 0) for s in ("AM", "PM")], policy) for day in data.days]
    return Line("In clinic", f"People counted in clinic; at most {policy.clinic_capacity} in a half-day", cells)


def _pair(day: dt.date, counts: list[int], policy: domain.Policy) -> LineCell:
    most = max(counts)
    tone = "bad" if most > policy.clinic_capacity else "warn" if most > policy.clinic_comfort else ""
    text = f"{counts[0]}\n{counts[1]}" if most else ""
    title = f"{day:%d %b}: {counts[0]} in the morning, {counts[1]} in the afternoon, of {policy.clinic_capacity}"
    return LineCell(text, tone, title)


def _call(data: GridData) -> Line:
    attendings = {person.pk: person.name for person in data.people if person.role == domain.Role.FACULTY}
    holders: dict[dt.date, list[str]] = {}
    for (person, day, session), cell in data.cells.items():
        if session == "NIGHT" and cell.activity == CALL_CODE and person in attendings:
            holders.setdefault(day, []).append(attendings[person])
    cells = [_holder(day, sorted(holders.get(day, []))) for day in data.days]
    return Line("Attending call", "One attending every night", cells, by_half_day=False)


def _holder(day: dt.date, people: list[str]) -> LineCell:
    if len(people) == 1:
        return LineCell("1", "", f"{day:%d %b}: {people[0]}")
    return LineCell(
        str(len(people)), "bad", f"{day:%d %b}: {', '.join(people) or 'nobody'} on call; exactly one is needed"
    )
