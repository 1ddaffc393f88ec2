"""Rest between duty periods and their length: REST_8, CONTINUOUS_24, REST_14."""

from __future__ import annotations

from collections.abc import Iterator

from schedules.domain.problem import Person, Problem
from schedules.domain.roster import Roster
from schedules.domain.rules.duty_hours.unmeasured import not_decided
from schedules.domain.rules.index import RosterIndex, index_of
from schedules.domain.rules.report import Finding, Severity, Violation
from schedules.domain.rules.wording import number, on
from schedules.domain.timeline import TOLERANCE, Rest


def rest_8(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """REST_8: 8 hours between duty periods of less than 24 hours ("should": advisory)."""
    index, policy = index_of(problem, roster), problem.policy
    for person, rest in _rests(index):
        if rest.before.hours < policy.continuous_hours_limit and rest.hours < policy.rest_hours - TOLERANCE:
            yield _rest_finding("REST_8", Severity.ADVISORY, person, rest, limit=policy.rest_hours)
    yield from not_decided("REST_8", index)


def rest_14(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """REST_14: 14 hours free after any duty period of 24 hours or more."""
    index, policy = index_of(problem, roster), problem.policy
    for person, rest in _rests(index):
        if rest.before.hours >= policy.continuous_hours_limit and rest.hours < policy.rest_hours_after_24 - TOLERANCE:
            yield _rest_finding("REST_14", Severity.HARD, person, rest, limit=policy.rest_hours_after_24)
    yield from not_decided("REST_14", index)


def _rests(index: RosterIndex) -> Iterator[tuple[Person, Rest]]:
    """Rests between duty periods of which at least one duty lies in the range."""
    for track in index.tracks:
        for rest in track.rests:
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
    yield from not_decided("CONTINUOUS_24", index)
