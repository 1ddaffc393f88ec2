"""Consent and decisions: who, until when, and what follows; deadlines move cases up and never approve."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.enums import Role
from accounts.models import Notification
from common.errors import Invalid, NotAllowed
from schedules.models import Demand, Holiday
from swaps import services
from swaps.domain.tables import Level
from swaps.enums import CaseStatus
from swaps.mapping import shown_digest
from swaps.models import EscalationCase, SwapAudit, SwapPolicy, SwapRecord
from swaps.services.refusals import AlreadyAnswered, FindingsChanged, SwapState
from tests.factories import accounts, program, swaps
from tests.factories.readers import dead_ends
from tests.factories.swaps import EARLY, FRIDAYS, lonely

pytestmark = pytest.mark.django_db
HOUR, A_DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def escalated(order, by, reason="fellowship_interview", **fields):
    return services.request(order("A", "B", target=2, reason=reason, **fields), by=by, at=EARLY)


def case_of(swap):
    return EscalationCase.objects.get(swap=swap)


# --- consent ----------------------------------------------------------------------------------------------------------


def test_the_partners_yes_executes_in_the_same_call(world, waiting):
    swap = services.consent(waiting, by=world.user["B"], at=EARLY + HOUR)

    assert (swap.status, swap.consent_at, swap.executed_at) == ("EXECUTED", EARLY + HOUR, EARLY + HOUR)


def test_48_hours_to_the_instant_are_in_time_and_later_it_lapses(world, waiting):
    services.sweep(EARLY + 2 * A_DAY)
    assert SwapRecord.objects.get(pk=waiting.pk).status == "PENDING"

    with pytest.raises(SwapState):
        services.consent(waiting, by=world.user["B"], at=EARLY + 2 * A_DAY + dt.timedelta(microseconds=1))
    services.sweep(EARLY + 2 * A_DAY + dt.timedelta(microseconds=1))

    lapsed = SwapRecord.objects.get(pk=waiting.pk)
    assert (lapsed.status, lapsed.error_code, lapsed.decided_by) == ("CANCELLED", "NO_CONSENT", None)


@pytest.mark.parametrize("letter", ["A", "C"])
def test_only_the_partner_answers(world, waiting, letter):
    with pytest.raises(NotAllowed):
        services.consent(waiting, by=world.user[letter], at=EARLY)
    with pytest.raises(NotAllowed):
        services.decline(waiting, by=world.user[letter], at=EARLY)


def test_what_has_changed_until_the_consent_is_judged_anew(world, waiting):
    program.absence(world.attending["B"], FRIDAYS[1] + 2 * A_DAY)

    swap = services.consent(waiting, by=world.user["B"], at=EARLY + HOUR)

    assert (swap.status, swap.error_code) == ("REJECTED", "ABSENT")


def test_a_consent_too_close_to_the_week_goes_to_the_coordinator(world, order):
    """Asked 14 days and an hour before it begins, agreed to with less than 7 left (the policy's time is longer)."""
    program_policy(consent_time=dt.timedelta(days=20))
    swap = services.request(order("A", "B", target=2), by=world.user["A"], at=EARLY)

    settled = services.consent(swap, by=world.user["B"], at=dt.datetime(2026, 3, 7, 18, tzinfo=dt.UTC))

    case = case_of(settled)
    assert (settled.status, case.level, case.codes) == ("PENDING", Level.COORDINATOR, ["IMMINENT"])


def program_policy(**fields):
    return SwapPolicy.objects.create(**fields)


# --- decisions --------------------------------------------------------------------------------------------------------


def test_an_interview_waits_for_the_director_and_a_yes_executes_it(world, order, coordinator, director):
    swap = escalated(order, coordinator, partner_consented=True)
    assert (swap.status, case_of(swap).level, swap.changes.count()) == ("PENDING", Level.PROGRAM_DIRECTOR, 0)

    done = services.approve(swap, by=director, at=EARLY + HOUR, rationale="The interview cannot be moved.")

    assert (done.status, done.decided_by, case_of(swap).status) == ("EXECUTED", director, CaseStatus.APPROVED)
    assert dead_ends() == set()


def test_an_approval_before_the_consent_waits_for_it(world, order, director):
    swap = escalated(order, world.user["A"])

    approved = services.approve(swap, by=director, at=EARLY + HOUR, rationale="Fine.")
    assert (approved.status, approved.changes.count()) == ("PENDING", 0)
    done = services.consent(swap, by=world.user["B"], at=EARLY + 2 * HOUR)

    assert done.status == "EXECUTED"


def test_a_consent_before_the_approval_waits_for_it(world, order, director):
    swap = escalated(order, world.user["A"])

    assert services.consent(swap, by=world.user["B"], at=EARLY + HOUR).status == "PENDING"
    with pytest.raises(AlreadyAnswered):
        services.consent(swap, by=world.user["B"], at=EARLY + HOUR)
    assert services.approve(swap, by=director, at=EARLY + 2 * HOUR, rationale="Fine.").status == "EXECUTED"


def test_a_no_rejects_with_its_rationale(world, order, director):
    swap = escalated(order, world.user["A"])

    refused = services.reject(swap, by=director, at=EARLY + HOUR, rationale="Too many are away that week.")

    assert (refused.status, refused.error_code, refused.rationale) == (
        "REJECTED",
        "NOT_APPROVED",
        "Too many are away that week.",
    )
    assert dead_ends() == set()


@pytest.mark.parametrize("rationale", ["", "   ", "x" * 1001])
def test_a_decision_needs_its_rationale(order, coordinator, director, rationale):
    swap = escalated(order, coordinator, partner_consented=True)

    with pytest.raises(Invalid):
        services.approve(swap, by=director, at=EARLY, rationale=rationale)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PROGRAM_DIRECTOR])
