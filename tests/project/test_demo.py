"""The demonstration as a newcomer meets it: started, asked with the commands of the operating procedure, and ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

READY_SECONDS = 900
STOP_SECONDS = ANSWER_SECONDS = 300

LOGIN = """curl -s -X POST http://localhost:8000/api/v1/auth/login/json -H "Content-Type: application/json" \
-d '{"username": "admin", "password": "admin123"}' | jq -r .access_token"""
GENERATE = """curl -s -X POST http://localhost:8000/api/v1/schedule/generate -H "Authorization: Bearer $TOKEN" \
-H "Content-Type: application/json" -d '{"start_date": "2026-03-12", "end_date": "2026-04-08", \
"algorithm": "cp_sat", "timeout_seconds": 120}'"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def left_running(folder: Path) -> list[str]:
    """Processes whose environment or command names the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in text:
            found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a short path, for the database's socket; pytest's own are pruned by other sessions."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="no curl or no jq")
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc to look for processes in")
def test_demo_serves_the_procedure_and_leaves_nothing_behind(short_folder):
    # Arrange
    port, output = free_port(), short_folder / "output"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment = {**kept, "DATA_DIR": str(short_folder / "demo"), "DEBUG": "1", "DEMO": "1", "DATABASE_URL": ""}

    def ask(command: str, **variables: str) -> str:
        command = command.replace(":8000", f":{port}")
        done = subprocess.run(
            ["sh", "-c", command],
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=True,
        )
        return done.stdout.strip()

    with output.open("w") as sink:
        demo = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--port", str(port)],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while "Ready after" not in output.read_text():
            assert demo.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.5)

        # Act and assert: the commands as the procedure has them
        health = json.loads(ask("curl -s http://localhost:8000/health | jq ."))
        assert (health["status"], health["database"]) == ("healthy", "connected")
        token = ask(LOGIN)
        bearer = 'curl -s -H "Authorization: Bearer $TOKEN" '
        assert ask(bearer + '"http://localhost:8000/api/v1/people?limit=5" | jq .total', TOKEN=token) == "29"
        rotations = ask(bearer + "\"http://localhost:8000/api/v1/rotation-templates\" | jq 'length'", TOKEN=token)
        assert int(rotations) > 0
        refused = json.loads(ask(GENERATE, TOKEN=token))
        assert refused["code"] == "confirmation_required"
        assert refused["confirmation_token"]
        report = output.read_text()
        assert "Block 9 is published." in report
        assert "Draft ready" in report
        # Mail leads to the server of this demonstration, whatever its port.
        assert f"http://localhost:{port}/" in (short_folder / "demo/log/workers.log").read_text()
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(STOP_SECONDS)

    assert demo.returncode == 0, output.read_text()
    assert left_running(short_folder / "demo") == []


def test_demo_refuses_without_demo_mode(capsys):
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match="make demo"):
        call_command("demo", port=1)


def test_bench_names_its_sections():
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match="Unknown section: nothing"):
        call_command("bench", only="nothing")
