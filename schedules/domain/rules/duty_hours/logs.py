"""What residents log beside the schedule: PGY1_MOONLIGHTING, HOME_CALL."""

from __future__ import annotations

from collections.abc import Iterator

from schedules.domain.problem import Date, DutyLogKind, Problem
from schedules.domain.roster import Roster
from schedules.domain.rules.index import Track, index_of
from schedules.domain.rules.report import Finding, NotMeasured, Severity, Violation
from schedules.domain.rules.wording import count, number, on, span
from schedules.domain.timeline import MINUTES_PER_DAY, midnight


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
