"""Whether every demand has the people it asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.codes import CALL_CODE
from schedules.domain.pattern import RESTED, base_activity
from schedules.domain.problem import ONE_DAY, Date, Demand, PersonId, Problem, Session
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules.index import RosterIndex, index_of
from schedules.domain.rules.report import Finding, NotMeasured, Severity, Violation
from schedules.domain.rules.wording import count, on


def demand_min(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """DEMAND_MIN: every demand has its minimum and not more than its maximum (call and FMIT attending: exactly 1).

    HARD where the demand is patient safety, else MINOR. Unavoidable where fewer people than the minimum are
    eligible, present (for a Sunday to Thursday call the day after too) and not kept at something else.
    """
    if not problem.demands:
        yield NotMeasured("DEMAND_MIN", "No demand is defined for these dates: import or enter what must be filled.")
        return
    index = index_of(problem, roster)
    holders = _holders(index)
    for demand in problem.demands:
        if not index.in_range(demand.day):
            continue
        held = holders.get((demand.day, demand.session, demand.activity), ())
        filled = [person for person in held if person in demand.eligible]
        if len(filled) < demand.minimum:
            yield _short(index, demand, filled)
        elif demand.maximum is not None and len(filled) > demand.maximum:
            yield _over(index, demand, filled, demand.maximum)


def _holders(index: RosterIndex) -> Mapping[tuple[Date, Session, str], list[PersonId]]:
    asked = {demand.activity for demand in index.problem.demands}
    held: dict[tuple[Date, Session, str], list[PersonId]] = defaultdict(list)
    for day, sessions in index.half_days.items():
        for session, people in zip(Session, sessions, strict=True):
            for person, activity in people:
                if activity.code in asked:
                    held[day, session, activity.code].append(person.id)
    return held


def _short(index: RosterIndex, demand: Demand, filled: list[PersonId]) -> Violation:
    possible = _possible(index, demand)
    missing = demand.minimum - len(filled)
    advice = (
        f"only {count(possible, 'person')} could do it, so no roster avoids it: bring somebody in or lower the demand"
        if possible < demand.minimum
        else f"assign {missing} more"
    )
    return _finding(
        index,
        demand,
        filled,
        limit=demand.minimum,
        message=f"{_place(index, demand)}: {len(filled)} of {demand.minimum} needed{_named(index, filled)}; {advice}.",
        unavoidable=possible < demand.minimum,
    )


def _over(index: RosterIndex, demand: Demand, filled: list[PersonId], maximum: int) -> Violation:
    message = (
        f"{_place(index, demand)}: {len(filled)} people{_named(index, filled)}, at most {maximum}; free "
        f"{len(filled) - maximum}."
    )
    return _finding(index, demand, filled, limit=maximum, message=message, unavoidable=False)


def _finding(
    index: RosterIndex, demand: Demand, filled: list[PersonId], *, limit: int, message: str, unavoidable: bool
) -> Violation:
    roles = {index.problem.person[person].role.value for person in demand.eligible if person in index.problem.person}
    return Violation(
        rule="DEMAND_MIN",
        severity=Severity.HARD if demand.hard else Severity.MINOR,
        people=tuple(filled),
        subject=(demand.activity, "over" if len(filled) > limit else "short", *sorted(roles)),
        start=demand.day,
        end=demand.day,
        session=demand.session,
        message=message,
        measured=len(filled),
        limit=limit,
        unavoidable=unavoidable,
        facts={
            "date": demand.day.isoformat(),
            "session": demand.session.value,
            "activity": demand.activity,
            "filled": len(filled),
            "minimum": demand.minimum,
        },
    )


def _place(index: RosterIndex, demand: Demand) -> str:
    activity = index.problem.activities.get(demand.activity)
    return f"{on(demand.day)} {demand.session}, {activity.name if activity else demand.activity} ({demand.activity})"


def _named(index: RosterIndex, people: list[PersonId]) -> str:
    return f" ({', '.join(index.problem.person[person].name for person in people)})" if people else ""


def _possible(index: RosterIndex, demand: Demand) -> int:
    """People who could fill the demand in any roster of these data.

    Rest after other duty is not looked at: it depends on the roster. So the number is never too small, and
    *unavoidable* never said where some roster would do.
    """
    problem = index.problem
    activity = problem.activities.get(demand.activity)
    if activity is None:
        return 0
    team = activity.category in RESTED and activity.code != CALL_CODE
    possible = 0
    for person_id in demand.eligible:
        person = problem.person.get(person_id)
        if person is None or problem.is_absent(person_id, demand.day) or _barred_by_leave(problem, person_id, demand):
            continue
        if index.kept.get(Slot(person_id, demand.day, demand.session), demand.activity) != demand.activity:
            continue
        if not problem.eligible(person, activity, demand.day):
            continue
        own = base_activity(problem, person, demand.day, demand.session) if person.is_resident else None
        if person.is_resident and (own is None if not team else own != demand.activity):
            continue
        possible += 1
    return possible


def _barred_by_leave(problem: Problem, person: PersonId, demand: Demand) -> bool:
    """CALL_BEFORE_LEAVE: a shared night of call needs the morning after."""
    shared = demand.activity == CALL_CODE and demand.day.weekday() not in FMIT_NIGHTS
    return shared and problem.is_absent(person, demand.day + ONE_DAY)
