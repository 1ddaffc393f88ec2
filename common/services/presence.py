"""Who is at work: session advisory locks that the database lets go the moment a process dies."""

from __future__ import annotations

import zlib
from uuid import UUID

from django.db import connection

RUN_CLASS = 1_382_444_544
PRESENCE_CLASS = 1_382_444_545
"""First halves of the two-part lock keys; any constants that nobody else in this database uses."""

SOLVER = "solver"
DEFAULT = "default"
CLUSTERS = (DEFAULT, SOLVER)


def _key(name: str) -> int:
    return zlib.crc32(name.encode()) - 2**31


def try_hold_run(run_id: UUID) -> bool:
    """Take the run's lock for this connection's life; False where a living worker has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [RUN_CLASS, _key(str(run_id))])
        return bool(cursor.fetchone()[0])


def nobody_holds_run(run_id: UUID) -> bool:
    """Whether the run's worker is gone. Keeps the lock to the end of the caller's transaction if so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [RUN_CLASS, _key(str(run_id))])
        return bool(cursor.fetchone()[0])


def announce(cluster: str) -> None:
    """Be counted as a running cluster of this name for as long as this connection lives. Again = nothing more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_lock_shared(%s, %s) WHERE NOT EXISTS"
            " (SELECT FROM pg_locks WHERE pid = pg_backend_pid()"
            " AND locktype = 'advisory' AND classid = %s::bigint::oid)",
            [PRESENCE_CLASS, _key(cluster), PRESENCE_CLASS],
        )


def running(cluster: str) -> int:
    """How many clusters of this name are alive at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s::bigint::oid"
            " AND objid = %s::bigint::oid"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [PRESENCE_CLASS, _key(cluster) % 2**32],
        )
        return int(cursor.fetchone()[0])
