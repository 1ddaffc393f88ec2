"""Partners and weeks for a swap, each really checked against tier 1, the best first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from schedules.domain.preferences import is_meant, speaks_of
from schedules.domain.problem import SESSIONS, Date, PersonId, Problem
from schedules.domain.roster import Roster, Slot
from swaps.domain.checks import Untouched, assess_tier_one
from swaps.domain.exchange import Exchange, Place, RangeTooShort, SwapRequest, plan, week_request
from swaps.domain.findings import Assessment, SwapFacts
from swaps.domain.tables import SwapPolicy, SwapType
from swaps.domain.weeks import DAYS_PER_WEEK, leads, swap_week

FAR_APART = 12 * DAYS_PER_WEEK
"""Days from which two weeks are not close at all."""


class Component(StrEnum):
    """What a candidate's score is made of; every one is 0 (worst) to 1."""

    PREFERENCE = "preference"
    """Half, plus half of (sessions the taker likes - dislikes) / sessions taken."""
    DATE_CLOSENESS = "date_closeness"
    """1 - days to the taker's nearest own week of the kind / 84: what could be given back soon."""
    WORKLOAD_BALANCE = "workload_balance"
    """1 for the candidate with the fewest duty hours in the range, 0 for the one with the most."""
    HISTORY = "history"
    """Requests accepted / requests answered; half where there were none."""
    AVAILABILITY_SLACK = "availability_slack"
    """Share of the sessions taken in which the taker has nothing else to do."""


WEIGHTS: Mapping[Component, float] = MappingProxyType(
    {
        Component.PREFERENCE: 0.35,
        Component.DATE_CLOSENESS: 0.20,
        Component.WORKLOAD_BALANCE: 0.15,
        Component.HISTORY: 0.15,
        Component.AVAILABILITY_SLACK: 0.15,
    }
)


class Answers(NamedTuple):
    """How a person answered the requests they were asked."""

    accepted: int
    answered: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A partner, or another week of one, that passes tier 1."""

    person: PersonId
    source_week: Date
    target_week: Date | None
    exchange: Exchange
    assessment: Assessment
    parts: Mapping[Component, float]
    score: float


@dataclass(frozen=True, slots=True)
class Search:
    """Where partners are looked for. `before` is judged once for all of them."""

    before: Untouched
    giver: PersonId
    facts: SwapFacts
    policy: SwapPolicy
    answers: Mapping[PersonId, Answers] = field(default_factory=dict)

    @property
    def problem(self) -> Problem:
        return self.before.problem

    @property
    def roster(self) -> Roster:
        return self.before.roster

    def check(self, request: SwapRequest) -> tuple[Exchange, Assessment] | None:
        """The exchange and its judgement if it passes tier 1 and moves anything."""
        try:
            exchange = plan(self.problem, self.roster, request)
        except RangeTooShort:
            return None
        if not exchange.changes or exchange.kept or self._works_while_away(exchange):
            return None
        found = assess_tier_one(self.before, exchange, self.facts, policy=self.policy)
        return (exchange, found) if found.passes_tier_one else None

    def _works_while_away(self, exchange: Exchange) -> bool:
        """What ABSENT would reject, seen at once: most of those who cannot take a week are away in it."""
        activities = self.problem.activities
        return any(
            change.after is not None
            and not activities[change.after].is_off
            and self.problem.is_absent(slot.person, slot.day)
            for slot, change in exchange.changes.items()
        )


def candidates(found: Search, day: Date) -> tuple[Candidate, ...]:
    """Everybody of the giver's role who could absorb the swap week of `day`, the best score first, then by name."""
    return _ranked(found, (_week_of(found, other, day) for other in _colleagues(found)))


def takers(found: Search, places: tuple[Place, ...]) -> tuple[Candidate, ...]:
    """Everybody of the giver's role who could take these sessions over, the best score first, then by name."""
    requests = (SwapRequest(found.giver, other, SwapType.ABSORB, places) for other in _colleagues(found))
    return _ranked(found, requests)


def weeks_in_exchange(found: Search, taker: PersonId, day: Date) -> tuple[Candidate, ...]:
    """Weeks of this partner that could be exchanged for the giver's week of `day`, the best score first."""
    source = swap_week(found.roster, found.giver, day, found.policy)
    targets = (week[0] for week in _own_weeks(found, taker) if not set(week) & set(source))
    return _ranked(found, (_week_of(found, taker, day, target) for target in targets))


def _colleagues(found: Search) -> list[PersonId]:
    role = found.problem.person[found.giver].role
    return [person.id for person in found.problem.people if person.id != found.giver and person.role is role]


def _week_of(found: Search, taker: PersonId, day: Date, target: Date | None = None) -> SwapRequest:
    return week_request(
        found.roster, giver=found.giver, taker=taker, source_day=day, target_day=target, policy=found.policy
    )


