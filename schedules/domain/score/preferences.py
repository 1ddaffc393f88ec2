"""What is counted of wishes: PREFERENCE."""

from __future__ import annotations

from collections.abc import Iterator

from schedules.domain.preferences import is_meant, speaks_of
from schedules.domain.problem import SESSIONS, ActivityCode, Preference, Problem, Session
from schedules.domain.roster import Roster, Slot


def preferred_slots(problem: Problem, wish: Preference) -> Iterator[Slot]:
    """The slots of the range a preference speaks of: no absent days, nights only if named or disliked."""
    person = problem.person.get(wish.person)
    if person is None:
        return
    for day in problem.days:
        if problem.is_absent(person.id, day) or not speaks_of(wish, day):
            continue
        if person.is_resident and (person.id, day) not in problem.assignment_of:
            continue
        for session in SESSIONS:
            by_default = session is not Session.NIGHT or wish.weight < 0
            if session is wish.session or (wish.session is None and by_default):
                yield Slot(person.id, day, session)


def fits_preference(problem: Problem, wish: Preference, code: ActivityCode | None) -> bool:
    """Whether the code is the work the preference speaks of."""
    return is_meant(wish, problem.activities[code] if code is not None else None)


def preference(problem: Problem, roster: Roster) -> int:
    """PREFERENCE: disliked half-days worked plus liked ones not worked, times the wish's strength."""
    return sum(
        abs(wish.weight)
        for wish in problem.preferences
        for slot in preferred_slots(problem, wish)
        if fits_preference(problem, wish, roster.cells.get(slot)) != (wish.weight > 0)
    )


def preferences_respected(problem: Problem, roster: Roster) -> float | None:
    """Share 0..1 of the slots that preferences speak of; None without any."""
    kept = [
        fits_preference(problem, wish, roster.cells.get(slot)) == (wish.weight > 0)
        for wish in problem.preferences
        for slot in preferred_slots(problem, wish)
    ]
    return sum(kept) / len(kept) if kept else None
