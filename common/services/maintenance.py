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
    """The file whose presence means maintenance; its text says why."""
    return Path(settings.DATA_DIR) / "maintenance"


def is_on() -> bool:
    return flag().exists()


def turn_on(reason: str) -> None:
    """Refuse requests and pause workers from now on."""
    path = flag()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".maintenance.{os.getpid()}")
    part.write_text(reason)
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