def alternatives(
    found: Search, day: Date, *, taker: PersonId, target: Date | None, places: tuple[Place, ...] = ()
) -> tuple[Candidate, ...]:
    """What to offer instead of a rejected swap: other weeks of the same partner, then other partners; for single
    sessions (`places`) other partners alone.

    At least the policy's number of alternatives, where so many exist.
    """
    if places:
        return tuple(item for item in takers(found, places) if item.person != taker)[: found.policy.alternatives]
    weeks = () if target is None else weeks_in_exchange(found, taker, day)
    same = tuple(item for item in weeks if target not in item.exchange.request.days)
    others = tuple(item for item in candidates(found, day) if item.person != taker)
    return (*same[: found.policy.alternatives], *others)[: max(found.policy.alternatives, len(same))]


def _own_weeks(found: Search, person: PersonId) -> Iterator[tuple[Date, ...]]:
    """The swap weeks to come that lie in the range: those in which an attending leads FMIT, any duty of a resident."""
    seen = set()
    resident = found.problem.person[person].is_resident
    for day in found.problem.days:
        has_duty = _on_duty(found, person, day) if resident else leads(found.roster, person, day)
        if day > found.facts.at.date() and has_duty:
            week = swap_week(found.roster, person, day, found.policy)
            if week not in seen and week[0] >= found.problem.start and week[-1] <= found.problem.end:
                seen.add(week)
                yield week


def _on_duty(found: Search, person: PersonId, day: Date) -> bool:
    held = (found.roster.at(person, day, session) for session in SESSIONS)
    return any(code is not None and not found.problem.activities[code].is_off for code in held)


def _ranked(found: Search, requests: Iterable[SwapRequest]) -> tuple[Candidate, ...]:
    passed = [result for result in map(found.check, requests) if result is not None]
    hours = {taker: _hours(found, taker) for taker in {exchange.request.taker for exchange, _ in passed}}
    ranked = []
    for exchange, assessment in passed:
        taker, back = exchange.request.taker, exchange.request.taker_places
        parts = _parts(found, taker, exchange, hours)
        score = sum(WEIGHTS[part] * value for part, value in parts.items())
        week, target = exchange.request.giver_places[0][0], back[0][0] if back else None
        ranked.append(Candidate(taker, week, target, exchange, assessment, parts, round(score, 6)))
    name = {person.id: person.name for person in found.problem.people}
    return tuple(
        sorted(ranked, key=lambda item: (-item.score, name[item.person], item.target_week or item.source_week))
    )


def _parts(
    found: Search, taker: PersonId, exchange: Exchange, hours: Mapping[PersonId, float]
) -> Mapping[Component, float]:
    asked = set(exchange.request.giver_places)
    taken = [
        slot
        for slot, change in exchange.changes.items()
        if slot.person == taker and (slot.day, slot.session) in asked and change.after is not None
    ]
    return {
        Component.PREFERENCE: _preference(found, taker, exchange, taken),
        Component.DATE_CLOSENESS: _closeness(found, taker, exchange.request),
        Component.WORKLOAD_BALANCE: _balance(hours, taker),
        Component.HISTORY: _history(found.answers.get(taker)),
        Component.AVAILABILITY_SLACK: _slack(found, taken),
    }


def _preference(found: Search, taker: PersonId, exchange: Exchange, taken: list[Slot]) -> float:
    wishes = [wish for wish in found.problem.preferences if wish.person == taker]
    leaning = 0
    for slot in taken:
        activity = found.problem.activities.get(exchange.changes[slot].after or "")
        weight = sum(
            wish.weight
            for wish in wishes
            if wish.session in (None, slot.session) and speaks_of(wish, slot.day) and is_meant(wish, activity)
        )
        leaning += (weight > 0) - (weight < 0)
    return 0.5 + 0.5 * leaning / len(taken) if taken else 0.5


def _closeness(found: Search, taker: PersonId, request: SwapRequest) -> float:
    start = request.giver_places[0][0]
    own = [week[0] for week in _own_weeks(found, taker)] if not request.taker_places else [request.taker_places[0][0]]
    if not own:
        return 0.0
    nearest = min(abs((day - start) / dt.timedelta(days=1)) for day in own)
    return 1 - min(nearest, FAR_APART) / FAR_APART


def _balance(hours: Mapping[PersonId, float], taker: PersonId) -> float:
    least, most = min(hours.values()), max(hours.values())
    return 1 - (hours[taker] - least) / (most - least) if most > least else 1.0


def _history(answers: Answers | None) -> float:
    return answers.accepted / answers.answered if answers and answers.answered else 0.5


def _slack(found: Search, taken: list[Slot]) -> float:
    """A night without anything, or time off, is slack."""
    held = [found.roster.cells.get(slot) for slot in taken]
    free = sum(code is None or found.problem.activities[code].is_off for code in held)
    return free / len(taken) if taken else 0.0


def _hours(found: Search, person: PersonId) -> float:
    activities = found.problem.activities
    return sum(activities[code].hours(slot.session) for slot, code in found.roster if slot.person == person)
