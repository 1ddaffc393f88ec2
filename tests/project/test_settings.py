"""The settings: every variable is in .env.example, wrong ones fail at start, production is strict."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = "x" * 50


def _load(expression: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Print an expression over the settings, loaded by a process of its own with this environment alone."""
    code = f"import json; from scheduler_project import settings as s; print(json.dumps({expression}))"
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=False
    )


def test_every_variable_is_in_the_example_and_the_other_way_round():
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (ROOT / "scheduler_project/settings.py").read_text()))
    named = set(re.findall(r"^# (\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert read == named


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DEMO": "1", "SECRET_KEY": SECRET}, "DEMO=1 makes accounts with known passwords"),
        ({}, "SECRET_KEY must be set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be set"),
        ({"DEBUG": "1", "BACKUP_VERIFY": "maybe"}, "BACKUP_VERIFY must be restore or checksum"),
        ({"DEBUG": "1", "TIME_ZONE": "Hawaii"}, "TIME_ZONE='Hawaii' is no time zone"),
        ({"DEBUG": "1", "WEBHOOK_URL": "file:///etc/passwd"}, "WEBHOOK_URL must begin with http:// or https://"),
        ({"DEBUG": "1", "PROXY_COUNT": "many"}, "invalid literal for int"),
    ],
)
def test_a_wrong_value_fails_at_start_and_says_which(environment, sentence):
    done = _load("0", **environment)

    assert done.returncode == 1
    assert sentence in done.stderr


def test_production_is_strict():
    done = _load(
        "[s.DEBUG, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS,"
        " s.PASSWORD_HASHERS[0].rsplit('.')[-1], s.STORAGES['staticfiles']['BACKEND'].rsplit('.')[-1]]",
        SECRET_KEY=SECRET,
    )

    assert json.loads(done.stdout) == [
        False,
        True,
        True,
        True,
        31_536_000,
        "Argon2PasswordHasher",
        "CompressedManifestStaticFilesStorage",
    ]


def test_the_queues_never_run_a_task_twice_by_patience():
    done = _load("[s.Q_CLUSTER, s.Q_CLUSTER['ALT_CLUSTERS']['solver']]", SECRET_KEY=SECRET)

    for cluster in json.loads(done.stdout):
        assert cluster["retry"] > 1.5 * (cluster["timeout"] + 3) * (cluster["queue_limit"] + 2)
        assert cluster["timeout"] > 600


def test_the_version_is_the_projects():
    import tomllib

    from django.conf import settings

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == settings.APP_VERSION