def test_a_level_belongs_to_its_role(order, coordinator, user_as, role):
    swap = escalated(order, coordinator, partner_consented=True)

    with pytest.raises(NotAllowed):
        services.approve(swap, by=accounts.user(role, username="somebody"), at=EARLY, rationale="Fine.")


def test_who_asked_and_who_takes_decide_nothing(world, order, director):
    """The director files it; another director has to decide."""
    swap = escalated(order, director, partner_consented=True)
    world.attending["B"].user = accounts.user(Role.PROGRAM_DIRECTOR, username="partner")
    world.attending["B"].save()

    for party in (director, world.attending["B"].user):
        with pytest.raises(NotAllowed):
            services.approve(swap, by=party, at=EARLY, rationale="Fine.")
    other = accounts.user(Role.PROGRAM_DIRECTOR, username="other")
    assert services.approve(swap, by=other, at=EARLY, rationale="Fine.").status == "EXECUTED"


def test_tier_one_is_overridden_by_nobody(world, order, coordinator, director):
    """Rejected requests have no case; one whose partner became absent is refused at the approval."""
    swap = escalated(order, coordinator, partner_consented=True)
    program.absence(world.attending["B"], FRIDAYS[1])

    refused = services.approve(swap, by=director, at=EARLY + HOUR, rationale="I insist.")

    assert (refused.status, refused.error_code) == ("REJECTED", "ABSENT")
    assert Notification.objects.filter(user=world.user["B"], kind="SWAP_REJECTED").exists()
    with pytest.raises(SwapState):
        services.approve(refused, by=director, at=EARLY + HOUR, rationale="I insist.")


# --- deadlines --------------------------------------------------------------------------------------------------------


def coordinator_case(world, order):
    """A's third failed request in 30 days came before: EARLY is Friday 08:00, so the coordinator has until noon."""
    for number in range(3):
        swap = services.request(order("A", "B", week=1), by=world.user["A"], at=EARLY - (number + 1) * A_DAY)
        services.decline(swap, by=world.user["B"], at=EARLY - (number + 1) * A_DAY)
    return services.request(order("A", "B", target=2), by=world.user["A"], at=EARLY)


def test_three_failed_requests_put_the_next_before_the_coordinator_until_noon(world, order):
    case = case_of(coordinator_case(world, order))

    assert (case.level, case.codes) == (Level.COORDINATOR, ["FAILED_ATTEMPTS"])
    assert case.due_at == EARLY + 4 * HOUR


def test_the_coordinators_four_hours_skip_nights_weekends_and_holidays(world, order):
    """From Friday 16:00 one hour is left, Monday is a holiday: Tuesday 11:00."""
    Holiday.objects.create(date=dt.date(2026, 2, 23), name="Holiday")
    for number in range(3):
        swap = services.request(order("A", "B", week=1), by=world.user["A"], at=EARLY - (number + 1) * A_DAY)
        services.decline(swap, by=world.user["B"], at=EARLY - (number + 1) * A_DAY)

    swap = services.request(order("A", "B", target=2), by=world.user["A"], at=EARLY + 8 * HOUR)

    assert case_of(swap).due_at == dt.datetime(2026, 2, 24, 11, tzinfo=case_of(swap).due_at.tzinfo) + (
        EARLY - dt.datetime(2026, 2, 20, 8, tzinfo=dt.UTC)
    )


