"""GET /health: what it says when all is well, without a worker, without a backup, and without a database."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django_q.conf import Conf
from django_q.signing import SignedPackage
from django_q.status import Stat, Status

from backups.models import Backup
from backups.services.files import path_of
from tests.factories.backups import verified_backup

ROOT = Path(__file__).resolve().parents[2]
NOON = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)


def _a_backup(age: dt.timedelta) -> None:
    made = verified_backup(created_at=NOON - age, verified_at=NOON - age)
    stamp = made.created_at.timestamp()
    os.utime(path_of(made.file), (stamp, stamp))


def _a_worker() -> None:
    """What a running cluster writes twice a second."""
    key = Stat.get_key("cluster")
    cache.set(Conf.Q_STAT, [key])
    cache.set(key, SignedPackage.dumps(Status(1, "cluster"), True), 3)


@pytest.mark.django_db
def test_all_is_well(client):
    with time_machine.travel(NOON, tick=False):
        _a_backup(dt.timedelta(minutes=119))
        _a_worker()
        answer = client.get("/health")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "healthy",
        "database": "connected",
        "worker": "running",
        "backup_age_seconds": 7140,
        "version": settings.APP_VERSION,
    }
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_fresh_installation_is_degraded_and_still_200(client):
    answer = client.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert (answer.json()["worker"], answer.json()["backup_age_seconds"]) == ("stopped", None)


@pytest.mark.django_db
def test_a_backup_of_two_hours_is_no_longer_fresh(client):
    with time_machine.travel(NOON, tick=False):
        _a_backup(dt.timedelta(hours=2))
        _a_worker()
        answer = client.get("/health")

    assert (answer.json()["status"], answer.json()["backup_age_seconds"]) == ("degraded", 7200)


@pytest.mark.django_db
def test_a_backup_whose_file_is_gone_is_none(client):
    with time_machine.travel(NOON, tick=False):
        _a_backup(dt.timedelta(minutes=5))
        _a_worker()
        path_of(Backup.objects.get().file).unlink()
        answer = client.get("/health")

    assert (answer.json()["status"], answer.json()["backup_age_seconds"]) == ("degraded", None)


@pytest.mark.django_db
def test_a_worker_that_stopped_writing_is_gone_after_three_seconds(client):
    with time_machine.travel(NOON, tick=False):
        _a_worker()
    with time_machine.travel(NOON + dt.timedelta(seconds=4), tick=False):
        assert client.get("/health").json()["worker"] == "stopped"


def test_without_a_database_it_answers_503_quickly_even_to_somebody_with_a_session():
    code = (
        "import django, json, time; django.setup()\n"
        "from django.test import Client\n"
        "client = Client(); client.cookies['sessionid'] = 'x' * 32\n"
        # Imports the whole site, which takes its time on a busy machine.
        "from django.urls import get_resolver; get_resolver().url_patterns\n"
        "start = time.monotonic(); answer = client.get('/health')\n"
        "print(json.dumps([answer.status_code, answer.json(), time.monotonic() - start]))"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "scheduler_project.settings",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "ALLOWED_HOSTS": "testserver",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    status, body, seconds = json.loads(done.stdout.splitlines()[-1])
    assert (status, body["status"], body["database"]) == (503, "unhealthy", "disconnected")
    assert seconds < 4


@pytest.mark.django_db
def test_it_takes_reads_only(client):
    assert client.post("/health").status_code == 405
