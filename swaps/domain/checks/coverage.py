"""What the program loses: posts that stay open, and safety of the touched dates."""

from __future__ import annotations

from collections.abc import Iterable

from schedules.domain.calls import could_call
from schedules.domain.codes import ADMIN_CODE, CALL_CODE, OFF_CODE, WEEKEND_CODE
from schedules.domain.problem import Date, Demand, PersonId, Session
from schedules.domain.rules import Violation
from swaps.domain.checks.case import Case, Checked
from swaps.domain.checks.touched import insecure
from swaps.domain.findings import SwapFinding, finding
from swaps.domain.tables import CHECK

IDLE = frozenset({OFF_CODE, WEEKEND_CODE, ADMIN_CODE})
"""Faculty cells from which somebody can be moved to an open post."""


def is_gap(violation: Violation) -> bool:
    """An unfilled minimum, which COVERAGE_GAP puts before a person; every other new hard finding rejects."""
    return bool(open_posts(violation))


def open_posts(violation: Violation) -> frozenset[str]:
    """The posts that an unfilled minimum leaves open, as a COVERAGE_GAP is about them; none for any other finding."""
    measured, limit = violation.measured, violation.limit
    if violation.rule != "DEMAND_MIN" or measured is None or limit is None or measured >= limit:
        return frozenset()
    activity, _, *roles = violation.subject
    place = (activity, violation.start, violation.session, roles)
    return frozenset(_posts(*place, missing=range(int(measured), int(limit))))


def _posts(
    activity: str, day: Date, session: Session | None, roles: Iterable[str], *, missing: range
) -> tuple[str, ...]:
    """One for each number of people at which somebody is missing: one person fewer is a post more."""
    return tuple(f"{activity} {day} {session} {'/'.join(roles)} {number}" for number in missing)


def coverage_gap(case: Case) -> Checked:
    """COVERAGE_GAP: a minimum newly unfilled; the coordinator where somebody idle could step in, else the director."""
    row = CHECK["COVERAGE_GAP"]
    for demand, filled in case.gaps:
        able = [who for who in case.problem.in_order(demand.eligible) if _could_step_in(case, who, demand)]
        band = row.bands[0] if able else row.bands[1]
        place = f"{demand.activity} on {demand.day} {demand.session} would have {filled} of {demand.minimum}"
        names = ", ".join(case.name(who) for who in able[:3])
        roles = sorted({case.problem.person[who].role.value for who in demand.eligible if who in case.problem.person})
        yield SwapFinding(
            code=row.code,
            tier=row.tier,
            verdict=band.verdict,
            level=band.level,
            message=f"{place}; {f'{names} could step in' if able else 'nobody idle could step in'}.",
            public=f"{place}; {'somebody could step in' if able else 'nobody idle could step in'}.",
            measured=filled,
            limit=demand.minimum,
            days=(demand.day,),
            people=tuple(able[:3]),
            about=_posts(demand.activity, demand.day, demand.session, roles, missing=range(filled, demand.minimum)),
        )


def _could_step_in(case: Case, who: PersonId, demand: Demand) -> bool:
    person = case.problem.person.get(who)
    if person is None or who in case.parties or case.problem.is_absent(who, demand.day):
        return False
    held = case.after.at(who, demand.day, demand.session)
    if demand.session is Session.NIGHT:
        if demand.activity == CALL_CODE:
            return held is None and could_call(case.new_problem, person, demand.day)
        return False
    return person.is_faculty and held in IDLE


def resilience(case: Case) -> Checked:
    """UTILIZATION, RESILIENCE_DELTA and N1 over the touched dates.

    The delta is the larger of two worsenings: utilization, and the share of sessions that are not N-1 secure.
    """
    touched = set(case.exchange.days)
    if not touched:
        return
    was, now = case.utilization
    (weak_before, _), (weak_after, sessions) = (insecure(report, touched) for report in case.margins)
    if now is not None:
        text = f"Utilization of the touched dates is {now:.2f} after the swap."
        yield finding("UTILIZATION", now, case.policy, text, public=text)
    share = (len(weak_after) - len(weak_before)) / sessions if sessions else 0.0
    delta = max(share, (now or 0) - (was or 0))
    text = f"Utilization or N-1 security of the touched dates becomes worse by {delta:.2f}."
    yield finding("RESILIENCE_DELTA", round(delta, 6), case.policy, text, public=text)
    new = sorted(weak_after - weak_before)
    if new:
        places = ", ".join(f"{day} {session}" for day, session in new[:3])
        text = f"{len(new)} sessions no longer survive the loss of any one person: {places}."
        yield finding(
            "N1",
            len(new),
            case.policy,
            text,
            public=text,
            days=tuple(day for day, _ in new),
            about=tuple(f"{day} {session}" for day, session in new),
        )
