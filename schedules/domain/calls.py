"""Overnight calls counted by kind of night: what CALL_EQUITY evens out, and how the year so far is tallied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from schedules.domain.problem import ONE_DAY, CallTally, Date, Person, PersonId, Problem, Weekday

FMIT_NIGHTS = frozenset({Weekday.FRI, Weekday.SAT})
"""Nights that belong to the FMIT attending; Sunday to Thursday nights are shared."""


class NightKind(StrEnum):
    """Kinds of call nights that are evened out separately."""

    SUNDAY = "sunday"
    WEEKDAY = "weekday"
    HOLIDAY = "holiday"


def night_kind(day: Date, holidays: frozenset[Date]) -> NightKind | None:
    """The kind of the night that begins on `day`; None on Friday and Saturday, which belong to the FMIT week.

    A holiday night is a holiday call and nothing else.
    """
    if day.weekday() in FMIT_NIGHTS:
        return None
    if day in holidays:
        return NightKind.HOLIDAY
    return NightKind.SUNDAY if day.weekday() == Weekday.SUN else NightKind.WEEKDAY


def takes_call(person: Person) -> bool:
    """Whether the system may give this person a call: faculty, no adjunct, not excluded."""
    return person.is_faculty and not person.adjunct and not person.excluded_from_call


def could_call(problem: Problem, person: Person, day: Date) -> bool:
    """Whether presence and plan would let the person take the Sunday to Thursday call that begins on `day`.

    Present that day and the next (CALL_BEFORE_LEAVE), and planned FMIT attending on neither (FMIT_WEEK; PCAT and DO
    leave no room for FMIT the day after).
    """
    return (
        takes_call(person)
        and not problem.is_absent(person.id, day)
        and not problem.is_absent(person.id, day + ONE_DAY)
        and person.id not in (problem.fmit_attending.get(day), problem.fmit_attending.get(day + ONE_DAY))
    )


def days_without_attending(problem: Problem) -> Iterator[Date]:
    """Dates of the range with no FMIT week, or whose planned attending is absent: a replacement is forced there."""
    for day in problem.days:
        planned = problem.fmit_attending.get(day)
        if planned is None or problem.is_absent(planned, day):
            yield day


def tally(
    people: Iterable[Person],
    callers: Mapping[Date, PersonId],
    *,
    holidays: frozenset[Date],
    away: Mapping[PersonId, frozenset[Date]],
    attending: Mapping[Date, PersonId],
) -> dict[PersonId, CallTally]:
    """Calls by kind, the nights of each kind a person was available for, and days absent.

    `callers` names who had the call of each night that is decided; other nights do not count. A person is
    available for a night unless absent that day or the next, or FMIT attending that day.
    """
    counts = {person.id: dict.fromkeys(_FIELDS, 0) for person in people if takes_call(person)}
    for day, caller in callers.items():
        for person, count in counts.items():
            count["absent_days"] += day in away.get(person, frozenset())
        kind = night_kind(day, holidays)
        if kind is None:
            continue
        for person, count in counts.items():
            absent = away.get(person, frozenset())
            free = day not in absent and day + ONE_DAY not in absent and attending.get(day) != person
            count[f"{kind}_available"] += free
            count[kind] += person == caller
    return {person: CallTally(**count) for person, count in counts.items()}


_FIELDS = (*(name for kind in NightKind for name in (kind.value, f"{kind.value}_available")), "absent_days")
