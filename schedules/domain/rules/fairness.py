"""Evenness and wishes: weekend duty within a PGY level, and personal preferences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from schedules.domain.preferences import is_meant, speaks_of
from schedules.domain.problem import Date, Person, Preference, Problem, Session, Weekday
from schedules.domain.roster import Roster
from schedules.domain.rules.index import AM, NIGHT, PM, RosterIndex, index_of
from schedules.domain.rules.report import Finding, NotMeasured, Severity, Violation
from schedules.domain.rules.wording import count, number, span

WEEKEND_DAYS = 2
"""WEEKEND_EQUITY: a whole weekend above the level's mean is worth a word."""


def weekend_equity(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """WEEKEND_EQUITY: residents with a weekend or more of duty above the mean of their PGY level (advisory)."""
    index = index_of(problem, roster)
    levels: dict[int | None, list[tuple[Person, int]]] = defaultdict(list)
    for track in index.tracks:
        worked = sum(index.in_range(day) and day.weekday() >= Weekday.SAT for day in track.worked_days)
        levels[track.person.pgy_level].append((track.person, worked))
    for group in levels.values():
        mean = sum(worked for _, worked in group) / len(group)
        for person, worked in group:
            if worked - mean >= WEEKEND_DAYS:
                yield Violation(
                    rule="WEEKEND_EQUITY",
                    severity=Severity.ADVISORY,
                    people=(person.id,),
                    start=problem.start,
                    end=problem.end,
                    message=(
                        f"{person.name} works {count(worked, 'weekend day')} in "
                        f"{span(problem.start, problem.end)}; the mean of "
                        f"the same PGY level is {number(mean)}."
                    ),
                    measured=worked,
                    limit=round(mean, 2),
                    facts={"resident_id": person.id, "weekend_days": worked},
                )


def preference(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """PREFERENCE: sessions worked against a person's dislike, one finding per dislike (advisory).

    Without any preference entered: not measured.
    """
    if not problem.preferences:
        yield NotMeasured("PREFERENCE", "No preferences are entered.")
    index = index_of(problem, roster)
    for position, wish in enumerate(problem.preferences):
        person = problem.person.get(wish.person)
        if person is None or wish.weight >= 0:
            continue
        against = sorted(_against(index, wish))
        if against:
            yield Violation(
                rule="PREFERENCE",
                severity=Severity.ADVISORY,
                people=(person.id,),
                subject=(person.id, wish.scope.value, str(position)),
                start=against[0],
                end=against[-1],
                message=(
                    f"{person.name} works {count(len(against), 'session')} against a stated dislike "
                    f"({span(against[0], against[-1])})."
                ),
                measured=len(against),
                limit=0,
                facts={"person_id": person.id, "sessions": len(against), "weight": wish.weight},
            )


def _against(index: RosterIndex, wish: Preference) -> Iterator[Date]:
    """The date of every session worked that the wish dislikes."""
    positions = {None: (AM, PM, NIGHT), Session.AM: (AM,), Session.PM: (PM,), Session.NIGHT: (NIGHT,)}[wish.session]
    for day, row in index.rows.get(wish.person, {}).items():
        if index.in_range(day) and speaks_of(wish, day):
            for position in positions:
                if is_meant(wish, row[position]):
                    yield day
