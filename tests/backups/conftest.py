"""A database of the test's own, where commits are real: what dumps see, and what a restore may swap."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections
from psycopg import sql

from backups.services.programs import admin_connection, parameters


@pytest.fixture
def own_database(transactional_db: None) -> Iterator[str]:
    """A copy of the test database under another name, dropped at the end with all that restores made of it."""
    template = connection.settings_dict["NAME"]
    assert template.startswith("test_"), "only a test database is copied and swapped"
    name = f"{template}_own"
    connections.close_all()
    _drop_all(name)
    with admin_connection() as admin:
        # A request thread of an earlier browser test may not have hung up yet, and a copy needs the template alone.
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [template])
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    connection.settings_dict["NAME"] = name
    try:
        yield name
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = template
        _drop_all(name)


def _drop_all(prefix: str) -> None:
    with admin_connection() as admin:
        for (found,) in admin.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
        ).fetchall():
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(found)))


@pytest.fixture
def process_environment(own_database: str) -> dict[str, str]:
    """The environment in which another process works on this test's database and folders."""
    params = parameters()
    return dict(os.environ) | {
        "DEBUG": "1",
        "DATABASE_URL": f"postgresql://{params['user']}@/{own_database}?host={params['host']}",
        "DATA_DIR": str(django_settings.DATA_DIR),
        "BACKUP_DIR": str(django_settings.BACKUP_DIR),
    }
