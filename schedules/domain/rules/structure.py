"""What may stand in a cell at all: one activity, nobody on leave, only the eligible, protected cells, weekly maxima."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from schedules.domain.codes import ADMIN_CODE
from schedules.domain.pattern import FLEXIBLE, resident_base
from schedules.domain.problem import SESSIONS, Category, Date, Person, PersonId, Problem, Session, WorkKind
from schedules.domain.roster import Roster
from schedules.domain.rules.index import RosterIndex, by_name, index_of
from schedules.domain.rules.report import Finding, NotMeasured, Severity, Violation
from schedules.domain.rules.wording import count, names, on, span

EXCHANGED = FLEXIBLE | {Category.EDUCATION, Category.RESEARCH}
"""Categories whose half-days per week PATTERN counts; inpatient, emergency and night duty rests by turns instead."""

KIND_NAMES = {
    WorkKind.CLINIC: "clinic",
    WorkKind.GME: "GME",
    WorkKind.DEPARTMENT: "department",
    WorkKind.SPORTS_MEDICINE: "sports medicine",
    WorkKind.SUPERVISION: "supervision",
    WorkKind.VASECTOMY: "vasectomy",
    WorkKind.BOTOX: "botox",
}


def double_booked(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """DOUBLE_BOOKED: one activity per person and session."""
    index = index_of(problem, roster)
    for slot, codes in roster.clashes:
        if index.in_range(slot.day):
            name = _name(problem, slot.person)
            yield Violation(
                rule="DOUBLE_BOOKED",
                severity=Severity.HARD,
                people=(slot.person,),
                start=slot.day,
                end=slot.day,
                session=slot.session,
                message=f"{name} has {' and '.join(codes)} on {on(slot.day)} {slot.session}: keep one of them.",
                measured=len(codes),
                limit=1,
                facts={"date": slot.day.isoformat(), "session": slot.session.value},
            )


def absent(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """ABSENT: nobody works during an approved absence; off-site duty is no work during a TDY absence."""
    index = index_of(problem, roster)
    for person_id, days in problem.leave_days.items():
        rows = index.rows.get(person_id)
        if not rows:
            continue
        for day, absence in days.items():
            row = rows.get(day)
            if row is None or not index.in_range(day):
                continue
            for session, activity in zip(SESSIONS, row, strict=True):
                if activity is None or activity.is_off or (activity.is_away and absence.kind == "TDY"):
                    continue
                yield Violation(
                    rule="ABSENT",
                    severity=Severity.HARD,
                    people=(person_id,),
                    start=day,
                    end=day,
                    session=session,
                    message=(
                        f"{_name(problem, person_id)} has {activity.code} on {on(day)} {session} during an "
                        "approved absence "
                        f"({span(absence.start, absence.end)}): give the work to somebody else."
                    ),
                    facts={"date": day.isoformat(), "session": session.value, "activity": activity.code},
                )


def not_eligible(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """NOT_ELIGIBLE: the activity's role, PGY level and unexpired credential are held by the person that day."""
    allowed: dict[tuple[PersonId, str], bool] = {}
    for slot, code in roster.cells.items():
        key = (slot.person, code)
        fits = allowed.get(key)
        if fits is None:
            fits = allowed[key] = _always_eligible(problem, slot.person, code)
        if fits or not problem.covers(slot.day):
            continue
        why = _why_not(problem, slot.person, code, slot.day)
        if why:
            yield Violation(
                rule="NOT_ELIGIBLE",
                severity=Severity.HARD,
                people=(slot.person,),
                start=slot.day,
                end=slot.day,
                session=slot.session,
                message=f"{_name(problem, slot.person)} may not hold {code} on {on(slot.day)} {slot.session}: {why}.",
                facts={"date": slot.day.isoformat(), "session": slot.session.value, "activity": code},
            )


def _always_eligible(problem: Problem, person_id: PersonId, code: str) -> bool:
    """Eligible at the end of the range means on every date of it: only a credential's expiry depends on the date."""
    person, activity = problem.person.get(person_id), problem.activities.get(code)
    return person is not None and activity is not None and problem.eligible(person, activity, problem.end)


