"""Executing a swap: what is written, what is verified, and that a failure leaves nothing but its own record."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction
from django_q.models import OrmQ

from schedules.domain.problem import Session
from schedules.models import Assignment, ComplianceEvent, FmitWeek, Schedule
from schedules.services.validation import validate
from swaps import services
from swaps.models import SwapAudit
from swaps.services import record
from swaps.services.refusals import ExecutionFailed, SwapState
from tests.factories import program
from tests.factories.swaps import EARLY, FRIDAYS

pytestmark = pytest.mark.django_db
A_DAY = dt.timedelta(days=1)


def held(world, letter, friday):
    """What a person holds on the seven days and the Friday after, session by session."""
    days = [friday + offset * A_DAY for offset in range(8)]
    rows = Assignment.objects.filter(person=world.attending[letter], date__in=days, schedule=world.schedule)
    codes = {(row.date, row.session): row.activity.code for row in rows.select_related("activity")}
    return [" ".join(codes.get((day, session.value), "-") for session in Session) for day in days]


WEEK = ["FMIT FMIT CALL"] * 2 + ["FMIT FMIT -"] * 5 + ["PC PC -"]


def test_both_weeks_their_calls_and_the_fridays_after_change_hands(world, executed):
    assert held(world, "A", FRIDAYS[2]) == WEEK
    assert held(world, "B", FRIDAYS[1]) == WEEK
    assert not {"FMIT", "CALL", "PC"} & set(" ".join(held(world, "A", FRIDAYS[1])[:7]).split())
    assert not {"FMIT", "CALL", "PC"} & set(" ".join(held(world, "B", FRIDAYS[2])[1:]).split())


def test_the_planned_weeks_follow(world, executed):
    planned = dict(FmitWeek.objects.values_list("start_date", "person__name"))

    assert (planned[FRIDAYS[1]], planned[FRIDAYS[2]]) == ("Attending B", "Attending A")


def test_every_touched_row_has_its_snapshot_and_says_why_in_its_history(world, executed):
    changed = {(str(c.person_id), c.date, c.session): c for c in executed.changes.all()}
    history = Assignment.history.filter(history_change_reason=f"swap {executed.pk}")

    assert {(str(row.person_id), row.date, row.session) for row in history} == set(changed)
    now = world.cells()
    assert {key: now.get(key) for key in changed} == {
        key: change.after["activity"] if change.after else None for key, change in changed.items()
    }
    assert {row.source for row in Assignment.objects.filter(pk__in=history.values("id"))} == {"SWAP"}


def test_the_record_names_time_transaction_and_version(world, executed):
    assert (executed.status, executed.executed_at, executed.schedule_id) == ("EXECUTED", EARLY, world.schedule.pk)
    assert executed.transaction_id == SwapAudit.objects.get(swap=executed, event="EXECUTED").transaction_id
    assert Schedule.objects.get(pk=world.schedule.pk).version == world.schedule.version + 1


def test_every_step_is_in_the_record_with_its_user(executed, coordinator):
    events = SwapAudit.objects.filter(swap=executed).exclude(event="NOTIFIED").values_list("event", "user__username")

    who = coordinator.username
    assert list(events) == [
        ("REQUESTED", who),
        ("CONSENTED", who),
        ("VALIDATED", who),
        ("EXECUTED", who),
        ("VERIFIED", None),
    ]


def test_the_record_is_only_ever_added_to(executed):
    with pytest.raises(Exception, match="only ever added"), connection.cursor() as cursor:
        cursor.execute("UPDATE swaps_swapaudit SET event = 'REQUESTED'")


def approved(world, order):
    """A swap that is decided and not executed yet, as the process between the two transactions leaves it."""
    swap = services.request(order("A", "B", target=2), by=world.user["A"], at=EARLY)
    with transaction.atomic():
        locked = record.lock(swap)
        locked.status = "APPROVED"
        return record.save(locked, by=None, at=EARLY, why="test", consent_at=EARLY)


def touch(world, letter, day, code, **fields):
    """An edit of a published row by hand."""
    with program.open_gate():
        row = Assignment.objects.get(schedule=world.schedule, person=world.attending[letter], date=day, session="AM")
        row.activity = program.standard_activities()[code]
        for name, value in fields.items():
            setattr(row, name, value)
        row.save()


def test_a_row_changed_after_the_decision_rejects_with_a_clear_409_and_changes_nothing(world, order):
    swap = approved(world, order)
    touch(world, "B", FRIDAYS[2] + 3 * A_DAY, "ADM")
    before = world.cells()

    with pytest.raises(ExecutionFailed) as refused:
        services.execute(swap, by=None, at=EARLY)

    swap.refresh_from_db()
    assert (refused.value.status, refused.value.code, refused.value.extra["cause"]) == (
        409,
        "INTEGRITY_VIOLATION",
        "ROWS_CHANGED",
    )
    assert (swap.status, swap.error_code, world.cells()) == ("REJECTED", "INTEGRITY_VIOLATION", before)
    assert SwapAudit.objects.get(swap=swap, event="FAILED").detail["cause"] == "ROWS_CHANGED"


def test_an_unrelated_edit_after_the_decision_is_no_hindrance(world, order):
    swap = approved(world, order)
    touch(world, "C", FRIDAYS[1] + 3 * A_DAY, "ADM")

    assert services.execute(swap, by=None, at=EARLY).status == "EXECUTED"


def test_an_absence_approved_after_the_decision_rejects(world, order):
    swap = approved(world, order)
    program.absence(world.attending["B"], FRIDAYS[1] + 2 * A_DAY)

    with pytest.raises(ExecutionFailed) as refused:
        services.execute(swap, by=None, at=EARLY)

    assert refused.value.extra["cause"] == "ABSENT"


def test_verification_finds_a_row_that_another_hand_wrote_in_between(world, order):
    """A trigger stands for whatever writes where the swap has written."""
    swap, before = approved(world, order), world.cells()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " NEW.activity_id := (SELECT id FROM schedules_activity WHERE code = 'ADM'); RETURN NEW; END $$;"
            "CREATE TRIGGER meddle BEFORE UPDATE ON schedules_assignment FOR EACH ROW EXECUTE FUNCTION meddle()"
        )

    with pytest.raises(ExecutionFailed) as refused:
        services.execute(swap, by=None, at=EARLY)

    swap.refresh_from_db()
    assert (refused.value.extra["cause"], swap.status, world.cells()) == ("ROWS_DIFFER", "REJECTED", before)


def test_another_program_hears_of_each_step_without_a_word_about_anybody(world, order, settings):
    settings.WEBHOOK_URL, settings.SITE_URL = "http://127.0.0.1:1/", "https://scheduler.example.org"

    swap = services.request(order("A", "B", target=2), by=world.user["A"], at=EARLY)
    services.consent(swap, by=world.user["B"], at=EARLY)
    services.roll_back(swap, by=world.user["A"], at=EARLY, reason="A conflict.")

    posted = [
        row.task["args"] for row in OrmQ.objects.order_by("pk") if row.task["func"] == "accounts.tasks.post_event"
    ]
    about = {"at": EARLY.isoformat(), "url": f"https://scheduler.example.org/swaps/{swap.pk}"}
    assert posted == [({"kind": kind, **about},) for kind in ("SWAP_REQUESTED", "SWAP_EXECUTED", "SWAP_ROLLED_BACK")]


def test_what_is_said_of_the_version_is_judged_anew_after_a_swap_and_its_roll_back(
    world, order, coordinator, django_capture_on_commit_callbacks
):
    def said():
        world.schedule.refresh_from_db()
        return world.schedule.validation

    def is_true():
        services.judge_versions(swap, at=EARLY)
        found = validate(world.schedule.start_date, world.schedule.end_date, schedule=world.schedule)
        events = ComplianceEvent.objects.filter(schedule=world.schedule, status="OPEN").values_list("key", flat=True)
        return said()["violations"] == found.as_json()["violations"] and set(events) == {
            violation.key for violation in found.report.counted
        }

    with django_capture_on_commit_callbacks(execute=True):
        swap = services.request(order("A", "B", target=2, partner_consented=True), by=coordinator, at=EARLY)
        services.roll_back(swap, by=coordinator, at=EARLY, reason="A conflict.")

    assert [row.task["args"] for row in OrmQ.objects.all() if row.task["func"] == "swaps.tasks.judge_versions"] == [
        (str(swap.pk),)
    ] * 2
    assert said() == {}
    assert is_true()
    rows = Schedule.history.count()
    services.judge_versions(swap, at=EARLY)
    assert Schedule.history.count() == rows, "judged once for however many swaps"


def test_an_executed_swap_is_not_executed_again(executed):
    with pytest.raises(SwapState):
        services.execute(executed, by=None, at=EARLY)
