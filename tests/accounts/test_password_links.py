"""Links to set a forgotten password: who makes them, how they end, and what they end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from axes.models import AccessAttempt
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from accounts.services import create_user, deactivate, password_links, set_password, tokens
from common.errors import DomainError, NotAllowed

AT = dt.datetime(2026, 3, 16, 18, tzinfo=dt.UTC)
OLD, NEW = "an-old-Password-7", "a-new-Password-8"
ENDED, DONE, AGAIN = 200, 302, 422

pytestmark = pytest.mark.django_db


def minutes(count: int) -> dt.datetime:
    return AT + dt.timedelta(minutes=count)


@pytest.fixture
def forgetful(administrator: User) -> User:
    with time_machine.travel(AT, tick=False):
        return create_user("forgetful", role=Role.RESIDENT, password=OLD, by=administrator, at=AT)


@pytest.fixture
def link(forgetful: User, administrator: User) -> str:
    with time_machine.travel(AT, tick=False):
        return password_links.issue(forgetful, by=administrator, at=AT)


SOON = minutes(5)


def use(link: str, *, at: dt.datetime = SOON, first: str = NEW, second: str = NEW) -> int:
    """Open the link as a browser does and send the form: DONE, AGAIN, or ENDED where there is no form."""
    client = Client()
    with time_machine.travel(at, tick=False):
        opened = client.get(link)
        if opened.status_code == ENDED:
            assert "This link has ended" in opened.content.decode()
            return ENDED
        assert link.rpartition("/")[2] not in opened["Location"]
        return client.post(opened["Location"], {"new_password1": first, "new_password2": second}).status_code


def opens(password: str) -> bool:
    return User.objects.get(username="forgetful").check_password(password)


def test_a_link_sets_the_password_once_and_ends_sessions_tokens_and_lock_outs(link: str, forgetful: User):
    elsewhere = Client()
    elsewhere.force_login(User.objects.get(pk=forgetful.pk), backend="django.contrib.auth.backends.ModelBackend")
    token = tokens.issue(forgetful).access_token
    User.objects.filter(pk=forgetful.pk).update(last_login=None)  # as if that was before the link was made
    AccessAttempt.objects.create(username="forgetful", ip_address="127.0.0.1", failures_since_start=9)

    statuses = [use(link), use(link)]

    assert (statuses, opens(NEW), opens(OLD)) == ([DONE, ENDED], True, False)
    assert elsewhere.get("/profile")["Location"].startswith("/login/")
    assert Client().get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert not AccessAttempt.objects.filter(username="forgetful").exists()


def test_both_the_making_and_the_use_are_told_and_on_record(link: str, forgetful: User, administrator: User):
    use(link)

    lines = [(row.history_user, row.history_change_reason) for row in forgetful.history.all()[:2]]
    assert lines == [
        (forgetful, "password changed at 2026-03-16 18:05"),
        (administrator, "password link made at 2026-03-16 18:00"),
    ]
    assert set(forgetful.notifications.values_list("title", flat=True)) == {
        "A link to set your password was made",
        "Your password was changed",
    }


@pytest.mark.parametrize(("count", "status"), [(60, DONE), (61, ENDED)])
def test_it_works_for_an_hour(link: str, count: int, status: int):
    assert use(link, at=minutes(count)) == status


def newer(user: User, by: User) -> None:
    password_links.issue(user, by=by, at=minutes(1))


def changed(user: User, by: User) -> None:
    set_password(user, password="another-Password-9", by=by, at=minutes(1))


def barred(user: User, by: User) -> None:
    deactivate(user, reason="left", by=by, at=minutes(1))


def signed_in(user: User, by: User) -> None:
    User.objects.filter(pk=user.pk).update(last_login=minutes(1))


@pytest.mark.parametrize("event", [newer, changed, barred, signed_in])
def test_what_happens_meanwhile_ends_it(
    link: str, forgetful: User, administrator: User, event: Callable[[User, User], None]
):
    event(forgetful, administrator)

    assert use(link) == ENDED


def test_a_weak_or_mistyped_password_is_asked_for_again_and_the_link_stays(link: str):
    statuses = [use(link, first="12345678", second="12345678"), use(link, second="other")]

    assert (statuses, opens(OLD), use(link)) == ([AGAIN, AGAIN], True, DONE)


def test_nothing_that_opens_the_account_is_kept(link: str, forgetful: User):
    kept = User.objects.values().get(pk=forgetful.pk)

    assert link.rpartition("/")[2] not in str(kept)
    assert use(link[:-1] + ("a" if link[-1] != "a" else "b")) == ENDED


def test_only_administrators_make_them_and_only_for_people_who_sign_in(user_as, administrator: User, forgetful: User):
    for role in set(Role) - {Role.ADMINISTRATOR}:
        with pytest.raises(NotAllowed):
            password_links.issue(forgetful, by=user_as(role), at=AT)
    for other in (user_as(Role.AGENT), deactivate(forgetful, reason="left", by=administrator, at=AT)):
        with pytest.raises(DomainError) as refusal:
            password_links.issue(other, by=administrator, at=AT)
        assert refusal.value.code == "no_password"


def test_the_page_shows_the_link_once_and_the_login_page_says_whom_to_ask(browser_as, forgetful: User, client: Client):
    browser = browser_as(Role.ADMINISTRATOR)

    made = browser.post("/password-links", {"user": str(forgetful.pk)})
    again = browser.get("/password-links")

    assert use(made.context["link"].removeprefix("http://testserver"), at=dt.datetime.now(dt.UTC)) == DONE
    assert (again.context["link"], made["Cache-Control"]) == (
        "",
        "max-age=0, no-cache, no-store, must-revalidate, private",
    )
    assert "Ask an administrator of your program" in client.get("/login/").content.decode()
