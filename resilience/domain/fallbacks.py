"""Plans kept ready: for a loss of people the fewest changed assignments, bound to the schedule they were made for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from resilience.domain.contingency import Scenario, fatal_groups
from resilience.domain.covering import OpenPost, cover_lawfully, hard_findings, new_hard, unfilled, without
from schedules.domain.changes import CellChange, differences
from schedules.domain.coverage import Filled, coverage
from schedules.domain.margins import MarginReport, Scope
from schedules.domain.problem import SESSIONS, Date, PersonId, Problem, days_between
from schedules.domain.roster import Roster
from schedules.domain.rules import Report, Violation


class PlanStatus(StrEnum):
    VALID = "VALID"
    STALE = "STALE"
    """The schedule changed since: the plan must be made again."""
    EXPIRED = "EXPIRED"
    """Its last date is over."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """One scenario's plan, as a diff against the schedule with digest `base`."""

    scenario: Scenario
    base: str
    result: str
    """Digest of the schedule with the plan in force."""
    changes: tuple[CellChange, ...]
    """Leave of the lost and what others take over."""
    moved: frozenset[PersonId]
    """Who takes something over, the lost left out."""
    coverage: Filled
    """Demand of the scenario's dates, with the plan in force."""
    open: tuple[OpenPost, ...]
    """What stays short of people: posts that the plan fills, and those of resident teams, which it leaves alone."""
    unresolved: tuple[Violation, ...]
    """New hard findings that come with the loss and stay; the plan's own changes bring none."""
    assumptions: tuple[str, ...]

    def status(self, digest: str, today: Date) -> PlanStatus:
        """Whether it may be used on the schedule with this digest."""
        if today > self.scenario.end:
            return PlanStatus.EXPIRED
        return PlanStatus.VALID if digest == self.base else PlanStatus.STALE


def plan(
    problem: Problem, roster: Roster, scenario: Scenario, *, scope: Scope = Scope.ALL, known: Report | None = None
) -> Fallback:
    """Make the plan of a scenario: per session a minimum-cost flow, no new hard finding by its changes.

    `known` is what the rules say of the roster, for who makes many plans of one.
    Raises ValueError for people who are not in the problem, or dates outside it.
    """
    unknown = scenario.lost - problem.person.keys()
    if unknown:
        raise ValueError(f"{len(unknown)} of the people are not in this schedule: choose people of the program.")
    days = tuple(days_between(max(scenario.start, problem.start), min(scenario.end, problem.end)))
    if not days:
        raise ValueError("The scenario lies outside the schedule: choose dates that are published.")
    world, left = without(problem, roster, scenario.losses)
    found = cover_lawfully(hard_findings(world, left), world, left, scope=scope, days=days)
    teams = unfilled(world, found.roster, scope=Scope.TEAMS, days=days)
    return Fallback(
        scenario=scenario,
        base=roster.digest(),
        result=found.roster.digest(),
        changes=differences(roster, found.roster),
        moved=found.moved,
        coverage=coverage(replace(world, start=days[0], end=days[-1]), found.roster).demand,
        open=tuple(sorted((*found.open, *teams), key=_when)),
        unresolved=new_hard(known or hard_findings(problem, roster), hard_findings(world, found.roster)),
        assumptions=_assumptions(scenario, found.barred_by),
    )


def activate(roster: Roster, fallback: Fallback, *, on: Date) -> Roster:
    """The roster with the plan in force. Raises ValueError unless the plan is VALID."""
    status = fallback.status(roster.digest(), on)
    if status is not PlanStatus.VALID:
        raise ValueError(f"This plan is {status.lower()}: make it again for the schedule as it is now.")
    return roster.with_changes({change.slot: change.after for change in fallback.changes})


def scenarios(
    report: MarginReport, start: Date, end: Date, *, cohorts: Mapping[str, Iterable[PersonId]] | None = None
) -> Iterator[Scenario]:
    """What plans are kept for: each person absent, each fatal pair, and the named cohorts that have anybody."""
    for person in report.people:
        yield Scenario("single_absence", frozenset((person,)), start, end)
    pairs = {frozenset(pair) for group, _ in fatal_groups(report) for pair in combinations(group, 2)}
    for pair in sorted(pairs, key=sorted):
        yield Scenario("dual_absence", pair, start, end)
    for name, people in (cohorts or {}).items():
        lost = frozenset(people)
        if lost:
            yield Scenario(name, lost, start, end)


def _assumptions(scenario: Scenario, barred_by: frozenset[str]) -> tuple[str, ...]:
    gone = f"{len(scenario.lost)} {'person' if len(scenario.lost) == 1 else 'people'} gone"
    dates = f"from {_date(scenario.start)} to {_date(scenario.end)}"
    each = ", each on the days of their own absence" if scenario.gone else ""
    found = [
        f"{gone} {dates}{each}, everybody else as the schedule says.",
        "Approved absences as of the plan's making.",
    ]
    if barred_by:
        found.append(f"Posts stay open where filling them would break {', '.join(sorted(barred_by))}.")
    return tuple(found)


def _when(post: OpenPost) -> tuple[Date, int]:
    return post.day, SESSIONS.index(post.session)


def _date(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
