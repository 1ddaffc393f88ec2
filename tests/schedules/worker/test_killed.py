"""The real task cluster, killed and deprived of its database: nothing half written, and every run comes to an end."""

import datetime as dt
import os
import signal
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from accounts.enums import Role
from common.services import presence
from schedules.enums import RunStatus
from schedules.models import Assignment, GenerationRun, Schedule
from schedules.services import runs
from tests.factories import accounts, program
from tests.schedules.worker import cluster

START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
WAITING = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'schedules_assignment'::regclass"

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pd():
    program.tiny_program()
    return accounts.user(Role.PROGRAM_DIRECTOR)


def asked(by, **more):
    order = runs.Order(START, END, **{"algorithm": "greedy"} | more)
    return runs.request_run(order, by=by, at=timezone.now(), confirm=True)


def ends(run, status):
    cluster.until(lambda: cluster.status_of(run) == status, f"the run is {status}")
    return GenerationRun.objects.get(pk=run.pk)


def held_back():
    """Hold every writer of assignments until the connection is closed."""
    other = cluster.own_connection()
    other.execute("LOCK TABLE schedules_assignment IN EXCLUSIVE MODE")
    return other


def waiting_writers(other):
    return [pid for (pid,) in other.execute(WAITING).fetchall()]


def test_a_worker_killed_while_writing_leaves_nothing_and_the_retry_works(workers, pd):
    other = held_back()
    run = asked(pd)
    cluster.until(lambda: waiting_writers(other), "the worker is writing")

    os.kill(cluster.worker_pid(run), signal.SIGKILL)
    other.close()
    failed = ends(run, RunStatus.FAILED)

    assert (failed.failed_step, failed.result["partial_assignments"]) == (RunStatus.VALIDATING, 0)
    assert (Schedule.objects.count(), Assignment.objects.count()) == (0, 0)
    again = runs.retry(failed, by=pd, at=timezone.now(), answer=True)
    done = ends(again, RunStatus.DRAFT_READY)
    assert done.backup.file.startswith("residency_scheduler_pre-retry_")
    assert Assignment.objects.count() > 0


def test_a_worker_killed_while_solving_leaves_nothing(workers, pd):
    run = asked(pd, algorithm="cp_sat", timeout_seconds=60)
    cluster.until(lambda: cluster.status_of(run) == RunStatus.SOLVING, "the worker is solving")

    os.kill(cluster.worker_pid(run), signal.SIGKILL)
    failed = ends(run, RunStatus.FAILED)

    assert failed.failed_step == RunStatus.SOLVING
    assert failed.reason == "The worker died while solving. Nothing was written. Retry when health is green."
    assert Schedule.objects.count() == 0


def test_the_database_lost_while_writing_leaves_nothing(workers, pd):
    other = held_back()
    run = asked(pd)
    cluster.until(lambda: waiting_writers(other), "the worker is writing")

    # What a crash of the server does to a worker: every one of its sessions ends in the middle.
    other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    other.close()
    connection.close()
    failed = ends(run, RunStatus.FAILED)

    assert failed.result["partial_assignments"] == 0
    assert (Schedule.objects.count(), Assignment.objects.count()) == (0, 0)


def test_killing_the_cluster_leaves_no_orphans(workers, pd):
    run = asked(pd)
    ends(run, RunStatus.DRAFT_READY)
    worker = cluster.worker_pid(run)

    workers.kill()
    workers.wait()

    cluster.until(lambda: not Path(f"/proc/{worker}").exists(), "the worker is gone")
    cluster.until(lambda: not presence.running(presence.SOLVER), "nobody counts as present")


def test_a_second_machines_workers_do_nothing_twice(workers, pd, tmp_path):
    with cluster.running(tmp_path / "second.log", TIME_ZONE="UTC"):
        cluster.until(lambda: presence.running(presence.SOLVER) == 2, "both are up")
        ranges = [(START + dt.timedelta(days=n), START + dt.timedelta(days=n)) for n in range(4)]
        made = [
            runs.request_run(runs.Order(a, b, algorithm="greedy"), by=pd, at=timezone.now(), confirm=True)
            for a, b in ranges
        ]
        for run in made:
            # A lost and a doubled bell are the same to a row that is the truth.
            runs.ring(run)
            runs.ring(run)
        done = [ends(run, RunStatus.DRAFT_READY) for run in made]

    assert Schedule.objects.count() == 4
    claims = [run.history.filter(history_change_reason__startswith="claimed by").count() for run in done]
    assert claims == [1, 1, 1, 1]
