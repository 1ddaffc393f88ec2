"""The month of a drill: who plays what by chance, what the workers would do meanwhile, and what was promised."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import NamedTuple, TypeVar

from django.db import DatabaseError

from accounts.enums import Role
from accounts.models import User
from accounts.services import create_user
from common.errors import DomainError, Invalid
from common.models import GateClosed, HistoryBypassed
from schedules.domain.problem import ONE_DAY, days_between
from schedules.enums import ScheduleStatus
from schedules.models import Schedule

MOST_PLAYS_A_DAY = 3
CREW = (Role.COORDINATOR, Role.ARCHITECT, Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR)


@dataclass
class Drill:
    """What plays and promises share: chance, the clock of the drill, and accounts made for it."""

    chance: random.Random
    days: tuple[dt.date, ...]
    """Published dates of the month."""
    at: dt.datetime
    crew: Mapping[Role, User]
    second_director: User
    kept: dict[str, object] = field(default_factory=dict)
    """What a play remembers for its promise, by a key of its own."""
    let_through: list[str] = field(default_factory=list)
    """What should have been refused and was not, until the promise about it tells."""

    @property
    def today(self) -> dt.date:
        return self.at.date()

    @property
    def coming(self) -> tuple[dt.date, ...]:
        """Published dates after today."""
        return tuple(day for day in self.days if day > self.today)

    def must_refuse(self, what: str, deed: Callable[[], object], *, codes: Collection[str] = ()) -> str:
        """Try what nobody may do; `what` says it in words. `codes`: only a refusal with one of them counts as right."""
        try:
            deed()
        except REFUSALS as refusal:
            code = refusal.code if isinstance(refusal, DomainError) else type(refusal).__name__
            if not codes or code in codes:
                return f"{what}: refused, {code}"
            self.let_through.append(f"{what} was refused for another reason: {code}.")
            return f"{what}: {code}"
        self.let_through.append(f"{what} was not refused.")
        return f"{what}: let through"


REFUSALS = (DomainError, DatabaseError, GateClosed, HistoryBypassed)
"""How services, the triggers of the database and the querysets say no."""

Play = Callable[[Drill], str]
"""Does one thing through the services and says what; a refusal is raised, nothing to do is an empty text."""
Promise = Callable[[Drill], Iterable[str]]
"""Sentences about what is broken; none = kept."""
Upkeep = Callable[[dt.datetime], object]
"""What the workers would do at a moment."""


class Registered(NamedTuple):
    """A play, how often it is chosen, and the column in which it is counted."""

    weight: int
    kind: str
    play: Play


_plays: dict[str, Registered] = {}
_promises: dict[str, Promise] = {}
_upkeep: dict[str, Upkeep] = {}
_evaluations: dict[str, Upkeep] = {}
_joined = ["schedules.services.drills.plays", "schedules.services.drills.versions"]
F = TypeVar("F", bound=Callable[..., object])


def join(module: str) -> None:
    """Let a module register its plays and promises when a drill begins. Used in `receivers` of the apps above."""
    if module not in _joined:
        _joined.append(module)


def play(name: str, *, kind: str, weight: int) -> Callable[[Play], Play]:
    """Register a play; a heavier one is chosen more often, and plays of one kind are counted together."""

    def register(function: Play) -> Play:
        _plays[name] = Registered(weight, kind, function)
        return function

    return register


def promise(name: str) -> Callable[[Promise], Promise]:
    """Register what must hold after every play; `name` is the promise in words."""

    def register(function: Promise) -> Promise:
        _promises[name] = function
        return function

    return register


def upkeep(function: F) -> F:
    """Register what the workers would do; called after every play, in the order of registration."""
    _upkeep[f"{function.__module__}.{function.__qualname__}"] = function
    return function


def evaluation(function: F) -> F:
    """Register what the workers do once everything else is done: a change is evaluated after it, never before."""
    _evaluations[f"{function.__module__}.{function.__qualname__}"] = function
    return function


@dataclass
class Outcome:
    """What came of a drill."""

    days: int
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By play and code of the refusal."""
    kept: Counter[str] = field(default_factory=Counter)
    """How often each promise was looked at and held."""
    failed: Counter[str] = field(default_factory=Counter)
    """How often it was not."""
    broken: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    @property
    def by_kind(self) -> Mapping[str, int]:
        """Deeds done, of every kind there is."""
        counts = dict.fromkeys((registered.kind for registered in _plays.values()), 0)
        for name, count in self.done.items():
            counts[_plays[name].kind] += count
        return counts

    @property
    def checks(self) -> int:
        """How often a promise was looked at."""
        return self.kept.total() + self.failed.total()