def _why_not(problem: Problem, person_id: PersonId, code: str, day: Date) -> str:
    person, activity = problem.person.get(person_id), problem.activities.get(code)
    if person is None:
        return "the person is not active in the program"
    if activity is None:
        return "there is no such activity"
    if problem.eligible(person, activity, day):
        return ""
    if activity.roles and person.role not in activity.roles:
        return f"it is for {' and '.join(sorted(role.value.lower() for role in activity.roles))} only"
    if activity.pgy_levels and person.is_resident and person.pgy_level not in activity.pgy_levels:
        levels = ", ".join(f"PGY-{level}" for level in sorted(activity.pgy_levels))
        return f"it is for {levels} and the resident is PGY-{person.pgy_level or 'unknown'}"
    expires_on = person.credentials.get(activity.credential)
    state = f"expired on {on(expires_on)}" if expires_on else "is not held"
    return f"the credential {activity.credential} {state}"


def protected(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """PROTECTED: Wednesday education of the resident's own pattern and a PGY-1's Wednesday AM clinic are kept."""
    index = index_of(problem, roster)
    if not any(rotation.pattern for rotation in problem.rotations.values()):
        yield NotMeasured("PROTECTED", "No rotation has a weekly pattern, so no cell is known to be protected.")
        return
    if not _any_rotation(problem):
        yield _no_rotation("PROTECTED", problem)
        return
    position = {Session.AM: 0, Session.PM: 1}
    for slot, code in index.protected.items():
        held = index.code_at(slot.person, slot.day, position[slot.session])
        if held != code:
            yield Violation(
                rule="PROTECTED",
                severity=Severity.HARD,
                people=(slot.person,),
                start=slot.day,
                end=slot.day,
                session=slot.session,
                message=(
                    f"{_name(problem, slot.person)} has {held or 'nothing'} on {on(slot.day)} {slot.session} "
                    "instead of the "
                    f"protected {code} of the rotation: put {code} back."
                ),
                facts={"date": slot.day.isoformat(), "session": slot.session.value, "activity": code},
            )


def faculty_week_max(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """FACULTY_WEEK_MAX: half-days of each kind of work in a block week <= the duty's maximum (0 means none)."""
    index = index_of(problem, roster)
    yield from _no_block("FACULTY_WEEK_MAX", problem)
    without = [person for person in by_name(problem.faculty) if person.duty is None and person.id in index.rows]
    for person, days, kinds in _faculty_weeks(index):
        for kind, limit in person.duty.maximum.items() if person.duty else ():
            if kinds[kind] > limit:
                yield _week_finding("FACULTY_WEEK_MAX", person, days, kind, measured=kinds[kind], limit=limit)
    if without:
        yield NotMeasured(
            "FACULTY_WEEK_MAX", f"{names(without, 'faculty member')} without a duty: there is no maximum to judge by."
        )


def faculty_week_min(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """FACULTY_WEEK_MIN: half-days of each kind of work in a block week below the duty's minimum (advisory).

    Judged only in whole weeks of the range in which the person is present and not FMIT attending.
    """
    index = index_of(problem, roster)
    for person, days, kinds in _faculty_weeks(index):
        whole = len(days) == 7 and index.in_range(days[0]) and index.in_range(days[-1])
        if not whole or any(problem.is_absent(person.id, day) or index.holds_fmit(person.id, day) for day in days):
            continue
        for kind, wanted in person.duty.minimum.items() if person.duty else ():
            if kinds[kind] < wanted:
                yield _week_finding("FACULTY_WEEK_MIN", person, days, kind, measured=kinds[kind], limit=wanted)


def _faculty_weeks(index: RosterIndex) -> Iterator[tuple[Person, tuple[Date, ...], Counter[WorkKind]]]:
    """Every faculty member's half-days by kind of work in each block week that reaches into the range."""
    for person in index.problem.faculty:
        rows = index.rows.get(person.id)
        if not rows or person.duty is None:
            continue
        for _, _, days in index.block_weeks:
            kinds: Counter[WorkKind] = Counter()
            for day in days:
                row = rows.get(day)
                if row is not None:
                    for activity in row[:2]:
                        if activity is not None and activity.work_kind is not WorkKind.UNCAPPED:
                            kinds[activity.work_kind] += 1
            yield person, days, kinds


def _week_finding(
    rule: str, person: Person, days: tuple[Date, ...], kind: WorkKind, *, measured: int, limit: int
) -> Violation:
    over = measured > limit
    advice = f"take {measured - limit} away" if over else f"{limit - measured} more would reach it"
    return Violation(
        rule=rule,
        severity=Severity.HARD if over else Severity.ADVISORY,
        people=(person.id,),
        subject=(person.id, kind.value),
        start=days[0],
        end=days[-1],
        message=(
            f"{person.name} has {count(measured, 'half-day')} of {KIND_NAMES[kind]} in the week "
            f"{span(days[0], days[-1])}; "
            f"the duty {'allows' if over else 'asks for'} {limit}: {advice}."
        ),
        measured=measured,
        limit=limit,
        facts={"person_id": person.id, "week": days[0].isoformat(), "kind": kind.value},
    )


def pattern(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """PATTERN: half-days of an activity that a resident's block week misses of the rotation's pattern (advisory)."""
    index = index_of(problem, roster)
    if not _any_rotation(problem):
        yield _no_rotation("PATTERN", problem)
        return
    week_of = {day: days for _, _, days in index.block_weeks for day in days}
    planned = _planned(problem, week_of)
    for (person_id, start), wanted in planned.items():
        rows, days = index.rows.get(person_id, {}), week_of[start]
        held = Counter(
            activity.code
            for day in days
            if index.in_range(day) and (row := rows.get(day)) is not None
            for activity in row[:2]
            if activity is not None
        )
        dropped = {code: number - held[code] for code, number in wanted.items() if held[code] < number}
        if dropped:
            what = ", ".join(f"{number} {code}" for code, number in sorted(dropped.items()))
            yield Violation(
                rule="PATTERN",
                severity=Severity.ADVISORY,
                people=(person_id,),
                start=days[0],
                end=days[-1],
                message=(
                    f"{_name(problem, person_id)} misses {what} of the rotation in the week {span(days[0], days[-1])}."
                ),
                measured=sum(wanted.values()) - sum(dropped.values()),
                limit=sum(wanted.values()),
                facts={"resident_id": person_id, "week": days[0].isoformat(), "dropped": sum(dropped.values())},
            )


def _planned(
    problem: Problem, week_of: Mapping[Date, tuple[Date, ...]]
) -> Mapping[tuple[PersonId, Date], Counter[str]]:
    """Half-days per resident, block week and activity that pattern, holidays and absences leave in the range."""
    planned: dict[tuple[PersonId, Date], Counter[str]] = defaultdict(Counter)
    for slot, code in resident_base(problem).items():
        if slot.session is not Session.NIGHT and code != ADMIN_CODE and slot.day in week_of:
            activity = problem.activities.get(code)
            if activity is not None and activity.category in EXCHANGED:
                planned[slot.person, week_of[slot.day][0]][code] += 1
    return planned


def full_days(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """FULL_DAYS: days on which a faculty member does two kinds of capped work, one finding per person (advisory)."""
    index = index_of(problem, roster)
    for person in problem.faculty:
        split = [
            day
            for day, (morning, afternoon, _) in index.rows.get(person.id, {}).items()
            if index.in_range(day)
            and morning is not None
            and afternoon is not None
            and WorkKind.UNCAPPED not in (morning.work_kind, afternoon.work_kind)
            and morning.work_kind is not afternoon.work_kind
        ]
        if split:
            first, last = min(split), max(split)
            yield Violation(
                rule="FULL_DAYS",
                severity=Severity.ADVISORY,
                people=(person.id,),
                start=first,
                end=last,
                message=(
                    f"{person.name} splits {count(len(split), 'day')} between two kinds of work ({span(first, last)})."
                ),
                measured=len(split),
                limit=0,
                facts={"person_id": person.id, "days": len(split)},
            )


def _any_rotation(problem: Problem) -> bool:
    return not problem.residents or bool(problem.rotation_periods)


def _no_rotation(rule: str, problem: Problem) -> NotMeasured:
    return NotMeasured(
        rule,
        f"No resident has a rotation in {span(problem.start, problem.end)}: enter or import the block assignments.",
    )


def _no_block(rule: str, problem: Problem) -> Iterator[NotMeasured]:
    """A week is counted from its block's first day: dates without a block have no week to judge."""
    outside = [day for day in problem.days if problem.block_of(day) is None]
    if outside:
        yield NotMeasured(
            rule,
            f"{count(len(outside), 'date')} from {on(outside[0])} to {on(outside[-1])} in no block, so their weeks "
            "have no first day: enter the blocks.",
        )


def _name(problem: Problem, person_id: PersonId) -> str:
    person = problem.person.get(person_id)
    return person.name if person is not None else f"Person {person_id}"
