"""What all tests share: users and clients by role, and a database that a test leaves as it found it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from tests.factories import accounts


@pytest.fixture
def user_as(db: None) -> Callable[[Role], User]:
    """The test's user of a role; asked twice, the same one."""
    made: dict[Role, User] = {}

    def find_or_make(role: Role) -> User:
        if role not in made:
            made[role] = accounts.user(role)
        return made[role]

    return find_or_make


@pytest.fixture
def api_as(user_as: Callable[[Role], User]) -> Callable[[Role], APIClient]:
    """An API client of a role's user, signed in as that user."""

    def client(role: Role) -> APIClient:
        api = APIClient()
        api.force_authenticate(user_as(role))
        return api

    return client


@pytest.fixture
def browser_as(user_as: Callable[[Role], User]) -> Callable[[Role], Client]:
    """A test client with a session of a role's user, for pages."""

    def client(role: Role) -> Client:
        browser = Client()
        browser.force_login(user_as(role), backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return client


@pytest.fixture
def api() -> APIClient:
    """An API client that nobody has signed in."""
    return APIClient()


@pytest.fixture
def resident(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.RESIDENT)


@pytest.fixture
def faculty(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.FACULTY)


@pytest.fixture
def coordinator(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.COORDINATOR)


@pytest.fixture
def architect(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.ARCHITECT)


@pytest.fixture
def director(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.PROGRAM_DIRECTOR)


@pytest.fixture
def administrator(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.ADMINISTRATOR)


@pytest.fixture
def agent(user_as: Callable[[Role], User]) -> User:
    return user_as(Role.AGENT)
