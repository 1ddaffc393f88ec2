"""manage.py bench_margins: what resilience computes anew from the database, and how long; a section of `bench`."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from resilience.models import FallbackPlan
from resilience.services import days, fallbacks, posture
from schedules.domain.problem import ONE_DAY, days_between
from schedules.domain.problem import Role as PersonRole
from schedules.enums import AbsenceKind, AbsenceStatus, ScheduleStatus
from schedules.management.commands.bench import REPEATS, Table
from schedules.models import Absence, Person, Schedule

ABSENT_DAYS = 5


class Command(BaseCommand):
    help = "Stores margins and plans of what is published, with an absence made for it, and prints times. Scratch data."
    stealth_options = ("table",)

    def handle(self, *args: Any, **options: Any) -> None:
        table = options.get("table") or Table(self.stdout.write)
        version = Schedule.objects.filter(status=ScheduleStatus.PUBLISHED).order_by("start_date").first()
        if version is None:
            raise CommandError("Nothing is published, so nothing has margins.")
        middle = version.start_date + (version.end_date - version.start_date) // 2
        at = timezone.make_aware(dt.datetime.combine(middle, dt.time(8)))
        table.head("Margins and plans in the database: loaded, computed, stored")
        whole = list(days_between(version.start_date, version.end_date))
        _row(table, f"the whole year, {len(whole)} dates", "s", 2, lambda: days.recompute(whole, at=at), times=1)
        posture.evaluate(at=at)
        absence = _absence(middle + ONE_DAY)
        touched = days.touched(absence.start_date, absence.end_date)
        _row(table, f"after one absence, {len(touched)} dates", "ms", 100, lambda: days.recompute(touched, at=at))
        _row(
            table,
            "the same, posture and breaker judged too",
            "ms",
            None,
            lambda: posture.evaluate(at=at, touched=touched),
        )
        _row(table, "standing plans of the horizon", "s", None, lambda: fallbacks.recompute(at=at), times=1)
        table.row("standing plans", FallbackPlan.objects.count(), "")
        table.row(
            "posts they leave open", sum(post[3] for plan in FallbackPlan.objects.all() for post in plan.open_posts), ""
        )


def _absence(start: dt.date) -> Absence:
    person = Person.objects.filter(is_active=True, role=PersonRole.FACULTY, adjunct=False).order_by("name")[0]
    return Absence.objects.create(
        person=person,
        start_date=start,
        end_date=start + (ABSENT_DAYS - 1) * ONE_DAY,
        kind=AbsenceKind.SICK,
        status=AbsenceStatus.APPROVED,
    )


def _row(
    table: Table, name: str, unit: str, at_most: float | None, work: Callable[[], object], *, times: int = REPEATS
) -> None:
    """The median by the clock beside its target, and by the processor; the first, cold one counts too."""
    scale = 1000 if unit == "ms" else 1
    clock, processor = [], []
    for _ in range(times):
        began, busy = time.perf_counter(), time.process_time()
        work()
        clock.append(scale * (time.perf_counter() - began))
        processor.append(scale * (time.process_time() - busy))
    table.row(name, statistics.median(clock), unit, at_most)
    table.row("  of it computing in this process", statistics.median(processor), unit)
