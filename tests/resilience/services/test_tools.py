"""The tools on the small ward: what each says, and how an absence, a credential and a demand move its figures."""

from __future__ import annotations

import datetime as dt

import pytest

from resilience.domain.levels import Level
from resilience.models import FallbackPlan, Measurement, PostureState
from resilience.services import fallbacks, posture
from resilience.services.tools import (
    TOOLS,
    analyze_homeostasis_tool,
    analyze_hub_centrality_tool,
    analyze_le_chatelier_tool,
    assess_cognitive_load_tool,
    calculate_blast_radius_tool,
    check_mtf_compliance_tool,
    check_utilization_threshold_tool,
    execute_sacrifice_hierarchy_tool,
    get_defense_level_tool,
    get_static_fallbacks_tool,
    run_contingency_analysis_resilience_tool,
)
from schedules.enums import AbsenceKind
from schedules.models import Absence, Activity, Demand, FacultyDuty, PersonCredential, ProgramPolicy, Schedule
from tests.factories import program
from tests.factories.resilience import MONDAY, MORNING, policy, watched_ward

pytestmark = pytest.mark.django_db

TUESDAY, THURSDAY = MONDAY + dt.timedelta(1), MONDAY + dt.timedelta(3)
LATER = MORNING + dt.timedelta(minutes=5)


@pytest.fixture
def ward():
    return watched_ward()


def expire(ward, letter, last):
    PersonCredential.objects.get(person=ward[letter]).delete()
    program.holds(ward[letter], ward.credential, expires_on=last)


def ask_for(number):
    row = Demand.objects.get()
    row.minimum = row.desired = number
    row.save()


def absent(ward, letters, start, end=None):
    for letter in letters:
        program.absence(ward[letter], start, end)


def names(refs):
    return [ref.name[-1] for ref in refs]


# --- check_utilization_threshold_tool --------------------------------------------------------------------------------


def utilization():
    answer = check_utilization_threshold_tool(at=LATER)
    return answer.demanded, answer.available, answer.margin, answer.buffer


def test_utilization_of_the_ward(ward):
    answer = check_utilization_threshold_tool(at=LATER)

    assert utilization() == (5, 15, 2, 7)
    assert (answer.level, answer.rate, answer.safe_maximum, answer.pool) == (Level.GREEN, pytest.approx(1 / 3), 12, 3)
    assert (answer.bottleneck.posts, names(answer.bottleneck.people)) == (("ICU attending",), ["A", "B", "C"])
    assert (answer.wait_days, answer.data_age_seconds) == (None, 300)
    assert answer.wait_reason


def test_an_absence_takes_its_half_days_out_of_the_available_ones(ward):
    absent(ward, "B", TUESDAY)

    assert utilization() == (5, 14, 1, 6)


def test_a_credential_that_expires_takes_the_days_after_it(ward):
    expire(ward, "C", TUESDAY)

    assert utilization() == (5, 12, 1, 4)


def test_a_greater_demand_asks_for_more_of_the_same_people(ward):
    ask_for(2)

    assert utilization() == (10, 15, 1, 2)


def test_the_wait_for_somebody_free_follows_the_unplanned_absences_on_record(ward):
    absent(ward, "D", MONDAY - dt.timedelta(40), MONDAY - dt.timedelta(39))
    before = check_utilization_threshold_tool(at=LATER)
    row = Absence.objects.get()
    row.kind = AbsenceKind.SICK
    row.save()
    after = check_utilization_threshold_tool(at=LATER)

    assert (before.wait_days, before.wait_reason) == (
        None,
        "No sick or emergency absence of the past is on record, so arrivals are not measured.",
    )
    # One in forty days for two days, B and C free to step in: load 1/20 on two servers.
    busy = 0.05**2 / 2 * 2 / (2 - 0.05)
    assert after.wait_days == pytest.approx(busy / (1 + 0.05 + busy) * 2 / (2 - 0.05))
    assert after.wait_reason == ""


# --- get_defense_level_tool ------------------------------------------------------------------------------------------


