"""The published schedule as resilience looks at it: who is really there, and how far the dates are known."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from django.utils import timezone

from common.errors import Invalid
from resilience.domain.covering import Loss, without
from resilience.domain.levels import Level, worst
from resilience.domain.utilization import Utilization, utilization
from resilience.models import PostureState, ResiliencePolicy
from resilience.services.answers import CellView, PersonRef
from schedules.domain.changes import CellChange
from schedules.domain.coverage import Coverage, coverage
from schedules.domain.margins import MarginReport, margins
from schedules.domain.pattern import as_lived
from schedules.domain.problem import ONE_DAY, PersonId, Problem, days_between
from schedules.domain.roster import Roster
from schedules.domain.rules import check
from schedules.domain.rules.report import Report
from schedules.mapping import load_problem, load_roster
from schedules.models import BackupPoolEntry, Schedule


class NothingPublished(Exception):
    """No published schedule covers the first of the dates; what needs one is unknown."""


@dataclass(frozen=True)
class World:
    """The published cells of some dates, and what follows from them."""

    start: dt.date
    end: dt.date
    problem: Problem
    published: Roster
    """As stored."""
    standby: Mapping[dt.date, frozenset[PersonId]]
    asked_end: dt.date
    """The last date that was asked for; later than `end` where less is published."""

    @cached_property
    def roster(self) -> Roster:
        """As it is lived: who is on approved leave holds nothing else, whatever the cells still say."""
        return as_lived(self.problem, self.published)

    @cached_property
    def published_digest(self) -> str:
        return self.published.digest()

    @cached_property
    def margins(self) -> MarginReport:
        return margins(self.problem, self.roster, standby=self.standby)

    @cached_property
    def report(self) -> Report:
        return check(self.problem, self.roster)

    @cached_property
    def coverage(self) -> Coverage:
        return coverage(self.problem, self.roster)

    @cached_property
    def utilization(self) -> Utilization:
        return utilization(self.margins)

    @property
    def gap(self) -> str:
        """Which of the dates asked for are not published; '' where all are."""
        return f"Nothing is published after {self.end}." if self.end < self.asked_end else ""

    def without(self, losses: Iterable[Loss]) -> World:
        """As it would stand with these people gone. Raises Invalid for people who are not in the program."""
        gone = tuple(losses)
        if not {loss.person for loss in gone} <= self.problem.person.keys():
            raise Invalid("Some of these people are not in the program: name active people by their id.")
        problem, roster = without(self.problem, self.roster, gone)
        return replace(self, problem=problem, published=roster)

    def ref(self, person: PersonId) -> PersonRef:
        known = self.problem.person.get(person)
        return PersonRef(person, known.name if known else "a former member")

    def refs(self, people: Iterable[PersonId]) -> tuple[PersonRef, ...]:
        return tuple(sorted((self.ref(person) for person in people), key=lambda ref: (ref.name, ref.id)))

    def cells(self, changes: tuple[CellChange, ...]) -> tuple[CellView, ...]:
        return tuple(
            CellView(self.ref(slot.person), slot.day, slot.session.value, before, after)
            for slot, before, after in changes
        )


def load(start: dt.date, end: dt.date) -> World:
    """The published cells of the dates, as far as they are published without a gap from the first one on.

    Raises NothingPublished where the first date is not.
    """
    last = published_until(start, end)
    if last is None:
        raise NothingPublished(f"Nothing is published on {start}.")
    problem = load_problem(start, last)
    return World(
        start=start,
        end=last,
        problem=problem,
        published=load_roster(problem, schedule="published"),
        standby=load_standby(start, last),
        asked_end=end,
    )


def published_until(start: dt.date, end: dt.date) -> dt.date | None:
    """The last date up to which every date from `start` is published; None where `start` is not."""
    spans = Schedule.objects.published(start, end)
    last = start - ONE_DAY
    for first, final in spans.values_list("start_date", "end_date"):
        if first > last + ONE_DAY:
            break
        last = max(last, final)
    return None if last < start else min(last, end)


def load_standby(start: dt.date, end: dt.date) -> Mapping[dt.date, frozenset[PersonId]]:
    """Who is on stand-by on each date."""
    found: dict[dt.date, set[PersonId]] = defaultdict(set)
    entries = BackupPoolEntry.objects.filter(start_date__lte=end, end_date__gte=start)
    for person, first, last in entries.values_list("person_id", "start_date", "end_date"):
        for day in days_between(max(first, start), min(last, end)):
            found[day].add(str(person))
    return {day: frozenset(people) for day, people in found.items()}


def load_policy() -> ResiliencePolicy:
    """The numbers of resilience; the defaults where no record was made yet."""
    return ResiliencePolicy.objects.filter(pk=1).first() or ResiliencePolicy()


@dataclass(frozen=True)
class Basis:
    """What an answer rests on: the moment, the numbers, and how long ago the program was last looked at as a whole."""

    at: dt.datetime
    policy: ResiliencePolicy
    age: int | None
    doubt: str
    """Why nobody can vouch for the data; '' where somebody can."""

    @property
    def today(self) -> dt.date:
        return timezone.localdate(self.at)

    def horizon(self, days: int | None = None) -> World:
        """The published schedule from today on. Raises NothingPublished."""
        count = days or self.policy.horizon_days
        return load(self.today, self.today + (count - 1) * ONE_DAY)

    def floor(self, level: Level, world: World | None = None) -> Level:
        """The level, and no better than UNKNOWN where the data are in doubt or do not reach far enough."""
        in_doubt = self.doubt or (world is not None and world.gap)
        return worst((level, Level.UNKNOWN)) if in_doubt else level

    def sentence(self, message: str, world: World | None = None) -> str:
        parts = (message, world.gap if world else "", self.doubt)
        return " ".join(part for part in parts if part)


def basis(at: dt.datetime) -> Basis:
    """How far an answer at this moment can be vouched for."""
    policy = load_policy()
    state = PostureState.objects.filter(pk=1).first()
    if state is None:
        return Basis(at, policy, None, "Nothing was evaluated yet, so nobody watches the data: start the task cluster.")
    age = max(0, int((at - state.evaluated_at).total_seconds()))
    return Basis(at, policy, age, _doubt(state, age, policy))


def _doubt(state: PostureState, age: int, policy: ResiliencePolicy) -> str:
    if state.failure:
        return f"The last evaluation failed: {state.failure}"
    if age > policy.unwatched_after_seconds:
        return f"The data are stale: the last evaluation was {age // 60} minutes ago. Look after the task cluster."
    return ""
