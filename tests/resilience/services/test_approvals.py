"""Approvals: whose word is needed, every refusal, the end after four hours, emergencies with their second review."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from accounts.enums import Role
from common.errors import DomainError, Invalid, NotAllowed
from resilience.domain.levels import Level
from resilience.enums import ApprovalState, ShedLevelName
from resilience.models import Approval, ApprovalVote, Incident
from resilience.services import approvals, posture
from schedules.models import Assignment, ProgramPolicy
from tests.factories import accounts, program, resilience

AT = resilience.MORNING
LATER = AT + dt.timedelta(minutes=5)
SPAN = (resilience.START, resilience.END)
SHOWN = "1" * 64

pytestmark = pytest.mark.django_db


def asked(*parts: str, level: str = ShedLevelName.ORANGE, **fields: object) -> Approval:
    """Shedding that was asked for at AT, about the published cells as they are."""
    base = resilience.schedule_digest(*SPAN)
    return resilience.asked(
        *SPAN,
        target=level,
        needed=list(parts) or ["PROGRAM_DIRECTOR"],
        base=base,
        proposed_at=AT,
        expires_at=AT + dt.timedelta(hours=4),
        **fields,
    )


def redeem(row: Approval | None, at: dt.datetime = LATER, *, action: str = "shedding", shown: str = SHOWN) -> None:
    approvals.redeem(row, action=action, shown=shown, at=at)


def refusal(call: object, *args: object, **fields: object) -> str:
    with pytest.raises(DomainError) as refused:
        call(*args, **fields)  # type: ignore[operator]
    return refused.value.code


@pytest.fixture
def director(user_as):
    return user_as(Role.PROGRAM_DIRECTOR)


@pytest.fixture
def architect(user_as):
    return user_as(Role.ARCHITECT)


# --- whose word -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "role", "may"),
    [
        ("YELLOW", Role.COORDINATOR, True),
        ("YELLOW", Role.PROGRAM_DIRECTOR, True),
        ("YELLOW", Role.ARCHITECT, False),
        ("YELLOW", Role.FACULTY, False),
        ("YELLOW", Role.ADMINISTRATOR, False),
        ("YELLOW", Role.AGENT, False),
        ("ORANGE", Role.COORDINATOR, False),
        ("ORANGE", Role.PROGRAM_DIRECTOR, True),
        ("ORANGE", Role.AGENT, False),
    ],
)
def test_one_word_is_enough_up_to_orange(user_as, level, role, may):
    part = "COORDINATOR" if level == "YELLOW" else "PROGRAM_DIRECTOR"
    row = asked(part, level=level)

    if may:
        assert approvals.approve(row, by=user_as(role), at=LATER).state == ApprovalState.GRANTED
    else:
        assert refusal(approvals.approve, row, by=user_as(role), at=LATER) == "forbidden"


@pytest.mark.parametrize("level", ["RED", "BLACK", "CRITICAL"])
def test_two_different_people_allow_red_black_and_critical(director, architect, level):
    row = asked("PROGRAM_DIRECTOR", "CLINICAL_LEAD" if level == "RED" else "SECOND_AUTHORITY", level=level)

    after_one = approvals.approve(row, by=director, at=LATER).state
    again = refusal(approvals.approve, row, by=director, at=LATER)
    after_two = approvals.approve(row, by=architect, at=LATER).state

    assert (after_one, again, after_two) == ("PENDING", "approval_state", "GRANTED")


def test_whom_the_policy_names_takes_the_place_of_the_default(director, architect):
    surgeon = accounts.user(Role.FACULTY)
    program.policy(clinical_lead=surgeon)
    row = asked("PROGRAM_DIRECTOR", "CLINICAL_LEAD", level="RED")

    by_default = refusal(approvals.approve, row, by=architect, at=LATER)
    approvals.approve(row, by=surgeon, at=LATER)

    assert by_default == "forbidden"
    assert approvals.approve(row, by=director, at=LATER).state == ApprovalState.GRANTED


def test_a_named_person_who_left_counts_as_nobody(architect, director):
    program.policy(second_authority=accounts.user(Role.FACULTY, is_active=False))
    row = asked("PROGRAM_DIRECTOR", "SECOND_AUTHORITY", level="BLACK")
    approvals.approve(row, by=director, at=LATER)

    assert approvals.approve(row, by=architect, at=LATER).state == ApprovalState.GRANTED


def test_a_program_named_in_the_policy_still_approves_nothing(user_as):
    program.policy(deputy=user_as(Role.AGENT))

    assert refusal(approvals.approve, asked("COORDINATOR", level="YELLOW"), by=user_as(Role.AGENT), at=LATER) == (
        "forbidden"
    )


def test_nobody_decides_about_what_they_asked_for(director):
    row = asked(proposed_by=director)

    with pytest.raises(NotAllowed, match="somebody else has to decide"):
        approvals.approve(row, by=director, at=LATER)
    with pytest.raises(NotAllowed, match="somebody else has to decide"):
        approvals.refuse(row, by=director, at=LATER, reason="No.")


def test_without_anybody_to_approve_nothing_is_asked(director):
    resilience.watched_ward(minimum=4)

    with pytest.raises(approvals.ApprovalRefused, match="Ask a coordinator to propose it") as their_own:
        approvals.propose_shedding(target_level="ORANGE", by=director, at=AT)
    director.is_active = False
    director.save()
    with pytest.raises(approvals.ApprovalRefused, match="Name an active person in the program policy") as nobody:
        approvals.propose_shedding(target_level="ORANGE", by=None, at=AT)

    assert (their_own.value.code, nobody.value.code) == ("no_approver", "no_approver")
    assert not Approval.objects.exists()


def test_an_agent_may_ask_and_asking_twice_asks_once(user_as, director):
    resilience.watched_ward(minimum=3)

    first = approvals.propose_shedding(target_level="ORANGE", by=user_as(Role.AGENT), at=AT)
    second = approvals.propose_shedding(target_level="ORANGE", by=user_as(Role.COORDINATOR), at=LATER)

    assert (first.pk, first.state, first.needed) == (second.pk, "PENDING", ["PROGRAM_DIRECTOR"])
    assert first.expires_at == AT + dt.timedelta(hours=4)
    assert director.notifications.filter(kind="APPROVAL_ASKED").count() == 1


def test_residents_ask_for_nothing(user_as):
    resilience.watched_ward(minimum=3)

    assert refusal(approvals.propose_shedding, target_level="ORANGE", by=user_as(Role.RESIDENT), at=AT) == "forbidden"


# --- what ends it ---------------------------------------------------------------------------------------------------


def test_one_no_is_enough_and_needs_a_reason(director):
    row = asked()

    with pytest.raises(Invalid, match="Give the reason"):
        approvals.refuse(row, by=director, at=LATER, reason=" ")
    ended = approvals.refuse(row, by=director, at=LATER, reason="Too early.")

    assert (ended.state, ended.ended_reason, ended.ended_at) == ("REFUSED", "Too early.", LATER)
    assert refusal(redeem, row) == "approval_state"


@pytest.mark.parametrize(("minutes", "code"), [(239, None), (240, "approval_expired")])
def test_it_counts_for_four_hours(director, minutes, code):
    row = asked()
    at = AT + dt.timedelta(minutes=minutes)

    if code is None:
        assert approvals.approve(row, by=director, at=at).state == ApprovalState.GRANTED
    else:
        assert refusal(approvals.approve, row, by=director, at=at) == code
        assert approvals.sweep(at) == 1
        row.refresh_from_db()
        assert row.state == ApprovalState.EXPIRED


def test_a_changed_schedule_voids_it_before_and_after_it_is_granted(director):
    ward = resilience.ward()
    pending, granted = asked(), asked(level="YELLOW", shown="2" * 64)
    approvals.approve(granted, by=director, at=AT)
    cell = Assignment.objects.filter(schedule=ward.schedule, person=ward["B"], date=resilience.MONDAY).first()
    with program.open_gate():
        cell.activity = program.standard_activities()["GME"]
        cell.save()

    assert refusal(approvals.approve, pending, by=director, at=LATER) == "approval_void"
    assert refusal(redeem, granted, shown="2" * 64) == "approval_void"
    assert approvals.sweep(LATER) == 2
    assert set(Approval.objects.values_list("state", flat=True)) == {"VOID"}


def test_only_who_asked_or_the_director_takes_it_back(user_as, director):
    row = asked(proposed_by=user_as(Role.COORDINATOR))

    assert refusal(approvals.withdraw, row, by=user_as(Role.ARCHITECT), at=LATER) == "forbidden"
    assert approvals.withdraw(row, by=user_as(Role.COORDINATOR), at=LATER).state == ApprovalState.WITHDRAWN
    assert refusal(approvals.withdraw, row, by=director, at=LATER) == "approval_state"


# --- redeeming ------------------------------------------------------------------------------------------------------


def test_it_is_used_once_for_its_act_and_what_was_shown(director):
    row = asked()

    codes = [
        refusal(redeem, None),
        refusal(redeem, row),
        refusal(redeem, approvals.approve(row, by=director, at=LATER), action="fallback"),
        refusal(redeem, row, shown="9" * 64),
    ]
    redeem(row)
    row.refresh_from_db()

    assert codes == ["approval_missing", "approval_state", "approval_stale", "approval_stale"]
    assert (row.state, row.used_at) == ("USED", LATER)
    assert refusal(redeem, row) == "approval_state"


def test_an_act_that_fails_leaves_it_unused(director):
    row = approvals.approve(asked(), by=director, at=LATER)

    def act() -> None:
        with transaction.atomic():
            redeem(row)
            raise RuntimeError("the act failed")

    with pytest.raises(RuntimeError, match="the act failed"):
        act()

    row.refresh_from_db()
    assert row.state == ApprovalState.GRANTED


def test_a_coordinators_word_on_a_plan_is_not_enough_once_the_posture_is_red(user_as, director):
    resilience.watched_ward()
    posture.override(Level.ORANGE, by=director, at=AT, until=AT + dt.timedelta(hours=5), reason="drill")
    row = asked("COORDINATOR", level="a plan", action="fallback")
    approvals.approve(row, by=user_as(Role.COORDINATOR), at=AT)
    posture.override(Level.RED, by=director, at=LATER, until=AT + dt.timedelta(hours=5), reason="drill")

    before = refusal(redeem, row, action="fallback")
    approvals.approve(row, by=director, at=LATER)
    redeem(row, action="fallback")

    row.refresh_from_db()
    assert (before, row.state) == ("approval_insufficient", "USED")


# --- emergency ------------------------------------------------------------------------------------------------------


@pytest.fixture
def emergency(director, architect):
    """Shedding at BLACK that the director allowed alone; the architect owes the review."""
    row = asked("PROGRAM_DIRECTOR", "SECOND_AUTHORITY", level="BLACK")
    return approvals.approve_in_emergency(row, by=director, at=LATER, reason="Nobody else answers.")


def test_in_an_emergency_one_word_is_enough_and_another_person_reviews(emergency, director, architect):
    due = emergency.review_due
    redeem(emergency)

    own = refusal(approvals.review, emergency, agrees=True, reason="Fine.", by=director, at=LATER)
    reviewed = approvals.review(emergency, agrees=True, reason="It was right.", by=architect, at=LATER)

    assert due == LATER + dt.timedelta(hours=24)
    assert own == "approval_state"
    assert (reviewed.state, reviewed.reviewed_at) == ("USED", LATER)
    assert refusal(approvals.review, reviewed, agrees=True, reason="x", by=architect, at=LATER) == "approval_state"


def test_a_review_that_disagrees_in_time_stops_it(emergency, architect):
    stopped = approvals.review(emergency, agrees=False, reason="There is a volunteer.", by=architect, at=LATER)

    assert stopped.state == ApprovalState.REFUSED
    assert refusal(redeem, emergency) == "approval_state"


def test_an_overdue_review_is_told_upward_once(emergency, director):
    redeem(emergency)
    late = LATER + dt.timedelta(hours=24)

    first, second = approvals.sweep(late), approvals.sweep(late + dt.timedelta(hours=1))

    assert (first, second) == (1, 0)
    assert director.notifications.filter(kind="APPROVAL_UPWARD").count() == 1


def test_an_emergency_needs_a_reason_a_second_part_and_somebody_for_the_review(director):
    alone = asked("PROGRAM_DIRECTOR", "SECOND_AUTHORITY", level="BLACK")

    with pytest.raises(Invalid, match="Give the reason"):
        approvals.approve_in_emergency(alone, by=director, at=LATER, reason="")
    assert refusal(approvals.approve_in_emergency, alone, by=director, at=LATER, reason="Alone.") == "no_approver"
    with pytest.raises(Invalid, match="alone is enough"):
        approvals.approve_in_emergency(asked(shown="2" * 64), by=director, at=LATER, reason="Quick.")


# --- its incident ---------------------------------------------------------------------------------------------------


def test_an_incident_waits_for_the_word_responds_by_the_act_and_goes_back_where_it_dies(user_as, director, architect):
    resilience.watched_ward(minimum=3)
    answered, dead = (resilience.incident(state="DIAGNOSED") for _ in range(2))
    coordinator = user_as(Role.COORDINATOR)

    first = approvals.propose_shedding(target_level="ORANGE", by=coordinator, at=AT, incident=answered)
    second = approvals.propose_shedding(target_level="BLACK", by=coordinator, at=AT, incident=dead)
    waiting = states(answered, dead)
    approvals.approve(first, by=director, at=LATER)
    redeem(first, shown=first.shown)
    approvals.refuse(second, by=director, at=LATER, reason="Too much.")

    assert waiting == ["AWAITING_APPROVAL", "AWAITING_APPROVAL"]
    assert states(answered, dead) == ["RESPONDING", "DIAGNOSED"]


def states(*incidents: Incident) -> list[str]:
    return [Incident.objects.get(pk=row.pk).state for row in incidents]


# --- the record -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", ["update", "delete"])
def test_a_word_that_was_given_is_never_changed(director, statement):
    approvals.approve(asked(), by=director, at=LATER)
    rows = ApprovalVote.objects.all()

    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        rows.update(agrees=False) if statement == "update" else rows.delete()


def test_the_policy_is_asked_each_time(director, architect):
    row = asked("PROGRAM_DIRECTOR", "SECOND_AUTHORITY", level="BLACK")
    before = approvals.acts_for(row, architect, at=LATER)
    ProgramPolicy.objects.all().delete()
    program.policy(second_authority=director)

    assert before == {"approve", "refuse", "approve_in_emergency"}
    assert approvals.acts_for(row, architect, at=LATER) == frozenset()
