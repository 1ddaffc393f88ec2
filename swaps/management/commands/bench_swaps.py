"""manage.py bench_swaps: random swaps on whatever is published, their outcomes and times; a section of `bench`."""

from __future__ import annotations

import datetime as dt
import random
import statistics
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from backups.services import ensure_fresh
from common.errors import DomainError
from common.models import signed
from common.services.warming import warm_up
from schedules.domain.problem import HALF_DAYS
from schedules.domain.problem import Role as PersonRole
from schedules.domain.rules.report import Report, Violation
from schedules.enums import ScheduleStatus
from schedules.management.commands.bench import Table
from schedules.models import Assignment, FmitWeek, Person, Schedule
from schedules.services.validation import validate
from swaps import queries, services
from swaps.domain.tables import Level, SwapStatus, SwapType, Verdict
from swaps.models import SwapPolicy, SwapRecord
from swaps.services import ground
from swaps.services.execution import broken_by
from swaps.services.settling import accepted_posts

ROWS = ("id", "person_id", "date", "session", "activity__code", "source", "locked", "rotation_id", "created_at")
LIFTED = {"requests_per_day": 30000, "pending_per_person": 30000, "days_ahead": 400, "failed_attempts": 30000}
LIMITS = {
    "validate": 150,
    "execute": 500,
    "roll back": None,
    "candidates": 1000,
    "alternatives to what is refused": None,
}
"""Milliseconds on the wall, for the median as for 95 %; the processor's are shown beside them."""
NEAR = dt.timedelta(weeks=9)
DECIDERS = {
    Level.COORDINATOR: Role.COORDINATOR,
    Level.ARCHITECT: Role.ARCHITECT,
    Level.PROGRAM_DIRECTOR: Role.PROGRAM_DIRECTOR,
}
T = TypeVar("T")


class Spent(NamedTuple):
    """Milliseconds: what a person waits, and of it what this process worked (the database's part is no part of it)."""

    wall: float
    processor: float

    @classmethod
    def now(cls) -> Spent:
        return cls(1000 * time.perf_counter(), 1000 * time.process_time())

    def since(self) -> Spent:
        now = Spent.now()
        return Spent(now.wall - self.wall, now.processor - self.processor)


@dataclass
class Run:
    """What came of the requests, and how long each step took in milliseconds."""

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[Spent]] = field(default_factory=dict)
    executed: list[SwapRecord] = field(default_factory=list)

    def timed(self, what: str, work: Callable[[], T]) -> T:
        began = Spent.now()
        done = work()
        self.times.setdefault(what, []).append(began.since())
        return done


