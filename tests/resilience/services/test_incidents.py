"""Incidents: one per cause, its states, times met and missed, the timeline nobody changes, and how it ends."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import DatabaseError, transaction

from accounts.enums import Role
from common.errors import DomainError, Invalid, NotAllowed
from resilience import tasks
from resilience.domain.levels import Level, Measured
from resilience.enums import ApprovalState, IncidentKind
from resilience.models import FallbackPlan, Incident, IncidentEvent
from resilience.services import approvals, breaker, documents, fallbacks, incidents, posture
from resilience.services.incidents import Finding, news
from schedules.domain.problem import ONE_DAY
from schedules.enums import AbsenceKind, AbsenceStatus
from schedules.models import Assignment
from schedules.signals import cover_wanted
from tests.factories import backups, program, resilience

AT = resilience.MORNING
MONDAY = resilience.MONDAY
FRIDAY = MONDAY + dt.timedelta(days=4)

pytestmark = pytest.mark.django_db


def minutes(count: int) -> dt.datetime:
    return AT + dt.timedelta(minutes=count)


def found(severity: Level = Level.YELLOW, **fields: object) -> Incident:
    """An incident that the system opened at AT."""
    standard = {"kind": IncidentKind.POSTURE, "cause": "posture", "severity": severity, "title": "The posture rose"}
    return incidents.open_incident(Finding(**standard | fields), at=AT)


def events(incident: Incident) -> list[str]:
    return list(incident.timeline.values_list("event", flat=True))


def met(incident: Incident, at: dt.datetime) -> dict[str, bool | None]:
    """Step -> whether its time was kept, of the severity that holds."""
    return {item.step: item.met for item in incidents.times(incident, at=at)}


def code(call: object, *args: object, **fields: object) -> str:
    with pytest.raises(DomainError) as refused:
        call(*args, **fields)  # type: ignore[operator]
    return refused.value.code


@pytest.fixture
def coordinator(user_as):
    return user_as(Role.COORDINATOR)


@pytest.fixture
def director(user_as):
    return user_as(Role.PROGRAM_DIRECTOR)


# --- opening --------------------------------------------------------------------------------------------------------


def test_a_cause_has_one_open_incident_and_what_is_graver_raises_it(coordinator, director):
    first = found()
    second = found(Level.RED, value="2")
    third = found(Level.ORANGE, value="2")

    assert first.pk == second.pk == third.pk
    assert (third.severity, third.highest) == ("RED", "RED")
    assert events(third) == ["OPENED", "NOTIFIED", "SEEN_AGAIN", "SEVERITY", "NOTIFIED"]
    assert director.notifications.filter(kind="INCIDENT").count() == 1
    assert coordinator.notifications.filter(kind="INCIDENT").count() == 2


def test_black_pages_everybody_who_can_act(user_as):
    people = [user_as(role) for role in Role]

    found(Level.BLACK)

    assert {user.role for user in people if user.notifications.exists()} == {
        Role.COORDINATOR,
        Role.ARCHITECT,
        Role.PROGRAM_DIRECTOR,
        Role.ADMINISTRATOR,
    }


def test_after_its_end_the_same_cause_opens_another(coordinator):
    first = incidents.dismiss(found(), by=coordinator, at=AT, reason="A sensor of nothing.")

    second = found()

    assert (first.state, second.number) == ("FALSE_ALARM", first.number + 1)


@pytest.mark.parametrize(
    ("cause", "severity"),
    [("SAFETY_MARGIN", "RED"), ("HARD_VIOLATION", "ORANGE"), ("STALE_DATA", "ORANGE"), ("BY_HAND", "ORANGE")],
)
def test_a_trip_of_the_breaker_opens_one(cause, severity):
    assert news.breaker_opened(cause, "why", at=AT).severity == severity


def test_failed_roll_backs_and_generations_open_one_each():
    swap, run = resilience.uuid.uuid4(), resilience.uuid.uuid4()

    news.rollback_failed(swap, 3, at=AT)
    news.generation_failed(run, "solve", at=AT)
    news.generation_failed(run, "solve", at=AT)

    assert sorted(Incident.objects.values_list("kind", "severity")) == [("ROLLBACK", "ORANGE"), ("RUN", "YELLOW")]


def test_a_system_without_a_verified_backup_is_an_incident_once():
    incidents.sweep(AT)
    incidents.sweep(minutes(1))

    assert list(Incident.objects.values_list("kind", "severity", "title")) == [
        ("HEALTH", "ORANGE", "There is no verified backup")
    ]


def test_dead_workers_are_noticed_by_whoever_asks_how_the_system_does_and_once_they_live_again_it_is_said(client):
    resilience.watched_ward()

    for count in (6, 8, 61):
        with time_machine.travel(minutes(count), tick=False):
            client.get("/health")
    made = Incident.objects.get(cause="health:watch")
    early = met(made, minutes(62))["DETECTED"]
    posture.evaluate(at=minutes(62))
    incidents.sweep(minutes(63))
    incidents.sweep(minutes(64))
    made.refresh_from_db()

    assert (made.detected_at, early, made.highest) == (minutes(8), True, "ORANGE")
    assert (made.trigger_value, events(made).count("CAUSE_GONE")) == ("evaluated", 1)


def test_workers_that_come_back_find_out_how_long_nobody_watched():
    resilience.watched_ward()
    with time_machine.travel(minutes(120), tick=False):
        tasks.heartbeat()
    made = Incident.objects.get(cause="health:watch")

    assert (made.happened_at, met(made, minutes(120))["DETECTED"]) == (minutes(5), False)
    assert incidents.recovery(at=minutes(121)).calm_for == Measured(dt.timedelta(minutes=1))


def test_a_backup_again_ends_the_cause_of_its_incident_once(settings, tmp_path):
    settings.BACKUP_DIR = tmp_path
    made = incidents.open_incident(
        Finding(kind=IncidentKind.HEALTH, cause="health:backup", severity=Level.ORANGE, title="None", value="none"),
        at=AT,
    )
    backups.verified_backup()

    incidents.sweep(backups.database_clock())
    incidents.sweep(backups.database_clock())

    assert events(made).count("CAUSE_GONE") == 1


def test_only_staff_report_and_only_with_a_title_and_a_severity(coordinator, user_as):
    told = {"title": "The ward is flooded", "summary": "", "severity": Level.RED, "at": AT}

    made = incidents.report(**told, by=coordinator)

    assert (made.kind, made.severity, made.state) == ("REPORTED", "RED", "DETECTED")
    assert code(incidents.report, **told, by=user_as(Role.AGENT)) == "forbidden"
    assert code(incidents.report, **told, by=user_as(Role.FACULTY)) == "forbidden"
    assert code(incidents.report, **told | {"title": " "}, by=coordinator) == "invalid"
    assert code(incidents.report, **told | {"severity": Level.GREEN}, by=coordinator) == "invalid"


# --- times ----------------------------------------------------------------------------------------------------------


def test_times_are_kept_to_the_minute(coordinator):
    made = found(Level.ORANGE)

    incidents.acknowledge(made, by=coordinator, at=minutes(15))

    assert met(made, minutes(15))["ACKNOWLEDGED"] is True
    assert met(made, minutes(5))["ANALYSED"] is None
    assert met(made, minutes(6))["ANALYSED"] is False
    assert met(made, minutes(6))["DETECTED"] is True


def test_late_is_missed_though_it_was_done(coordinator):
    made = found(Level.ORANGE)

    incidents.acknowledge(made, by=coordinator, at=minutes(16))

    assert met(made, minutes(20))["ACKNOWLEDGED"] is False


def test_late_detection_is_missed():
    made = found(Level.ORANGE, happened_at=AT - dt.timedelta(minutes=2))

    assert met(made, AT)["DETECTED"] is False


def test_an_overdue_acknowledgement_is_told_upward_once(coordinator, director):
    made = found(Level.ORANGE)

    swept = [incidents.sweep(minutes(16)).missed, incidents.sweep(minutes(17)).missed]

    assert swept == [2, 0]  # the analysis and the acknowledgement
    assert director.notifications.filter(title__contains="acknowledged").count() == 1
    assert events(made).count("MISSED") == 2


def test_a_higher_severity_sets_stricter_times(coordinator):
    made = found(Level.YELLOW)
    found(Level.RED, value="2")
    due = {item.step: item.due_at for item in incidents.times(made, at=AT)}

    assert due["ACKNOWLEDGED"] == minutes(5)
    assert due["ANALYSED"] == minutes(2)
    assert due["SITREP"] == minutes(240)


def test_what_is_watched_and_becomes_graver_needs_another_answer():
    made = resilience.incident(cause="posture", kind=IncidentKind.POSTURE, state="MONITORING")

    found(Level.RED, value="2")
    made.refresh_from_db()

    assert (made.state, made.severity) == ("DIAGNOSED", "RED")


def test_an_update_starts_the_next_interval(coordinator):
    made = found(Level.RED)
    incidents.update(made, text="Calling the pool.", by=coordinator, at=minutes(50))

    updates = [(item.due_at, item.met) for item in incidents.times(made, at=minutes(50)) if item.step == "UPDATE"]

    assert updates == [(minutes(60), True), (minutes(110), None)]


def test_situation_reports_are_drafted_every_four_hours_at_red():
    made = found(Level.RED)
    resilience.watched_ward()

    written = [incidents.sweep(minutes(count)).reports for count in (239, 240, 241, 480)]

    assert written == [0, 1, 0, 1]
    assert list(made.documents.values_list("kind", flat=True)) == ["SITREP", "SITREP"]


# --- the life of one ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", ["update", "delete"])
def test_the_timeline_is_only_ever_added_to(statement):
    found()
    rows = IncidentEvent.objects.all()

    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        rows.update(text="") if statement == "update" else rows.delete()


def test_at_yellow_it_is_analysed_and_watched_by_itself():
    resilience.watched_ward()

    made = incidents.analyse(found(), at=minutes(1))

    assert made.state == "MONITORING"
    assert set(made.analysis) == {
        "run_contingency_analysis_resilience_tool",
        "analyze_hub_centrality_tool",
        "calculate_blast_radius_tool",
        "analyze_le_chatelier_tool",
        "check_utilization_threshold_tool",
    }
    assert (made.impact["k_safety"], made.impact["n1"], made.impact["cascade_risk"]) == (2, True, "LOW")
    assert {item.step: item.met for item in incidents.times(made, at=minutes(1))}["RESPONDED"] is True


def test_orange_simulates_and_proposes_nothing_black_proposes_and_writes(director, user_as):
    user_as(Role.ARCHITECT)
    resilience.watched_ward(minimum=4)

    orange = incidents.analyse(found(Level.ORANGE), at=AT)
    black = incidents.analyse(found(Level.BLACK, cause="other"), at=AT)

    assert "execute_sacrifice_hierarchy_tool" in orange.analysis
    assert (orange.state, orange.approvals.count(), orange.documents.count()) == ("DIAGNOSED", 0, 0)
    assert set(black.documents.values_list("kind", flat=True)) == {"SITREP", "MFR", "RFF"}


def test_orange_attaches_the_plan_for_who_is_away_and_the_standing_one_for_the_gravest_loss():
    ward = resilience.watched_ward()
    for letter in "BC":
        program.absence(ward[letter], MONDAY, FRIDAY)
    fallbacks.recompute(at=AT)
    standing = {frozenset(plan.people): plan for plan in FallbackPlan.objects.all()}

    yellow = incidents.analyse(found(Level.YELLOW), at=AT)
    orange = incidents.analyse(found(Level.ORANGE), at=AT)

    attached = [(item["key"].partition(":")[0], item["plan"]) for item in orange.recommendations if item["plan"]]
    made = FallbackPlan.objects.get(pk=attached[0][1])
    assert not [item for item in yellow.recommendations if item["plan"]]
    assert (attached[0][0], sorted(made.people)) == ("fallback", sorted([ward.id("B"), ward.id("C")]))
    # With B and C away nobody but A holds the credential: the loss of A is the one to be ready for.
    assert attached[1:] == [("ready", str(standing[frozenset({ward.id("A")})].pk))]


def test_where_several_are_missing_the_ways_out_stand_side_by_side_and_forces_are_asked_for():
    ward = resilience.watched_ward()
    people = [ward.id(letter) for letter in "ABC"]

    made = incidents.analyse(
        found(Level.ORANGE, kind=IncidentKind.REPORTED, people=people, start=MONDAY, end=FRIDAY), at=AT
    )

    ways = {item["option"]: dict(item["facts"]) for item in made.recommendations if item["option"]}
    (asked,) = made.documents.all()
    assert list(ways) == ["Partial shedding", "People from outside", "Cross-training"]
    assert {tuple(facts) for facts in ways.values()} == {
        ("Fills", "Costs", "Stays open", "Ready", "Needs the word of"),
    }
    assert (ways["Partial shedding"]["Stays open"], ways["People from outside"]["Fills"]) == ("5", "5 posts")
    assert (asked.kind, ward.credential.name in documents.newest(asked).content) == ("RFF", True)


def test_several_absent_on_different_dates_get_a_plan_that_can_be_proposed_once_their_leave_is_granted(
    coordinator, director
):
    ward = resilience.watched_ward()
    sick = [
        program.absence(ward[letter], first, last, kind=AbsenceKind.SICK, status=AbsenceStatus.REQUESTED)
        for letter, first, last in (("B", MONDAY, MONDAY + ONE_DAY), ("C", FRIDAY, FRIDAY))
    ]
    people = [str(row.person_id) for row in sick]
    missing = found(Level.ORANGE, kind=IncidentKind.ABSENCE, people=people, start=MONDAY, end=FRIDAY)

    reported = incidents.analyse(missing, at=AT).recommendations[0]
    for row in sick:
        row.status = AbsenceStatus.APPROVED
        row.save()
    again = incidents.analyse(missing, at=AT)
    granted = again.recommendations[0]
    leave = {
        (person, day)
        for person, day, _, _, after in FallbackPlan.objects.get(pk=granted["plan"]).changes
        if person in people and after == "LV"
    }
    asked = incidents.propose(again, granted["key"], by=coordinator, at=AT)

    assert (reported["act"], "approve the absence first" in reported["text"]) == ("", True)
    assert (granted["act"], asked.target) == ("propose", granted["plan"])
    assert leave == {
        (people[0], MONDAY.isoformat()),
        (people[0], (MONDAY + ONE_DAY).isoformat()),
        (people[1], FRIDAY.isoformat()),
    }


def test_everything_that_is_analysed_counts_each_absent_person_on_their_own_dates():
    """Two of three are needed: B is away on Monday and Tuesday, C on Tuesday and Wednesday, so Tuesday lacks one."""
    ward = resilience.watched_ward(minimum=2)
    tuesday, wednesday = MONDAY + ONE_DAY, MONDAY + 2 * ONE_DAY
    for letter, first, last in (("B", MONDAY, tuesday), ("C", tuesday, wednesday)):
        program.absence(ward[letter], first, last, kind=AbsenceKind.SICK, status=AbsenceStatus.REQUESTED)
    people = [ward.id("B"), ward.id("C")]

    made = incidents.analyse(
        found(Level.ORANGE, kind=IncidentKind.ABSENCE, people=people, start=MONDAY, end=wednesday), at=AT
    )

    loss = made.analysis["run_contingency_analysis_resilience_tool"]["scenarios"][0]
    zones = {zone["zone"]: zone for zone in made.analysis["calculate_blast_radius_tool"]["zones"]}
    lasting = made.analysis["analyze_le_chatelier_tool"]
    shed = made.analysis["execute_sacrifice_hierarchy_tool"]
    ways = {item["option"]: dict(item["facts"]) for item in made.recommendations if item["option"]}
    assert (loss["outcome"], loss["uncovered"]) == ("FATAL", 1)
    assert [(item["start"], item["end"]) for item in loss["losses"]] == [
        (MONDAY.isoformat(), tuesday.isoformat()),
        (tuesday.isoformat(), wednesday.isoformat()),
    ]
    assert zones["inpatient"]["pooled"] == 1
    assert (lasting["days_until_exhaustion"], lasting["exhausted_on"]) == (1, tuesday.isoformat())
    assert [(gap["date"], gap["missing"]) for gap in shed["gaps"]] == [(tuesday.isoformat(), 1)]
    assert (ways["Partial shedding"]["Stays open"], ways["People from outside"]["Fills"]) == ("1", "1 posts")


def test_red_asks_for_what_it_advises_and_waits(director, user_as):
    ward = resilience.watched_ward(minimum=2)
    program.absence(ward["A"], MONDAY, FRIDAY)

    made = incidents.analyse(
        found(Level.RED, kind=IncidentKind.ABSENCE, people=[ward.id("A")], start=MONDAY, end=MONDAY), at=AT
    )
    made.refresh_from_db()

    assert made.state == "AWAITING_APPROVAL"
    assert {row.proposed_by for row in made.approvals.all()} == {None}
    assert set(made.approvals.values_list("state", flat=True)) == {ApprovalState.PENDING}
    assert list(made.documents.values_list("kind", flat=True)) == ["SITREP"]


def test_a_breaker_trip_drafts_a_memorandum():
    resilience.watched_ward()

    made = incidents.analyse(news.breaker_opened("BY_HAND", "Odd figures.", at=AT), at=AT)

    assert (made.state, list(made.documents.values_list("kind", flat=True))) == ("DIAGNOSED", ["MFR"])


def test_it_recovers_only_when_nothing_is_missing(coordinator):
    made = resilience.incident(state="MONITORING")

    with pytest.raises(incidents.IncidentRefused, match="It is not over yet") as refused:
        incidents.recover(made, by=coordinator, at=AT)

    made.refresh_from_db()
    assert (refused.value.code, made.state, made.recovery_missing) == (
        "not_recovered",
        "MONITORING",
        refused.value.extra["missing"],
    )
    assert len(made.recovery_missing) >= 4


def test_the_recovered_are_reviewed_and_closed(coordinator):
    made = resilience.incident(state="RECOVERED")
    told = {"lessons": "Call earlier.", "follow_ups": [{"text": "Train a second person", "due": "2026-04-01"}]}

    assert code(incidents.close, made, by=coordinator, at=AT) == "incident_state"
    assert code(incidents.review, made, resolution=" ", **told, by=coordinator, at=AT) == "invalid"
    incidents.review(made, resolution="A volunteer came.", **told, by=coordinator, at=AT)
    closed = incidents.close(made, by=coordinator, at=AT)

    assert (closed.state, closed.resolution, closed.follow_ups) == (
        "CLOSED",
        "A volunteer came.",
        told["follow_ups"],
    )
    assert incidents.acts_for(closed, coordinator) == frozenset()


def test_what_is_merged_says_into_which_and_the_other_stays_open(coordinator):
    one, other = found(), found(cause="other")

    incidents.merge(one, other, by=coordinator, at=AT, reason="The same storm.")
    one.refresh_from_db()

    assert (one.state, one.merged_into) == ("MERGED", other)
    assert (events(other)[-1], other.title) == ("MERGED_IN", "The posture rose")
    with pytest.raises(Invalid):
        incidents.merge(other, other, by=coordinator, at=AT, reason="x")


def test_a_merged_absence_gives_its_people_and_dates_to_the_incident_that_stays(coordinator):
    kept = found(kind=IncidentKind.ABSENCE, cause="absence:1", people=["a"], start=MONDAY, end=MONDAY)
    other = found(kind=IncidentKind.ABSENCE, cause="absence:2", people=["b"], start=FRIDAY, end=FRIDAY)

    incidents.merge(other, kept, by=coordinator, at=AT, reason="The same storm.")
    kept.refresh_from_db()

    assert (kept.title, kept.people) == ("2 people are missing from 2026-03-16 to 2026-03-20", ["a", "b"])


def test_agents_look_and_propose_and_do_nothing_else(user_as):
    made, agent = found(), user_as(Role.AGENT)

    assert incidents.acts_for(made, agent) == {"propose"}
    with pytest.raises(NotAllowed):
        incidents.acknowledge(made, by=agent, at=AT)
    with pytest.raises(NotAllowed):
        incidents.dismiss(made, by=agent, at=AT, reason="x")


# --- absences -------------------------------------------------------------------------------------------------------


def absence(ward: resilience.Ward, letter: str, kind: str = AbsenceKind.SICK, status: str = AbsenceStatus.REQUESTED):
    return program.absence(ward[letter], MONDAY, FRIDAY, kind=kind, status=status)


def test_sick_leave_is_analysed_when_reported_and_ordinary_leave_when_granted():
    ward = resilience.watched_ward()

    sick = incidents.look_at_absence(absence(ward, "A"), at=AT)
    leave = incidents.look_at_absence(absence(ward, "B", AbsenceKind.LEAVE), at=AT)

    assert (sick is None, leave) == (False, None)


def test_low_impact_asks_for_volunteers_through_whoever_listens():
    ward = resilience.watched_ward()

    def listen(sender: object, *, person: object, **kwargs: object) -> str:
        return "The week is on the marketplace."

    cover_wanted.connect(listen)
    try:
        found_ = incidents.look_at_absence(absence(ward, "D"), at=AT)
    finally:
        cover_wanted.disconnect(listen)

    assert (found_.impact, found_.incident) == ("LOW", None)
    assert [item["text"] for item in found_.proposals] == ["The week is on the marketplace."]


def test_medium_impact_proposes_the_pool_and_the_plan():
    ward = resilience.watched_ward()
    busy = Assignment.objects.filter(person__in=[ward["B"], ward["C"]], session="AM", activity__code="ADM")
    with program.open_gate():
        for cell in busy:
            cell.activity = program.standard_activities()["AT"]
            cell.save()

    found_ = incidents.look_at_absence(absence(ward, "A"), at=AT)

    assert (found_.impact, found_.margin_all, found_.incident) == ("MEDIUM", 1, None)
    assert [item["key"].split(":")[0] for item in found_.proposals] == ["fallback"]


def test_high_impact_opens_an_incident_whose_severity_posture_would_have():
    ward = resilience.watched_ward(minimum=3)

    found_ = incidents.look_at_absence(absence(ward, "A"), at=AT)

    assert (found_.impact, found_.margin_all, found_.incident.severity) == ("HIGH", -1, "BLACK")


def test_several_who_are_missing_together_are_one_incident_about_all_of_them():
    ward = resilience.watched_ward()

    first_days = {"A": MONDAY, "B": MONDAY, "C": MONDAY + dt.timedelta(days=1)}

    looked = [
        incidents.look_at_absence(program.absence(ward[letter], day, FRIDAY, kind=AbsenceKind.DEPLOYMENT), at=AT)
        for letter, day in first_days.items()
    ]
    last = looked[-1].incident
    last.refresh_from_db()

    assert [item.impact for item in looked] == ["LOW", "HIGH", "HIGH"]
    assert [item.incident_id for item in looked] == [None, last.pk, last.pk]
    assert sorted(last.people) == sorted(ward.id(letter) for letter in "ABC")
    assert (last.severity, last.title) == ("BLACK", "3 people are missing from 2026-03-16 to 2026-03-20")


def test_high_impact_raises_the_posture_when_it_is_reported_and_lets_it_go_when_it_is_taken_back():
    ward = resilience.ward()
    program.absence(ward["C"], MONDAY, FRIDAY)
    before = posture.evaluate_fully(at=AT).level
    sick = absence(ward, "A")

    seen = incidents.look_at_absence(sick, at=AT)
    raised = posture.evaluate(at=AT)
    sick.status = AbsenceStatus.REJECTED
    sick.save()
    incidents.look_at_absence(sick, at=AT)
    after = posture.evaluate(at=AT)
    made = Incident.objects.get(cause=f"absence:{sick.pk}")

    assert (before, seen.impact, raised.level) == ("YELLOW", "HIGH", "ORANGE")
    assert raised.readings["k*(safety) within 7 days"] == 0
    assert (after.readings["k*(safety) within 7 days"], after.clear_evaluations) == (1, 1)
    assert events(made)[-1] == "CAUSE_GONE"


def test_two_who_report_sick_are_one_loss_though_nobody_granted_it_yet():
    ward = resilience.watched_ward()
    first, second = absence(ward, "A"), absence(ward, "B")

    alone = incidents.look_at_absence(first, at=AT)
    both = incidents.look_at_absence(second, at=AT)
    first.status = AbsenceStatus.CANCELLED
    first.save()
    incidents.look_at_absence(first, at=AT)
    both.refresh_from_db()

    assert sorted(alone.lost) == sorted([ward.id("A"), ward.id("B")])
    assert (alone.impact, both.impact, both.lost) == ("HIGH", "LOW", [ward.id("B")])


def test_a_changed_schedule_is_looked_at_again_for_what_is_reported():
    ward = resilience.watched_ward()
    seen = incidents.look_at_absence(absence(ward, "A"), at=AT)
    program.absence(ward["B"], MONDAY, FRIDAY)

    again = incidents.look_at_reported(FRIDAY, FRIDAY, at=AT)
    nothing = incidents.look_at_reported(FRIDAY + dt.timedelta(1), FRIDAY + dt.timedelta(1), at=AT)
    before = seen.impact
    seen.refresh_from_db()

    assert (again, nothing, before, seen.impact) == (1, 0, "LOW", "HIGH")


def test_an_absence_taken_back_loses_its_analysis():
    ward = resilience.watched_ward()
    sick = absence(ward, "A")
    incidents.look_at_absence(sick, at=AT)
    sick.status = AbsenceStatus.CANCELLED
    sick.save()

    assert incidents.look_at_absence(sick, at=AT) is None
    assert not hasattr(type(sick).objects.get(pk=sick.pk), "analysis")


def test_the_open_advice_is_what_may_be_asked_for(coordinator, director):
    ward = resilience.watched_ward(minimum=2)
    program.absence(ward["A"], MONDAY, FRIDAY, kind=AbsenceKind.SICK)
    made = incidents.analyse(
        found(Level.ORANGE, kind=IncidentKind.ABSENCE, people=[ward.id("A")], start=MONDAY, end=MONDAY), at=AT
    )
    key = next(item["key"] for item in made.recommendations if item["act"] == "propose")

    asked = incidents.propose(made, key, by=coordinator, at=AT)
    approvals.approve(asked, by=director, at=AT)

    assert (asked.incident, asked.proposed_by) == (made, coordinator)
    assert code(incidents.propose, made, "shedding:NOTHING", by=coordinator, at=AT) == "invalid"


def test_an_override_drafts_a_memorandum_and_a_closed_breaker_is_only_watched(
    director, user_as, django_capture_on_commit_callbacks
):
    architect = user_as(Role.ARCHITECT)
    with django_capture_on_commit_callbacks(execute=True):
        breaker.trip(by=director, at=AT, reason="Odd figures.")
    made = Incident.objects.get(cause="breaker")

    asked = approvals.propose_override(
        until=minutes(60), reason="A clinic must open.", by=director, at=AT, incident=made
    )
    approvals.approve(asked, by=architect, at=AT)
    with django_capture_on_commit_callbacks(execute=True):
        approvals.carry_out(asked, by=director, at=minutes(1))
    (memorandum,) = made.documents.all()
    Incident._base_manager.filter(pk=made.pk).update(state="DIAGNOSED")
    news.breaker_closed(at=minutes(90))
    made.refresh_from_db()

    assert "A clinic must open." in documents.newest(memorandum).content
    assert (memorandum.kind, made.state) == ("MFR", "MONITORING")


def test_once_no_violation_is_left_its_incident_says_so_once():
    resilience.watched_ward()
    made = resilience.incident(cause="violations", kind=IncidentKind.VIOLATION, trigger_value="2", state="RESPONDING")

    looked = [incidents.look_at_violations(at=minutes(count)) for count in (1, 2)]
    made.refresh_from_db()

    assert (looked, made.state, events(made)) == ([None, None], "MONITORING", ["CAUSE_GONE", "MOVED"])
