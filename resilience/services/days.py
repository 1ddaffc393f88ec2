"""The stored margins of each date: computed for the dates that a change touched, and for all of them every night."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from resilience.domain.utilization import utilization
from resilience.models import DayMargin
from resilience.services.world import World, load, published_until
from schedules.domain.margins import MarginReport, Pool, Scope, SessionMargin, supervisors_needed
from schedules.domain.problem import ONE_DAY, ActivityCode, PersonId, Session, days_between
from schedules.enums import ScheduleStatus
from schedules.models import Schedule

SCOPES = (Scope.SAFETY, Scope.ALL, Scope.TEAMS)
_FIELDS = [field.name for field in DayMargin._meta.fields if not field.primary_key]


def recompute(days: Iterable[dt.date], *, at: dt.datetime) -> int:
    """Compute and store the margins of these dates; returns how many. Unpublished dates are stored as such.

    Where a date cannot be computed, its stored margins are dropped: an old figure would pass for a present one.
    """
    wanted = sorted(set(days))
    if not wanted:
        return 0
    try:
        rows = [row for span in _runs(wanted) for row in _rows(*span, at=at)]
    except Exception:
        DayMargin.objects.filter(date__in=wanted).delete()
        raise
    DayMargin.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["date"], update_fields=_FIELDS, batch_size=200
    )
    return len(rows)


def touched(start: dt.date, end: dt.date) -> set[dt.date]:
    """The dates whose margins a change of these dates can move: a night looks at the nights and days around it."""
    return set(days_between(start - ONE_DAY, end + ONE_DAY))


def published_days(start: dt.date) -> set[dt.date]:
    """Every published date from `start` on."""
    spans = Schedule.objects.filter(status=ScheduleStatus.PUBLISHED, end_date__gte=start)
    return {
        day
        for first, last in spans.values_list("start_date", "end_date")
        for day in days_between(max(first, start), last)
    }


def _runs(days: list[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """First and last of each run of consecutive dates."""
    grouped = groupby(enumerate(days), key=lambda item: item[1].toordinal() - item[0])
    runs = ([day for _, day in group] for _, group in grouped)
    return [(run[0], run[-1]) for run in runs]


def _rows(start: dt.date, end: dt.date, *, at: dt.datetime) -> list[DayMargin]:
    rows: list[DayMargin] = []
    day = start
    while day <= end:
        last = published_until(day, end)
        if last is None:
            rows.append(DayMargin(date=day, computed_at=at, is_published=False))
            day += ONE_DAY
            continue
        rows += _of_world(load(day, last), at=at)
        day = last + ONE_DAY
    return rows


def _of_world(world: World, *, at: dt.datetime) -> list[DayMargin]:
    report = world.margins
    by_day: dict[dt.date, dict[str, dict[str, Any]]] = {day: {} for day in world.problem.days}
    for scope in SCOPES:
        idle = {(item.day, item.session): item.margin for item in report.timeline(scope, Pool.IDLE)}
        for item in report.timeline(scope):
            sessions = by_day[item.day].setdefault(item.session.value, {})
            sessions[scope.value] = _margin(item, idle.get((item.day, item.session)))
    units = _units(world)
    return [
        DayMargin(
            date=day,
            computed_at=at,
            is_published=True,
            margin_all=_lowest(sessions, Scope.ALL),
            margin_safety=_lowest(sessions, Scope.SAFETY),
            sessions=sessions,
            **units[day],
            **_utilization(report, day),
        )
        for day, sessions in by_day.items()
    ]


def _margin(item: SessionMargin, idle: int | None) -> dict[str, Any]:
    return {
        "margin": item.margin,
        "idle_margin": idle,
        "needed": item.needed,
        "people": list(item.people),
        "critical": list(item.critical),
        "groups": [list(group) for group in item.fatal_groups],
        "certificate": item.certificate,
    }


def _lowest(sessions: dict[str, dict[str, Any]], scope: Scope) -> int | None:
    return min((found[scope.value]["margin"] for found in sessions.values() if scope.value in found), default=None)


def _units(world: World) -> dict[dt.date, dict[str, float]]:
    """Demanded, filled and unfilled hard units of each date."""
    units = {day: {"demanded": 0, "filled": 0.0, "unfilled_hard": 0} for day in world.problem.days}
    for (day, _), filled in world.coverage.by_session.items():
        units[day]["demanded"] += filled.demanded
        units[day]["filled"] += filled.filled
    for day, missing in unfilled_hard(world).items():
        units[day]["unfilled_hard"] = missing
    return units


def unfilled_hard(world: World) -> Counter[dt.date]:
    """Hard demand that nobody holds, by date, and supervisors that are missing."""
    holders: dict[tuple[dt.date, Session], dict[ActivityCode, set[PersonId]]] = defaultdict(lambda: defaultdict(set))
    for slot, code in world.roster:
        holders[slot.day, slot.session][code].add(slot.person)
    missing: Counter[dt.date] = Counter()
    for demand in world.problem.demands:
        if demand.hard and demand.minimum > 0:
            held = holders[demand.day, demand.session][demand.activity] & demand.eligible
            missing[demand.day] += max(0, demand.minimum - len(held))
    activities = world.problem.activities
    for (day, _), crew in holders.items():
        held = {person for code, people in crew.items() if activities[code].provides_supervision for person in people}
        missing[day] += max(0, supervisors_needed(world.problem, crew) - len(held))
    return +missing


def _utilization(report: MarginReport, day: dt.date) -> dict[str, int]:
    sessions = tuple(item for item in report.sessions if item.day == day and item.session is not Session.NIGHT)
    used = utilization(MarginReport(report.people, sessions))
    return {"utilization_demanded": used.demanded, "utilization_available": used.available}
