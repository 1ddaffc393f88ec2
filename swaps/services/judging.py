"""Judging a request: who and which week (intake), what would change, and every row of the check table."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from common.errors import Invalid
from schedules.domain.problem import SESSIONS, Problem, Role, Session
from schedules.domain.roster import Slot
from schedules.models import Person
from swaps import queries
from swaps.domain.candidates import Candidate, Search, alternatives
from swaps.domain.checks import assess
from swaps.domain.exchange import Exchange, Place, SwapRequest, plan
from swaps.domain.findings import Assessment, SwapFacts, SwapFinding
from swaps.domain.intake import A_DAY, Intake, next_request_at, refusals
from swaps.domain.tables import SENSITIVE_WORDS, ContinuityKind, Level, Reason, SwapPolicy, SwapType, Verdict
from swaps.domain.weeks import DAYS_PER_WEEK, hours, swap_week, week_of
from swaps.enums import Scope
from swaps.mapping import digest, finding_json, load_policy, places
from swaps.models import SwapRecord
from swaps.services import ground
from swaps.services.ground import Ground


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for; ids of people as text or UUID. Single sessions empty = the whole swap week.

    `reason` is a code, a code followed by words, or words alone; see `reason_of`.
    """

    source_person: str | UUID
    source_week: dt.date
    target_person: str | UUID
    swap_type: str
    reason: str
    target_week: dt.date | None = None
    sessions: tuple[Place, ...] = ()
    target_sessions: tuple[Place, ...] = ()
    partner_consented: bool = False
    """Heard only from those who may ask for others."""
    exact: bool = False
    """The weeks are the seven days from the dates, whatever the person does in them now: of a stored request."""


@dataclass(frozen=True)
class Planned:
    """An order worked out on the published roster. `exchange` None = the dates are not published throughout."""

    order: Order
    policy: SwapPolicy
    giver: Person
    taker: Person
    ground: Ground
    request: SwapRequest
    source_days: tuple[dt.date, ...]
    target_days: tuple[dt.date, ...]
    exchange: Exchange | None = None

    @property
    def has_duty(self) -> bool:
        """Whether the giver has duty to give, for an exchange the taker too, and anything would change."""
        if self.exchange is None or not (self.exchange.changes or self.exchange.kept):
            return False
        sides = [(self.request.giver, self.request.giver_places)]
        if self.request.taker_places:
            sides.append((self.request.taker, self.request.taker_places))
        return all(_has_duty(self.ground, person, asked) for person, asked in sides)

    @property
    def version(self) -> str:
        """Equal exactly while schedule, program data and policy are: a judgement of the same moment holds as long."""
        return hashlib.sha256(f"{self.ground.key}{self.policy}".encode()).hexdigest()

    def hours(self) -> dict[str, tuple[float, float]]:
        """Hours of the week that is judged for each party, before and after: of 80."""
        if self.exchange is None:
            return {}
        problem, before = self.ground.problem, self.ground.roster
        after = self.exchange.apply(before)
        weeks = {
            "source": (self.request.giver, self.source_days),
            "target": (self.request.taker, self.target_days or self.source_days),
        }
        return {
            side: (hours(problem, before, person, days), hours(problem, after, person, days))
            for side, (person, days) in weeks.items()
        }


