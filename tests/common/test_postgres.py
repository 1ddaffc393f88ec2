"""The embedded server: started once by many, found alive or started again, stopped only on request."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from common.postgres import server


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a server. Not pytest's: every session that starts closes the parent of those to other users."""
    path = Path(tempfile.mkdtemp(prefix="scheduler-test-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def data_dir(folder: Path) -> Iterator[Path]:
    path = folder / "pg"
    yield path
    server.stop(path)


def _connect(socket_dir: str) -> psycopg.Connection:
    return psycopg.connect(host=socket_dir, user="postgres", dbname="postgres")


def test_ten_threads_start_one_server_and_a_killed_one_is_started_again(data_dir):
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(server.start(data_dir, durable=False))) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = server.status(data_dir)
    assert first.pid is not None
    os.kill(first.pid, signal.SIGQUIT)
    _wait_for(lambda: not server.status(data_dir).running)

    with _connect(server.start(data_dir, durable=False)) as again:
        assert again.execute("SELECT 1").fetchone() == (1,)

    assert set(answers) == {str(data_dir)}
    assert len(answers) == 10


def _wait_for(seen) -> None:
    end = time.monotonic() + 120
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_long_path_gets_a_short_private_socket_folder(folder):
    data_dir = folder / ("long" * 30) / "pg"
    data_dir.parent.mkdir()
    try:
        socket_dir = server.start(data_dir, durable=False)
        with _connect(socket_dir) as found:
            assert found.execute("SHOW fsync").fetchone() == ("off",)
        assert len(socket_dir) < 90
        assert Path(socket_dir).stat().st_mode & 0o777 == 0o700
    finally:
        server.stop(data_dir)


def test_a_link_where_the_short_folder_should_be_is_refused_and_followed_by_nothing(folder):
    data_dir, target = folder / ("long" * 30) / "pg", folder / "target"
    target.mkdir()
    data_dir.mkdir(parents=True)
    (data_dir / "PG_VERSION").touch()
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    link = Path(tempfile.gettempdir()) / f"pg-{name}"
    link.symlink_to(target)
    owner = target.stat().st_uid
    try:
        with pytest.raises(server.ServerFailed, match="belongs to somebody else"):
            server.start(data_dir, durable=False)
    finally:
        link.unlink()

    assert target.stat().st_uid == owner


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_it_works_for_an_ordinary_user(folder):
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)

    child = multiprocessing.get_context("fork").Process(target=_start_and_stop_as, args=(nobody.pw_uid, folder / "pg"))
    child.start()
    child.join()

    assert child.exitcode == 0
    assert (folder / "pg" / "PG_VERSION").stat().st_uid == nobody.pw_uid


def _start_and_stop_as(user: int, data_dir: Path) -> None:
    os.setuid(user)
    server.start(data_dir, durable=False)
    assert server.status(data_dir).running
    assert server.stop(data_dir)


@pytest.mark.parametrize("command", [["check"], ["makemigrations", "--check", "--dry-run"]])
def test_commands_that_only_read_the_code_start_nothing(tmp_path, command):
    environment = dict(os.environ) | {"DATA_DIR": str(tmp_path), "DEBUG": "1", "DATABASE_URL": ""}

    done = subprocess.run([sys.executable, "manage.py", *command], env=environment, capture_output=True, check=False)

    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_localdb_starts_tells_and_stops(folder):
    environment = dict(os.environ) | {"DATA_DIR": str(folder), "DEBUG": "1", "DATABASE_URL": ""}

    def localdb(action: str) -> int:
        line = [sys.executable, "manage.py", "localdb", action]
        return subprocess.run(line, env=environment, capture_output=True, check=False).returncode

    assert [localdb(action) for action in ("status", "start", "status", "stop", "status")] == [3, 0, 0, 0, 3]
