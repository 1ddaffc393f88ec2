"""Users: making them, their roles, the last administrator, the demonstration's accounts."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command

from accounts import services
from accounts.enums import Role
from accounts.models import User
from accounts.services.users import LastAdministrator, UsernameTaken
from common.errors import Invalid, NotAllowed
from tests.factories import accounts

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)
GOOD = "seven small boats 7"


def test_an_administrator_makes_a_user(administrator):
    made = services.create_user(
        "ʻiolani", role=Role.FACULTY, password=GOOD, email="i@example.org", by=administrator, at=AT
    )

    assert (made.role, made.is_staff, made.is_superuser, made.date_joined) == ("FACULTY", False, False, AT)
    assert made.check_password(GOOD)
    assert made.history.get().history_user == administrator


def test_a_user_without_a_password_cannot_sign_in(administrator):
    made = services.create_user("new", role=Role.FACULTY, password=None, by=administrator, at=AT)

    assert not made.has_usable_password()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_manages_users(user_as, role):
    user, target = user_as(role), accounts.user()
    deeds = [
        lambda: services.create_user("new", role=Role.FACULTY, password=GOOD, by=user, at=AT),
        lambda: services.set_role(target, role=Role.ADMINISTRATOR, by=user, at=AT),
        lambda: services.set_role(user, role=Role.ADMINISTRATOR, by=user, at=AT),
        lambda: services.deactivate(target, reason="x", by=user, at=AT),
        lambda: services.activate(target, reason="x", by=user, at=AT),
        lambda: services.set_password(target, password=GOOD, by=user, at=AT),
    ]
    for deed in deeds:
        with pytest.raises(NotAllowed):
            deed()


@pytest.mark.parametrize("password", ["short", "12345678901", "password123"])
def test_a_weak_password_is_refused(administrator, password):
    with pytest.raises(Invalid) as refusal:
        services.create_user("new", role=Role.FACULTY, password=password, by=administrator, at=AT)

    assert refusal.value.code == "weak_password"
    assert not User.objects.filter(username="new").exists()


def test_names_differ_by_more_than_case(administrator):
    accounts.user(username="Kai")

    with pytest.raises(UsernameTaken):
        services.create_user("kai", role=Role.FACULTY, password=GOOD, by=administrator, at=AT)


def test_everybody_changes_the_own_password():
    user = accounts.user()

    services.set_password(user, password=GOOD, by=user, at=AT)

    assert User.objects.get(pk=user.pk).check_password(GOOD)


def test_a_role_decides_who_sees_the_admin(administrator):
    user = accounts.user(Role.RESIDENT)

    raised = services.set_role(user, role=Role.COORDINATOR, by=administrator, at=AT)

    assert (raised.role, raised.is_staff, raised.is_superuser) == ("COORDINATOR", True, False)
    assert raised.history.first().history_change_reason == "role RESIDENT -> COORDINATOR at 2026-03-12 12:00"


def test_the_last_administrator_stays(administrator):
    with pytest.raises(LastAdministrator):
        services.set_role(administrator, role=Role.FACULTY, by=administrator, at=AT)
    with pytest.raises(LastAdministrator):
        services.deactivate(administrator, reason="left", by=administrator, at=AT)

    accounts.user(Role.ADMINISTRATOR, is_active=False)
    with pytest.raises(LastAdministrator):
        services.deactivate(administrator, reason="left", by=administrator, at=AT)


def test_one_of_two_administrators_may_go(administrator):
    accounts.user(Role.ADMINISTRATOR)

    assert services.set_role(administrator, role=Role.FACULTY, by=administrator, at=AT).role == "FACULTY"


def test_the_first_administrator_is_made_on_the_command_line(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", GOOD)

    call_command("createsuperuser", interactive=False, username="kai", email="kai@example.org", verbosity=0)

    made = User.objects.get()
    assert (made.role, made.is_staff, made.is_superuser, made.check_password(GOOD)) == (
        "ADMINISTRATOR",
        True,
        True,
        True,
    )


def test_demo_accounts_are_refused_outside_demo_mode(settings):
    settings.DEMO = False

    with pytest.raises(NotAllowed, match="demo mode"):
        services.create_demo_accounts(at=AT)

    assert User.objects.count() == 0


def test_demo_accounts_are_one_per_role_and_made_once(settings):
    settings.DEMO = True

    first = services.create_demo_accounts(at=AT)
    again = services.create_demo_accounts(at=AT)

    assert {name: user.role for name, user in first.items()} == {
        "admin": "ADMINISTRATOR",
        "resident": "RESIDENT",
        "faculty": "FACULTY",
        "coordinator": "COORDINATOR",
        "architect": "ARCHITECT",
        "pd": "PROGRAM_DIRECTOR",
        "agent": "AGENT",
    }
    assert all(user.check_password(f"{name}123") for name, user in first.items())
    assert first == again
    assert User.objects.count() == 7
