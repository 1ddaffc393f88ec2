"""A published block, everybody's clients, and a clock three weeks before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from tests.factories import backups, swaps


@pytest.fixture
def clock(db: None) -> Iterator[Any]:
    """Stands at EARLY until a test moves it."""
    with time_machine.travel(swaps.EARLY, tick=False) as moved:
        yield moved


@pytest.fixture
def fresh_backup(settings: Any, tmp_path: Any) -> None:
    """What a swap needs: a verified backup there. The scratch restore has tests of its own."""
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path, "checksum"
    backups.verified_backup()


@pytest.fixture
def world(clock: Any, fresh_backup: None) -> swaps.World:
    return swaps.world()


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    """An API client of any user."""

    def client(user: User) -> APIClient:
        api = APIClient()
        api.force_authenticate(user)
        return api

    return client


@pytest.fixture
def people(world: swaps.World, user_as: Callable[[Role], User], client_of: Callable[[User], APIClient]) -> Any:
    """Clients by name: the letters of the world, and one of every deciding role."""
    letters = {letter: client_of(user) for letter, user in world.user.items()}
    roles = {
        "coordinator": Role.COORDINATOR,
        "architect": Role.ARCHITECT,
        "director": Role.PROGRAM_DIRECTOR,
        "administrator": Role.ADMINISTRATOR,
        "agent": Role.AGENT,
        "resident": Role.RESIDENT,
    }
    return SimpleNamespace(**letters, **{name: client_of(user_as(role)) for name, role in roles.items()})


@pytest.fixture
def body(world: swaps.World) -> Callable[..., dict[str, Any]]:
    """A request as clients write it: A's week absorbed by E, or in exchange where a target week is named."""

    def made(giver: str = "A", taker: str = "E", **fields: Any) -> dict[str, Any]:
        target = fields.get("target_week")
        standard = {
            "source_faculty_id": str(world.attending[giver].pk),
            "source_week": "2026-03-13",
            "target_faculty_id": str(world.attending[taker].pk),
            "target_week": None,
            "swap_type": "one_to_one" if target else "absorb",
            "reason": "Conference attendance",
        }
        return standard | fields

    return made