def defense():
    posture.evaluate(at=LATER, touched=[MONDAY + dt.timedelta(offset) for offset in range(7)])
    answer = get_defense_level_tool(at=LATER)
    return answer.defense, answer.coverage, answer.posture


def test_the_whole_ward_is_held_by_prevention(ward):
    answer = get_defense_level_tool(at=LATER)

    assert defense() == ("1 - PREVENTION", 1.0, "GREEN")
    assert [barrier.name for barrier in answer.barriers] == [
        "PREVENTION", "CONTROL", "SAFETY_SYSTEMS", "CONTAINMENT", "EMERGENCY",
    ]  # fmt: skip
    assert {barrier.name: barrier.state for barrier in answer.barriers}["SAFETY_SYSTEMS"] == "READY"


def test_the_holders_absence_leaves_a_morning_open(ward):
    absent(ward, "A", TUESDAY)

    assert defense() == ("3 - SAFETY_SYSTEMS", 0.8, "YELLOW")


def test_the_holders_credential_expires_before_friday(ward):
    expire(ward, "A", THURSDAY)

    assert defense() == ("3 - SAFETY_SYSTEMS", 0.8, "YELLOW")


def test_half_of_a_doubled_demand_is_an_emergency(ward):
    ask_for(2)

    assert defense() == ("5 - EMERGENCY", 0.5, "YELLOW")


def test_a_plan_is_valid_for_its_barrier_only_on_the_cells_of_now(ward):
    fallbacks.recompute(at=LATER)
    before = containment()
    row = ward.schedule.assignments.get(person=ward["D"], date=TUESDAY, session="AM")
    with program.open_gate():
        row.activity = ward.schedule.assignments.filter(activity__code="W").first().activity
        row.save()

    assert (before, containment()) == (True, False)


def containment():
    matrix = {barrier.name: barrier for barrier in get_defense_level_tool(at=LATER).barriers}
    return next(
        piece.holds for piece in matrix["CONTAINMENT"].evidence if piece.what == "Every stored fallback is valid"
    )


# --- run_contingency_analysis_resilience_tool ------------------------------------------------------------------------


def losses(**more):
    answer = run_contingency_analysis_resilience_tool(at=LATER, **more)
    return answer.margin_safety, [(item.person.name[-1], item.uncovered) for item in answer.critical]


def test_the_ward_survives_any_two_losses(ward):
    answer = run_contingency_analysis_resilience_tool(at=LATER)

    assert losses() == (2, [])
    assert (answer.level, answer.n1_compliant, answer.n2_compliant, answer.fatal_pairs) == (Level.GREEN, True, True, 0)
    assert (len(answer.timeline), answer.pairs_analysed) == (5, 6)


def test_two_absences_leave_one_critical_person_on_that_day(ward):
    absent(ward, "BC", TUESDAY)

    assert losses() == (0, [("A", 1)])


def test_an_expired_credential_leaves_fatal_pairs(ward):
    expire(ward, "C", TUESDAY)
    answer = run_contingency_analysis_resilience_tool(at=LATER)

    assert losses() == (1, [])
    assert [(names(group.people), group.sessions) for group in answer.fatal_groups] == [(["A", "B"], 3)]


def test_a_demand_for_three_makes_everybody_critical_on_every_morning(ward):
    ask_for(3)

    margin, critical = losses()
    assert (margin, set(critical)) == (0, {("A", 5), ("B", 5), ("C", 5)})


@pytest.mark.parametrize(("lost", "outcome", "uncovered"), [("A", "SAFE", 0), ("AB", "SAFE", 0), ("ABC", "FATAL", 5)])
def test_every_scenario_ends_in_proof_or_witness(ward, lost, outcome, uncovered):
    people = [ward.id(letter) for letter in lost]

    (found,) = run_contingency_analysis_resilience_tool(at=LATER, scenario="deployment", people=people).scenarios

    assert (found.outcome, found.uncovered) == (outcome, uncovered)
    assert bool(found.witness) == (outcome == "SAFE")
    assert bool(found.certificates) == (outcome == "FATAL")


