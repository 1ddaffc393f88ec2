"""Supervision and clinic capacity per half-day, with the room left for one missing supervisor or call-taker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from schedules.domain.calls import FMIT_NIGHTS, takes_call
from schedules.domain.codes import CALL_CODE
from schedules.domain.problem import HALF_DAYS, ONE_DAY, Date, Problem, Session
from schedules.domain.roster import Roster
from schedules.domain.rules.index import AM, NIGHT, PM, RosterIndex, index_of
from schedules.domain.rules.report import Finding, NotMeasured, Severity, Violation
from schedules.domain.rules.wording import count, on
from schedules.domain.supervision import Supervision, in_reserve, supervision_of


def supervision(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """SUPERVISION: supervisors >= PGY-1 / 2 + PGY-2,3 / 4 in supervised clinic + 1 per procedure, per half-day."""
    if not any(activity.provides_supervision for activity in problem.activities.values()):
        yield NotMeasured("SUPERVISION", "No activity is marked as supervising: mark AT and PCAT in the activities.")
        return
    index = index_of(problem, roster)
    yield from _empty_days("SUPERVISION", index)
    for day, held in index.half_days.items():
        for position, session in ((AM, Session.AM), (PM, Session.PM)):
            found = supervision_of(problem.policy, held[position])
            if found.supervisors < found.needed:
                yield _shortage(found, day, session)


def _shortage(found: Supervision, day: Date, session: Session) -> Violation:
    groups = (
        (found.pgy1, "PGY-1 resident"),
        (found.upper, "PGY-2/3 resident"),
        (found.procedures, "procedure"),
    )
    load = ", ".join(count(size, noun) for size, noun in groups if size)
    who = ", ".join(person.name for person in found.supervised)
    return Violation(
        rule="SUPERVISION",
        severity=Severity.HARD,
        people=tuple(person.id for person in found.supervised),
        subject=("half-day",),
        start=day,
        end=day,
        session=session,
        message=(
            f"{on(day)} {session}: {load} ({who}) need {count(found.needed, 'supervisor')} and have "
            f"{found.supervisors}: add {found.needed - found.supervisors} in AT, or move residents out of clinic."
        ),
        measured=found.supervisors,
        limit=found.needed,
        facts={
            "date": day.isoformat(),
            "session": session.value,
            "pgy1_residents": found.pgy1,
            "upper_residents": found.upper,
            "procedures": found.procedures,
            "faculty": found.supervisors,
            "faculty_needed": found.needed,
        },
    )


def clinic_capacity(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """CLINIC_CAPACITY: at most 8 people counted in clinic per half-day.

    Unavoidable where the protected and locked cells alone exceed it.
    """
    if not any(activity.counts_toward_clinic_capacity for activity in problem.activities.values()):
        yield NotMeasured("CLINIC_CAPACITY", "No activity counts toward clinic capacity: mark C, PR, VAS and SM.")
        return
    index, capacity = index_of(problem, roster), problem.policy.clinic_capacity
    yield from _empty_days("CLINIC_CAPACITY", index)
    for day, held in index.half_days.items():
        for position, session in ((AM, Session.AM), (PM, Session.PM)):
            people = [person for person, activity in held[position] if activity.counts_toward_clinic_capacity]
            if len(people) <= capacity:
                continue
            kept = _kept_in_clinic(index)[day, session]
            advice = (
                f"{kept} of them are protected or locked, so no roster avoids it: unlock a cell or raise the capacity"
                if kept > capacity
                else f"move {len(people) - capacity} to another half-day"
            )
            yield Violation(
                rule="CLINIC_CAPACITY",
                severity=Severity.HARD,
                people=tuple(person.id for person in people),
                subject=("clinic",),
                start=day,
                end=day,
                session=session,
                message=(
                    f"{on(day)} {session}: {len(people)} people in clinic "
                    f"({', '.join(person.name for person in people)}), "
                    f"{capacity} fit: {advice}."
                ),
                measured=len(people),
                limit=capacity,
                unavoidable=kept > capacity,
                facts={"date": day.isoformat(), "session": session.value, "people": len(people), "kept": kept},
            )


def _empty_days(rule: str, index: RosterIndex) -> Iterator[NotMeasured]:
    if index.empty_days:
        days = index.empty_days
        yield NotMeasured(
            rule, f"{count(len(days), 'date')} from {on(days[0])} to {on(days[-1])}: nobody holds an assignment."
        )


def _kept_in_clinic(index: RosterIndex) -> Counter[tuple[Date, Session]]:
    activities = index.problem.activities
    return Counter(
        (slot.day, slot.session)
        for slot, code in index.kept.items()
        if code in activities and activities[code].counts_toward_clinic_capacity
    )


def n1_margin(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """N1_MARGIN: half-days without a spare supervisor, nights without a second call-taker (advisory).

    Who could: a supervisor beyond the number needed or a faculty member at administration; for a night a call-taking
    attending who is present that day and the next, FMIT attending on neither and not on call around it.
    """
    index = index_of(problem, roster)
    for day, held in index.half_days.items():
        for session, people in zip(HALF_DAYS, held, strict=False):
            found = supervision_of(problem.policy, people)
            if not found.supervised:
                continue
            if sum(in_reserve(person, activity) for person, activity in people) <= found.needed:
                yield _thin(day, session, "nobody could step in for a missing supervisor")
        callers = [person.id for person, activity in held[NIGHT] if activity.code == CALL_CODE and person.is_faculty]
        if callers and not _second_caller(index, day):
            yield _thin(day, Session.NIGHT, "nobody could take the call if the attending is missing")


def _thin(day: Date, session: Session, what: str) -> Violation:
    return Violation(
        rule="N1_MARGIN",
        severity=Severity.ADVISORY,
        people=(),
        subject=("margin",),
        start=day,
        end=day,
        session=session,
        message=f"{on(day)} {session}: {what}; keep somebody in reserve.",
        measured=0,
        limit=1,
        facts={"date": day.isoformat(), "session": session.value},
    )


def _second_caller(index: RosterIndex, day: Date) -> bool:
    problem = index.problem
    around = (day - ONE_DAY, day, day + ONE_DAY)
    held = (day,) if day.weekday() in FMIT_NIGHTS else (day, day + ONE_DAY)
    return any(
        takes_call(person)
        and not problem.is_absent(person.id, day)
        and not problem.is_absent(person.id, day + ONE_DAY)
        and not any(index.holds_fmit(person.id, near) for near in held)
        and all(index.code_at(person.id, near, NIGHT) != CALL_CODE for near in around)
        for person in problem.faculty
    )
