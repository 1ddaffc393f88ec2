"""Overnight calls in the rotation period and nights in a row: CALL_EVERY_3RD, NIGHT_FLOAT_6."""

from __future__ import annotations

from collections.abc import Iterator

from schedules.domain.problem import Problem
from schedules.domain.roster import Roster
from schedules.domain.rules.duty_hours.unmeasured import not_decided, not_finished, not_placed
from schedules.domain.rules.index import index_of
from schedules.domain.rules.report import Finding, Severity, Violation
from schedules.domain.rules.wording import count, span
from schedules.domain.timeline import runs


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
    yield from not_finished("CALL_EVERY_3RD", unfinished)
    yield from not_placed("CALL_EVERY_3RD", index)


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
    yield from not_decided("NIGHT_FLOAT_6", index)
