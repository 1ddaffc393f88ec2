"""What the tests of the whole site share: one object of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from tests.backups.conftest import own_database  # noqa: F401 (a fixture)
from tests.factories import generation
from tests.factories.one_of_each import one_of_each


@pytest.fixture
def things(db: None, settings: Any) -> Iterator[dict[str, str]]:
    """One object of each kind, none of them the caller's own, and a worker to be seen."""
    settings.BACKUP_VERIFY = "checksum"
    with time_machine.travel(dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC), tick=False), generation.worker_present():
        yield one_of_each()