def test_a_cohort_that_nobody_entered_is_unknown(ward):
    answer = run_contingency_analysis_resilience_tool(at=LATER, scenario="pcs_season")

    assert (answer.level, answer.unknown_count) == (Level.UNKNOWN, 1)


def test_a_stored_cohort_is_analysed_by_its_name(ward):
    policy(cohorts={"deployment": [ward.id("A"), ward.id("B"), ward.id("C")]})

    answer = run_contingency_analysis_resilience_tool(at=LATER, scenario="deployment")

    assert (answer.scenarios[0].outcome, answer.level) == ("FATAL", Level.RED)


def test_the_expected_loss_needs_four_weeks_of_absences(ward):
    before = run_contingency_analysis_resilience_tool(at=LATER)
    absent(ward, "D", MONDAY - dt.timedelta(40), MONDAY - dt.timedelta(1))
    after = run_contingency_analysis_resilience_tool(at=LATER)

    assert (before.absence_rate, before.expected_uncovered) == (None, None)
    assert before.expected_reason == "No absence of the past is on record."
    # One of four people away on all forty days; a morning is open when all three who can take it are away.
    assert (after.absence_rate, after.expected_uncovered) == (0.25, pytest.approx(0.25**3 * 5 * 28 / 7))


def test_the_cascade_without_a_scenario_lives_through_the_gravest_single_loss(ward):
    # Nobody is critical. A morning of the unit takes longer than the administration it takes people from: whoever takes
    # one over works more than planned, and above the limit. B on Monday, C on Tuesday, then nobody is left.
    unit = Activity.objects.get(code="ICU")
    unit.am_hours += 4
    unit.save()
    limits = ProgramPolicy.objects.get()
    limits.weekly_hours_limit = 10
    limits.save()

    answer = run_contingency_analysis_resilience_tool(at=LATER, include_cascade_simulation=True)

    assert (answer.critical, answer.cascade.risk) == ((), "MEDIUM")
    assert set(names(answer.cascade.dropped)) == {"B", "C"}
    assert answer.cascade.first_open == MONDAY + dt.timedelta(2)


# --- get_static_fallbacks_tool ---------------------------------------------------------------------------------------


def plan_for(ward, letter):
    fallbacks.recompute(at=LATER)
    (plan,) = get_static_fallbacks_tool(at=LATER, scenario="single_absence", people=[ward.id(letter)]).plans
    return len(plan.moved), sum(post.missing for post in plan.open), plan.coverage


def test_a_plan_for_everybody_is_kept(ward):
    fallbacks.recompute(at=LATER)
    answer = get_static_fallbacks_tool(at=LATER)

    assert (answer.by_state, answer.level) == ({"VALID": 4}, Level.GREEN)
    assert plan_for(ward, "A") == (1, 0, 1.0)


def test_a_plan_that_leaves_a_rule_broken_is_not_green(ward):
    fallbacks.recompute(at=LATER)
    plan = FallbackPlan.objects.get(people=[ward.id("A")])
    plan.unresolved = ["Somebody works eight days in a row."]
    plan.save()

    answer = get_static_fallbacks_tool(at=LATER)

    assert (answer.by_state, answer.level) == ({"VALID": 4}, Level.YELLOW)
    assert "With posts open or rules broken: 1." in answer.message


def test_a_plan_whose_replacement_went_on_leave_is_stale(ward):
    fallbacks.recompute(at=LATER)
    plan = FallbackPlan.objects.get(people=[ward.id("A")])
    (replacement,) = {change[0] for change in plan.changes if change[4] == "ICU" and change[1] == TUESDAY.isoformat()}
    program.absence(next(person for person in ward.people.values() if str(person.pk) == replacement), TUESDAY)

    answer = get_static_fallbacks_tool(at=LATER)

    assert {plan.state for plan in answer.plans if ward.id("A") in {ref.id for ref in plan.people}} == {"STALE"}
    assert answer.by_state == {"STALE": 1, "VALID": 3}


