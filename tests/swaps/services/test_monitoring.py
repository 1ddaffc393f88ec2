"""After the execution: five minutes later and hourly for a day, and what is rolled back by itself."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Notification
from common.errors import NotAllowed
from common.services import maintenance
from schedules.models import Breaker
from swaps import services
from swaps.models import SwapAudit, SwapRecord
from swaps.services.refusals import SwapState
from tests.factories import program
from tests.factories.readers import dead_ends
from tests.factories.swaps import EARLY, FRIDAYS

pytestmark = pytest.mark.django_db
HOUR, A_DAY, MINUTE = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(minutes=1)


def test_it_is_looked_at_after_five_minutes_and_hourly_for_24_hours(executed):
    seen = []
    for minute in (4, *range(5, 25 * 60, 20)):
        services.sweep(EARLY + minute * MINUTE)
        swap = SwapRecord.objects.get(pk=executed.pk)
        if SwapAudit.objects.filter(swap=swap, event="MONITORED", at=EARLY + minute * MINUTE).exists():
            seen.append(minute)

    assert seen == [5 + 60 * hour for hour in range(24)]
    assert (swap.status, swap.next_check_at) == ("EXECUTED", None)


def test_a_taker_called_away_rolls_it_back_and_everybody_hears(world, executed, coordinator):
    before = SwapRecord.objects.get(pk=executed.pk)
    program.absence(world.attending["B"], FRIDAYS[1], FRIDAYS[1] + A_DAY, kind="TDY")

    services.sweep(EARLY + 5 * MINUTE)

    swap = SwapRecord.objects.get(pk=before.pk)
    assert (swap.status, swap.rolled_back_by, swap.rollback_reason) == ("ROLLED_BACK", None, "Monitoring found ABSENT.")
    told = Notification.objects.filter(kind="SWAP_ROLLED_BACK").values_list("user__username", flat=True)
    assert set(told) == {coordinator.username, world.user["A"].username, world.user["B"].username}


def test_an_open_breaker_does_not_keep_a_broken_swap_in_force(world, executed):
    program.absence(world.attending["B"], FRIDAYS[1], FRIDAYS[1] + A_DAY, kind="TDY")
    Breaker.objects.update_or_create(pk=1, defaults={"state": "OPEN", "cause": "A post is open"})

    services.sweep(EARLY + 5 * MINUTE)

    assert SwapRecord.objects.get(pk=executed.pk).status == "ROLLED_BACK"


def test_a_broken_swap_that_cannot_be_taken_back_now_is_looked_at_again_soon(world, executed):
    program.absence(world.attending["B"], FRIDAYS[1], FRIDAYS[1] + A_DAY, kind="TDY")

    with maintenance.on("A restore"):
        services.sweep(EARLY + 5 * MINUTE)

    kept = SwapRecord.objects.get(pk=executed.pk)
    assert (kept.status, kept.next_check_at) == ("EXECUTED", EARLY + 10 * MINUTE)
    services.sweep(EARLY + 10 * MINUTE)
    assert SwapRecord.objects.get(pk=executed.pk).status == "ROLLED_BACK"


def test_a_taker_called_away_who_would_have_worked_that_day_anyway_rolls_it_back(world, executed):
    program.absence(world.attending["B"], FRIDAYS[1] + 3 * A_DAY, kind="TDY")

    services.sweep(EARLY + 5 * MINUTE)

    assert SwapRecord.objects.get(pk=executed.pk).status == "ROLLED_BACK"


def test_what_would_be_wrong_without_the_swap_as_well_is_not_its_fault(world, executed):
    program.absence(world.attending["C"], FRIDAYS[3], FRIDAYS[3] + A_DAY)

    services.sweep(EARLY + 5 * MINUTE)

    assert SwapRecord.objects.get(pk=executed.pk).status == "EXECUTED"


def test_an_edit_of_a_touched_row_that_breaks_no_rule_is_left_alone(world, executed):
    with program.open_gate():
        row = world.schedule.assignments.get(person=world.attending["A"], date=FRIDAYS[1] + 4 * A_DAY, session="AM")
        row.activity = program.standard_activities()["ADM"]
        row.save()

    services.sweep(EARLY + 5 * MINUTE)

    assert SwapRecord.objects.get(pk=executed.pk).status == "EXECUTED"


def test_a_broken_swap_whose_rows_were_edited_is_left_to_people(world, executed):
    with program.open_gate():
        row = world.schedule.assignments.get(person=world.attending["B"], date=FRIDAYS[1] + 4 * A_DAY, session="AM")
        row.activity = program.standard_activities()["ADM"]
        row.save()
    program.absence(world.attending["B"], FRIDAYS[1], FRIDAYS[1] + A_DAY)

    services.sweep(EARLY + 5 * MINUTE)

    swap = SwapRecord.objects.get(pk=executed.pk)
    assert (swap.status, len(swap.conflicts)) == ("ROLLBACK_FAILED", 1)


def test_a_sweep_with_nothing_to_do_does_nothing(executed):
    assert set(services.sweep(EARLY).counts.values()) == {0} or services.sweep(EARLY).counts == {}


def test_both_parties_complain_while_it_is_watched_and_the_coordinator_hears(world, executed, coordinator):
    complaint = services.complain(executed, by=world.user["B"], at=EARLY + A_DAY, text="My clinic was booked.")

    assert (complaint.swap, complaint.text) == (executed, "My clinic was booked.")
    assert Notification.objects.filter(user=coordinator, kind="SWAP_COMPLAINT").count() == 1
    with pytest.raises(SwapState):
        services.complain(executed, by=world.user["A"], at=EARLY + A_DAY + MINUTE, text="Late.")
    with pytest.raises(NotAllowed):
        services.complain(executed, by=world.user["C"], at=EARLY, text="Not mine.")


def test_what_is_found_after_the_window_is_told_to_those_who_decide(world, executed, coordinator, director):
    """As where nothing ran for a day: it is looked at late, and stays."""
    program.absence(world.attending["B"], FRIDAYS[1], FRIDAYS[1] + A_DAY, kind="TDY")

    services.sweep(EARLY + A_DAY + MINUTE)

    told = Notification.objects.filter(kind="SWAP_BROKEN").values_list("user__username", flat=True)
    assert SwapRecord.objects.get(pk=executed.pk).status == "EXECUTED"
    assert set(told) == {coordinator.username, director.username}
    assert dead_ends() == set()
