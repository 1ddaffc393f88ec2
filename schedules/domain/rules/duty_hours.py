"""Duty-hour rules of residents: ACGME Common Program Requirements VI.F (2023) = 6.20-6.28 (2025), program policy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate

from schedules.domain.problem import ONE_DAY, Block, Date, DutyLogKind, Person, Problem, days_between
from schedules.domain.roster import Roster
from schedules.domain.rules.index import RosterIndex, RotationPeriod, Track, index_of
from schedules.domain.rules.report import NotMeasured, Severity, Violation
from schedules.domain.rules.wording import count, names, number, on, span
from schedules.domain.timeline import MINUTES_PER_DAY, Rest, free_days, midnight, rests, runs

Finding = Violation | NotMeasured

TOLERANCE = 1e-6
"""Hours are sums of decimals; nothing shorter than this counts as over a limit."""


def hours_80(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """HOURS_80: hours <= 80 x (days - leave days) / 7 in each rotation period; a warning above 75 x the same.

    Where part of the period is not scheduled yet, only what is certain already is found; the rest is not measured.
    """
    index, policy = index_of(problem, roster), problem.policy
    unfinished = []
    for period in index.rotation_periods:
        weeks = (len(period.days) - len(period.leave)) / 7
        hours = sum(period.track.hours.get(day, 0) for day in period.days)
        limit, comfort = policy.weekly_hours_limit * weeks, policy.weekly_hours_warning * weeks
        if hours > limit + TOLERANCE:
            yield _hours_finding(period, hours, policy.weekly_hours_limit, Severity.HARD)
        elif hours > comfort + TOLERANCE:
            yield _hours_finding(period, hours, policy.weekly_hours_warning, Severity.WARNING)
        if period.unknown and hours <= limit + TOLERANCE:
            unfinished.append(period)
    yield from _not_finished("HOURS_80", unfinished)
    yield from _not_placed("HOURS_80", index)
    yield from _off_site(index)


def _hours_finding(period: RotationPeriod, hours: float, weekly: float, severity: Severity) -> Violation:
    """`weekly` is the level exceeded: 80 h a week for a violation, 75 for a warning."""
    person, block = period.person, period.block
    counted = len(period.days) - len(period.leave)
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


def day_free_in_7(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """DAY_FREE_IN_7: free days >= floor((days - leave days) / 7) in each rotation period; runs of worked days."""
    index = index_of(problem, roster)
    unfinished = []
    for period in index.rotation_periods:
        required = (len(period.days) - len(period.leave)) // 7
        free = free_days(period.track.duties, first=period.block.start, last=period.block.end, leave=period.leave)
        if free < required:
            yield _free_day_finding(period, free, required)
        elif period.unknown:
            unfinished.append(period)
    for track in index.tracks:
        for run in runs(track.worked_days):
            if len(run) > problem.policy.worked_days_warning and any(index.in_range(day) for day in run):
                yield _run_finding(problem, track.person, run)
    yield from _not_finished("DAY_FREE_IN_7", unfinished)
    yield from _not_placed("DAY_FREE_IN_7", index)


def _free_day_finding(period: RotationPeriod, free: int, required: int) -> Violation:
    person, block = period.person, period.block
    return Violation(
        rule="DAY_FREE_IN_7",
        severity=Severity.HARD,
        people=(person.id,),
        start=block.start,
        end=block.end,
        message=(
            f"{person.name} has {count(free, 'free day')} in block {block.number} "
            f"({span(block.start, block.end)}) and needs "
            f"{required}: give {count(required - free, 'more day')} of 24 hours without duty."
        ),
        measured=free,
        limit=required,
        facts={
            "resident_id": person.id,
            "week": block.start.isoformat(),
            "free_days": free,
            "required": required,
            "block": block.number,
        },
    )


def _run_finding(problem: Problem, person: Person, run: tuple[Date, ...]) -> Violation:
    policy = problem.policy
    hard = len(run) > policy.worked_days_limit
    limit = policy.worked_days_limit if hard else policy.worked_days_warning
    return Violation(
        rule="DAY_FREE_IN_7",
        severity=Severity.HARD if hard else Severity.WARNING,
        people=(person.id,),
        subject=(person.id, "run"),
        start=run[0],
        end=run[-1],
        message=(
            f"{person.name} works {len(run)} days in a row ({span(run[0], run[-1])}), more than {limit}: "
            "give a day off in between."
        ),
        measured=len(run),
        limit=limit,
        facts={"resident_id": person.id, "week": run[0].isoformat(), "consecutive_days": len(run)},
    )


def rest_8(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """REST_8: 8 hours between duty periods of less than 24 hours ("should": advisory)."""
    index, policy = index_of(problem, roster), problem.policy
    for person, rest in _rests(index):
        if rest.before.hours < policy.continuous_hours_limit and rest.hours < policy.rest_hours - TOLERANCE:
            yield _rest_finding("REST_8", Severity.ADVISORY, person, rest, limit=policy.rest_hours)
    yield from _not_decided("REST_8", index)


def rest_14(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """REST_14: 14 hours free after any duty period of 24 hours or more."""
    index, policy = index_of(problem, roster), problem.policy
    for person, rest in _rests(index):
        if rest.before.hours >= policy.continuous_hours_limit and rest.hours < policy.rest_hours_after_24 - TOLERANCE:
            yield _rest_finding("REST_14", Severity.HARD, person, rest, limit=policy.rest_hours_after_24)
    yield from _not_decided("REST_14", index)


def _rests(index: RosterIndex) -> Iterator[tuple[Person, Rest]]:
    """Rests between duty periods of which at least one duty lies in the range."""
    for track in index.tracks:
        for rest in rests(track.periods):
            if rest.after.last >= index.problem.start and rest.before.first <= index.problem.end:
                yield track.person, rest


def _rest_finding(rule: str, severity: Severity, person: Person, rest: Rest, *, limit: float) -> Violation:
    last, first, hours = rest.before.duties[-1], rest.after.duties[0], rest.hours
    return Violation(
        rule=rule,
        severity=severity,
        people=(person.id,),
        start=last.day,
        end=first.day,
        session=first.session,
        message=(
            f"{person.name} has {number(hours)} h between a duty of {number(rest.before.hours)} h ending with "
            f"{last.activity.code} of "
            f"{on(last.day)} and "
            f"{first.activity.code} on {on(first.day)} {first.session}; {number(limit)} h are needed: move or "
            "remove one of them."
        ),
        measured=round(hours, 2),
        limit=limit,
        facts={"resident_id": person.id, "hours": round(hours, 2)},
    )


def continuous_24(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """CONTINUOUS_24: at most 24 scheduled hours in one duty period; the 4 hours of transition are not scheduled."""
    index, limit = index_of(problem, roster), problem.policy.continuous_hours_limit
    for track in index.tracks:
        for period in track.periods:
            if period.hours > limit + TOLERANCE and any(index.in_range(item.day) for item in period.duties):
                yield Violation(
                    rule="CONTINUOUS_24",
                    severity=Severity.HARD,
                    people=(track.person.id,),
                    start=period.first,
                    end=period.last,
                    message=(
                        f"{track.person.name} is scheduled for {number(period.hours)} h without a break of "
                        f"{number(problem.policy.merge_gap_hours)} h from {period.duties[0].activity.code} on "
                        f"{on(period.first)} "
                        f"to {period.duties[-1].activity.code} of {on(period.last)}; at most {number(limit)} h "
                        "are allowed: "
                        "remove a session at either end."
                    ),
                    measured=round(period.hours, 2),
                    limit=limit,
                    facts={"resident_id": track.person.id, "hours": round(period.hours, 2)},
                )
    yield from _not_decided("CONTINUOUS_24", index)


def call_every_3rd(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """CALL_EVERY_3RD: in-house overnight calls <= floor(days / 3) in each rotation period."""
    index, nth = index_of(problem, roster), problem.policy.call_every_nth_night
    unfinished = []
    for period in index.rotation_periods:
        block, limit = period.block, len(period.days) // nth
        calls = sum(block.start <= day <= block.end for day in period.track.call_nights)
        if calls > limit:
            yield Violation(
                rule="CALL_EVERY_3RD",
                severity=Severity.HARD,
                people=(period.person.id,),
                start=block.start,
                end=block.end,
                message=(
                    f"{period.person.name} has {count(calls, 'overnight call')} in block {block.number} "
                    f"({span(block.start, block.end)}); at most {limit} are allowed (one night in {nth} on average): "
                    f"give {count(calls - limit, 'call')} to somebody else."
                ),
                measured=calls,
                limit=limit,
                facts={"resident_id": period.person.id, "week": block.start.isoformat(), "calls": calls},
            )
        elif period.unknown:
            unfinished.append(period)
    yield from _not_finished("CALL_EVERY_3RD", unfinished)
    yield from _not_placed("CALL_EVERY_3RD", index)


def night_float_6(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """NIGHT_FLOAT_6: at most 6 nights in a row of any night activity except overnight call."""
    index, limit = index_of(problem, roster), problem.policy.night_float_limit
    for track in index.tracks:
        for run in runs(track.float_nights):
            if len(run) > limit and any(index.in_range(day) for day in run):
                yield Violation(
                    rule="NIGHT_FLOAT_6",
                    severity=Severity.HARD,
                    people=(track.person.id,),
                    start=run[0],
                    end=run[-1],
                    message=(
                        f"{track.person.name} works {len(run)} nights in a row ({span(run[0], run[-1])}); at "
                        f"most {limit} are "
                        "allowed: give a night off in between."
                    ),
                    measured=len(run),
                    limit=limit,
                    facts={"resident_id": track.person.id, "nights": len(run)},
                )
    yield from _not_decided("NIGHT_FLOAT_6", index)


def pgy1_moonlighting(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """PGY1_MOONLIGHTING: no moonlighting log of a PGY-1 resident in the range. Without any duty log: not measured."""
    index = index_of(problem, roster)
    if not problem.duty_logs:
        yield _no_logs(problem, "PGY1_MOONLIGHTING", "whether PGY-1 residents moonlight is unknown")
    for log in problem.duty_logs:
        person = problem.person.get(log.person)
        if log.kind is not DutyLogKind.MOONLIGHTING or person is None or not index.in_range(log.day):
            continue
        if person.is_resident and person.pgy_level == 1 and log.hours > 0:
            yield Violation(
                rule="PGY1_MOONLIGHTING",
                severity=Severity.HARD,
                people=(person.id,),
                start=log.day,
                end=log.day,
                message=(
                    f"{person.name} (PGY-1) logged {number(log.hours)} h of moonlighting on {on(log.day)}; "
                    "PGY-1 residents do not "
                    "moonlight: speak with the resident, and correct the log if it is wrong."
                ),
                measured=log.hours,
                limit=0,
                facts={"resident_id": person.id, "hours": log.hours, "date": log.day.isoformat()},
            )


def home_call(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """HOME_CALL: at-home call of a resident may not fall on a free day (a date of 24 hours without duty).

    Hours worked on it count in HOURS_80. Leave and off-site days are no free days. Without any duty log: not measured.
    """
    index = index_of(problem, roster)
    if not problem.duty_logs:
        yield _no_logs(problem, "HOME_CALL", "at-home call is unknown")
    tracks = {track.person.id: track for track in index.tracks}
    unknown = 0
    for log in problem.duty_logs:
        person = problem.person.get(log.person)
        if (
            log.kind is not DutyLogKind.HOME_CALL
            or person is None
            or not person.is_resident
            or not index.in_range(log.day)
        ):
            continue
        track = tracks.get(person.id)
        if track is None or log.day not in track.rows:
            unknown += 1
        elif _is_free(problem, track, log.day):
            yield Violation(
                rule="HOME_CALL",
                severity=Severity.HARD,
                people=(person.id,),
                start=log.day,
                end=log.day,
                message=(
                    f"{person.name} has at-home call on {on(log.day)}, a free day; at-home call may not fall "
                    "on a free day: "
                    "move the home call, or give another day off."
                ),
                measured=log.hours,
                facts={"resident_id": person.id, "hours": log.hours, "date": log.day.isoformat()},
            )
    if unknown:
        yield NotMeasured(
            "HOME_CALL", f"{count(unknown, 'home call')} on dates without assignments could not be judged."
        )


def _is_free(problem: Problem, track: Track, day: Date) -> bool:
    start = midnight(day)
    if problem.is_absent(track.person.id, day) or any(
        activity is not None and activity.is_away for activity in track.rows[day]
    ):
        return False
    return not any(item.start < start + MINUTES_PER_DAY and item.end > start for item in track.duties)


def _no_logs(problem: Problem, rule: str, consequence: str) -> NotMeasured:
    return NotMeasured(
        rule,
        f"No duty logs are entered around {span(problem.start, problem.end)}, so {consequence}. Enter or "
        "import duty logs.",
    )


def _not_finished(rule: str, periods: list[RotationPeriod]) -> Iterator[NotMeasured]:
    """Periods that reach beyond what is scheduled: what is there is within the limit, the whole is not known."""
    by_block: dict[str, list[RotationPeriod]] = defaultdict(list)
    for period in periods:
        by_block[period.block.id].append(period)
    for found in by_block.values():
        block: Block = found[0].block
        missing = max(len(period.unknown) for period in found)
        yield NotMeasured(
            rule,
            f"Block {block.number} ({span(block.start, block.end)}) is not scheduled throughout: up to {missing} of "
            f"{len(found[0].days)} days of {names([period.person for period in found])} hold no assignments, "
            "so the average "
            "cannot be taken; what is scheduled is within the limit.",
        )


def _not_decided(rule: str, index: RosterIndex) -> Iterator[NotMeasured]:
    if index.undecided:
        yield NotMeasured(
            rule,
            f"{names(index.undecided)}: some days of {span(index.problem.start, index.problem.end)} hold no "
            "assignments, "
            "so only the days that do were judged.",
        )


def _not_placed(rule: str, index: RosterIndex) -> Iterator[NotMeasured]:
    if index.unplaced:
        yield NotMeasured(
            rule,
            f"{names(index.unplaced)} on duty without a block assignment: there is no rotation period to average over. "
            "Add the block assignment.",
        )
