"""What is refused before anything is worked out: who, which week, how many requests."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from schedules.domain.problem import Date
from swaps.domain.findings import SwapFinding
from swaps.domain.tables import CHECK, SwapPolicy, SwapType, Verdict

A_DAY = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Intake:
    """One request as it came in, with what is known of its people; `first_day` begins the giver's swap week."""

    at: dt.datetime
    """Aware, in the program's time zone."""
    type: str
    giver_known: bool
    taker_known: bool
    same_person: bool
    first_day: Date
    has_duty: bool
    """Whether the giver has duty in the week; for one_to_one the taker in theirs too."""
    target_day: Date | None = None
    """First day of the taker's week, if the request names one."""
    already_open: bool = False
    """Whether an open request of this person for this week exists."""
    requested: tuple[dt.datetime, ...] = ()
    """Times of the requester's requests of the last 24 hours."""
    pending: int = 0
    """The requester's pending requests."""


def refusals(intake: Intake, policy: SwapPolicy) -> tuple[SwapFinding, ...]:
    """Every intake code that the request meets, in the order of the table; empty = it may be checked."""
    first = min(intake.first_day, intake.target_day or intake.first_day)
    last = max(intake.first_day, intake.target_day or intake.first_day)
    today = intake.at.date()
    needs_target = intake.type == SwapType.ONE_TO_ONE
    known_type = intake.type in {kind.value for kind in SwapType}
    free_at = next_request_at(intake, policy)
    when = f"the next one is possible at {free_at.isoformat()}" if free_at else "wait until one of them is decided"
    rows = (
        (
            "SOURCE_NOT_FOUND",
            not intake.giver_known,
            "The person who gives is not known or not active: choose another.",
        ),
        (
            "TARGET_NOT_FOUND",
            not intake.taker_known,
            "The person who takes is not known or not active: choose another.",
        ),
        ("SELF_SWAP", intake.same_person, "Giver and taker are the same person: choose a partner."),
        (
            "INVALID_SWAP_TYPE",
            not known_type or needs_target is (intake.target_day is None),
            "Use one_to_one with a week of the partner, or absorb without one.",
        ),
        ("WEEK_NOT_ASSIGNED", not intake.has_duty, "There is no duty in that week to give: choose another week."),
        (
            "DUPLICATE_REQUEST",
            intake.already_open,
            "A request for this week is open already: cancel it or wait for it.",
        ),
        ("PAST_DATE", first <= today, "That week has begun already: choose a later one."),
        (
            "TOO_FAR",
            (last - today).days > policy.days_ahead,
            f"Swaps reach {policy.days_ahead} days ahead: choose a week that begins until "
            f"{today + dt.timedelta(days=policy.days_ahead)}.",
        ),
        (
            "RATE_LIMITED",
            free_at is not None or intake.pending >= policy.pending_per_person,
            f"At most {policy.requests_per_day} requests a day and {policy.pending_per_person} pending: {when}.",
        ),
    )
    return tuple(_refusal(code, text) for code, met, text in rows if met)


def next_request_at(intake: Intake, policy: SwapPolicy) -> dt.datetime | None:
    """When the requester may ask again; None where the day's number is not used up."""
    recent = sorted(time for time in intake.requested if time > intake.at - A_DAY)
    if len(recent) < policy.requests_per_day:
        return None
    return recent[-policy.requests_per_day] + A_DAY


def _refusal(code: str, text: str) -> SwapFinding:
    return SwapFinding(code=code, tier=CHECK[code].tier, verdict=Verdict.REJECT, message=text, public=text)
