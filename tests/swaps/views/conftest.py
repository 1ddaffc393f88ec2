"""A published block, a clock three weeks before it, a fresh backup, and browsers of everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from tests.factories import backups, swaps


@pytest.fixture
def clock(db: None) -> Iterator[Any]:
    """Stands at EARLY until a test moves it."""
    with time_machine.travel(swaps.EARLY, tick=False) as moved:
        yield moved


@pytest.fixture
def fresh_backup(settings: Any, tmp_path: Any) -> None:
    """What an execution needs: a verified backup there. The scratch restore has tests of its own."""
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path, "checksum"
    backups.verified_backup()


@pytest.fixture
def world(clock: Any, fresh_backup: None) -> swaps.World:
    return swaps.world()


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """A browser of any user."""

    def browser(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return browser
