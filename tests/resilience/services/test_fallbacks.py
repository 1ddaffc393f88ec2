"""Stored plans: made, judged against what is published, and activated exactly as shown or not at all."""

from __future__ import annotations

import datetime as dt

import pytest

from common.errors import Invalid
from resilience.models import FallbackPlan
from resilience.services import fallbacks, posture
from schedules.domain.rules import check
from schedules.mapping import load_problem, load_roster
from schedules.models import Assignment, ComplianceEvent, PersonCredential
from schedules.services import editing
from tests.factories import generation, program
from tests.factories.resilience import END, MONDAY, MORNING, START, granted, watched_ward

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_backups")]

TUESDAY, FRIDAY = MONDAY + dt.timedelta(1), MONDAY + dt.timedelta(4)


@pytest.fixture
def ward():
    return watched_ward()


def plan_of(ward, letters="A", start=TUESDAY, end=FRIDAY):
    return fallbacks.make("single_absence", [ward.id(letter) for letter in letters], start, end, at=MORNING)


def activate(plan, by):
    return fallbacks.activate(
        plan, approval=granted("fallback", fallbacks.fingerprint(plan), at=MORNING), by=by, at=MORNING
    )


def hard():
    problem = load_problem(START, END)
    found = check(problem, load_roster(problem, schedule="published"))
    return [finding.rule for finding in found.hard]


def test_what_is_activated_is_what_was_simulated(ward, director):
    plan = plan_of(ward)
    program.absence(ward["A"], TUESDAY, FRIDAY)
    before = generation.cells(ward.schedule)
    shown = {
        (change.person.id, change.date, change.session): change.after
        for change in fallbacks.preview(plan, at=MORNING).changes
    }

    activated = activate(plan, director)

    assert generation.cells(ward.schedule) == before | shown
    assert (activated.state, activated.activated_by, hard()) == ("ACTIVATED", director, [])
    assert set(Assignment.objects.filter(source="FALLBACK").values_list("activity__code", flat=True)) == {"ICU", "LV"}
    assert not ComplianceEvent.objects.filter(status="OPEN", severity="HARD").exists()


def test_a_changed_schedule_makes_every_plan_stale_and_unusable(ward, director):
    plan = plan_of(ward)
    program.absence(ward["A"], TUESDAY, FRIDAY)
    change = editing.Change(ward.id("D"), TUESDAY, "PM", "OFF")
    editing.set_cell(ward.schedule, change, by=director, at=MORNING)
    before = generation.cells(ward.schedule)

    counts = fallbacks.refresh(at=MORNING)
    with pytest.raises(fallbacks.PlanRefused, match="stale"):
        activate(plan, director)

    assert (counts, generation.cells(ward.schedule)) == ({"STALE": 1}, before)


def test_a_plan_whose_dates_are_over_is_expired(ward, director):
    plan = plan_of(ward)

    fallbacks.refresh(at=MORNING + dt.timedelta(days=5))
    plan.refresh_from_db()

    assert plan.state == "EXPIRED"
    assert plan.expires_at == dt.datetime(2026, 3, 21, 10, tzinfo=dt.UTC)


def test_a_plan_that_has_begun_is_stale(ward):
    plan_of(ward)

    assert fallbacks.refresh(at=MORNING + dt.timedelta(days=2)) == {"STALE": 1}


def test_nobody_is_taken_out_without_an_approved_absence(ward, director):
    plan = plan_of(ward)

    with pytest.raises(fallbacks.PlanRefused, match="no approved absence"):
        activate(plan, director)


def test_a_plan_is_used_once(ward, director):
    plan = plan_of(ward)
    program.absence(ward["A"], TUESDAY, FRIDAY)
    activate(plan, director)

    with pytest.raises(fallbacks.PlanRefused, match="activated before"):
        activate(plan, director)


def test_a_plan_that_would_break_a_rule_now_is_refused(ward, director):
    plan = plan_of(ward)
    (moved,) = {ward["B"], ward["C"]} & {person for person in ward.people.values() if str(person.pk) in plan.moved}
    program.absence(ward["A"], TUESDAY, FRIDAY)
    PersonCredential.objects.get(person=moved).delete()
    program.holds(moved, ward.credential, expires_on=TUESDAY)

    with pytest.raises(fallbacks.PlanRefused) as refusal:
        activate(plan, director)

    assert refusal.value.code == "would_violate"


@pytest.mark.parametrize("wrong", ["action", "shown", "none"])
def test_without_the_right_approval_nothing_changes(ward, director, wrong):
    plan = plan_of(ward)
    program.absence(ward["A"], TUESDAY, FRIDAY)
    before = generation.cells(ward.schedule)
    approval = {
        "action": granted("shedding", fallbacks.fingerprint(plan), at=MORNING),
        "shown": granted("fallback", "something else", at=MORNING),
        "none": None,
    }[wrong]

    with pytest.raises(Exception, match=r"propose|approved"):
        fallbacks.activate(plan, approval=approval, by=director, at=MORNING)

    plan.refresh_from_db()
    assert (plan.state, generation.cells(ward.schedule)) == ("VALID", before)


def test_the_standing_plans_move_on_with_the_days(ward):
    first = fallbacks.recompute(at=MORNING)
    fallbacks.recompute(at=MORNING + dt.timedelta(days=1))

    assert (first, FallbackPlan.objects.count()) == (4, 4)
    assert set(FallbackPlan.objects.values_list("start_date", flat=True)) == {TUESDAY}


def test_named_cohorts_and_fatal_pairs_have_plans_of_their_own():
    made = watched_ward(minimum=2, cohorts={"deployment": []})
    program.absence(made["C"], TUESDAY)

    fallbacks.recompute(at=MORNING)
    posture.evaluate(at=MORNING)

    scenarios = list(FallbackPlan.objects.values_list("scenario", flat=True))
    assert {name: scenarios.count(name) for name in set(scenarios)} == {"single_absence": 4, "dual_absence": 3}


@pytest.mark.parametrize(
    ("scenario", "letters", "start", "end"),
    [
        ("flood", "A", TUESDAY, FRIDAY),
        ("single_absence", "", TUESDAY, FRIDAY),
        ("single_absence", "A", MONDAY - dt.timedelta(9), MONDAY - dt.timedelta(2)),
        ("single_absence", "A", END + dt.timedelta(2), END + dt.timedelta(3)),
    ],
)
def test_plans_need_a_scenario_people_and_published_dates(ward, scenario, letters, start, end):
    with pytest.raises(Invalid):
        fallbacks.make(scenario, [ward.id(letter) for letter in letters], start, end, at=MORNING)
