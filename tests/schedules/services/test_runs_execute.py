"""Carrying a run out in this process to each of its ends; nothing is ever half written."""

import datetime as dt
import threading
import uuid
from pathlib import Path

import pytest
from django.db import connection

from accounts.enums import Role
from backups.models import Backup
from common.errors import DomainError
from common.services import presence
from schedules.domain.problem import Session
from schedules.enums import RunStatus, StopRequest
from schedules.models import Assignment, FmitWeek, GenerationRun, Schedule
from schedules.services import publishing, runs
from schedules.services.transitions import save
from schedules.signals import run_failed
from tests.factories import accounts, generation, program
from tests.schedules.worker.cluster import until

START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
AT = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)
ORDER = runs.Order(START, END, algorithm="greedy")

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_backups")]


@pytest.fixture
def tiny():
    return program.tiny_program()


@pytest.fixture
def pd():
    return accounts.user(Role.PROGRAM_DIRECTOR)


def asked(by, order=ORDER):
    return runs.request_run(order, by=by, at=AT, confirm=True, needs_worker=False)


def ended(run):
    runs.execute(run.pk, clock=lambda: AT)
    return GenerationRun.objects.get(pk=run.pk)


def ended_in_haste(by, order):
    """A run with less time than a person can choose, a second for each block; a busy machine gets a longer one."""
    for seconds in (1, 10):
        done = ended(save(asked(by, order), at=AT, by=by, why="in haste", timeout_seconds=seconds))
        if done.status != RunStatus.TIMED_OUT:
            break
    return done


def ended_while(run, happens):
    """As `ended`; once the solver is done, and before anything is judged or written, something happens."""
    pending = [happens]

    def clock():
        if is_solving(run) and pending and threading.current_thread() is threading.main_thread():
            pending.pop()()
        return AT

    runs.execute(run.pk, clock=clock)
    return GenerationRun.objects.get(pk=run.pk)


def ended_with(run, wish):
    """As `ended`; the wish comes as soon as a first roster is shown, and is heard before the second block's search."""
    heard = threading.Event()
    loads = iter(["the whole range", "the first block", "the second block"])

    def clock():
        if threading.current_thread() is not threading.main_thread():
            seen = GenerationRun.objects.get(pk=run.pk)
            if seen.stop_request:
                heard.set()  # the heart reads wishes before it asks for the time
            elif seen.progress.get("objective"):
                wish(seen)
        return AT

    def loading_the_second_block_waits(execute, sql, *rest):
        if f'FROM "{FmitWeek._meta.db_table}"' in sql and is_solving(run) and next(loads, "") == "the second block":
            assert heard.wait(60)
        return execute(sql, *rest)

    with connection.execute_wrapper(loading_the_second_block_waits):
        runs.execute(run.pk, clock=clock)
    return GenerationRun.objects.get(pk=run.pk)


def is_solving(run):
    return GenerationRun.objects.get(pk=run.pk).status == RunStatus.SOLVING


def written():
    return Schedule.objects.count(), Assignment.objects.count()


def test_a_run_ends_with_a_judged_draft_behind_its_own_backup(tiny, pd):
    run = ended_in_haste(pd, runs.Order(START, END, seed=3))

    assert (run.status, run.reason) == (RunStatus.DRAFT_READY, "")
    assert run.backup.file.startswith("residency_scheduler_pre-block-10_")
    assert run.schedule.status == "DRAFT"
    assert run.schedule.pk == runs.draft_id(run)
    assert run.schedule.fingerprint == run.fingerprint
    assert run.schedule.stale_since is None
    assert run.schedule.assignments.filter(session__in=["AM", "PM"]).count() == run.result["total_blocks"]
    assert run.result["validation"]["acgme_compliant"] is True
    assert run.result["seed"] == 3
    assert run.result["free_decisions"] > 0
    assert run.result["policy"]["clinic_capacity"] == 8
    assert run.result["bound"] <= run.result["objective"]
    assert {row.history_user for row in Assignment.history.all()} == {pd}
    assert [row.status for row in run.history.order_by("history_id")] == [
        RunStatus.QUEUED,
        RunStatus.QUEUED,
        RunStatus.PREFLIGHT,
        RunStatus.BACKING_UP,
        RunStatus.SOLVING,
        RunStatus.VALIDATING,
        RunStatus.DRAFT_READY,
    ]