def test_a_missed_deadline_moves_the_case_up_tells_both_and_approves_nothing(world, order, coordinator, director):
    swap = coordinator_case(world, order)
    Notification.objects.all().delete()

    services.sweep(EARLY + 4 * HOUR)
    assert case_of(swap).overdue_at is None
    late = EARLY + 4 * HOUR + dt.timedelta(seconds=1)
    services.sweep(late)

    case = case_of(swap)
    assert (case.level, case.overdue_at, case.due_at) == (Level.PROGRAM_DIRECTOR, late, late + A_DAY)
    assert SwapRecord.objects.get(pk=swap.pk).status == "PENDING"
    assert set(Notification.objects.filter(created_at=late).values_list("user__username", "kind")) == {
        (coordinator.username, "SWAP_OVERDUE"),
        (director.username, "SWAP_ESCALATED"),
    }
    assert dead_ends() == set()


def test_nobody_is_above_the_director_whose_case_is_marked_once(world, order, director):
    swap = escalated(order, world.user["A"])
    late = EARLY + A_DAY + HOUR

    services.sweep(late)
    services.sweep(late + HOUR)

    assert (case_of(swap).level, case_of(swap).overdue_at) == (Level.PROGRAM_DIRECTOR, late)
    assert SwapAudit.objects.filter(swap=swap, event="OVERDUE").count() == 1


def test_partner_and_approver_are_reminded_once_when_a_quarter_of_the_time_is_left(world, order, director):
    swap = escalated(order, world.user["A"])

    services.sweep(EARLY + 17 * HOUR)
    services.sweep(EARLY + 18 * HOUR)
    services.sweep(EARLY + 19 * HOUR)
    services.sweep(EARLY + 36 * HOUR)
    services.sweep(EARLY + 37 * HOUR)

    reminded = SwapAudit.objects.filter(swap=swap, event="REMINDED").values_list("at", "detail__who")
    assert list(reminded) == [(EARLY + 18 * HOUR, "PROGRAM_DIRECTOR"), (EARLY + 36 * HOUR, "partner")]
    assert dead_ends() == set()


def test_a_request_whose_week_begins_undecided_is_refused(world, order):
    program_policy(consent_time=dt.timedelta(days=60))
    swap = services.request(order("A", "B", target=2), by=world.user["A"], at=EARLY)

    services.sweep(dt.datetime(2026, 3, 13, 18, tzinfo=dt.UTC))

    refused = SwapRecord.objects.get(pk=swap.pk)
    assert (refused.status, refused.error_code) == ("REJECTED", "PAST_DATE")


def test_a_session_later_in_a_running_week_waits_until_its_date(world):
    saturday, wednesday = FRIDAYS[1] + A_DAY, FRIDAYS[1] + 5 * A_DAY
    swap = swaps.record(
        world.attending["A"],
        world.attending["E"],
        scope="SESSIONS",
        source_places=[[wednesday.isoformat(), "AM"]],
        consent_due=EARLY + 60 * A_DAY,
    )

    found = []
    for day in (saturday, wednesday):
        services.sweep(dt.datetime.combine(day, dt.time(18), dt.UTC))
        found.append(SwapRecord.objects.get(pk=swap.pk).status)

    assert found == ["PENDING", "REJECTED"]


# --- what an approval covers ------------------------------------------------------------------------------------------


def test_a_finding_grown_worse_than_what_was_approved_asks_its_own_level(world, order, coordinator):
    """As if the coordinator had accepted it while it was theirs."""
    swap = escalated(order, world.user["A"])
    found = [{"code": "SENSITIVE_REASON", "level": "PROGRAM_DIRECTOR", "about": [], "measured": None}]
    decided = {"decided_by": coordinator, "decided_at": EARLY, "rationale": "Fine.", "accepted": found}
    case = case_of(swap)
    for name, value in {"level": Level.COORDINATOR, "status": CaseStatus.APPROVED, **decided}.items():
        setattr(case, name, value)
    case.save()

    settled = services.consent(swap, by=world.user["B"], at=EARLY + HOUR)

    opened = EscalationCase.objects.get(swap=swap, status=CaseStatus.OPEN)
    assert (settled.status, opened.level) == ("PENDING", Level.PROGRAM_DIRECTOR)


