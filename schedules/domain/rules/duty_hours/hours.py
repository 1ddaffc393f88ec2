"""Hours in the rotation period and over rolling windows: HOURS_80, HOURS_80_ROLLING."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from schedules.domain.problem import ONE_DAY, Date, Person, Problem, days_between
from schedules.domain.roster import Roster
from schedules.domain.rules.duty_hours.unmeasured import not_finished, not_placed
from schedules.domain.rules.index import RosterIndex, RotationPeriod, Track, index_of
from schedules.domain.rules.report import Finding, NotMeasured, Severity, Violation
from schedules.domain.rules.wording import count, number, span
from schedules.domain.timeline import TOLERANCE


def hours_80(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """HOURS_80: hours <= 80 x (days - leave days) / 7 in each rotation period; a warning above 75 x the same.

    Where part of the period is not scheduled yet, only what is certain already is found; the rest is not measured.
    """
    index, policy = index_of(problem, roster), problem.policy
    unfinished = []
    for period in index.rotation_periods:
        weeks = period.counted_days / 7
        hours = period.hours
        limit, comfort = policy.weekly_hours_limit * weeks, policy.weekly_hours_warning * weeks
        if hours > limit + TOLERANCE:
            yield _hours_finding(period, hours, policy.weekly_hours_limit, Severity.HARD)
        elif hours > comfort + TOLERANCE:
            yield _hours_finding(period, hours, policy.weekly_hours_warning, Severity.WARNING)
        if period.unknown and hours <= limit + TOLERANCE:
            unfinished.append(period)
    yield from not_finished("HOURS_80", unfinished)
    yield from not_placed("HOURS_80", index)
    yield from _off_site(index)


def _hours_finding(period: RotationPeriod, hours: float, weekly: float, severity: Severity) -> Violation:
    """`weekly` is the level exceeded: 80 h a week for a violation, 75 for a warning."""
    person, block, counted = period.person, period.block, period.counted_days
    limit = weekly * counted / 7
    average = f" or {number(hours * 7 / counted)} a week" if counted else ""
    over = f"{number(hours - limit)} h"
    advice = f"take {over} away" if severity is Severity.HARD else f"{over} above the early warning, add no duty"
    return Violation(
        rule="HOURS_80",
        severity=severity,
        people=(person.id,),
        start=block.start,
        end=block.end,
        message=(
            f"{person.name} has {number(hours)} h of duty{average} in block {block.number} "
            f"({span(block.start, block.end)}); {number(weekly)} h a week over {count(counted, 'day')} "
            f"without leave are {number(limit)} h: {advice}."
        ),
        measured=round(hours, 2),
        limit=round(limit, 2),
        facts={
            "resident_id": person.id,
            "week": block.start.isoformat(),
            "hours": round(hours, 2),
            "hours_per_week": round(hours * 7 / counted, 2) if counted else 0,
            "block": block.number,
        },
    )


def _off_site(index: RosterIndex) -> Iterator[Violation]:
    """Off-site duty is timed by its host and counts 0 hours and no duty day here; the report says so."""
    for period in index.rotation_periods:
        inside = set(period.days)
        away = [day for day in period.track.away_days if day in inside and index.in_range(day)]
        if away:
            yield Violation(
                rule="HOURS_80",
                severity=Severity.ADVISORY,
                people=(period.person.id,),
                subject=(period.person.id, "off-site"),
                start=away[0],
                end=away[-1],
                message=(
                    f"{period.person.name} is off-site on {count(len(away), 'day')} "
                    f"({span(away[0], away[-1])}), timed by the "
                    "host: it counts 0 hours and no duty day here. Ask the host for the hours and enter them "
                    "as duty logs."
                ),
                measured=len(away),
                facts={"resident_id": period.person.id, "off_site_days": len(away)},
            )


def hours_80_rolling(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """HOURS_80_ROLLING: the worst of overlapping windows of 28 days above 80 h a week; a signal, no ACGME rule."""
    index, size = index_of(problem, roster), problem.policy.rolling_window_days
    edge = (size - 1) * ONE_DAY
    days = tuple(days_between(problem.start - edge, problem.end + edge))
    measured = False
    for track in index.tracks:
        over = []
        for first, hours, limit in _windows(problem, track, days, size):
            measured = True
            if hours > limit + TOLERANCE:
                over.append((days[first], hours, limit))
        yield from _worst_windows(track.person, over, edge.days)
    if index.tracks and not measured:
        yield NotMeasured("HOURS_80_ROLLING", f"No resident has a window of {size} days that is scheduled throughout.")


def _windows(problem: Problem, track: Track, days: tuple[Date, ...], size: int) -> Iterator[tuple[int, float, float]]:
    """First position, hours and limit of every window that is wholly known."""
    absent = problem.leave_days.get(track.person.id, {})
    weekly = problem.policy.weekly_hours_limit
    hours = list(accumulate((track.hours.get(day, 0) for day in days), initial=0.0))
    leave = list(accumulate((day in absent for day in days), initial=0))
    unknown = list(accumulate((day not in track.rows and day not in absent for day in days), initial=0))
    for first in range(len(days) - size + 1):
        end = first + size
        if unknown[end] == unknown[first]:
            yield first, hours[end] - hours[first], weekly * (size - (leave[end] - leave[first])) / 7


def _worst_windows(person: Person, over: list[tuple[Date, float, float]], reach: int) -> Iterator[Violation]:
    groups: list[list[tuple[Date, float, float]]] = []
    for window in over:
        if groups and (window[0] - groups[-1][-1][0]).days <= reach:
            groups[-1].append(window)
        else:
            groups.append([window])
    for group in groups:
        first, hours, limit = max(group, key=lambda window: window[1] - window[2])
        last = first + reach * ONE_DAY
        yield Violation(
            rule="HOURS_80_ROLLING",
            severity=Severity.WARNING,
            people=(person.id,),
            start=first,
            end=last,
            message=(
                f"{person.name} has {number(hours)} h in the {reach + 1} days {span(first, last)}, above "
                f"{number(limit)} h, "
                "though the rotation period is what ACGME averages: lighten the days where two rotations meet."
            ),
            measured=round(hours, 2),
            limit=round(limit, 2),
            facts={"resident_id": person.id, "week": first.isoformat(), "hours": round(hours, 2)},
        )