@dataclass(frozen=True)
class Judgement:
    """What was found about an order; `refused` by the intake, or judged by the check table."""

    order: Order
    policy: SwapPolicy
    refused: tuple[SwapFinding, ...] = ()
    next_request_at: dt.datetime | None = None
    planned: Planned | None = None
    assessment: Assessment | None = None
    facts: SwapFacts | None = field(default=None, repr=False)

    @property
    def exchange(self) -> Exchange | None:
        """What would change, cell by cell."""
        return self.planned.exchange if self.planned else None

    @property
    def findings(self) -> tuple[SwapFinding, ...]:
        return self.refused or (self.assessment.findings if self.assessment else ())

    @property
    def verdict(self) -> Verdict:
        return max((finding.verdict for finding in self.findings), default=Verdict.PASS)

    @property
    def level(self) -> Level | None:
        """Who decides, where somebody has to."""
        return self.assessment.level if self.assessment and not self.refused else None

    @property
    def outcome(self) -> str:
        """What the request would become with the partner's consent: EXECUTED, ESCALATED or REJECTED."""
        if self.verdict is Verdict.REJECT:
            return "REJECTED"
        return "ESCALATED" if self.level else "EXECUTED"

    @property
    def escalating(self) -> tuple[str, ...]:
        """Codes of the findings that ask for a person's decision."""
        return tuple(dict.fromkeys(found.code for found in self.findings if found.verdict is Verdict.ESCALATE))

    @property
    def error_code(self) -> str:
        """The first code that rejects."""
        return next((found.code for found in self.findings if found.verdict is Verdict.REJECT), "")

    @cached_property
    def alternatives(self) -> tuple[Candidate, ...]:
        """Other weeks and partners that really pass tier 1; for single sessions other partners."""
        planned = self.planned
        if self.verdict is not Verdict.REJECT or planned is None or self.facts is None:
            return ()
        target = planned.target_days[0] if planned.target_days else None
        found = Search(
            planned.ground, planned.request.giver, self.facts, self.policy, queries.answers(planned.giver.role)
        )
        return alternatives(
            found,
            planned.source_days[0],
            taker=planned.request.taker,
            target=target,
            places=tuple(sorted(self.order.sessions)),
        )

    def as_json(self) -> dict[str, Any]:
        """What is stored with the request."""
        exchange, found = self.exchange, self.assessment
        hours_found = self.planned.hours() if self.planned else {}
        return {
            "findings": [finding_json(item) for item in self.findings],
            "verdict": self.verdict.name,
            "level": self.level.name if self.level else None,
            "hours": {side: list(pair) for side, pair in hours_found.items()},
            "utilization": list(found.utilization) if found else [None, None],
            "touched": len(exchange.changes) if exchange else 0,
            "lapsed": len(exchange.lapsed) if exchange else 0,
            "plan": digest(exchange) if exchange else "",
            "version": self.planned.version if self.planned else "",
            "at": self.facts.at.isoformat() if self.facts else "",
            "alternatives": [
                {
                    "person": item.person,
                    "source_week": item.source_week.isoformat(),
                    "target_week": item.target_week.isoformat() if item.target_week else None,
                    "score": item.score,
                }
                for item in self.alternatives
            ],
        }


def reason_of(text: str) -> tuple[Reason, str]:
    """Code and free text: ``conference``, ``conference: in Denver`` or ``Conference attendance`` are a conference.

    A code alone or before a colon is taken at its word. Other text, and what stands behind ``other``, is searched for
    the words of sensitive reasons first: nobody's interview is to be read because it was not called by its code. What
    says none and begins with no code is OTHER; the words are kept in any case.
    """
    words, said = _words(text), _words(text.partition(":")[0])
    begins = [reason for reason in Reason if words == reason.value or words.startswith(reason.value + "_")]
    code = max(begins, key=lambda reason: len(reason.value), default=Reason.OTHER)
    if code is Reason.OTHER or said != code.value:
        told = (reason for reason, pattern in SENSITIVE_WORDS.items() if re.search(pattern, f"_{words}_"))
        code = next(told, code)
    return code, "" if words == code.value else text.strip()


