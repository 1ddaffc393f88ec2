"""Changing one's own password on its page."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from axes.models import AccessAttempt

from accounts.enums import Role
from accounts.models import Notification, User
from tests.factories import accounts

PAGE = "/profile/password"
NEW = "seven small boats 7"
NOON = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def _sent(old: str = accounts.PASSWORD, new: str = NEW, again: str = NEW) -> dict[str, str]:
    return {"old_password": old, "new_password1": new, "new_password2": again}


def test_it_keeps_this_session_ends_the_others_and_is_told(browser_as, coordinator):
    here, elsewhere = browser_as(Role.COORDINATOR), browser_as(Role.COORDINATOR)

    answer = here.post(PAGE, _sent())

    assert (answer.status_code, answer["Location"]) == (302, "/profile")
    assert (here.get("/profile").status_code, elsewhere.get("/profile").status_code) == (200, 302)
    assert User.objects.get(pk=coordinator.pk).check_password(NEW)
    assert Notification.objects.get(user=coordinator).title == "Your password was changed"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (_sent(old="wrong"), "Your old password was entered incorrectly"),
        (_sent(again="seven small boats 8"), "The two password fields didn’t match"),
        (_sent(new="short", again="short"), "This password is too short"),
        ({}, "Fill in “Present password”."),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(browser_as, coordinator, sent, sentence):
    answer = browser_as(Role.COORDINATOR).post(PAGE, sent)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert User.objects.get(pk=coordinator.pk).check_password(accounts.PASSWORD)


def test_wrong_tries_lock_like_those_of_signing_in(browser_as, coordinator):
    browser = browser_as(Role.COORDINATOR)
    with time_machine.travel(NOON, tick=False):
        statuses = [browser.post(PAGE, _sent(old="wrong")).status_code for _ in range(5)]
        right = browser.post(PAGE, _sent())

    assert (statuses, right.status_code) == ([422, 422, 422, 422, 429], 429)
    kept = AccessAttempt.objects.get().post_data
    assert ("new_password1=****" in kept, NEW in kept, "wrong" in kept) == (True, False, False)
    assert User.objects.get(pk=coordinator.pk).check_password(accounts.PASSWORD)
