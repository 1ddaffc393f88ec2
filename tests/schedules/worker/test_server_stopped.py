"""PostgreSQL itself stopped while a worker writes: nothing half written, and everything goes on when it is back."""

import datetime as dt
import os
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, connections
from django.utils import timezone

import backups.services
from accounts.enums import Role
from common.postgres import server
from common.services import presence
from schedules.enums import RunStatus
from schedules.models import Assignment, Schedule
from schedules.services import runs
from tests.factories import accounts, program
from tests.schedules.worker import cluster

START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'schedules_assignment'::regclass"

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def own_server(transactional_db, monkeypatch):
    """A server of the test's own with the schema of the test database; Django talks to it meanwhile."""
    dump = _program("pg_dump", "--no-owner", connection.settings_dict["NAME"])
    # Not below pytest's folder: another run that starts closes that one to the server's user.
    folder = tempfile.TemporaryDirectory(prefix="scheduler-")
    data_dir = Path(folder.name) / "pg"
    options = connection.settings_dict["OPTIONS"] | {"data_dir": str(data_dir), "autostart": False}
    socket_dir = server.start(data_dir, durable=False)
    connections.close_all()
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    _program(
        "psql", "--quiet", "--set=ON_ERROR_STOP=1", "template1", host=socket_dir, stdin=b"CREATE DATABASE test_own"
    )
    monkeypatch.setitem(connection.settings_dict, "NAME", "test_own")
    _program("psql", "--quiet", "--set=ON_ERROR_STOP=1", "test_own", host=socket_dir, stdin=dump)
    yield data_dir
    connections.close_all()
    server.stop(data_dir)
    folder.cleanup()


def _program(name, *arguments, host=None, stdin=None):
    where = host or connection.get_connection_params()["host"]
    line = [str(server.bin_dir() / name), "--host", str(where), "--username", "postgres", *arguments]
    return subprocess.run(line, input=stdin, capture_output=True, check=True).stdout


@contextmanager
def _writing(pd):
    """A run whose worker is held up in the middle of its writing."""
    cluster.until(lambda: presence.running(presence.SOLVER), "the cluster is up")
    other = cluster.own_connection()
    other.execute("LOCK TABLE schedules_assignment IN EXCLUSIVE MODE")
    run = runs.request_run(runs.Order(START, END, algorithm="greedy"), by=pd, at=timezone.now(), confirm=True)
    cluster.until(lambda: cluster.status_of(run) == RunStatus.VALIDATING, "the worker has a roster")
    cluster.until(lambda: other.execute(WAITING).fetchall(), "the worker is writing")
    yield run
    other.close()
    connections.close_all()


def _assert_failed_and_nothing_written(run):
    cluster.until(lambda: cluster.status_of(run) == RunStatus.FAILED, "the sweeper has ended the run")
    run.refresh_from_db()
    assert (run.failed_step, run.result["partial_assignments"]) == (RunStatus.VALIDATING, 0)
    assert (Schedule.objects.count(), Assignment.objects.count()) == (0, 0)
    assert backups.services.check_integrity(timezone.now()).problems == ()


def test_a_server_that_crashes_while_a_worker_writes_leaves_nothing_and_the_right_step(own_server, tmp_path):
    program.tiny_program()
    pd = accounts.user(Role.PROGRAM_DIRECTOR)
    # As in production: with the tests' own lazy commits a crash forgets the last steps, and the run names one before.
    durable = f"{cluster.database_url()}&options=-c%20synchronous_commit%3Don"
    with cluster.running(tmp_path / "cluster.log", DATABASE_URL=durable):
        with _writing(pd) as run:
            os.kill(server.status(own_server).pid, signal.SIGQUIT)
            cluster.until(lambda: not server.status(own_server).running, "the server is dead")
        server.start(own_server, durable=False)

        _assert_failed_and_nothing_written(run)


def test_a_server_stopped_while_a_worker_writes_leaves_nothing_and_the_cluster_goes_on(own_server, tmp_path):
    program.tiny_program()
    pd = accounts.user(Role.PROGRAM_DIRECTOR)
    with cluster.running(tmp_path / "cluster.log") as workers:
        with _writing(pd) as run:
            server.stop(own_server)
        server.start(own_server, durable=False)

        _assert_failed_and_nothing_written(run)

        again = runs.retry(run, by=pd, at=timezone.now(), answer=True)
        cluster.until(lambda: cluster.status_of(again) == RunStatus.DRAFT_READY, "the retry is done")
        assert workers.poll() is None
    assert Assignment.objects.filter(schedule_id=runs.draft_id(again)).exists()