def test_a_second_ring_does_nothing_twice(tiny, pd):
    run = ended(asked(pd))
    before = written()

    again = ended(run)

    assert (written(), again.updated_at) == (before, run.updated_at)


def test_a_run_that_another_worker_holds_is_left_alone(tiny, pd):
    run = asked(pd)

    presence.try_hold_run(run.pk)
    untouched = ended(run)

    assert (untouched.status, untouched.claim) == (RunStatus.QUEUED, None)


def test_inputs_changed_since_the_yes_ask_for_another(tiny, pd):
    run = asked(pd)
    program.absence(tiny.faculty[0], START)

    waiting = ended(run)
    told = pd.notifications.get(kind="CONFIRMATION_NEEDED").body
    with generation.worker_present():
        runs.confirm(waiting, by=pd, at=AT)
    done = ended(run)

    assert (waiting.status, waiting.claim, waiting.confirmed_by) == (RunStatus.AWAITING_CONFIRMATION, None, None)
    assert waiting.reason == told == "The inputs changed after the confirmation; look at them and confirm again."
    assert (done.status, done.reason, done.schedule.stale_since) == (RunStatus.DRAFT_READY, "", None)


def test_inputs_changed_while_a_confirmed_run_waited_make_the_draft_stale(tiny, pd):
    run = runs.request_run(ORDER, by=accounts.user(Role.AGENT), at=AT, needs_worker=False)
    with generation.worker_present():
        runs.confirm(run, by=pd, at=AT)
    program.preference(tiny.residents[0])

    done = ended(run)

    assert (done.status, done.schedule.stale_since) == (RunStatus.DRAFT_READY, AT)
    assert done.schedule.stale_reason == "The inputs changed after the confirmation."


def test_inputs_changed_while_solving_make_the_draft_stale(tiny, pd):
    run = asked(pd)

    done = ended_while(run, lambda: program.absence(tiny.faculty[0], START))

    assert (done.status, done.schedule.stale_since) == (RunStatus.DRAFT_READY, AT)
    assert done.schedule.stale_reason == "The inputs changed while the solver ran."


def test_data_without_a_solution_are_infeasible_with_names(tiny, pd):
    nights = [START + dt.timedelta(days=n) for n in range(7)]
    published = program.schedule(START, END, status="PUBLISHED")
    program.assignments(published, [(tiny.residents[3], day, Session.NIGHT, "NF") for day in nights], locked=True)

    run = ended(asked(pd, runs.Order(START, END, timeout_seconds=30)))

    assert (run.status, run.schedule) == (RunStatus.INFEASIBLE, None)
    assert written() == (1, 7)
    statements = run.result["conflicts"][0]["statements"]
    assert "NIGHT_FLOAT_6" in {statement["rule"] for statement in statements}
    assert (
        pd.notifications.filter(kind="ESCALATION").get().title == "No schedule is possible for 2026-03-12 to 2026-04-08"
    )


def test_an_abort_before_the_answer_keeps_nothing(tiny, pd):
    run = asked(pd)

    done = ended_while(run, lambda: runs.request_abort(GenerationRun.objects.get(pk=run.pk), by=pd, at=AT))

    assert (done.status, done.stop_request) == (RunStatus.CANCELLED, StopRequest.ABORT)
    assert written() == (0, 0)


def test_an_abort_accepted_just_before_the_writing_is_obeyed(tiny, pd):
    run = asked(pd)

    def clock():
        seen = GenerationRun.objects.get(pk=run.pk)
        if seen.status == RunStatus.VALIDATING and not seen.stop_request:
            runs.request_abort(seen, by=pd, at=AT)
        return AT

    runs.execute(run.pk, clock=clock)

    assert GenerationRun.objects.get(pk=run.pk).status == RunStatus.CANCELLED
    assert written() == (0, 0)


def test_a_backup_that_fails_ends_the_run_before_anything_else(tiny, pd, settings, tmp_path):
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    run = asked(pd)
    settings.BACKUP_DIR = blocked

    failed = ended(run)

    assert (failed.status, failed.failed_step) == (RunStatus.FAILED, RunStatus.BACKING_UP)
    assert failed.result["partial_assignments"] == 0
    assert written() == (0, 0)


