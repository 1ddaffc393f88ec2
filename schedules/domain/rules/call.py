"""Overnight call and the FMIT week: who takes which night, and what the day after looks like."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from schedules.domain.calls import FMIT_NIGHTS, NightKind, days_without_attending, night_kind
from schedules.domain.codes import CALL_CODE, DAY_OFF_CODE, FMIT_CODE, PCAT_CODE, POST_CALL_CODE
from schedules.domain.problem import ONE_DAY, Date, Person, PersonId, Problem, Session, Weekday
from schedules.domain.roster import Roster
from schedules.domain.rules.index import AM, NIGHT, PM, RosterIndex, index_of
from schedules.domain.rules.report import Finding, NotMeasured, Severity, Violation
from schedules.domain.rules.wording import count, number, on, span
from schedules.domain.score import fair_shares
from schedules.domain.timeline import runs

CLOSE_CALLS = 3
"""CALL_SPACING: so many nights between calls, or days between a call and the own FMIT week, are close."""

NIGHT_NAMES = {NightKind.SUNDAY: "Sunday", NightKind.WEEKDAY: "Monday to Thursday", NightKind.HOLIDAY: "holiday"}


def fmit_week(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """FMIT_WEEK: the holder of FMIT takes Friday and Saturday call, no Sunday to Thursday call, and is PC after it.

    Whoever leads the next week as well goes on without that Friday off and is PC after the second week.
    Dates whose planned attending is missing or absent are named as an unavoidable advisory: a replacement is forced.
    """
    if FMIT_CODE not in problem.activities:
        yield NotMeasured("FMIT_WEEK", "No activity FMIT is defined, so there is no inpatient week to judge.")
        return
    index = index_of(problem, roster)
    for day, people in index.leads.items():
        for person in people:
            if index.in_range(day):
                yield from _night_of_lead(index, person, day)
            if day.weekday() == Weekday.THU:
                yield from _friday_after(index, person, day)
    yield from _replacements(index)


def _night_of_lead(index: RosterIndex, person: Person, day: Date) -> Iterator[Violation]:
    on_call = index.code_at(person.id, day, NIGHT) == CALL_CODE
    if day.weekday() in FMIT_NIGHTS and not on_call:
        message = (
            f"{person.name} leads FMIT on {on(day)} and must take that night's call: Friday and Saturday "
            "call belong to the FMIT attending."
        )
    elif day.weekday() not in FMIT_NIGHTS and on_call:
        message = (
            f"{person.name} leads FMIT on {on(day)} and must not take that night's call: give it to another attending."
        )
    else:
        return
    yield _about("FMIT_WEEK", person, (day, day), Session.NIGHT, message)


def _friday_after(index: RosterIndex, person: Person, thursday: Date) -> Iterator[Violation]:
    friday = thursday + ONE_DAY
    if not (index.in_range(thursday) or index.in_range(friday)) or not index.is_judged(person.id, friday):
        return
    if index.problem.is_absent(person.id, friday):
        return
    held = [index.code_at(person.id, friday, position) for position in (AM, PM)]
    if held not in ([POST_CALL_CODE, POST_CALL_CODE], [FMIT_CODE, FMIT_CODE]):
        yield _about(
            "FMIT_WEEK",
            person,
            (friday, friday),
            None,
            f"{person.name} leads FMIT until {on(thursday)} and must be off (PC) on {on(friday)}, but has "
            f"{_held(held)}: set PC for AM and PM.",
        )


def _replacements(index: RosterIndex) -> Iterator[Violation]:
    problem = index.problem
    asked = {
        demand.day
        for demand in problem.demands
        if demand.activity == FMIT_CODE and demand.minimum and _for_faculty(index, demand.eligible)
    }
    planned = problem.fmit_attending
    for run in runs(day for day in days_without_attending(problem) if day in asked):
        absent = {planned[day] for day in run if day in planned}
        why = (
            f"the planned attending {' and '.join(sorted(problem.person[who].name for who in absent))} is absent"
            if absent
            else "no FMIT week is planned"
        )
        leaders = {person.id: person for day in run for person in index.leads.get(day, ())}
        people = sorted(leaders.values(), key=lambda person: person.name)
        step = f"{' and '.join(person.name for person in people)} replaces" if people else "nobody replaces yet"
        yield Violation(
            rule="FMIT_WEEK",
            severity=Severity.ADVISORY,
            people=tuple(person.id for person in people),
            subject=("replacement",),
            start=run[0],
            end=run[-1],
            message=f"{span(run[0], run[-1])}: {why}, so a replacement is forced ({step}). Plan the week to avoid it.",
            measured=len(run),
            limit=0,
            unavoidable=True,
            facts={"days": len(run)},
        )


def _for_faculty(index: RosterIndex, eligible: frozenset[PersonId]) -> bool:
    known = index.problem.person
    return any(known[person].is_faculty for person in eligible if person in known)


def post_call(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """POST_CALL: PCAT then DO after an attending's Sunday to Thursday call; a resident is off the day after any call.

    The day after counts where it is known: in the range, or decided already around it. An attending's absence on
    that day is CALL_BEFORE_LEAVE's to report.
    """
    if CALL_CODE not in problem.activities:
        yield _no_call("POST_CALL")
        return
    index = index_of(problem, roster)
    for person, day in index.calls:
        after = day + ONE_DAY
        if not (index.in_range(day) or index.in_range(after)) or not index.is_judged(person.id, after):
            continue
        if problem.is_absent(person.id, after):
            continue
        held = [index.code_at(person.id, after, position) for position in (AM, PM)]
        if person.is_resident:
            if not all(_is_off(problem, code) for code in held):
                yield _about(
                    "POST_CALL",
                    person,
                    (after, after),
                    None,
                    f"{person.name} is on call on {on(day)} and must be off (PC) on {on(after)}, but has "
                    f"{_held(held)}.",
                )
        elif day.weekday() not in FMIT_NIGHTS and held != [PCAT_CODE, DAY_OFF_CODE]:
            yield _about(
                "POST_CALL",
                person,
                (after, after),
                None,
                f"{person.name} is on call on {on(day)}; {on(after)} must be PCAT in the morning and DO in the "
                "afternoon, "
                f"but is {_held(held)}.",
            )


def _is_off(problem: Problem, code: str | None) -> bool:
    return code is None or problem.activities[code].is_off


def call_consecutive(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """CALL_CONSECUTIVE: no overnight call on consecutive nights, the FMIT attending's Friday and Saturday excepted."""
    if CALL_CODE not in problem.activities:
        yield _no_call("CALL_CONSECUTIVE")
        return
    index = index_of(problem, roster)
    for person, day in index.calls:
        before = day - ONE_DAY
        if index.code_at(person.id, before, NIGHT) != CALL_CODE or not (index.in_range(day) or index.in_range(before)):
            continue
        if day.weekday() == Weekday.SAT and index.holds_fmit(person.id, before) and index.holds_fmit(person.id, day):
            continue
        yield _about(
            "CALL_CONSECUTIVE",
            person,
            (before, day),
            Session.NIGHT,
            f"{person.name} is on call on two nights in a row ({span(before, day)}): give one of them to "
            "somebody else.",
            measured=2,
            limit=1,
        )


