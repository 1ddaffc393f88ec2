"""What all tests share: users and clients by role, and a database that a test leaves as it found it."""

from __future__ import annotations

import asyncio
import gc
import itertools
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from common.postgres import server
from tests import databases
from tests.factories import accounts

_folders = itertools.count(1)

# One connection for each thread, and nothing else: Django keeps another one wherever an event loop is running, so that
# tests before and after Playwright's first call would not see each other's transaction.
connections._connections = threading.local()


_migrating = pytest.StashKey[subprocess.Popen[bytes]]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """A run with several processes migrates while they start and collect."""
    if _leads(session.config):
        command = [sys.executable, "-m", "tests.databases"]
        folder, quiet = django_settings.BASE_DIR, subprocess.DEVNULL
        session.config.stash[_migrating] = subprocess.Popen(command, cwd=folder, stdout=quiet)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the garbage collector looks elsewhere, and as seldom as tests allow."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def pytest_unconfigure(config: pytest.Config) -> None:
    """A whole run leaves no server behind; a single process keeps it for the next one."""
    if not _leads(config):
        return
    if _migrating in config.stash:
        config.stash[_migrating].wait()
    data_dir = django_settings.DATABASES["default"].get("OPTIONS", {}).get("data_dir")
    if data_dir is not None:
        server.stop(Path(f"{data_dir}-test"))


def _leads(config: pytest.Config) -> bool:
    """Whether this process has others do the tests."""
    return bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_blocker: Any) -> Iterator[ExitStack]:
    """The process's database is a copy of the migrated one, which nobody replaces until the stack is closed."""
    with ExitStack() as held:
        with django_db_blocker.unblock():
            name = held.enter_context(databases.template())
        django_settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = name
        yield held


@pytest.fixture(scope="session")
def django_db_setup(django_db_modify_db_settings: ExitStack, django_db_setup: None) -> None:
    django_db_modify_db_settings.close()


@pytest.fixture(autouse=True)
def _no_loop_of_the_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """Playwright leaves its event loop running in the tests' thread; the code under test never meets one there."""
    if request.node.get_closest_marker("browser"):
        yield
        return
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture(autouse=True)
def _own_folders(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Backups and the maintenance flag of a test never reach those of a running installation; made when used."""
    base = tmp_path_factory.getbasetemp() / f"data-{next(_folders)}"
    settings.DATA_DIR = base
    settings.BACKUP_DIR = base / "backups" / "postgres"


@pytest.fixture(autouse=True, scope="session")
def _emptying_passes_the_gate() -> Iterator[None]:
    """Django empties tables between transactional tests, which the gate's triggers refuse: off for that statement.

    Only here: an installation has no such way (`manage.py flush` is refused). A worker that still follows up what the
    test published may meet the emptying in a deadlock: PostgreSQL ends whoever looks for one first, here the worker.
    """
    truncate, empty = DatabaseOperations.sql_flush, DatabaseOperations.execute_sql_flush
    first = ["SET LOCAL session_replication_role = replica", "SET LOCAL deadlock_timeout = '1min'"]

    def statements(self: DatabaseOperations, style: Any, tables: list[str], **options: Any) -> list[str]:
        changing = [table for table in tables if table not in SAME_IN_EVERY_TEST]
        quick = [f'DELETE FROM "{table}"' for table in _filled(self.connection, changing)]
        return quick if _is_alone_and_small(self.connection) else truncate(self, style, tables, **options)

    def flush(self: DatabaseOperations, sql_list: list[str]) -> None:
        empty(self, [*first, *sql_list])

    DatabaseOperations.sql_flush, DatabaseOperations.execute_sql_flush = statements, flush
    yield
    DatabaseOperations.sql_flush, DatabaseOperations.execute_sql_flush = truncate, empty


SAME_IN_EVERY_TEST = {"django_content_type", "auth_permission"}
"""Tables that migrations fill and no test writes."""


def _filled(connection: Any, tables: list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f'EXISTS (SELECT FROM "{table}")' for table in tables))
        return list(itertools.compress(tables, cursor.fetchone()))


def _is_alone_and_small(connection: Any) -> bool:
    """Whether deleting the rows is safe and quick: truncating a hundred tables takes a tenth of a second.

    Truncating waits until others, workers that still write, have ended their transactions; and it gives back the space
    of the rows that all tests left dead.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()),"
            " (SELECT max(pg_relation_size(oid)) < 4 * 1024 ^ 2 FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace)"
        )
        return all(cursor.fetchone())


@pytest.fixture
def quick_backups(settings: Any) -> None:
    """Real dumps, verified by their checksum: the proof by restoring has tests of its own."""
    settings.BACKUP_VERIFY = "checksum"


@pytest.fixture
def user_as(db: None) -> Callable[[Role], User]:
    """The test's user of a role; asked twice, the same one."""
    made: dict[Role, User] = {}

    def find_or_make(role: Role) -> User:
        if role not in made:
            made[role] = accounts.user(role)
        return made[role]

    return find_or_make


@pytest.fixture
def api_as(user_as: Callable[[Role], User]) -> Callable[[Role], APIClient]:
    """An API client of a role's user, signed in as that user."""

    def client(role: Role) -> APIClient:
        api = APIClient()
        api.force_authenticate(user_as(role))
        return api

    return client


@pytest.fixture
def browser_as(user_as: Callable[[Role], User]) -> Callable[[Role], Client]:
    """A test client with a session of a role's user, for pages."""

    def client(role: Role) -> Client:
        browser = Client()
        browser.force_login(user_as(role), backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return client


@pytest.fixture
def api() -> APIClient:
    """An API client that nobody has signed in."""
    return APIClient()


@pytest.fixture
def resident(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.RESIDENT)


@pytest.fixture
def faculty(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.FACULTY)


@pytest.fixture
def coordinator(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.COORDINATOR)


@pytest.fixture
def architect(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.ARCHITECT)


@pytest.fixture
def director(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.PROGRAM_DIRECTOR)


@pytest.fixture
def administrator(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.ADMINISTRATOR)


@pytest.fixture
def agent(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.AGENT)