def test_an_absence_moves_another_person_into_the_plan(ward):
    absent(ward, "B", TUESDAY)
    absent(ward, "C", THURSDAY)

    assert plan_for(ward, "A") == (2, 0, 1.0)


def test_expired_credentials_leave_posts_of_the_plan_open(ward):
    expire(ward, "B", MONDAY - dt.timedelta(1))
    expire(ward, "C", TUESDAY)

    assert plan_for(ward, "A") == (1, 3, 0.4)


def test_a_doubled_demand_needs_both_others(ward):
    ask_for(2)

    assert plan_for(ward, "A") == (2, 0, 1.0)


# --- execute_sacrifice_hierarchy_tool --------------------------------------------------------------------------------


def shed():
    answer = execute_sacrifice_hierarchy_tool(at=LATER)
    orange = next((effect for effect in answer.effects if effect.level == "ORANGE"), None)
    return answer.smallest, orange and (orange.filled, orange.shed, orange.missing)


def test_nothing_is_shed_while_patient_care_is_covered(ward):
    answer = execute_sacrifice_hierarchy_tool(at=LATER)

    assert (answer.level, answer.needed, answer.simulated, shed()) == (Level.GREEN, False, True, (None, None))


def test_an_absence_is_filled_by_giving_up_administration(ward):
    absent(ward, "A", TUESDAY, THURSDAY)
    answer = execute_sacrifice_hierarchy_tool(at=LATER)

    assert shed() == ("ORANGE", (3, 3, 0))
    assert (answer.level, answer.freed) == (Level.ORANGE, {"icu": 3})
    assert [step.level for step in answer.restore_plan] == ["ORANGE"]


def test_nobody_without_the_credential_is_freed(ward):
    absent(ward, "A", TUESDAY, THURSDAY)
    expire(ward, "B", MONDAY)
    expire(ward, "C", TUESDAY)

    assert shed() == (None, (1, 1, 2))


def test_a_doubled_demand_frees_one_more_each_morning(ward):
    ask_for(2)

    assert shed() == ("ORANGE", (5, 5, 0))


# --- analyze_homeostasis_tool ----------------------------------------------------------------------------------------


def coverage_loop():
    posture.evaluate_fully(at=LATER)
    found = {loop.loop: loop for loop in analyze_homeostasis_tool(at=LATER).loops}
    return found["coverage"].value, found["coverage"].state


def test_the_loops_of_the_ward(ward):
    answer = analyze_homeostasis_tool(at=LATER)

    states = {loop.loop: (loop.state, loop.value) for loop in answer.loops}
    assert states["coverage"] == ("IN_BAND", 1.0)
    assert states["utilization"] == ("IN_BAND", pytest.approx(1 / 3))
    assert states["schedule stability"] == ("IN_BAND", 1.0)
    assert states["compliance"] == ("IN_BAND", 1.0)
    # No residents are scheduled, so their hours have no spread; unknown is never in band.
    assert states["workload spread"] == ("UNKNOWN", None)
    assert (answer.level, answer.strained, answer.measured_people) == (Level.UNKNOWN, (), 4)


@pytest.mark.parametrize(
    ("change", "value", "state"),
    [
        (lambda ward: absent(ward, "A", TUESDAY), 0.8, "OUT_OF_BAND"),
        (lambda ward: expire(ward, "A", THURSDAY), 0.8, "OUT_OF_BAND"),
        (lambda ward: ask_for(2), 0.5, "OUT_OF_BAND"),
    ],
    ids=["absence", "credential", "demand"],
)
def test_the_coverage_loop_follows_the_inputs(ward, change, value, state):
    change(ward)

    assert coverage_loop() == (value, state)


# --- calculate_blast_radius_tool -------------------------------------------------------------------------------------


def inpatient():
    answer = calculate_blast_radius_tool(at=LATER)
    zone = next(zone for zone in answer.zones if zone.zone == "inpatient")
    return zone.demanded, zone.isolated, zone.borrowing, zone.pooled, len(answer.loans)


def test_the_inpatient_zone_covers_itself(ward):
    answer = calculate_blast_radius_tool(at=LATER)

    assert (answer.level, answer.containment, inpatient()) == (Level.GREEN, "NONE", (5, 0, 0, 0, 0))


