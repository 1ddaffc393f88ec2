"""What a request asks for: how soon, how much, of whom, and why."""

from __future__ import annotations

from schedules.domain.roster import Slot
from swaps.domain.checks.case import Case, Checked
from swaps.domain.findings import STAFF, finding
from swaps.domain.tables import SENSITIVE_REASONS, Actor, Reason


def imminent(case: Case) -> Checked:
    """IMMINENT: how soon the first touched date begins, and how soon the first gap."""
    starts = case.days_until(case.exchange.request.days[0])
    gap = min((case.days_until(demand.day) for demand, _ in case.gaps), default=None)
    at_once = gap is not None and gap < case.policy.gap_at_once_days
    measured = gap if at_once and gap is not None else starts
    what = "leaves a gap" if at_once else "begins"
    text = f"The swap {what} in {max(measured, 0):.1f} days."
    judged = measured if at_once else max(starts, case.policy.gap_at_once_days)
    yield finding("IMMINENT", round(measured, 4), case.policy, text, public=text, judged=judged)


def continuity(case: Case) -> Checked:
    """CONTINUITY: points of the continuity-clinic sessions that change hands or lapse."""
    slots = [slot for slot in sorted(case.facts.continuity) if slot in case.exchange.changes]
    kinds = [case.facts.continuity[slot] for slot in slots]
    points = sum(case.policy.continuity_points[kind] for kind in kinds)
    text = f"{len(kinds)} continuity-clinic sessions change hands ({points} points): write a hand-off plan."
    about = tuple(_named(slot) for slot in slots)
    yield finding("CONTINUITY", points, case.policy, text, public=text, about=about)


def blast_radius(case: Case) -> Checked:
    """BLAST_RADIUS: assignments touched beyond the sessions that were asked for, and duties that lapse.

    The rows that simply change hands are the swap itself: an inpatient week alone has sixteen.
    """
    request = case.exchange.request
    asked = {*request.giver_places, *request.taker_places}
    beyond = [slot for slot in case.exchange.changes if (slot.day, slot.session) not in asked]
    count = len(beyond) + len(case.exchange.lapsed)
    text = f"{count} assignments beyond the exchanged sessions are touched: {len(case.exchange.lapsed)} lapse."
    about = tuple(_named(slot) for slot in (*beyond, *case.exchange.lapsed))
    yield finding("BLAST_RADIUS", count, case.policy, text, public=text, about=about)


def _named(slot: Slot) -> str:
    return f"{slot.person} {slot.day} {slot.session}"


def sensitive_reason(case: Case) -> Checked:
    """SENSITIVE_REASON: the program director decides and reads the reason alone."""
    if case.facts.reason in SENSITIVE_REASONS:
        yield finding(
            "SENSITIVE_REASON",
            None,
            case.policy,
            f"The reason is {Reason(case.facts.reason).value}: the program director decides, for privacy and fairness.",
            public="The program director decides this request.",
            readers=frozenset({Actor.PROGRAM_DIRECTOR}),
        )


def failed_attempts(case: Case) -> Checked:
    """FAILED_ATTEMPTS: the requester's failed requests of 30 days."""
    count = case.facts.failed_attempts
    text = f"{count} requests failed in {case.policy.failed_attempts_days} days: the coordinator helps to find a week."
    yield finding("FAILED_ATTEMPTS", count, case.policy, text, public=text, readers=STAFF | {Actor.REQUESTER})
