"""Maintenance mode: a file in the data folder that every process of the installation sees, database or not."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from common.errors import DomainError

RETRY_AFTER_SECONDS = 30


class UnderMaintenance(DomainError):
    """The database is being replaced."""

    code = "maintenance"
    status = 503


def flag() -> Path:
    """Says why. It counts only while somebody holds its lock, which ends with a killed process and a lost machine."""
    return Path(settings.DATA_DIR) / "maintenance"


def is_on() -> bool:
    """Whether somebody keeps it on, in this process, in another one or on another machine that shares the folder."""
    try:
        with flag().open() as seen:
            fcntl.flock(seen, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def on(reason: str) -> Iterator[None]:
    """Refuse requests and pause workers while inside, whatever happens. Waits for whoever has it on already."""
    path = flag()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.truncate(0)
        held.write(f"{reason}\n")
        held.flush()
        try:
            yield
        finally:
            # The file stays: whoever waits for its lock must not wait for that of a file that is gone.
            held.truncate(0)


def require_off() -> None:
    """Raise UnderMaintenance while it is on."""
    if is_on():
        raise UnderMaintenance("The database is being restored. Try again in half a minute.")
