"""The PostgreSQL programs of the server's version, and how they and we reach the server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

from common.errors import DomainError
from common.postgres import server

_NOT_OF_LIBPQ = {"cursor_factory", "context", "prepare_threshold", "client_encoding", "server_side_binding"}
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


class ProgramMissing(DomainError):
    """No pg_dump or psql that fits the server."""

    code = "postgres_program_missing"


def parameters(database: str | None = None) -> dict[str, Any]:
    """libpq parameters of our server, for the live database or another one of it."""
    params = {k: v for k, v in connection.get_connection_params().items() if k not in _NOT_OF_LIBPQ}
    return params | ({"dbname": database} if database else {})


def connect(database: str | None = None, *, autocommit: bool = True) -> psycopg.Connection[Any]:
    """A connection of its own, beside Django's: it neither sees nor ends Django's transaction."""
    return psycopg.connect(**parameters(database), autocommit=autocommit)


def admin_connection() -> psycopg.Connection[Any]:
    """A connection from which databases are made, renamed and dropped."""
    try:
        return connect("postgres")
    except psycopg.OperationalError:
        return connect("template1")


def command(program: str, database: str, *arguments: str) -> tuple[list[str], Mapping[str, str]]:
    """Command line and environment of a PostgreSQL program on `database`. The password goes by the environment."""
    params = parameters(database)
    password = params.pop("password", "")
    with connect(database) as asked:
        path = find_program(program, server_major=asked.info.server_version // 10000)
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    return [str(path), *arguments, f"--dbname={make_conninfo('', **params)}"], environment


def find_program(program: str, *, server_major: int) -> Path:
    """The program of exactly the server's major version: an older one refuses, a newer one writes what it cannot read.

    Looks in the bundle, on PATH and in Debian's folders. Raises ProgramMissing with what was found instead.
    """
    found: dict[Path, int] = {}
    for path in _candidates(program):
        major = _major_version(path)
        if major == server_major:
            return path
        if major is not None:
            found[path] = major
    seen = ", ".join(f"version {major}" for major in sorted(set(found.values()))) or "none at all"
    raise ProgramMissing(
        f"The database server is PostgreSQL {server_major}, but no {program} of that version was found (found: {seen})."
        f" Install postgresql-client-{server_major} and try again."
    )


def _candidates(program: str) -> Iterator[Path]:
    folders = sorted(server.bin_dir().parent.parent.glob("pginstall*/bin"))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    yield from (folder / program for folder in folders)
    on_path = shutil.which(program)
    if on_path:
        yield Path(on_path)


@cache
def _major_version(path: Path) -> int | None:
    try:
        answer = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    match = _VERSION.search(answer)
    return int(match.group(1)) if match else None
