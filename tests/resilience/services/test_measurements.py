"""Daily measurements of the loops: one a day, read back in order, and none that is out of date."""

from __future__ import annotations

import datetime as dt

import pytest

from resilience.domain.homeostasis import Loop
from resilience.models import Measurement
from resilience.services import measurements
from resilience.services.world import load
from schedules.domain.problem import ONE_DAY
from schedules.enums import ScheduleStatus
from schedules.models import Publication
from tests.factories import program
from tests.factories.resilience import MONDAY, MORNING, ward, watched_ward

pytestmark = pytest.mark.django_db


def test_a_day_has_one_value_the_newest():
    made = watched_ward()
    program.absence(made["A"], MONDAY)

    measurements.record(at=MORNING + dt.timedelta(hours=1))

    assert list(Measurement.objects.filter(loop="coverage").values_list("date", "value")) == [(MONDAY, 0.8)]


def test_values_come_back_in_the_order_of_time():
    watched_ward()
    for days_ago, value in ((2, 0.7), (1, 0.9)):
        Measurement.objects.create(loop="coverage", date=MONDAY - days_ago * ONE_DAY, at=MORNING, value=value)

    assert measurements.history(at=MORNING)[Loop.COVERAGE] == [0.7, 0.9, 1.0]


@pytest.mark.parametrize(("days_ago", "known"), [(1, True), (2, False)])
def test_a_loop_without_a_value_of_yesterday_has_none(days_ago, known):
    Measurement.objects.create(loop="coverage", date=MONDAY - days_ago * ONE_DAY, at=MORNING, value=0.9)

    assert (Loop.COVERAGE in measurements.history(at=MORNING)) is known


def test_nothing_is_recorded_of_nothing():
    assert (measurements.record(at=MORNING), Measurement.objects.count()) == (0, 0)


def test_stability_counts_cells_changed_in_the_last_seven_days():
    made = ward()
    rows = made.schedule.assignments.filter(person=made["B"], session="AM", date__in=[MONDAY, MONDAY + ONE_DAY])
    for row, days_ago in zip(rows, (6, 8), strict=True):
        row._history_date, row.locked = MORNING - days_ago * ONE_DAY, True
        with program.open_gate():
            row.save()

    # Four people, seven days, two half-days each: one of 56 cells was changed within the week.
    assert measurements.stability(load(MONDAY, MONDAY + 6 * ONE_DAY), at=MORNING) == pytest.approx(1 - 1 / 56)


def test_a_version_published_in_the_week_changes_what_differs_from_the_one_it_replaced():
    made = ward()
    after = program.schedule(made.schedule.start_date, made.schedule.end_date, status=ScheduleStatus.DRAFT)
    rows = made.schedule.assignments.select_related("person", "activity").order_by("date", "session", "person")
    copies = [(row.person, row.date, row.session, row.activity.code) for row in rows]
    moved = [(p, d, s, "OFF" if (p, d, s) == (made["B"], MONDAY, "AM") else code) for p, d, s, code in copies]
    program.assignments(after, moved)
    with program.open_gate():
        for version, status in ((made.schedule, ScheduleStatus.SUPERSEDED), (after, ScheduleStatus.PUBLISHED)):
            version.status, version.published_at = status, MORNING
            version.save()
    published = Publication.objects.create(schedule=after, published_at=MORNING - dt.timedelta(days=6))
    published.replaced.set([made.schedule])

    week = load(MONDAY, MONDAY + 6 * ONE_DAY)
    assert measurements.stability(week, at=MORNING) == pytest.approx(1 - 1 / 56)
    assert measurements.stability(week, at=MORNING + 2 * ONE_DAY) == 1


def test_the_spread_of_hours_among_residents_who_share_a_rotation():
    program.standard_activities()
    program.policy()
    block, clinic, ward_ = program.block(), program.rotation(), program.rotation()
    people = [program.resident(2), program.resident(3), program.resident(1)]
    version = program.schedule(MONDAY, MONDAY, status=ScheduleStatus.PUBLISHED)
    for person, rotation in zip(people, (clinic, clinic, ward_), strict=True):
        program.block_assignment(person, block, rotation)
    for person, afternoon in zip(people, ("C", "OFF", "C"), strict=True):
        program.assignments(version, [(person, MONDAY, "AM", "C"), (person, MONDAY, "PM", afternoon)])

    # Ten and five hours on the one rotation, 2.5 from their mean each; nobody shares the other. The mean is 25/3.
    assert measurements.spread(load(MONDAY, MONDAY)) == pytest.approx((12.5 / 3) ** 0.5 / (25 / 3))


def test_compliance_is_the_share_of_people_without_a_hard_finding():
    made = ward()
    # D lacks the credential of the unit.
    row = made.schedule.assignments.get(person=made["D"], date=MONDAY, session="AM")
    row.activity = made.demand.activity
    with program.open_gate():
        row.save()

    assert measurements.compliance(load(MONDAY, MONDAY + 6 * ONE_DAY)) == 0.75
