"""A published block, everybody's clients, and a clock three weeks before."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from tests.factories import swaps


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
