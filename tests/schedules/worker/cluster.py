"""The real task cluster as a child process on the test's own database, and ways to look at what it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.db import connection

from schedules.models import GenerationRun

PATIENCE = 300.0
"""Seconds that a busy machine may take; a test that passes takes as long as the thing itself."""


def database_url() -> str:
    """The test database as an address that a child process understands."""
    params = connection.get_connection_params()
    host = params.get("host") or "localhost"
    name, user = params["dbname"], params.get("user", "postgres")
    return f"postgres://{user}@/{name}?host={quote(str(host))}"


@contextmanager
def running(log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py cluster` in a process group of its own; ended with all its children."""
    given = {
        **os.environ,
        "DEBUG": "1",
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(log.parent),
        "BACKUP_DIR": str(log.parent / "backups"),
        "BACKUP_VERIFY": "checksum",
        **environment,
    }
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "cluster"],
            cwd=settings.BASE_DIR,
            env=given,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(condition: Callable[[], object], what: str) -> None:
    """Look again and again until it holds; fails loudly where it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)


def status_of(run: GenerationRun) -> str:
    return GenerationRun.objects.values_list("status", flat=True).get(pk=run.pk)


def worker_pid(run: GenerationRun) -> int:
    """The process that holds the run."""
    return int(GenerationRun.objects.values_list("worker", flat=True).get(pk=run.pk).split(":")[1])


def own_connection() -> psycopg.Connection[tuple[object, ...]]:
    """A connection of the test's own, beside Django's."""
    params = connection.get_connection_params()
    own = {key: params[key] for key in ("dbname", "user", "host", "password", "port") if params.get(key)}
    return psycopg.connect(**own)
