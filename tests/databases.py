"""The migrated database that every test process copies: made once for a state of the models, kept for the next run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.conf import settings
from django.db import connection
from psycopg import sql

from common.postgres.base import DatabaseCreation

PREFIX = "template_of_tests_"
LOCK = 7_202_603
"""Number of the advisory lock: one process makes the template, the others wait and copy."""


@contextmanager
def template() -> Iterator[str]:
    """Name of the migrated database; nobody replaces it within the block."""
    if isinstance(connection.creation, DatabaseCreation):
        connection.creation.use_test_server()
    name = PREFIX + _digest()
    with connection._nodb_cursor() as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        there = [found for (found,) in admin.fetchall()]
        if name not in there:
            for former in there:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(former)))
            _migrate(f"{name}_new")
            admin.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(f"{name}_new"), sql.Identifier(name))
            )
        yield name


def _digest() -> str:
    """Of what decides what a migrated database holds: models, migrations, and the versions of the libraries."""
    root = settings.BASE_DIR
    modules = [path for kind in ("models.py", "models/*.py", "migrations/*.py") for path in root.glob(f"*/{kind}")]
    found = hashlib.sha256()
    for path in sorted([*modules, root / "requirements.txt"]):
        found.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _migrate(name: str) -> None:
    """Make a database of this name and leave Django's connection as it was."""
    database, default = connection.settings_dict, settings.DATABASES["default"]
    before, test_name = (database["NAME"], default["NAME"]), database["TEST"]["NAME"]
    database["TEST"]["NAME"] = name
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        connection.close()
        database["TEST"]["NAME"] = test_name
        database["NAME"], default["NAME"] = before


if __name__ == "__main__":
    django.setup()
    with template():
        pass
