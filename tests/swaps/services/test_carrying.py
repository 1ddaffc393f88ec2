"""A new version that does not hold an executed swap: swapped again on it, or let go, the planned weeks with it."""

from __future__ import annotations

import pytest

from schedules.domain.roster import Roster
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import FmitWeek
from swaps import services
from swaps.models import EscalationCase, SwapAudit, SwapRecord
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


def test_let_go_it_is_over_and_the_plan_follows_the_version(without):
    assert planned() == {FRIDAYS[1]: "Attending B", FRIDAYS[2]: "Attending A"}
    other = accounts.user("COORDINATOR", username="other")

    gone = services.reject(without, by=other, at=EARLY, rationale="The new version is meant so.")

    assert (gone.given_up_at, services.can_roll_back(gone, at=EARLY)) == (EARLY, False)
    assert planned() == {FRIDAYS[1]: "Attending A", FRIDAYS[2]: "Attending B"}


def test_swapped_again_it_is_a_new_swap_that_comes_back_as_any_other(without, director):
    other = accounts.user("COORDINATOR", username="other")

    again = services.approve(without, by=other, at=EARLY, rationale="They still want it.")

    assert (again.status, again.pk != without.pk) == ("EXECUTED", True)
    assert planned() == {FRIDAYS[1]: "Attending B", FRIDAYS[2]: "Attending A"}
    services.roll_back(again, by=director, at=EARLY, reason="Not any more.")
    assert planned() == {FRIDAYS[1]: "Attending A", FRIDAYS[2]: "Attending B"}
    assert SwapRecord.objects.get(pk=without.pk).given_up_at == EARLY