def test_an_absence_is_lent_by_administration(ward):
    absent(ward, "A", TUESDAY)

    assert inpatient() == (5, 1, 0, 0, 1)


def test_a_credential_that_expires_leaves_friday_to_a_loan(ward):
    expire(ward, "A", THURSDAY)

    assert inpatient() == (5, 1, 0, 0, 1)


def test_a_doubled_demand_borrows_one_a_morning(ward):
    ask_for(2)

    assert inpatient() == (10, 5, 0, 0, 5)


# --- analyze_le_chatelier_tool ---------------------------------------------------------------------------------------


def lasting(ward, letters="A"):
    answer = analyze_le_chatelier_tool(at=LATER, people=[ward.id(letter) for letter in letters])
    by_level = {view.shed: view.debt for view in answer.by_level}
    return answer.exhausted_on, answer.debt, by_level["ORANGE"]


def test_others_owe_themselves_time_off_for_a_lost_person(ward):
    assert lasting(ward) == (None, 5, 0)


def test_two_absences_on_a_day_exhaust_the_ward(ward):
    absent(ward, "BC", TUESDAY)

    assert lasting(ward) == (TUESDAY, 1, 0)


def test_credentials_bound_the_days(ward):
    expire(ward, "B", MONDAY)
    expire(ward, "C", TUESDAY)

    assert lasting(ward) == (TUESDAY + dt.timedelta(1), 2, 0)


def test_a_doubled_demand_doubles_the_debt(ward):
    ask_for(2)

    assert lasting(ward) == (None, 10, 0)


# --- analyze_hub_centrality_tool -------------------------------------------------------------------------------------


def first_hub():
    hub = analyze_hub_centrality_tool(at=LATER).hubs[0]
    return hub.person.name[-1], hub.uncovered, hub.fatal_sessions


def test_no_hub_stands_out(ward):
    assert (analyze_hub_centrality_tool(at=LATER).level, first_hub()[1:]) == (Level.GREEN, (0, 0))


def test_absences_make_a_hub_of_who_is_left(ward):
    absent(ward, "BC", TUESDAY)

    assert first_hub() == ("A", 1, 0)


def test_an_expired_credential_makes_pairs_fatal(ward):
    expire(ward, "C", TUESDAY)

    assert first_hub()[1:] == (0, 3)


def test_a_demand_for_three_makes_hubs_and_names_whom_to_train(ward):
    ask_for(3)
    answer = analyze_hub_centrality_tool(at=LATER)

    assert first_hub()[1:] == (5, 0)
    assert [(names([gain.person]), gain.margin_before, gain.margin_after) for gain in answer.trainings] == []


# --- assess_cognitive_load_tool --------------------------------------------------------------------------------------


def test_the_load_counts_what_really_waits(ward):
    before = assess_cognitive_load_tool(at=LATER)
    program.absence(ward["B"], TUESDAY, status="REQUESTED")
    program.schedule(MONDAY, THURSDAY)
    after = assess_cognitive_load_tool(at=LATER)

    assert (before.pending, before.minutes, before.level) == (0, 0, Level.GREEN)
    assert (after.pending, after.minutes, len(after.overdue)) == (2, 25, 0)
    assert [decision.kind for decision in after.queue] == ["absence", "draft"]


def test_more_than_twelve_are_offered_to_the_deputy_and_none_is_decided(ward):
    for offset in range(13):
        program.absence(ward["D"], MONDAY + dt.timedelta(20 + offset), status="REQUESTED")

    answer = assess_cognitive_load_tool(at=LATER)

    assert (answer.pending, answer.level, len(answer.reroute)) == (13, Level.ORANGE, 6)


def test_a_kind_that_nobody_estimated_has_no_total(ward):
    policy(decision_minutes={})
    program.absence(ward["B"], TUESDAY, status="REQUESTED")

    answer = assess_cognitive_load_tool(at=LATER)

    assert (answer.level, answer.pending, answer.minutes, answer.clear_at) == (Level.UNKNOWN, 1, None, None)


