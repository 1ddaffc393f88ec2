"""A new version that does not hold an executed swap: swapped again on it, or let go, the planned weeks with it."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from accounts.models import Notification
from schedules.domain.roster import Roster
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Assignment, FmitWeek, Schedule
from schedules.signals import rows_restored
from swaps import access, services
from swaps.models import EscalationCase, SwapAudit, SwapRecord
from swaps.services.refusals import RollbackConflict
from tests.factories import accounts, generation, program
from tests.factories.swaps import EARLY, END, FRIDAYS, START

pytestmark = pytest.mark.django_db


def planned():
    return dict(FmitWeek.objects.filter(start_date__in=FRIDAYS[1:3]).values_list("start_date", "person__name"))


@pytest.fixture
def without(world, order, coordinator):
    """The swap, and a later version with the rows of before it."""
    problem = load_problem(START, END)
    before = load_roster(problem, schedule="published").cells
    asked = order("A", "B", target=2, partner_consented=True)
    swap = services.request(asked, by=coordinator, at=EARLY)
    with program.open_gate():
        world.schedule.refresh_from_db()
        world.schedule.status = ScheduleStatus.SUPERSEDED
        world.schedule.save()
    version = program.schedule(START, END, status=ScheduleStatus.PUBLISHED)
    generation.write(version, problem, Roster(cells=before))
    services.review(version.pk, at=EARLY)
    return swap


def test_it_is_put_before_the_coordinator_with_the_number_of_rows(without):
    case = EscalationCase.objects.get(swap=without)
    event = SwapAudit.objects.get(swap=without, event="NOT_CARRIED")

    assert (case.kind, case.get_level_display(), case.codes) == ("CARRY_OVER", "Coordinator", ["NOT_CARRIED"])
    assert event.detail["rows"] == without.changes.count()


def test_rows_from_a_backup_older_than_the_swap_are_put_before_the_coordinator(world, executed):
    held = FRIDAYS[1] - dt.timedelta(days=30)
    with program.open_gate():
        for change in executed.changes.exclude(before=None).exclude(after=None):
            row = Assignment.objects.get(person=change.person, date=change.date, session=change.session)
            row.activity = program.standard_activities()[change.before["activity"]]
            row.save()

    with time_machine.travel(dt.datetime.combine(held, dt.time(), dt.UTC), tick=False):
        rows_restored.send(sender=Schedule, schedule=world.schedule.pk)

    assert EscalationCase.objects.get(swap=executed).codes == ["NOT_CARRIED"]


def test_what_is_wrong_in_a_version_that_does_not_hold_the_swap_is_not_its_fault(world, without):
    program.absence(world.attending["A"], FRIDAYS[1], FRIDAYS[1], kind="TDY")

    services.sweep(EARLY + dt.timedelta(minutes=5))

    assert SwapRecord.objects.get(pk=without.pk).status == "EXECUTED"


def test_let_go_it_is_over_and_the_plan_follows_the_version(without):
    assert planned() == {FRIDAYS[1]: "Attending B", FRIDAYS[2]: "Attending A"}
    other = accounts.user("COORDINATOR", username="other")

    gone = services.reject(without, by=other, at=EARLY, rationale="The new version is meant so.")

    assert (gone.given_up_at, services.can_roll_back(gone, at=EARLY)) == (EARLY, False)
    assert planned() == {FRIDAYS[1]: "Attending A", FRIDAYS[2]: "Attending B"}


def test_undecided_until_its_dates_are_over_it_is_let_go_by_itself_and_everybody_hears(world, without, director):
    last = without.changes.latest("date").date
    last_evening, next_evening = (dt.datetime.combine(last + dt.timedelta(days), dt.time(8), dt.UTC) for days in (1, 2))
    before = published()

    services.sweep(last_evening)
    assert EscalationCase.objects.get(swap=without).status == "OPEN"
    services.sweep(next_evening)

    gone = SwapRecord.objects.get(pk=without.pk)
    assert (gone.given_up_at, gone.cases.get().status) == (next_evening, "CLOSED")
    assert SwapAudit.objects.get(swap=gone, event="LET_GO").at == next_evening
    told = Notification.objects.filter(kind="SWAP_GIVEN_UP", created_at=next_evening)
    assert {note.user for note in told} >= {world.user["A"], world.user["B"], director}
    assert published() == before


def test_undecided_but_held_by_edits_when_its_dates_are_over_it_stands(without):
    version, activities = Schedule.objects.get(status=ScheduleStatus.PUBLISHED), program.standard_activities()
    with program.open_gate():
        for change in without.changes.all():
            place = {"person_id": change.person_id, "date": change.date, "session": change.session}
            version.assignments.filter(**place).delete()
            if change.after:
                version.assignments.create(**place, activity=activities[change.after["activity"]])

    services.sweep(dt.datetime.combine(END + dt.timedelta(days=30), dt.time(), dt.UTC))

    kept = SwapRecord.objects.get(pk=without.pk)
    assert (kept.status, kept.given_up_at, kept.cases.get().status) == ("EXECUTED", None, "CLOSED")
    assert SwapAudit.objects.filter(swap=kept, event="CARRIED_OVER").exists()


def test_swapped_again_it_is_a_new_swap_that_comes_back_as_any_other(without, director):
    other = accounts.user("COORDINATOR", username="other")

    again = services.approve(without, by=other, at=EARLY, rationale="They still want it.")

    assert (again.status, again.pk != without.pk) == ("EXECUTED", True)
    assert planned() == {FRIDAYS[1]: "Attending B", FRIDAYS[2]: "Attending A"}
    services.roll_back(again, by=director, at=EARLY, reason="Not any more.")
    assert planned() == {FRIDAYS[1]: "Attending A", FRIDAYS[2]: "Attending B"}
    assert SwapRecord.objects.get(pk=without.pk).given_up_at == EARLY


def replaced(world, cells):
    """A later version of these cells, made by the solver, takes the published one's place."""
    with program.open_gate():
        world.schedule.refresh_from_db()
        world.schedule.status = ScheduleStatus.SUPERSEDED
        world.schedule.save()
    version = program.schedule(START, END, status=ScheduleStatus.PUBLISHED)
    generation.write(version, load_problem(START, END), Roster(cells=cells))
    services.review(version.pk, at=EARLY)
    return version


