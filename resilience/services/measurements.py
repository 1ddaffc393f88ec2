"""The daily values of the loops of homeostasis, kept so that averages and trends are of real days."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from statistics import fmean
from uuid import UUID

from django.utils import timezone

from resilience.domain.homeostasis import Loop
from resilience.domain.levels import Unknown
from resilience.models import Measurement
from resilience.services.world import NothingPublished, World, basis
from schedules.domain.problem import ONE_DAY, PersonId, Session
from schedules.domain.rules.report import Severity
from schedules.enums import ScheduleStatus
from schedules.models import Assignment, Publication

KEPT_DAYS = 60
"""Days whose values an average is taken over; older ones weigh nothing."""
STABLE_DAYS = 7
"""Days of changes that the stability looks back on."""


def record(*, at: dt.datetime) -> int:
    """Store today's value of every loop that has one; returns how many. A second run of the day replaces them."""
    try:
        world = basis(at).horizon()
    except NothingPublished:
        return 0
    values = measure(world, at=at)
    for loop, value in values.items():
        Measurement.objects.update_or_create(
            loop=loop.value, date=timezone.localdate(at), defaults={"at": at, "value": value}
        )
    return len(values)


def measure(world: World, *, at: dt.datetime) -> Mapping[Loop, float]:
    """The loops' values now; what cannot be measured is missing."""
    rate = world.utilization.rate
    found = {
        Loop.COVERAGE: world.coverage.rate,
        Loop.UTILIZATION: None if isinstance(rate, Unknown) else float(rate.value),
        Loop.WORKLOAD_SPREAD: spread(world),
        Loop.STABILITY: stability(world, at=at),
        Loop.COMPLIANCE: compliance(world),
    }
    return {loop: value for loop, value in found.items() if value is not None}


def history(*, at: dt.datetime) -> Mapping[Loop, Sequence[float]]:
    """Values of each loop in the order of time. A loop without one of today or yesterday is stale: it has none."""
    today = timezone.localdate(at)
    values: dict[Loop, list[float]] = {}
    newest: dict[Loop, dt.date] = {}
    for row in Measurement.objects.filter(date__lte=today, date__gt=today - KEPT_DAYS * ONE_DAY).order_by("date"):
        loop = Loop(row.loop)
        values.setdefault(loop, []).append(row.value)
        newest[loop] = row.date
    return {loop: found for loop, found in values.items() if newest[loop] >= today - ONE_DAY}


def spread(world: World) -> float | None:
    """Standard deviation of the hours of residents on the same rotation, over everybody's mean; 0 = all alike.

    Per scheduled day. Rotations differ by design (inpatient weeks are long), so only those who share one are compared.
    """
    problem = world.problem
    residents = frozenset(person.id for person in problem.residents)
    days: Counter[tuple[PersonId, str]] = Counter(
        (person, item.rotation)
        for (person, day), item in problem.assignment_of.items()
        if person in residents and problem.covers(day) and not problem.is_absent(person, day)
    )
    hours: dict[tuple[PersonId, str], float] = dict.fromkeys(days, 0.0)
    for slot, code in world.roster:
        item = problem.assignment_of.get((slot.person, slot.day))
        if item is not None and (slot.person, item.rotation) in hours:
            hours[slot.person, item.rotation] += _hours(world, code, slot.session)
    shared: dict[str, list[float]] = defaultdict(list)
    for (person, rotation), total in hours.items():
        shared[rotation].append(total / days[person, rotation])
    daily = [value for values in shared.values() for value in values]
    if len(daily) < 2 or not fmean(daily):
        return None
    return sqrt(fmean((value - fmean(values)) ** 2 for values in shared.values() for value in values)) / fmean(daily)


def _hours(world: World, code: str, session: Session) -> float:
    activity = world.problem.activities[code]
    return activity.hours(session) if activity.is_duty else 0.0


def stability(world: World, *, at: dt.datetime) -> float | None:
    """Share of the published cells that were not changed in the last seven days: by hand, swap, fallback or publish."""
    cells = len(world.published)
    if not cells:
        return None
    history = Assignment.history.model.objects.filter(  # type: ignore[attr-defined]
        schedule__status=ScheduleStatus.PUBLISHED,
        history_date__gt=at - STABLE_DAYS * ONE_DAY,
        history_date__lte=at,
        history_type__in="~-",
        date__gte=world.start,
        date__lte=world.end,
    )
    changed = {*history.values_list("person_id", "date", "session"), *_republished(world, at=at)}
    return max(0.0, 1 - len(changed) / cells)


def _republished(world: World, *, at: dt.datetime) -> Iterator[tuple[object, dt.date, str]]:
    """Cells that a version published in the last seven days has otherwise than the version it replaced."""
    made = Publication.objects.filter(
        published_at__gt=at - STABLE_DAYS * ONE_DAY, published_at__lte=at, rolled_back_at__isnull=True
    )
    for publication in made.prefetch_related("replaced"):
        before = _cells_of([version.pk for version in publication.replaced.all()], world)
        after = _cells_of([publication.schedule_id], world)
        days = {day for _, day, _ in before} & {day for _, day, _ in after}
        for place in before.keys() | after.keys():
            if place[1] in days and before.get(place) != after.get(place):
                yield place


def _cells_of(versions: Sequence[UUID], world: World) -> Mapping[tuple[object, dt.date, str], object]:
    rows = Assignment.objects.filter(schedule__in=versions, date__gte=world.start, date__lte=world.end)
    found = rows.values_list("person_id", "date", "session", "activity_id")
    return {(person, day, session): activity for person, day, session, activity in found}


def compliance(world: World) -> float | None:
    """Share of the scheduled people without a hard finding that some roster could avoid."""
    scheduled = {slot.person for slot in world.published.cells}
    if not scheduled:
        return None
    findings = (item for item in world.report.violations if item.severity is Severity.HARD and not item.unavoidable)
    return 1 - len(scheduled & {person for item in findings for person in item.people}) / len(scheduled)