def test_two_failed_backups_in_a_row_escalate(tiny, pd, settings, tmp_path):
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    for order in (ORDER, runs.Order(START, START, algorithm="greedy")):
        settings.BACKUP_DIR = tmp_path / "backups"
        run = asked(pd, order)
        settings.BACKUP_DIR = blocked
        ended(run)

    titles = list(pd.notifications.filter(kind="ESCALATION").values_list("title", flat=True))
    assert titles == ["Two backups for a generation failed in a row"]


def test_a_worker_declared_dead_writes_nothing(tiny, pd):
    run = asked(pd)

    done = ended_while(run, lambda: runs.fail(GenerationRun.objects.get(pk=run.pk), "declared dead", at=AT))

    assert (done.status, done.reason) == (RunStatus.FAILED, "declared dead")
    assert written() == (0, 0)


def test_the_sweeper_fails_a_run_without_a_worker_and_leaves_a_living_one(tiny, pd):
    dead = runs.move(asked(pd), RunStatus.PREFLIGHT, at=AT, claim="00000000-0000-0000-0000-000000000001")
    sessions = []

    def hold():
        presence.try_hold_run(dead.pk)
        sessions.append(connection.connection)

    worker = threading.Thread(target=hold)
    worker.start()
    worker.join()
    assert runs.sweep(AT) == []
    with connection.cursor() as cursor:
        # Closed by the worker, the server would notice at some time: this waits until the session is gone.
        cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [sessions[0].info.backend_pid])
    sessions[0].close()
    # The server lets go of a closed session's locks when it notices, a moment later.
    until(lambda: presence.nobody_holds_run(dead.pk), "the dead worker's lock is gone")

    assert [run.pk for run in runs.sweep(AT)] == [dead.pk]
    swept = GenerationRun.objects.get(pk=dead.pk)
    assert (swept.status, swept.failed_step, swept.claim) == (RunStatus.FAILED, RunStatus.PREFLIGHT, None)


def test_the_sweeper_leaves_alone_what_was_let_go_while_it_swept(tiny, pd):
    both = [
        runs.move(asked(pd, runs.Order(day, day)), RunStatus.PREFLIGHT, at=AT, claim=uuid.uuid4())
        for day in (START, END)
    ]

    def let_go(run, **rest):
        other = next(each for each in both if each.pk != run)
        runs.move(other, RunStatus.AWAITING_CONFIRMATION, at=AT, claim=None)

    run_failed.connect(let_go)
    swept = runs.sweep(AT)
    run_failed.disconnect(let_go)

    assert len(swept) == 1
    assert set(GenerationRun.objects.values_list("status", flat=True)) == {
        RunStatus.FAILED,
        RunStatus.AWAITING_CONFIRMATION,
    }


def test_a_retried_run_makes_a_backup_of_its_own_name(tiny, pd):
    failed = runs.fail(asked(pd), "It broke.", at=AT)
    again = runs.retry(failed, by=pd, at=AT, answer=True, needs_worker=False)

    done = ended(again)

    assert done.status == RunStatus.DRAFT_READY
    assert done.backup.file.startswith("residency_scheduler_pre-retry_")
    assert Path(Backup.objects.get(pk=done.backup_id).file).suffix == ".gz"


