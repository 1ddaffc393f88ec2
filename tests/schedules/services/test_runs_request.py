"""Asking for a generation: the order's sense, pre-flight, confirmation, idempotency, and what people do to a run."""

import datetime as dt
from uuid import uuid4

import pytest
from django_q.models import OrmQ

from common.errors import Invalid
from schedules.enums import RunStatus, StopRequest
from schedules.models import GenerationRun, IdempotencyKey
from schedules.services import runs
from tests.factories import generation, program

AT = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)
START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
ORDER = runs.Order(START, END)

pytestmark = pytest.mark.django_db


@pytest.fixture
def tiny():
    made = program.tiny_program()
    with generation.worker_present():
        yield made


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        (runs.Order(END, START), "before it begins"),
        (runs.Order(START, START - dt.timedelta(days=1)), "before it begins"),
        (runs.Order(START, START + dt.timedelta(days=399)), "400 days"),
        (runs.Order(START, END, algorithm="oracle"), "'oracle' is not known"),
        (runs.Order(START, END, timeout_seconds=4), "between 5 and 600"),
        (runs.Order(START, END, timeout_seconds=601), "between 5 and 600"),
        (runs.Order(START, END, pgy_levels=(7,)), "Nobody of these levels and rotations is scheduled"),
        (runs.Order(START, END, rotation_template_ids=(str(uuid4()),)), "Nobody of these levels and rotations"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_with_a_sentence(order, sentence, coordinator):
    with pytest.raises(Invalid, match=sentence) as refused:
        runs.request_run(order, by=coordinator, at=AT, confirm=True)

    assert refused.value.status == 400
    assert GenerationRun.objects.count() == 0


def test_without_a_yes_no_run_is_made_and_the_question_is_asked(tiny, coordinator):
    with pytest.raises(runs.ConfirmationRequired) as asked:
        runs.request_run(ORDER, by=coordinator, at=AT, idempotency_key="once")

    assert asked.value.status == 409
    assert asked.value.code == "confirmation_required"
    assert asked.value.detail == (
        "No fresh verified backup exists; one will be made. Proceed with schedule generation for Block 10"
        " (2026-03-12 to 2026-04-08)?"
    )
    assert asked.value.extra["preflight"]["counts"]["residents"] == 4
    assert GenerationRun.objects.count() == 0
    assert IdempotencyKey.objects.count() == 0


def test_the_token_of_the_question_starts_the_run_and_rings_the_solver(tiny, coordinator):
    with pytest.raises(runs.ConfirmationRequired) as asked:
        runs.request_run(ORDER, by=coordinator, at=AT)

    run = runs.request_run(
        ORDER, by=coordinator, at=AT + dt.timedelta(minutes=14), confirm=asked.value.extra["confirmation_token"]
    )

    assert run.status == RunStatus.QUEUED
    assert (run.confirmed_by, run.requested_by) == (coordinator, coordinator)
    assert OrmQ.objects.get().key == "solver"
    assert run.history.get().history_user == coordinator


def test_a_token_for_other_inputs_asks_again(tiny, coordinator):
    with pytest.raises(runs.ConfirmationRequired) as asked:
        runs.request_run(ORDER, by=coordinator, at=AT)
    program.absence(tiny.faculty[0], START)

    with pytest.raises(runs.ConfirmationRequired) as again:
        runs.request_run(ORDER, by=coordinator, at=AT, confirm=asked.value.extra["confirmation_token"])

    assert again.value.code == "confirmation_stale"
    assert again.value.extra["confirmation_token"] != asked.value.extra["confirmation_token"]
    assert GenerationRun.objects.count() == 0


def test_the_same_key_and_order_give_the_same_run_even_after_it_ended(tiny, coordinator):
    first = runs.request_run(ORDER, by=coordinator, at=AT, confirm=True, idempotency_key="k")
    runs.request_abort(first, by=coordinator, at=AT)

    again = runs.request_run(ORDER, by=coordinator, at=AT, confirm=True, idempotency_key="k")

    assert again == first
    assert GenerationRun.objects.count() == 1


def test_the_same_key_with_another_order_is_refused(tiny, coordinator):
    runs.request_run(ORDER, by=coordinator, at=AT, confirm=True, idempotency_key="k")

    with pytest.raises(runs.KeyReused) as refused:
        runs.request_run(runs.Order(START, END, seed=2), by=coordinator, at=AT, confirm=True, idempotency_key="k")

    assert refused.value.status == 422


def test_an_overlapping_run_is_refused(tiny, coordinator):
    runs.request_run(ORDER, by=coordinator, at=AT, confirm=True)

    with pytest.raises(runs.OverlappingRun) as refused:
        runs.request_run(runs.Order(END, END), by=coordinator, at=AT, confirm=True)

    assert refused.value.code == "overlapping_run"
    assert GenerationRun.objects.count() == 1


def test_an_agents_run_waits_for_a_person_and_bars_nobody(tiny, agent, coordinator):
    waiting = runs.request_run(ORDER, by=agent, at=AT, confirm=True)
    own = runs.request_run(ORDER, by=coordinator, at=AT, confirm=True)

    assert (waiting.status, waiting.confirmed_at) == (RunStatus.AWAITING_CONFIRMATION, None)
    assert own.status == RunStatus.QUEUED
    assert coordinator.notifications.get().kind == "CONFIRMATION_NEEDED"
    with pytest.raises(runs.OverlappingRun):
        runs.confirm(waiting, by=coordinator, at=AT)


def test_a_person_confirms_a_waiting_run(tiny, agent, coordinator):
    waiting = runs.request_run(ORDER, by=agent, at=AT)

    confirmed = runs.confirm(waiting, by=coordinator, at=AT, answer=True)

    assert (confirmed.status, confirmed.confirmed_by) == (RunStatus.BACKING_UP, coordinator)
    assert OrmQ.objects.filter(key="solver").count() == 1


def test_without_a_worker_nothing_is_queued(coordinator):
    program.tiny_program()

    with pytest.raises(runs.PreflightFailed, match="No worker for generation"):
        runs.request_run(ORDER, by=coordinator, at=AT, confirm=True)

    assert GenerationRun.objects.count() == 0


def test_an_unclaimed_run_is_cancelled_at_once(tiny, coordinator):
    run = runs.request_run(ORDER, by=coordinator, at=AT, confirm=True)

    assert runs.request_stop(run, by=coordinator, at=AT).status == RunStatus.CANCELLED
    with pytest.raises(runs.RunConflict, match="cancelled already"):
        runs.request_abort(run, by=coordinator, at=AT)


def test_a_claimed_run_is_asked_to_stop(tiny, coordinator):
    run = runs.request_run(ORDER, by=coordinator, at=AT, confirm=True)
    run = runs.move(run, RunStatus.PREFLIGHT, at=AT, claim="00000000-0000-0000-0000-000000000001")

    asked = runs.request_stop(run, by=coordinator, at=AT)

    assert (asked.status, asked.stop_request, asked.stopped_by) == (RunStatus.PREFLIGHT, StopRequest.STOP, coordinator)


def test_a_status_changes_only_by_the_table(tiny, coordinator):
    run = runs.request_run(ORDER, by=coordinator, at=AT, confirm=True)

    with pytest.raises(runs.RunConflict, match="queued; it cannot become solving"):
        runs.move(run, RunStatus.SOLVING, at=AT)


def test_retry_needs_a_yes_and_keeps_the_order(tiny, coordinator):
    run = runs.request_run(runs.Order(START, END, seed=7), by=coordinator, at=AT, confirm=True)
    failed = runs.fail(run, "It broke.", at=AT)
    with pytest.raises(runs.ConfirmationRequired) as asked:
        runs.retry(failed, by=coordinator, at=AT)

    again = runs.retry(failed, by=coordinator, at=AT, answer=asked.value.extra["confirmation_token"])

    assert (again.retry_of, again.seed, again.status) == (failed, 7, RunStatus.QUEUED)


def test_a_failed_run_names_step_reason_health_and_counted_rows(tiny, coordinator):
    run = runs.request_run(ORDER, by=coordinator, at=AT, confirm=True)

    failed = runs.fail(run, "It broke.", at=AT)

    assert (failed.status, failed.failed_step, failed.reason) == (RunStatus.FAILED, RunStatus.QUEUED, "It broke.")
    assert failed.result == {
        "partial_assignments": 0,
        "health": {"database": "connected", "worker": "running", "breaker": "CLOSED", "backup": None},
    }


def test_two_failed_runs_of_a_range_escalate(tiny, coordinator, director, administrator):
    for _ in range(2):
        runs.fail(runs.request_run(ORDER, by=coordinator, at=AT, confirm=True), "It broke.", at=AT)

    assert director.notifications.get().title == "Two generations of 2026-03-12 to 2026-04-08 failed"
    assert administrator.notifications.count() == 1
