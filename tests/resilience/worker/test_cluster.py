"""The real task cluster with policy times in seconds: resilience keeps watch without the test calling any of it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Notification
from resilience.enums import PlanState, TimelineEvent
from resilience.models import FallbackPlan, Incident
from schedules.domain.problem import Session
from schedules.enums import AbsenceKind, BreakerState
from schedules.models import Breaker, Schedule
from schedules.services import absences, publishing
from tests.factories import accounts, backups, generation, program
from tests.factories.resilience import Ward, ward
from tests.schedules.worker import cluster

DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
WATCHED = ("ABSENCE", "POSTURE")
"""Kinds of incident that are BLACK here: whoever does not acknowledge them at once is late."""
NEEDS_NOBODY = {TimelineEvent.OPENED.value, TimelineEvent.ANALYSED.value, TimelineEvent.MISSED.value}

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def nothing_rung():
    """Bells that the cluster of another test left in the cache would hold this one's back."""
    cache.clear()
    yield
    cache.clear()


def last_thursday(at: dt.datetime) -> dt.date:
    """Today, where it is one."""
    today = timezone.localdate(at)
    return today - (today.weekday() - 3) % 7 * DAY


def next_workday(at: dt.datetime) -> dt.date:
    """The first after today: within the week that safety is watched for."""
    today = timezone.localdate(at)
    return next(day for day in (today + n * DAY for n in range(1, 4)) if day.weekday() < 5)


def draft_like(made: Ward, *, free: dt.date) -> Schedule:
    """Another version of the ward's schedule, in which D has the afternoon of a day off."""
    draft = program.schedule(made.schedule.start_date, made.schedule.end_date)
    cells = generation.cells(made.schedule) | {(made.id("D"), free, "PM"): "OFF"}
    people = {str(person.pk): person for person in made.people.values()}
    program.assignments(draft, [(people[who], day, Session(part), code) for (who, day, part), code in cells.items()])
    return draft


def plans_since(at: dt.datetime) -> int:
    return FallbackPlan.objects.filter(state=PlanState.VALID, computed_at__gt=at).count()


def breaker() -> str | None:
    return Breaker.objects.values_list("state", flat=True).filter(pk=1).first()


def analysed() -> set[tuple[str, str]]:
    """(kind, gravest severity) of every incident that the tools have looked at."""
    return set(Incident.objects.filter(analysed_at__isnull=False).values_list("kind", "highest"))


def missed(kind: str) -> set[str]:
    """Steps of the incident whose time passed without anybody."""
    targets = Incident.objects.get(kind=kind).targets.filter(missed_at__isnull=False)
    return set(targets.values_list("step", flat=True))


def events(kind: str) -> set[str]:
    """What the incident's timeline says by itself, without what may or may not have come between."""
    lines = Incident.objects.get(kind=kind).timeline.filter(by=None)
    return NEEDS_NOBODY & set(lines.values_list("event", flat=True))


def number_of(kind: str) -> int:
    return Incident.objects.get(kind=kind).number


def test_watching_analysing_escalating_planning_and_the_breaker_need_nobody(settings, tmp_path):
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path / "backups", "checksum"
    begun = timezone.now()
    coordinator, director = accounts.user(Role.COORDINATOR), accounts.user(Role.PROGRAM_DIRECTOR)
    deputy = accounts.user(Role.FACULTY)
    made = ward(start=last_thursday(begun), heartbeat_seconds=1, breaker_clear_seconds=2)
    program.policy(deputy=deputy)
    backups.verified_backup()
    day = next_workday(begun)
    draft = draft_like(made, free=day)
    expected = {("ABSENCE", "BLACK"), ("POSTURE", "BLACK"), ("BREAKER", "RED")}

    with cluster.running(tmp_path / "cluster.log", BACKUP_DIR=str(settings.BACKUP_DIR)):
        # Time alone: nothing was ever evaluated, so everything is, and a plan is made for each of the four.
        cluster.until(lambda: plans_since(begun) == 4, "the first evaluation makes the plans")
        assert (breaker(), Incident.objects.count()) == (BreakerState.CLOSED, 0)

        published = timezone.now()
        publishing.publish(draft, by=director, at=published, override_reason="test")
        cluster.until(lambda: plans_since(published) == 4, "the plans are made anew for what was published")

        # Everybody who could hold the intensive care unit's post calls in sick for the next workday.
        ill = [
            absences.request(made[who], start=day, end=day, kind=AbsenceKind.SICK, by=coordinator, at=timezone.now())
            for who in "ABC"
        ]
        for absence in ill:
            absences.approve(absence, by=coordinator, at=timezone.now())
        cluster.until(lambda: breaker() == BreakerState.OPEN, "the breaker trips")
        cluster.until(lambda: expected <= analysed(), "the incidents are detected and analysed")
        for kind in WATCHED:
            cluster.until(lambda kind=kind: "ACKNOWLEDGED" in missed(kind), "nobody acknowledged it in time")

        for absence in ill:
            absences.cancel(absence, by=coordinator, at=timezone.now(), note="well again")
        cluster.until(lambda: breaker() == BreakerState.CLOSED, "the breaker closes after its clear time")

    overdue = {f"Overdue at incident {number_of(kind)}: acknowledged" for kind in WATCHED}
    told = set(Notification.objects.filter(user=deputy).values_list("title", flat=True))
    moved = list(Breaker.history.order_by("history_id").values_list("state", "changed_at"))
    assert overdue <= told
    assert [events(kind) for kind in WATCHED] == [NEEDS_NOBODY, NEEDS_NOBODY]
    assert [state for state, _ in moved] == ["CLOSED", "OPEN", "HALF_OPEN", "CLOSED"]
    assert moved[3][1] - moved[2][1] >= 2 * SECOND