def published():
    return load_roster(load_problem(START, END), schedule="published").cells


def test_carried_over_it_comes_back_whoever_made_the_rows_of_the_new_version(world, order, coordinator):
    before = published()
    swap = services.request(order("A", "B", target=2, partner_consented=True), by=coordinator, at=EARLY)
    replaced(world, published())

    services.roll_back(swap, by=coordinator, at=EARLY, reason="A conflict.")

    assert SwapRecord.objects.get(pk=swap.pk).status == "ROLLED_BACK"
    assert published() == before


def test_who_swaps_again_for_others_does_not_learn_a_sensitive_reason(world, order, director):
    before = published()
    text = "fellowship_interview: " + "x" * 478
    asked = services.request(order("A", "B", target=2, reason=text), by=world.user["A"], at=EARLY)
    services.consent(asked, by=world.user["B"], at=EARLY)
    swap = services.approve(asked, by=director, at=EARLY, rationale="Fine.")
    replaced(world, before)
    other = accounts.user("COORDINATOR", username="other")

    again = services.approve(swap, by=other, at=EARLY, rationale="They still want it.")

    assert (again.status, again.requested_by, again.reason_code) == ("PENDING", world.user["A"], "fellowship_interview")
    assert (access.sees_reason_code(other, again), access.sees_reason_text(other, again)) == (False, False)
    assert EscalationCase.objects.get(swap=again).get_level_display() == "Program director"


def test_nobody_decides_about_a_swap_whose_roll_back_was_tried(without, director):
    with pytest.raises(RollbackConflict):
        services.roll_back(without, by=director, at=EARLY, reason="A conflict.")

    assert EscalationCase.objects.get(swap=without).status == "CLOSED"


def test_nobody_decides_where_the_next_version_holds_it_again(world, order, coordinator):
    before = published()
    swap = services.request(order("A", "B", target=2, partner_consented=True), by=coordinator, at=EARLY)
    after = published()
    without_it = replaced(world, before)
    with program.open_gate():
        without_it.status = ScheduleStatus.SUPERSEDED
        without_it.save()

    replaced(world, after)

    assert EscalationCase.objects.get(swap=swap).status == "CLOSED"
