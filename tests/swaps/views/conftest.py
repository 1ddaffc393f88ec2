"""A published block, a clock three weeks before it, a fresh backup, and browsers of everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import swaps


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
