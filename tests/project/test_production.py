"""The web server as it runs in production: gunicorn, DEBUG off, hashed static files, behind one proxy."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts.models import User
from tests.factories import accounts
from tests.schedules.worker.cluster import database_url

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-of-more-than-fifty-characters-for-the-tests-only-0123456789"
NO_DATABASE = "postgres://nobody@127.0.0.1:1/nothing"
# Large, hashed alike, and on no page that is asked for here.
FOREIGN = ("admin", "drf_spectacular_sidecar", "import_export", "rest_framework", "unfold")

pytestmark = pytest.mark.slow


def _environment(**more: str) -> dict[str, str]:
    """What an installation sets; nothing of the tests' own environment but where programs are."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"SECRET_KEY": SECRET, "PROXY_COUNT": "1", "DATABASE_URL": NO_DATABASE} | more


def _manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=_environment(**environment),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Our own static files, collected and hashed."""
    folder = str(tmp_path_factory.mktemp("static"))
    left_out = [part for name in FOREIGN for part in ("--ignore", name)]
    done = _manage("collectstatic", "--noinput", "--verbosity=0", *left_out, STATIC_ROOT=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str

    def cookie(self, name: str) -> str:
        """The whole Set-Cookie line of a cookie."""
        return next(line for line in self.headers.get_all("Set-Cookie", []) if line.startswith(f"{name}="))


@dataclass(frozen=True)
class Server:
    port: int

    def ask(self, path: str, *, form: dict[str, str] | None = None, https: bool = True, cookies: str = "") -> Answer:
        """One request as the proxy passes it on."""
        headers = {"Host": "localhost", "X-Forwarded-For": "192.0.2.7", "Cookie": cookies}
        if https:
            headers |= {"X-Forwarded-Proto": "https", "Referer": "https://localhost/login/"}
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request("GET" if form is None else "POST", path, body=body, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()


@contextmanager
def _gunicorn(**environment: str) -> Iterator[Server]:
    """The web server on a free port; what it logged must hold no traceback."""
    command = ["gunicorn", "scheduler_project.wsgi", "--threads=4", "--bind=127.0.0.1:0", "--no-control-socket"]
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=_environment(**environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        logged = ""
        try:
            for line in process.stderr:
                logged += line
                if found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line):
                    yield Server(int(found[1]))
                    break
            else:
                pytest.fail(f"gunicorn did not start: {logged}")
        finally:
            process.terminate()
            logged += process.stderr.read()
    assert "Traceback" not in logged


@pytest.fixture
def person(transactional_db: None) -> User:
    """Somebody whose password is stored as production stores it."""
    user = accounts.user()
    user.password = Argon2PasswordHasher().encode("correct horse battery", "a-salt-of-tests")
    user.save()
    return user


def test_the_site_as_it_is_installed(person: User, static_root: str, tmp_path: Path):
    own = {"DATABASE_URL": database_url(), "STATIC_ROOT": static_root, "DATA_DIR": str(tmp_path)}
    with _gunicorn(**own) as server:
        health = server.ask("/health", https=False)
        plain = server.ask("/login/", https=False)
        login = server.ask("/login/")
        style = server.ask(re.findall(r'href="(/static/css/app\.\w+\.css)"', login.text)[0])
        missing = server.ask("/no/such/page")
        metrics = server.ask("/metrics")
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', login.text)[0]
        csrf = login.cookie("csrftoken").partition(";")[0]
        form = {"username": person.username, "password": "correct horse battery", "csrfmiddlewaretoken": token}
        forged = server.ask("/login/", form=form)
        signed_in = server.ask("/login/", form=form, cookies=csrf)
        session = signed_in.cookie("sessionid")
        profile = server.ask("/profile", cookies=session.partition(";")[0])

    assert (health.status, plain.status, plain.headers["Location"]) == (200, 301, "https://localhost/login/")
    assert (login.status, login.headers["X-Frame-Options"]) == (200, "DENY")
    assert login.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert "default-src 'self'" in login.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in login.headers["Content-Security-Policy"]
    assert (style.status, style.headers["Cache-Control"]) == (200, "max-age=315360000, public, immutable")
    assert (missing.status, metrics.status, forged.status) == (404, 404, 403)
    assert "There is nothing at this address" in missing.text
    assert "URLconf" not in missing.text
    assert {"Secure", "SameSite=Lax"} <= set(login.cookie("csrftoken").split("; "))
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(session.split("; "))
    assert (signed_in.status, profile.status) == (302, 200)
    assert profile.headers["Cache-Control"] == "private, no-store"


def test_metrics_are_text_without_a_sign_in_where_they_are_switched_on(static_root: str):
    with _gunicorn(METRICS="1", STATIC_ROOT=static_root) as server:
        answer = server.ask("/metrics", https=False)

    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
    assert "django_http_requests_before_middlewares_total" in answer.text


def test_the_framework_finds_nothing_to_warn_of():
    done = _manage("check", "--deploy", "--fail-level=WARNING")

    assert (done.returncode, done.stdout.strip()) == (0, "System check identified no issues (0 silenced).")