def run(*, seed: int, days: int, at: dt.datetime) -> Outcome:
    """Play `days` days from the first published date on; `at` gives the time of day and the zone.

    Writes to the database that is connected: call it on a copy. Raises Invalid where nothing is published.
    """
    for module in _joined:
        import_module(module)
    drill = _begin(seed, days, at)
    outcome = Outcome(days)
    _look(drill, outcome, after="the beginning")
    for day in drill.days[:days]:
        morning = at.replace(year=day.year, month=day.month, day=day.day)
        for turn in range(drill.chance.randint(1, MOST_PLAYS_A_DAY)):
            drill.at = morning + dt.timedelta(hours=2 * turn, minutes=drill.chance.randint(0, 90))
            _turn(drill, outcome)
    return outcome


def _begin(seed: int, days: int, at: dt.datetime) -> Drill:
    published = _longest_run()
    if len(published) < days:
        raise Invalid(f"A drill needs {days} published days in a row; there are {len(published)}. Publish more first.")
    crew = {role: _account(f"drill-{role.value.lower()}", role, at) for role in CREW}
    return Drill(
        chance=random.Random(seed),  # noqa: S311 - a drill repeats by its seed
        days=published,
        at=at,
        crew=crew,
        second_director=_account("drill-second-director", Role.PROGRAM_DIRECTOR, at),
    )


def _account(name: str, role: Role, at: dt.datetime) -> User:
    return User.objects.filter(username=name).first() or create_user(name, role=role, password=None, by=None, at=at)


def _longest_run() -> tuple[dt.date, ...]:
    """The longest run of published dates; the latest of equally long ones."""
    spans = Schedule.objects.filter(status=ScheduleStatus.PUBLISHED).values_list("start_date", "end_date")
    days = sorted({day for start, end in spans for day in days_between(start, end)})
    runs: list[list[dt.date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == ONE_DAY:
            runs[-1].append(day)
        else:
            runs.append([day])
    longest: list[dt.date] = []
    for found in runs:
        longest = found if len(found) >= len(longest) else longest
    return tuple(longest)


def _turn(drill: Drill, outcome: Outcome) -> None:
    """One play by chance; where it finds nothing to do, another one."""
    names = list(_plays)
    said = ""
    while names and not said:
        name = drill.chance.choices(names, weights=[_plays[name].weight for name in names])[0]
        names.remove(name)
        said = _played(drill, name, outcome)
    for function in (*_upkeep.values(), *_evaluations.values()):
        function(drill.at)
    told = f"{name}: {said}" if said else "nothing to do"
    outcome.log.append(f"{drill.at:%d %b %H:%M} {told}")
    _look(drill, outcome, after=f"{drill.at:%d %b %H:%M} {told}")


def _played(drill: Drill, name: str, outcome: Outcome) -> str:
    try:
        said = _plays[name].play(drill)
    except DomainError as refusal:
        outcome.refused[name, refusal.code] += 1
        return f"refused: {refusal.code}"
    outcome.done[name] += bool(said)
    return said


def _look(drill: Drill, outcome: Outcome, *, after: str) -> None:
    for name, function in _promises.items():
        broken = list(function(drill))
        outcome.broken += [f"After {after}: {name}. {sentence}" for sentence in broken]
        (outcome.failed if broken else outcome.kept)[name] += 1