def call_before_leave(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """CALL_BEFORE_LEAVE: no Sunday to Thursday call on the night before an absence; FMIT's Saturday: advisory.

    A Friday call is no finding here: who leads FMIT and is absent on the Saturday is FMIT_WEEK's.
    """
    if CALL_CODE not in problem.activities:
        yield _no_call("CALL_BEFORE_LEAVE")
        return
    index = index_of(problem, roster)
    for person, day in index.calls:
        after = day + ONE_DAY
        if not (index.in_range(day) or index.in_range(after)) or not problem.is_absent(person.id, after):
            continue
        if day.weekday() == Weekday.FRI:
            continue
        shared = day.weekday() not in FMIT_NIGHTS
        yield _about(
            "CALL_BEFORE_LEAVE",
            person,
            (day, after),
            Session.NIGHT,
            f"{person.name} is on call on {on(day)}, the night before an approved absence: give the night to "
            "somebody else.",
            severity=Severity.HARD if shared else Severity.ADVISORY,
        )


def call_equity(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """CALL_EQUITY: attendings with more or fewer calls of a kind than the score's fair share (advisory).

    Nights that nobody holds yet may still go to whoever has too few.
    """
    if CALL_CODE not in problem.activities:
        yield _no_call("CALL_EQUITY")
        return
    index = index_of(problem, roster)
    held = [(person.id, day) for person, day in index.calls if index.in_range(day)]
    new = Counter((person_id, night_kind(day, problem.holidays)) for person_id, day in held)
    still_open = Counter(night_kind(day, problem.holidays) for day in {*problem.days} - {day for _, day in held})
    for (person_id, kind), share in fair_shares(problem).items():
        calls = share.so_far + new[person_id, kind]
        if share.low - still_open[kind] <= calls <= share.high:
            continue
        person, is_over = problem.person[person_id], calls > share.high
        even = number(share.low) if share.low == share.high else f"{share.low} to {share.high}"
        yield _about(
            "CALL_EQUITY",
            person,
            (problem.start, problem.end),
            None,
            f"{person.name} has {count(calls, 'call')} of kind {NIGHT_NAMES[kind]} this year up to {on(problem.end)}, "
            f"{'more' if is_over else 'fewer'} than the fair share of {even}: even it out in the coming weeks.",
            severity=Severity.ADVISORY,
            subject=(person.id, kind.value),
            measured=calls,
            limit=share.high if is_over else share.low,
        )


def call_spacing(problem: Problem, roster: Roster) -> Iterator[Finding]:
    """CALL_SPACING: calls of one person 2 or 3 nights apart, calls within 3 days of the own FMIT week (advisory)."""
    if CALL_CODE not in problem.activities:
        yield _no_call("CALL_SPACING")
        return
    index = index_of(problem, roster)
    nights = _nights_by_person(index)
    for person, day in index.calls:
        if not index.in_range(day) or not person.is_faculty or day.weekday() in FMIT_NIGHTS:
            continue
        for apart in range(2, CLOSE_CALLS + 1):
            before = day - apart * ONE_DAY
            if before in nights[person.id]:
                yield _close(
                    person, before, day, f"{person.name} has calls {apart} nights apart ({on(before)} and {on(day)})"
                )
        near = [
            day + offset * ONE_DAY
            for offset in range(-CLOSE_CALLS, CLOSE_CALLS + 1)
            if index.holds_fmit(person.id, day + offset * ONE_DAY)
        ]
        if near and day not in near:
            yield _close(
                person, day, day, f"{person.name} has a call on {on(day)}, close to the own FMIT duty on {on(near[0])}"
            )


def _nights_by_person(index: RosterIndex) -> Mapping[PersonId, set[Date]]:
    nights: dict[PersonId, set[Date]] = defaultdict(set)
    for person, day in index.calls:
        nights[person.id].add(day)
    return nights


def _close(person: Person, start: Date, end: Date, what: str) -> Violation:
    return _about(
        "CALL_SPACING",
        person,
        (start, end),
        Session.NIGHT,
        f"{what}; spread them where you can.",
        severity=Severity.ADVISORY,
    )


def _about(
    rule: str,
    person: Person,
    dates: tuple[Date, Date],
    session: Session | None,
    message: str,
    *,
    severity: Severity = Severity.HARD,
    subject: tuple[str, ...] = (),
    measured: float | None = None,
    limit: float | None = None,
) -> Violation:
    return Violation(
        rule=rule,
        severity=severity,
        people=(person.id,),
        subject=subject,
        start=dates[0],
        end=dates[1],
        session=session,
        message=message,
        measured=measured,
        limit=limit,
        facts={"date": dates[0].isoformat(), "person_id": person.id},
    )


def _held(codes: list[str | None]) -> str:
    return " and ".join(code or "nothing" for code in codes)


def _no_call(rule: str) -> NotMeasured:
    return NotMeasured(rule, "No activity CALL is defined, so there is no overnight call to judge.")
