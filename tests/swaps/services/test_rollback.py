"""Rolling back: everything as it was, also after unrelated edits; or nothing, with the changed rows listed."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.enums import Role
from common.errors import Invalid, NotAllowed
from schedules.enums import ScheduleStatus
from schedules.models import Assignment, FmitWeek
from swaps import services
from swaps.models import SwapAudit
from swaps.services.refusals import RollbackConflict, RollbackExpired, SwapState
from swaps.signals import swap_rollback_failed
from tests.factories import accounts, program
from tests.factories.swaps import EARLY, FRIDAYS

pytestmark = pytest.mark.django_db
A_DAY = dt.timedelta(days=1)
COLUMNS = ("id", "person_id", "date", "session", "activity__code", "source", "locked", "rotation_id", "created_at")


def stored(world):
    """The block to the byte, but for when a row was last written."""
    return set(Assignment.objects.filter(schedule=world.schedule).values_list(*COLUMNS))


def weeks():
    return set(FmitWeek.objects.values_list("start_date", "person_id"))


def edit(world, person, day, code="ADM", **fields):
    with program.open_gate():
        row = Assignment.objects.get(schedule=world.schedule, person=person, date=day, session="AM")
        row.activity = program.standard_activities()[code]
        for name, value in fields.items():
            setattr(row, name, value)
        row.save()
    return row


def test_rows_calls_and_planned_weeks_come_back_to_the_byte(world, order, coordinator):
    before, planned = stored(world), weeks()
    swap = services.request(order("A", "B", target=2, partner_consented=True), by=coordinator, at=EARLY)
    assert stored(world) != before

    services.roll_back(swap, by=coordinator, at=EARLY + A_DAY, reason="A conflict.")

    assert (stored(world), weeks()) == (before, planned)


def test_an_unrelated_edit_stays(world, order, coordinator):
    before = stored(world)
    swap = services.request(order("A", "B", target=2, partner_consented=True), by=coordinator, at=EARLY)
    old = {row for row in before if row[1] == world.attending["C"].pk and row[2] == FRIDAYS[1] + 3 * A_DAY}
    edited = edit(world, world.attending["C"], FRIDAYS[1] + 3 * A_DAY, "GME")

    services.roll_back(swap, by=coordinator, at=EARLY, reason="A conflict.")

    changed = stored(world) ^ before
    assert {row[0] for row in changed} == {edited.pk}
    assert len(changed & old) == 1


@pytest.mark.parametrize("fields", [{"code": "ADM"}, {"code": "FMIT", "locked": True}], ids=["activity", "lock"])
def test_a_touched_row_edited_meanwhile_is_listed_and_nothing_is_changed(world, executed, coordinator, fields):
    row = edit(world, world.attending["B"], FRIDAYS[1] + 3 * A_DAY, **fields)
    before, planned = stored(world), weeks()

    with pytest.raises(RollbackConflict) as refused:
        services.roll_back(executed, by=coordinator, at=EARLY, reason="A conflict.")

    executed.refresh_from_db()
    assert (executed.status, stored(world), weeks()) == ("ROLLBACK_FAILED", before, planned)
    assert refused.value.extra["rows"] == executed.conflicts
    assert [(item["date"], item["session"], item["left"], item["now"]) for item in executed.conflicts] == [
        (row.date.isoformat(), "AM", "FMIT", fields["code"])
    ]


def test_dates_of_which_nothing_is_published_any_more_are_listed_row_by_row(world, executed, coordinator):
    with program.open_gate():
        world.schedule.status = ScheduleStatus.SUPERSEDED
        world.schedule.save()

    with pytest.raises(RollbackConflict) as refused:
        services.roll_back(executed, by=coordinator, at=EARLY, reason="A conflict.")

    executed.refresh_from_db()
    assert (executed.status, len(executed.conflicts)) == ("ROLLBACK_FAILED", executed.changes.count())
    assert {row["now"] for row in refused.value.extra["rows"]} == {"not published"}


def test_a_planned_week_given_to_somebody_else_is_a_conflict(world, executed, coordinator):
    week = FmitWeek.objects.get(start_date=FRIDAYS[1])
    week.person = world.attending["E"]
    week.save()

    with pytest.raises(RollbackConflict) as refused:
        services.roll_back(executed, by=coordinator, at=EARLY, reason="A conflict.")

    assert [item["left"] for item in refused.value.extra["rows"]] == ["FMIT week"]


def test_incidents_hear_of_a_failed_roll_back_once_it_is_committed(
    world, executed, coordinator, django_capture_on_commit_callbacks
):
    edit(world, world.attending["B"], FRIDAYS[1] + 3 * A_DAY)
    heard = []

    def hear(sender, *, swap, rows, **kwargs):
        heard.append((swap, rows))

    swap_rollback_failed.connect(hear)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RollbackConflict):
        services.roll_back(executed, by=coordinator, at=EARLY, reason="A conflict.")
    swap_rollback_failed.disconnect(hear)

    assert heard == [(executed.pk, 1)]


def test_exactly_24_hours_still_count(executed, coordinator):
    assert services.can_roll_back(executed, by=coordinator, at=EARLY + A_DAY)
    assert not services.can_roll_back(executed, by=coordinator, at=EARLY + A_DAY + dt.timedelta(microseconds=1))

    with pytest.raises(RollbackExpired) as refused:
        services.roll_back(executed, by=coordinator, at=EARLY + A_DAY + dt.timedelta(microseconds=1), reason="Late.")

    assert (refused.value.code, refused.value.status) == ("ROLLBACK_WINDOW_EXPIRED", 409)
    assert services.roll_back(executed, by=coordinator, at=EARLY + A_DAY, reason="In time.").status == "ROLLED_BACK"


def test_the_giver_and_the_deciding_roles_take_it_back_and_nobody_else(world, executed):
    """The coordinator of the fixture asked for it; another one did not."""
    allowed = {
        role.value: services.can_roll_back(executed, by=accounts.user(role, username=f"other-{role}"), at=EARLY)
        for role in Role
    }

    assert [role for role, may in allowed.items() if may] == ["PROGRAM_DIRECTOR", "ADMINISTRATOR"]
    assert services.can_roll_back(executed, by=world.user["A"], at=EARLY)
    assert not services.can_roll_back(executed, by=world.user["B"], at=EARLY)
    with pytest.raises(NotAllowed):
        services.roll_back(executed, by=world.user["B"], at=EARLY, reason="Mine.")


def test_nothing_follows_a_roll_back(executed, coordinator):
    services.roll_back(executed, by=coordinator, at=EARLY, reason="A conflict.")

    with pytest.raises(SwapState):
        services.roll_back(executed, by=coordinator, at=EARLY, reason="Again.")


def test_a_reason_is_needed(executed, coordinator):
    with pytest.raises(Invalid):
        services.roll_back(executed, by=coordinator, at=EARLY, reason=" ")


def test_two_swaps_over_the_same_week_come_back_in_reverse_order(world, order, coordinator):
    """E absorbs from B what B had from A."""
    before = stored(world)
    first = services.request(order("A", "B", target=2, partner_consented=True), by=coordinator, at=EARLY)
    second = services.request(order("B", "E", week=1, partner_consented=True), by=coordinator, at=EARLY)
    assert (first.status, second.status) == ("EXECUTED", "EXECUTED")

    services.roll_back(second, by=coordinator, at=EARLY, reason="Last first.")
    services.roll_back(first, by=coordinator, at=EARLY, reason="Then this.")

    assert stored(world) == before


def test_the_earlier_of_two_does_not_come_back_under_the_later(world, order, coordinator):
    first = services.request(order("A", "B", target=2, partner_consented=True), by=coordinator, at=EARLY)
    services.request(order("B", "E", week=1, partner_consented=True), by=coordinator, at=EARLY)

    with pytest.raises(RollbackConflict):
        services.roll_back(first, by=coordinator, at=EARLY, reason="Too early.")

    assert SwapAudit.objects.filter(swap=first, event="ROLLBACK_FAILED").exists()
