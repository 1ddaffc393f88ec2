"""Backups for tests: a real file with a verified row, at the cost of one insert, that truly opens the gate."""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
import os
from typing import Any

from django.db import connection

from backups.enums import BackupKind, BackupState, VerifyMethod
from backups.models import Backup
from backups.services import files

_numbers = itertools.count(1)
_DUMP = b"--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n"


def database_clock() -> dt.datetime:
    """The clock by which the gate counts a backup's age."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: dt.datetime = cursor.fetchone()[0]
    return moment


def verified_backup(*, age: dt.timedelta = dt.timedelta(0), file: str | None = None, **fields: Any) -> Backup:
    """A verified backup `age` old with its tiny file, for ordinary `django_db` tests: swaps and edits need no other."""
    made_at = database_clock() - age
    name = file or f"residency_scheduler_20250701_{next(_numbers):06}.sql.gz"
    path = files.folder() / name
    path.write_bytes(gzip.compress(_DUMP, mtime=0))
    digest, size = files.examine(path)
    standard = {
        "kind": BackupKind.REGULAR,
        "state": BackupState.VERIFIED,
        "created_at": made_at,
        "verified_at": made_at,
        "verify_method": VerifyMethod.RESTORE,
        "sha256": digest,
        "size_bytes": size,
    }
    backup = Backup.objects.create(file=name, **standard | fields)
    # An old backup's file is old as well; its time stamp is part of what the gate looks at.
    stamp = made_at.timestamp()
    os.utime(path, (stamp, stamp))
    return backup
