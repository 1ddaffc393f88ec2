"""The admin pages of users: administrators alone, refusals as sentences, history."""

from __future__ import annotations

import pytest
from django.contrib import admin

from accounts.enums import Role
from accounts.models import User
from tests.factories import accounts

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/user/"


def _fields(user: User, **changes: object) -> dict[str, object]:
    return {
        "username": user.username,
        "email": user.email,
        "role": user.role,
        "is_active": "on",
        "wants_mail": "on",
        "new_password": "",
    } | changes


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_see_users(browser_as, role):
    assert browser_as(role).get(LIST).status_code in {302, 403}
    assert browser_as(role).get(f"{LIST}add/").status_code in {302, 403}


def test_an_administrator_adds_and_edits_users(browser_as, administrator):
    browser = browser_as(Role.ADMINISTRATOR)
    new = accounts.User(username="kai", email="kai@example.org", role=Role.FACULTY)

    added = browser.post(f"{LIST}add/", _fields(new, new_password="seven small boats 7"))
    kai = User.objects.get(username="kai")
    edited = browser.post(f"{LIST}{kai.pk}/change/", _fields(kai, role=Role.COORDINATOR))

    assert (added.status_code, edited.status_code) == (302, 302)
    kai.refresh_from_db()
    assert (kai.role, kai.is_staff, kai.check_password("seven small boats 7")) == ("COORDINATOR", True, True)
    assert [entry.history_user for entry in kai.history.all()] == [administrator, administrator]


def test_the_last_administrator_cannot_be_demoted_here_either(browser_as, administrator):
    browser = browser_as(Role.ADMINISTRATOR)

    answer = browser.post(f"{LIST}{administrator.pk}/change/", _fields(administrator, role=Role.FACULTY), follow=True)

    assert "This is the last administrator. Make another one first." in answer.content.decode()
    administrator.refresh_from_db()
    assert administrator.role == "ADMINISTRATOR"


def test_users_are_not_deleted(browser_as):
    user = accounts.user()

    assert browser_as(Role.ADMINISTRATOR).post(f"{LIST}{user.pk}/delete/", {"post": "yes"}).status_code == 403


def test_no_page_shows_tokens_or_lets_the_queue_call_a_function():
    apps = {model._meta.app_label for model in admin.site._registry}

    assert apps == {"accounts", "axes", "backups", "resilience", "schedules", "swaps"}