def test_only_the_chosen_residents_change(tiny, pd):
    program.policy(max_violations=1000, require_n1=False)
    published = generation.draft(START, END)
    publishing.publish(published, by=pd, at=AT)
    before = generation.cells(published)

    done = ended_in_haste(pd, runs.Order(START, END, pgy_levels=(1,)))

    after = generation.cells(done.schedule)
    changed = {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert done.status == RunStatus.DRAFT_READY
    assert changed <= {str(tiny.residents[0].pk)}


@pytest.fixture
def second(tiny):
    """Block 11, after the tiny program's block 10."""
    period = program.block(11, END + dt.timedelta(days=1))
    for person, template in zip(tiny.residents, (tiny.clinic, tiny.ward, tiny.ward, tiny.nights), strict=True):
        program.block_assignment(person, period, template)
    for week in range(4):
        program.fmit_week(tiny.faculty[week % 3], dt.date(2026, 4, 17) + dt.timedelta(weeks=week))
    return period


def test_a_range_of_two_blocks_is_solved_block_by_block_and_time_running_out_keeps_the_best(second, pd):
    done = ended_in_haste(pd, runs.Order(START, second.end_date))

    # Whether a second suffices for a proof is the machine's affair; what is called proven has to be.
    blocks = done.result["blocks"]
    proven = {block["label"]: block["gap"] <= 0.01 for block in blocks}
    assert done.status == RunStatus.DRAFT_READY
    assert list(proven) == ["Block 10", "Block 11"]
    assert [block["outcome"] for block in blocks] == ["OPTIMAL" if held else "FEASIBLE" for held in proven.values()]
    assert done.result["outcome"] == ("OPTIMAL" if all(proven.values()) else "FEASIBLE")
    assert done.progress["block"] == 2
    assert done.schedule.end_date == second.end_date
    assert done.result["validation"]["acgme_compliant"] is True


def test_stopped_while_searching_it_keeps_the_best_of_every_block(second, pd):
    run = asked(pd, runs.Order(START, second.end_date, timeout_seconds=600))

    done = ended_with(run, lambda seen: runs.request_stop(seen, by=pd, at=AT))

    assert (done.status, done.stop_request, done.stopped_by) == (RunStatus.DRAFT_READY, StopRequest.STOP, pd)
    assert (done.result["outcome"], done.result["blocks"][1]["outcome"]) == ("FEASIBLE", "FEASIBLE")
    assert done.result["validation"]["acgme_compliant"] is True
    days = done.schedule.assignments.values_list("date", flat=True).distinct().order_by("date")
    assert list(days) == [START + dt.timedelta(days=n) for n in range(56)]


def test_aborted_while_searching_it_keeps_nothing(second, pd):
    run = asked(pd, runs.Order(START, second.end_date, timeout_seconds=600))

    done = ended_with(run, lambda seen: runs.request_abort(seen, by=pd, at=AT))

    assert (done.status, done.stop_request) == (RunStatus.CANCELLED, StopRequest.ABORT)
    assert done.reason == "It was stopped before there was a whole schedule to keep. Nothing was written."
    assert written() == (0, 0)


def test_without_a_schedule_in_time_the_run_has_timed_out_and_says_what_to_do(tiny, pd):
    # Nobody is left to take turns in call, so the heuristic cannot succeed, and it proves nothing.
    for person in tiny.faculty[2:4]:
        program.absence(person, START + dt.timedelta(days=4), START + dt.timedelta(days=7))

    run = ended(asked(pd))

    assert (run.status, run.failed_step, run.schedule) == (RunStatus.TIMED_OUT, "", None)
    assert run.reason == "Block 10: the quick heuristic found no schedule that keeps every rule. Use CP-SAT."
    assert pd.notifications.get().body == run.reason
    assert written() == (0, 0)


def test_more_than_ten_violations_recommend_discarding_and_escalate(tiny, pd):
    clinic = tiny.clinic.pattern.filter(activity__code="C").first().activity
    program.demand(clinic, Session.AM, minimum=12, desired=12, weekdays=[0, 1, 3], on_holidays=False)
    administrator = accounts.user(Role.ADMINISTRATOR)

    done = ended(asked(pd))

    assert done.status == RunStatus.DRAFT_READY
    assert done.result["validation"]["total_violations"] > 10
    assert done.result["validation"]["acceptance"]["advice"] == "Discarding this draft is recommended."
    for decider in (pd, administrator):
        told = decider.notifications.get(kind="ESCALATION")
        assert told.title == "Many violations in the draft 2026-03-12 to 2026-04-08"
    assert written()[0] == 1


def at_once(*acts):
    """What each act gives or raises when all begin at the same moment, each in a thread of its own."""
    ends, start = [], threading.Barrier(len(acts))

    def perform(act):
        start.wait()
        try:
            ends.append(act())
        except DomainError as refused:
            ends.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=perform, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_of_two_requests_at_once_one_is_refused(tiny, pd):
    ends = at_once(lambda: asked(pd), lambda: asked(pd, runs.Order(END, END)))

    assert "overlapping_run" in ends
    assert GenerationRun.objects.count() == 1


def test_the_same_key_at_once_makes_one_run(tiny, pd):
    def ask():
        return runs.request_run(ORDER, by=pd, at=AT, confirm=True, idempotency_key="once", needs_worker=False).pk

    ends = at_once(ask, ask)

    assert ends == [GenerationRun.objects.get().pk] * 2