# --- check_mtf_compliance_tool ---------------------------------------------------------------------------------------


def areas():
    answer = check_mtf_compliance_tool(at=LATER)
    return {area.area: (area.filled, area.demanded, area.rating) for area in answer.areas}


def test_the_worksheet_of_the_ward(ward):
    answer = check_mtf_compliance_tool(at=LATER)

    assert areas() == {"P": (28, 28, 1), "S": (5, 5, 1), "T": (None, None, None)}
    # Nobody rotates here, so required experience is unknown: never green.
    assert (answer.level, answer.overall, answer.breaker) == (Level.UNKNOWN, 1, "CLOSED")


def test_absences_lower_the_people(ward):
    absent(ward, "BCD", MONDAY, TUESDAY)

    assert areas()["P"] == (22, 28, 3)


def test_an_expired_credential_lowers_the_supervision(ward):
    expire(ward, "A", THURSDAY)

    assert areas()["S"] == (4, 5, 2)


def test_a_doubled_demand_lowers_the_supervision(ward):
    ask_for(2)

    assert areas()["S"] == (5, 10, 4)


# --- missing, stale, failing -----------------------------------------------------------------------------------------

ON_THE_SCHEDULE = sorted(set(TOOLS) - {"assess_cognitive_load_tool", "get_static_fallbacks_tool"})


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_tool_is_unknown_where_nobody_watches(name):
    answer = TOOLS[name](at=MORNING)

    assert (answer.level.alarm >= Level.YELLOW, answer.data_age_seconds) == (True, None)


@pytest.mark.parametrize("name", ON_THE_SCHEDULE)
def test_a_tool_is_unknown_where_nothing_is_published(name, ward):
    with program.open_gate():
        Schedule.objects.all().delete()
    posture.evaluate(at=LATER, touched=[MONDAY])

    answer = TOOLS[name](at=LATER)

    assert answer.level.alarm >= Level.YELLOW
    assert answer.message


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_tool_is_unknown_where_the_data_are_stale(name, ward):
    answer = TOOLS[name](at=MORNING + dt.timedelta(hours=2))

    assert answer.level.alarm >= Level.YELLOW
    assert "stale" in answer.message or name == "get_defense_level_tool"
    assert answer.data_age_seconds == 7200


@pytest.mark.parametrize("name", ON_THE_SCHEDULE)
def test_a_tool_that_fails_says_so(name, ward):
    duty = FacultyDuty.objects.get(pk=ward["A"].duty_id)
    duty.maximum = {"no such work": 1}
    duty.save()
    posture.evaluate(at=LATER, touched=[MONDAY])

    answer = TOOLS[name](at=LATER)

    assert answer.level.alarm >= Level.YELLOW


def test_a_failed_evaluation_drops_the_figures_and_says_so(ward):
    duty = FacultyDuty.objects.get(pk=ward["A"].duty_id)
    duty.maximum = {"no such work": 1}
    duty.save()

    state = posture.evaluate(at=LATER, touched=[MONDAY])

    assert (state.failure, state.level) == ("ValueError while the margins were computed.", "YELLOW")
    assert "k*(safety) within 7 days" in state.unknown


def test_stored_rows_of_the_queue_of_a_stale_loop_count_as_none(ward):
    old = MORNING + dt.timedelta(days=3)
    PostureState.objects.update(evaluated_at=old)

    loops = {loop.loop: loop.state for loop in analyze_homeostasis_tool(at=old).loops}

    assert Measurement.objects.filter(loop="coverage").count() == 1
    assert loops["coverage"] == "UNKNOWN"


def test_stale_plans_are_never_green(ward):
    fallbacks.recompute(at=LATER)
    program.assignments(ward.schedule, [(ward["B"], TUESDAY, "NIGHT", "CALL")])

    answer = get_static_fallbacks_tool(at=LATER)

    assert (answer.level, answer.by_state) == (Level.YELLOW, {"STALE": 4})
    assert FallbackPlan.objects.count() == 4