def gap_case(world, order, *weekdays):
    """A's week for E, who leaves a post open on each of the days."""
    for weekday in weekdays:
        lonely(world, FRIDAYS[1] + weekday * A_DAY)
    return services.request(order("A", "E"), by=world.user["A"], at=EARLY)


def test_an_accepted_gap_is_that_gap_and_no_other(world, order, director):
    swap = gap_case(world, order, 4)
    services.approve(swap, by=director, at=EARLY + HOUR, rationale="Not needed on Tuesday.")
    lonely(world, FRIDAYS[1] + 5 * A_DAY)

    settled = services.consent(swap, by=world.user["E"], at=EARLY + 2 * HOUR)

    opened = EscalationCase.objects.get(swap=swap, status=CaseStatus.OPEN)
    assert (settled.status, opened.codes, opened.level) == ("PENDING", ["COVERAGE_GAP"], Level.PROGRAM_DIRECTOR)
    done = services.approve(swap, by=director, at=EARLY + 3 * HOUR, rationale="On Wednesday too.")
    assert done.status == "EXECUTED"


def test_of_two_accepted_gaps_one_may_be_left(world, order, director):
    swap = gap_case(world, order, 4, 5)
    services.approve(swap, by=director, at=EARLY + HOUR, rationale="Both can wait.")
    Demand.objects.filter(activity__code="ALONE", weekdays=[2]).delete()

    assert services.consent(swap, by=world.user["E"], at=EARLY + 2 * HOUR).status == "EXECUTED"


def test_monitoring_lets_the_accepted_gap_be_and_takes_a_swap_back_for_another(world, order, director):
    swap = gap_case(world, order, 4, 5)
    wednesday = Demand.objects.get(activity__code="ALONE", weekdays=[2])
    wednesday.is_active = False
    wednesday.save()
    services.consent(swap, by=world.user["E"], at=EARLY)
    done = services.approve(swap, by=director, at=EARLY, rationale="Not needed on Tuesday.")

    assert services.monitor(done, at=EARLY + HOUR) == ()
    wednesday.is_active = True
    wednesday.save()
    assert [found.rule for found in services.monitor(done, at=EARLY + 2 * HOUR)] == ["DEMAND_MIN"]

    done.refresh_from_db()
    assert done.status == "ROLLED_BACK"


def test_a_gap_that_came_up_while_the_approver_was_reading_is_not_accepted(world, order, director):
    """Neither by those who saw the stored report, nor by those who saw a newer judgement on the page."""
    swap = gap_case(world, order, 4)
    shown = shown_digest(services.findings_of(swap))
    lonely(world, FRIDAYS[1] + 5 * A_DAY)

    with pytest.raises(FindingsChanged):
        services.approve(swap, by=director, at=EARLY + HOUR, rationale="Fine.", shown=shown)
    assert case_of(swap).status == CaseStatus.OPEN
    services.consent(swap, by=world.user["E"], at=EARLY + HOUR)
    now = shown_digest(services.findings_of(SwapRecord.objects.get(pk=swap.pk)))
    assert services.approve(swap, by=director, at=EARLY + 2 * HOUR, rationale="Both.", shown=now).status == "EXECUTED"


def test_a_case_that_a_new_finding_raises_is_reminded_of_by_the_new_levels_time(world, order, director):
    """The coordinator's until noon; half an hour before, the director gets it for a day."""
    swap, late = coordinator_case(world, order), EARLY + 3.5 * HOUR
    lonely(world, FRIDAYS[1] + 4 * A_DAY, "B")

    case = case_of(services.consent(swap, by=world.user["B"], at=late))

    assert (case.level, case.moved_up_at, case.due_at) == (Level.PROGRAM_DIRECTOR, late, late + A_DAY)


def test_a_case_is_closed_where_its_findings_are_gone(world, order):
    program_policy(imminent_escalate_days=30)
    swap = services.request(order("A", "B", target=2), by=world.user["A"], at=EARLY)
    assert case_of(swap).status == CaseStatus.OPEN
    soon = SwapPolicy.objects.get()
    soon.imminent_escalate_days = 7
    soon.save()

    done = services.consent(swap, by=world.user["B"], at=EARLY + HOUR)

    assert (done.status, case_of(swap).status) == ("EXECUTED", CaseStatus.CLOSED)
