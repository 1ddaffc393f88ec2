"""Days without duty in the rotation period, and runs of worked days: DAY_FREE_IN_7."""

from __future__ import annotations

from collections.abc import Iterator

from schedules.domain.problem import Date, Person, Problem
from schedules.domain.roster import Roster
from schedules.domain.rules.duty_hours.unmeasured import not_finished, not_placed
from schedules.domain.rules.index import RotationPeriod, index_of
from schedules.domain.rules.report import Finding, Severity, Violation
from schedules.domain.rules.wording import count, span


def day_free_in_7(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """DAY_FREE_IN_7: free days >= floor((days - leave days) / 7) in each rotation period; runs of worked days."""
    index = index_of(problem, roster)
    unfinished = []
    for period in index.rotation_periods:
        required = period.counted_days // 7
        free = period.free_days
        if free < required:
            yield _free_day_finding(period, free, required)
        elif period.unknown:
            unfinished.append(period)
    for track in index.tracks:
        for run in track.worked_runs:
            if len(run) > problem.policy.worked_days_warning and any(index.in_range(day) for day in run):
                yield _run_finding(problem, track.person, run)
    yield from not_finished("DAY_FREE_IN_7", unfinished)
    yield from not_placed("DAY_FREE_IN_7", index)


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