class Command(BaseCommand):
    help = (
        "Asks for random swaps in what is published, takes all back, and prints outcomes and times. Scratch data only."
    )
    stealth_options = ("table",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--requests", type=int, default=200)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        table = options.get("table") or Table(self.stdout.write)
        version = Schedule.objects.filter(status=ScheduleStatus.PUBLISHED).order_by("start_date").first()
        if version is None:
            raise CommandError("Nothing is published, so nothing can be swapped.")
        at = timezone.make_aware(dt.datetime.combine(version.start_date, dt.time(12)))
        _lift_limits(at)
        crew = _crew()
        before, lawful = _everything(), _judged(version)
        warm_up()  # as a web server does
        chance, run = random.Random(options["seed"]), Run()  # noqa: S311 - which swaps, nothing secret
        for _ in range(options["requests"]):
            _ask(run, _order(chance, version), crew, at=at)
        broken = broken_by(lawful, _judged(version), may_stay_open=_let_open(run.executed))
        for swap in reversed(run.executed):
            _take_back(run, swap, crew, at=at)
        _search(run, version, at=at)
        _write(table, run, broken=broken, different=len(before ^ _everything()))


def _lift_limits(at: dt.datetime) -> None:
    policy, _ = SwapPolicy.objects.get_or_create(pk=1)
    for name, value in LIFTED.items():
        setattr(policy, name, value)
    signed(policy, by=None, at=at, reason="bench").save()


def _crew() -> dict[str, User]:
    """Who asks, and one who decides at every level."""
    crew = {"asks": Role.COORDINATOR, **{role.value: role for role in DECIDERS.values()}}
    made = {}
    for name, role in crew.items():
        user = User(username=f"bench-{name.lower()}", role=role, date_joined=timezone.now())
        user.set_unusable_password()
        user.save()
        made[name] = user
    return made


def _everything() -> set[tuple[Any, ...]]:
    """Every published row, and who leads which FMIT week."""
    rows = Assignment.objects.filter(schedule__status=ScheduleStatus.PUBLISHED).values_list(*ROWS)
    return {*rows, *FmitWeek.objects.values_list("start_date", "person_id")}


def _judged(version: Schedule) -> Report:
    return validate(version.start_date, version.end_date).report


def _let_open(executed: Iterable[SwapRecord]) -> frozenset[str]:
    """Posts for which deciders accepted that nobody holds them: what their requests were put before them for."""
    return frozenset().union(*map(accepted_posts, executed))


def _order(chance: random.Random, version: Schedule) -> services.Order:
    """Four of ten exchange FMIT weeks, three absorb one, three are residents' weeks or single days."""
    kind = chance.random()
    inside = FmitWeek.objects.filter(start_date__gt=version.start_date, end_date__lt=version.end_date)
    weeks = list(inside.select_related("person").order_by("start_date"))
    week = chance.choice(weeks)
    giver, day, target = week.person, week.start_date, None
    if kind < 0.7:
        near = [one for one in weeks if one.person != giver and abs(one.start_date - day) < NEAR]
        other = chance.choice(near)
        taker, target = other.person, other.start_date if kind < 0.4 else None
        if target is None:
            taker = chance.choice(_others(giver))
    else:
        giver = chance.choice(
            list(Person.objects.filter(role=PersonRole.RESIDENT, is_active=True).order_by("name", "pk"))
        )
        taker = chance.choice(_others(giver))
        day += dt.timedelta(days=chance.randrange(7))
    return services.Order(
        source_person=giver.pk,
        source_week=day,
        target_person=taker.pk,
        swap_type=(SwapType.ABSORB if target is None else SwapType.ONE_TO_ONE).value,
        reason="conference",
        target_week=target,
        sessions=tuple((day, session) for session in HALF_DAYS) if kind > 0.85 else (),
        partner_consented=True,
    )


def _others(person: Person) -> Sequence[Person]:
    known = Person.objects.filter(role=person.role, is_active=True, adjunct=False).exclude(pk=person.pk)
    return list(known.order_by("name", "pk"))


def _ask(run: Run, order: services.Order, crew: dict[str, User], *, at: dt.datetime) -> None:
    """One request from validation to its end; whoever has to decides, and says yes."""
    ensure_fresh(label="bench", by=None, at=timezone.now())
    ground.forget()
    try:
        found = run.timed("validate", lambda: services.validate(order, by=crew["asks"], at=at))
        if found.verdict is Verdict.REJECT:
            run.timed("alternatives to what is refused", lambda: found.alternatives)
        began = Spent.now()
        swap = services.request(order, by=crew["asks"], at=at)
        while (case := queries.open_case(swap)) is not None and swap.status == SwapStatus.PENDING:
            began = Spent.now()
            decider = crew[DECIDERS[Level(case.level)].value]
            swap = services.approve(swap, by=decider, at=at, rationale="For the table.")
    except DomainError as refusal:
        run.outcomes[refusal.code] += 1
        return
    run.outcomes[str(swap.status)] += 1
    run.findings.update({finding["code"] for finding in swap.judgement["findings"]})
    if swap.status == SwapStatus.EXECUTED:
        run.times.setdefault("execute", []).append(began.since())
        run.executed.append(swap)


def _take_back(run: Run, swap: SwapRecord, crew: dict[str, User], *, at: dt.datetime) -> None:
    ensure_fresh(label="bench", by=None, at=timezone.now())
    run.timed("roll back", lambda: services.roll_back(swap, by=crew["asks"], at=at, reason="For the table."))


def _search(run: Run, version: Schedule, *, at: dt.datetime) -> None:
    """Candidates of twenty weeks over the year."""
    weeks = FmitWeek.objects.filter(start_date__gt=version.start_date + dt.timedelta(days=7)).select_related("person")
    for week in weeks[:20]:
        ground.forget()
        run.timed("candidates", partial(services.candidates, week.person, week=week.start_date, at=at))


def _write(table: Table, run: Run, *, broken: Sequence[Violation], different: int) -> None:
    asked = sum(run.outcomes.values())
    table.head(f"Swaps on the published schedule, {asked} random requests")
    for outcome, count in sorted(run.outcomes.items()):
        table.row(outcome, count, "")
    for what, limit in LIMITS.items():
        found = run.times.get(what, [])
        for name, pick in (("median", statistics.median), ("95 %", _of_95)):
            if found:
                table.row(f"{what}, {name}", pick([spent.wall for spent in found]), "ms", limit)
                table.row(f"{what}, {name}, processor", pick([spent.processor for spent in found]), "ms")
    table.row("posts that deciders let stay open", len(_let_open(run.executed)), "")
    table.row("hard violations that were not there before", len(broken), "", 0)
    for violation in broken:
        table.write(f"  {violation.rule} {violation.start} to {violation.end} {violation.session or ''}".rstrip())
    table.row("rows and weeks that did not come back", different, "", 0)
    table.write(f"  findings: {', '.join(f'{code} {count}' for code, count in sorted(run.findings.items()))}")


def _of_95(found: list[float]) -> float:
    return sorted(found)[int(0.95 * (len(found) - 1))]
