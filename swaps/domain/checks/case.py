"""One swap under judgement: rosters, reports and margins before and after, each worked out once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from schedules.domain.changes import new_or_worsened
from schedules.domain.margins import MarginReport, PostReader
from schedules.domain.problem import SESSIONS, Date, Demand, PersonId, Problem
from schedules.domain.roster import Roster
from schedules.domain.rules import HARD_RULES, RULES, Report, Violation, check
from schedules.domain.rules.index import RosterIndex
from swaps.domain.checks.touched import utilization
from swaps.domain.exchange import Exchange
from swaps.domain.findings import SwapFacts, SwapFinding
from swaps.domain.tables import CHECK, SwapPolicy

JUDGED_RULES = tuple(code for code in RULES if code in HARD_RULES or code in CHECK)
"""What can reject a swap or warn of it; the other soft rules say nothing about swaps and are not asked."""


Checked = Iterator[SwapFinding | None]


@dataclass(frozen=True)
class Untouched:
    """A roster before any swap: judged once, whatever number of swaps is looked at."""

    problem: Problem
    roster: Roster

    @cached_property
    def index(self) -> RosterIndex:
        return RosterIndex(self.problem, self.roster)

    @cached_property
    def report(self) -> Report:
        """The judgement by every rule that speaks of swaps."""
        return check(self.problem, self.roster, only=JUDGED_RULES, index=self.index)


@dataclass(frozen=True)
class Case:
    """One swap under judgement: the roster before and after, and what else is known."""

    before: Untouched
    exchange: Exchange
    facts: SwapFacts
    policy: SwapPolicy
    rules: tuple[str, ...] = JUDGED_RULES

    @property
    def problem(self) -> Problem:
        return self.before.problem

    @property
    def roster(self) -> Roster:
        return self.before.roster

    @cached_property
    def after(self) -> Roster:
        return self.exchange.apply(self.roster)

    @cached_property
    def new_problem(self) -> Problem:
        return self.exchange.replan(self.problem)

    @cached_property
    def new_index(self) -> RosterIndex:
        return self.before.index.after(self.new_problem, self.after, self.exchange.changes)

    @cached_property
    def reports(self) -> tuple[Report, Report]:
        """What the rule table says before and after."""
        return self.before.report, check(self.new_problem, self.after, only=self.rules, index=self.new_index)

    @property
    def parties(self) -> tuple[PersonId, PersonId]:
        return self.exchange.request.giver, self.exchange.request.taker

    def name(self, person: PersonId) -> str:
        return self.problem.person[person].name

    @cached_property
    def answerable(self) -> tuple[Violation, ...]:
        """Findings of the rule table that the swap makes new or worse."""
        return new_or_worsened(*self.reports)

    @cached_property
    def gaps(self) -> tuple[tuple[Demand, int], ...]:
        """Demands of touched dates that fall short by the swap, with how many are left."""
        left = {(slot.day, slot.session, change.before) for slot, change in self.exchange.changes.items()}
        found = []
        for demand in self.problem.demands:
            if (demand.day, demand.session, demand.activity) not in left:
                continue
            was, now = (self._filled(roster, demand) for roster in (self.roster, self.after))
            if now < demand.minimum and now < was:
                found.append((demand, now))
        return tuple(found)

    def _filled(self, roster: Roster, demand: Demand) -> int:
        return sum(roster.at(who, demand.day, demand.session) == demand.activity for who in demand.eligible)

    def days_until(self, day: Date) -> float:
        """Days from the question to 00:00 of the date, in the program's time zone."""
        starts = dt.datetime.combine(day, dt.time(), self.facts.at.tzinfo)
        return (starts - self.facts.at) / dt.timedelta(days=1)

    @cached_property
    def utilization(self) -> tuple[float | None, float | None]:
        """Of the touched dates, before and after; None = not measured."""
        touched = set(self.exchange.days)
        if not touched:
            return None, None
        was, now = self.margins
        return utilization(was, touched), utilization(now, touched)

    @cached_property
    def margins(self) -> tuple[MarginReport, MarginReport]:
        """Before and after, over the touched dates only."""
        reader = PostReader(self.problem, standby=self.facts.standby)
        people = tuple(person.id for person in self.problem.people)
        was, now = (
            MarginReport(people, tuple(reader.posts(roster, *at) for at in product(self.exchange.days, SESSIONS)))
            for roster in (self.roster, self.after)
        )
        return was, now
