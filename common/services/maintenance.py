"""Maintenance mode: a file in the data folder that every process of the installation sees, database or not."""

from __future__ import annotations

import os
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
    """Its first line is the process that keeps maintenance on, the second says why."""
    return Path(settings.DATA_DIR) / "maintenance"


def is_on() -> bool:
    """Whether a living process keeps it on: the flag of a killed one counts no more."""
    try:
        owner = int(flag().read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return False
    return Path(f"/proc/{owner}").exists()


def turn_on(reason: str) -> None:
    """Refuse requests and pause workers from now on."""
    path = flag()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".maintenance.{os.getpid()}")
    part.write_text(f"{os.getpid()}\n{reason}\n")
    part.replace(path)


def turn_off() -> None:
    flag().unlink(missing_ok=True)


@contextmanager
def on(reason: str) -> Iterator[None]:
    """Maintenance while inside, whatever happens."""
    turn_on(reason)
    try:
        yield
    finally:
        turn_off()


def require_off() -> None:
    """Raise UnderMaintenance while it is on."""
    if is_on():
        raise UnderMaintenance("The database is being restored. Try again in half a minute.")