def _words(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def judge(order: Order, *, by: User, at: dt.datetime) -> Judgement:
    """Judge an order of a user: intake and limits first, then every check. Reads only.

    Raises Invalid for a reason of the wrong length and sessions outside the week.
    """
    policy = load_policy()
    if not 1 <= len(order.reason.strip()) <= policy.reason_length:
        raise Invalid(f"Give a reason of 1 to {policy.reason_length} characters.")
    giver, taker = queries.person_or_none(order.source_person), queries.person_or_none(order.target_person)
    if (
        giver is None
        or taker is None
        or giver == taker
        or not _has_right_shape(order)
        or not _in_reach(order, at, policy)
    ):
        early = _intake(order, at=at, giver=giver, taker=taker, first_day=order.source_week)
        return Judgement(order, policy, refused=refusals(early, policy))
    planned = _planned(order, giver, taker, policy)
    intake = _intake(
        order,
        at=at,
        giver=giver,
        taker=taker,
        first_day=_first_day(planned.source_days, order.sessions),
        target_day=_first_day(planned.target_days, order.target_sessions) if planned.target_days else None,
        has_duty=planned.has_duty,
        already_open=queries.has_open(giver, planned.source_days[0]),
        requested=queries.requested_at(by, since=at - A_DAY),
        pending=queries.pending_of(giver),
    )
    refused = refusals(intake, policy)
    if refused:
        return Judgement(order, policy, refused, _next_time(refused, intake, giver, policy), planned)
    return _assessed(planned, at=at, reason=reason_of(order.reason)[0])


def _next_time(
    refused: tuple[SwapFinding, ...], intake: Intake, giver: Person, policy: SwapPolicy
) -> dt.datetime | None:
    """When the next request is possible, where it is too many: the day's number, else when a waiting one lapses."""
    if not any(found.code == "RATE_LIMITED" for found in refused):
        return None
    return next_request_at(intake, policy) or queries.first_lapse(giver, at=intake.at)


def judge_again(swap: SwapRecord, *, at: dt.datetime) -> Judgement:
    """Judge a stored request by the rows as they are now; of the intake only what may have changed since."""
    planned = plan_again(swap)
    order, policy, giver, taker = planned.order, planned.policy, planned.giver, planned.taker
    intake = _intake(
        order,
        at=at,
        giver=giver if giver.is_active else None,
        taker=taker if taker.is_active else None,
        first_day=_first_day(planned.source_days, order.sessions),
        target_day=_first_day(planned.target_days, order.target_sessions) if planned.target_days else None,
        has_duty=planned.has_duty,
    )
    refused = refusals(intake, policy)
    if refused:
        return Judgement(order, policy, refused, None, planned)
    return _assessed(planned, at=at, reason=Reason(swap.reason_code), but=swap)


def plan_again(swap: SwapRecord) -> Planned:
    """What a stored request would change in the rows as they are now."""
    return _planned(order_of(swap), swap.source_person, swap.target_person, load_policy())


def order_of(swap: SwapRecord) -> Order:
    """The order of a stored request."""
    whole = swap.scope == Scope.WEEK
    return Order(
        source_person=swap.source_person_id,
        source_week=swap.source_week,
        target_person=swap.target_person_id,
        swap_type=swap.swap_type,
        reason=_reason_again(swap),
        target_week=swap.target_week,
        sessions=() if whole else places(swap.source_places),
        target_sessions=() if whole else places(swap.target_places),
        exact=True,
    )


def _reason_again(swap: SwapRecord) -> str:
    """Text that `reason_of` reads as the stored code; no longer than it was asked with."""
    text = swap.reason_text
    if not text:
        return str(swap.reason_code)
    return text if reason_of(text)[0].value == swap.reason_code else f"{swap.reason_code}: {text}"


def scope_of(order: Order) -> Scope:
    """How much changes hands."""
    if not order.sessions:
        return Scope.WEEK
    nights = all(session is Session.NIGHT for _, session in (*order.sessions, *order.target_sessions))
    return Scope.CALL if nights else Scope.SESSIONS


def _has_right_shape(order: Order) -> bool:
    return order.swap_type in {kind.value for kind in SwapType} and (order.target_week is not None) is (
        order.swap_type == SwapType.ONE_TO_ONE
    )


def _in_reach(order: Order, at: dt.datetime, policy: SwapPolicy) -> bool:
    """Whether the weeks can be looked at; others are past or too far whatever lies in them.

    Raises Invalid for single sessions that no week in reach holds.
    """
    if not all(is_in_reach(day, at=at, policy=policy) for day, _ in (*order.sessions, *order.target_sessions)):
        raise Invalid("Single sessions have to lie in the week.")
    weeks = [day for day in (order.source_week, order.target_week) if day is not None]
    return all(is_in_reach(day, at=at, policy=policy) for day in weeks)


def is_in_reach(day: dt.date, *, at: dt.datetime, policy: SwapPolicy) -> bool:
    """Whether a swap week of the date may begin after today and within the policy's days."""
    return -DAYS_PER_WEEK < (day - timezone.localdate(at)).days < policy.days_ahead + DAYS_PER_WEEK


def _intake(
    order: Order, *, at: dt.datetime, giver: Person | None, taker: Person | None, first_day: dt.date, **known: Any
) -> Intake:
    return Intake(
        at=timezone.localtime(at),
        type=order.swap_type,
        giver_known=giver is not None,
        taker_known=taker is not None,
        same_person=str(order.source_person) == str(order.target_person),
        first_day=first_day,
        **{"target_day": order.target_week, "has_duty": True} | known,
    )


def _planned(order: Order, giver: Person, taker: Person, policy: SwapPolicy) -> Planned:
    """The ground, the weeks and what would change."""
    asked = [day for day in (order.source_week, order.target_week) if day is not None]
    asked += [day for day, _ in (*order.sessions, *order.target_sessions)]
    starts = (policy.fmit_week_starts_on, policy.other_week_starts_on)
    land = ground.around(day for asked_day in asked for start in starts for day in week_of(asked_day, starts_on=start))
    giver_id, taker_id = str(giver.pk), str(taker.pk)
    source = _week(land, giver_id, order.source_week, order.sessions, policy, exact=order.exact)
    target: tuple[dt.date, ...] = ()
    if order.target_week is not None:
        target = _week(land, taker_id, order.target_week, order.target_sessions, policy, exact=order.exact)
    request = SwapRequest(
        giver=giver_id,
        taker=taker_id,
        type=SwapType(order.swap_type),
        giver_places=order.sessions or _all_of(source),
        taker_places=() if order.target_week is None else order.target_sessions or _all_of(target),
    )
    known = giver_id in land.problem.person and taker_id in land.problem.person
    exchange = plan(land.problem, land.roster, request) if known and land.covers(request.days) else None
    return Planned(order, policy, giver, taker, land, request, source, target, exchange)


def _week(
    land: Ground, person: str, day: dt.date, asked: tuple[Place, ...], policy: SwapPolicy, *, exact: bool
) -> tuple[dt.date, ...]:
    if exact:
        return week_of(day, starts_on=day.weekday())
    days = swap_week(land.roster, person, day, policy)
    if not {date for date, _ in asked} <= set(days):
        raise Invalid(f"Single sessions have to lie in the week from {days[0]} to {days[-1]}.")
    return days


def _all_of(days: Iterable[dt.date]) -> tuple[Place, ...]:
    return tuple((day, session) for day in days for session in SESSIONS)


def _first_day(days: tuple[dt.date, ...], sessions: tuple[Place, ...]) -> dt.date:
    return min((day for day, _ in sessions), default=days[0])


def _has_duty(land: Ground, person: str, asked: Iterable[Place]) -> bool:
    held = (land.roster.cells.get(Slot(person, day, session)) for day, session in asked)
    return any(code is not None and not land.problem.activities[code].is_off for code in held)


def _assessed(planned: Planned, *, at: dt.datetime, reason: Reason, but: SwapRecord | None = None) -> Judgement:
    """The check table over what would change. `but` = the stored request itself, which is no failed attempt of its."""
    found = Judgement(planned.order, planned.policy, planned=planned)
    if planned.exchange is None:
        return found
    problem, exchange, policy = planned.ground.problem, planned.exchange, planned.policy
    facts = SwapFacts(
        at=timezone.localtime(at),
        reason=reason,
        balances=queries.balances(planned.giver.role, at=at, policy=policy),
        failed_attempts=queries.failed_attempts(planned.giver, at=at, policy=policy, but=but),
        continuity=_continuity(problem, exchange, policy),
        standby=queries.standby(exchange.days),
    )
    judged = assess(planned.ground, exchange, facts, policy=policy)
    return replace(found, facts=facts, assessment=judged)


def _continuity(problem: Problem, exchange: Exchange, policy: SwapPolicy) -> dict[Slot, ContinuityKind]:
    """Touched half-days of residents that are continuity clinic now."""
    return {
        slot: policy.continuity_activities[change.before]
        for slot, change in exchange.changes.items()
        if change.before is not None
        and change.before in policy.continuity_activities
        and problem.person[slot.person].role is Role.RESIDENT
    }
