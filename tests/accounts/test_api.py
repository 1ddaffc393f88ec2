"""Signing in over REST: tokens, their rotation, the lock-out."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts import services
from accounts.enums import Role
from accounts.models import Notification
from tests.factories import accounts

LOGIN = "/api/v1/auth/login/json"
NOON = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def _sign_in(client: APIClient, username: str, password: str = accounts.PASSWORD):
    return client.post(LOGIN, {"username": username, "password": password})


def test_login_gives_a_pair_that_opens_the_api(api):
    user = accounts.user(Role.RESIDENT, username="kahananui")

    answer = _sign_in(api, "kahananui")

    assert answer.status_code == 200
    assert sorted(answer.json()) == ["access_token", "refresh_token", "token_type"]
    assert answer.json()["token_type"] == "bearer"
    me = api.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {answer.json()['access_token']}")
    assert (me.status_code, me.json()["id"], me.json()["role"]) == (200, str(user.pk), "RESIDENT")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "username"),
        ({"username": "a"}, 400, "password"),
        ({"username": ["a"], "password": "b"}, 400, "username"),
        ({"username": "a" * 151, "password": "b"}, 400, "username"),
        ({"username": None, "password": "b"}, 400, "username"),
    ],
)
def test_login_names_the_field_that_is_wrong(api, body, status, field):
    answer = api.post(LOGIN, body)

    assert answer.status_code == status
    assert field in answer.json()


def test_a_body_that_is_no_json_says_so(api):
    answer = api.post(LOGIN, "{username", content_type="application/json")

    assert (answer.status_code, answer.json()) == (400, {"code": "not_json", "detail": "The body is not valid JSON."})


def test_a_form_body_is_an_unsupported_type(api):
    answer = api.post(LOGIN, "username=a", content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_wrong_password_and_unknown_name_read_the_same(api):
    accounts.user(username="known")

    wrong, unknown = _sign_in(api, "known", "no"), _sign_in(api, "unknown", "no")

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json() == unknown.json() == {"code": "wrong_credentials", "detail": "User name or password is wrong."}
    assert wrong["WWW-Authenticate"] == 'Bearer realm="api"'


def test_the_fifth_failure_locks_for_a_minute_and_the_right_password_does_not_help(api):
    accounts.user(username="known")
    with time_machine.travel(NOON, tick=False):
        statuses = [_sign_in(api, "known", "no").status_code for _ in range(5)]
        locked = _sign_in(api, "known")

    assert statuses == [401, 401, 401, 401, 429]
    assert locked.status_code == 429
    assert locked.json()["code"] == "locked_out"
    assert locked["Retry-After"] == "120"


def test_every_try_while_locked_doubles_the_wait_up_to_an_hour(api):
    accounts.user(username="known")
    with time_machine.travel(NOON, tick=False):
        waits = [_sign_in(api, "known", "no").headers.get("Retry-After") for _ in range(13)]

    assert waits == [None, None, None, None, "60", "120", "240", "480", "960", "1920", "3600", "3600", "3600"]


def test_after_the_wait_the_right_password_opens_again(api):
    accounts.user(username="known")
    with time_machine.travel(NOON, tick=False):
        for _ in range(5):
            _sign_in(api, "known", "no")
    with time_machine.travel(NOON + dt.timedelta(seconds=59), tick=False):
        assert _sign_in(APIClient(), "other").status_code == 401
    with time_machine.travel(NOON + dt.timedelta(seconds=61), tick=False):
        assert _sign_in(api, "known").status_code == 200


def test_failures_more_than_a_minute_apart_never_lock(api):
    accounts.user(username="known")
    statuses = []
    for minute in range(8):
        with time_machine.travel(NOON + dt.timedelta(seconds=61 * minute), tick=False):
            statuses.append(_sign_in(api, "known", "no").status_code)

    assert statuses == [401] * 8


def test_successful_logins_are_not_counted(api):
    accounts.user(username="known")
    with time_machine.travel(NOON, tick=False):
        assert [_sign_in(api, "known").status_code for _ in range(12)] == [200] * 12


def test_a_lock_of_one_name_leaves_others_alone(api):
    accounts.user(username="known")
    accounts.user(username="other")
    with time_machine.travel(NOON, tick=False):
        for _ in range(6):
            _sign_in(api, "known", "no")
        assert _sign_in(api, "other").status_code == 200


def test_an_address_that_tries_many_names_is_locked_for_a_minute_and_others_are_not(api):
    accounts.user(username="known")
    with time_machine.travel(NOON, tick=False):
        tried = [_sign_in(api, f"name-{number}", "spring2026").status_code for number in range(30)]
        here = _sign_in(api, "known").status_code
        elsewhere = _sign_in(APIClient(REMOTE_ADDR="192.0.2.9"), "known").status_code
    with time_machine.travel(NOON + dt.timedelta(seconds=121), tick=False):
        later = _sign_in(api, "known").status_code

    assert tried == [401] * 29 + [429]
    assert (here, elsewhere, later) == (429, 200, 200)


def test_a_forged_forwarded_address_does_not_escape_the_lock(api):
    accounts.user(username="known")
    with time_machine.travel(NOON, tick=False):
        statuses = [
            api.post(
                LOGIN, {"username": "known", "password": "no"}, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}"
            ).status_code
            for number in range(6)
        ]

    assert statuses[-1] == 429


def test_the_page_is_locked_by_the_same_count(client):
    accounts.user(username="known")
    with time_machine.travel(NOON, tick=False):
        for _ in range(5):
            answer = client.post("/login/", {"username": "known", "password": "no"})

    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert "Too many failed tries. Wait 60 seconds" in answer.content.decode()


def test_a_refresh_token_works_once(api):
    accounts.user(username="known")
    first = _sign_in(api, "known").json()["refresh_token"]

    second = api.post("/api/v1/auth/refresh", {"refresh_token": first})
    again = api.post("/api/v1/auth/refresh", {"refresh_token": first})

    assert second.status_code == 200
    assert second.json()["refresh_token"] != first
    assert (again.status_code, again.json()["code"]) == (401, "token_refused")


def test_tokens_run_out_after_15_minutes_and_7_days(api):
    accounts.user(username="known")
    with time_machine.travel(NOON, tick=False):
        pair = _sign_in(api, "known").json()
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {pair['access_token']}"}
    with time_machine.travel(NOON + dt.timedelta(minutes=14, seconds=59), tick=False):
        assert api.get("/api/v1/auth/me", **bearer).status_code == 200
    with time_machine.travel(NOON + dt.timedelta(minutes=15, seconds=1), tick=False):
        expired = api.get("/api/v1/auth/me", **bearer)
        assert (expired.status_code, expired.json()["code"]) == (401, "token_not_valid")
    with time_machine.travel(NOON + dt.timedelta(days=7, seconds=1), tick=False):
        assert api.post("/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]}).status_code == 401


def test_what_has_expired_is_cleared_away_and_nothing_else(api, client, resident):
    accounts.user(username="known")
    with time_machine.travel(NOON, tick=False):
        _sign_in(api, "known")
        client.force_login(resident)
    with time_machine.travel(NOON + dt.timedelta(days=1), tick=False):
        used = _sign_in(api, "known").json()["refresh_token"]
        api.post("/api/v1/auth/refresh", {"refresh_token": used})

    gone = services.clear_expired(at=NOON + dt.timedelta(days=7, hours=1))

    assert (gone, Session.objects.count(), OutstandingToken.objects.count()) == (2, 0, 2)


def test_logout_ends_the_refresh_token(api):
    accounts.user(username="known")
    refresh = _sign_in(api, "known").json()["refresh_token"]

    assert api.post("/api/v1/auth/logout", {"refresh_token": refresh}).status_code == 204
    assert api.post("/api/v1/auth/refresh", {"refresh_token": refresh}).status_code == 401
    assert api.post("/api/v1/auth/logout", {"refresh_token": "nonsense"}).status_code == 204


def test_a_new_password_ends_every_token(api):
    user = accounts.user(username="known")
    pair = _sign_in(api, "known").json()

    services.set_password(user, password="another good one 7", by=user, at=NOON)

    assert api.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {pair['access_token']}").status_code == 401
    assert api.post("/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]}).status_code == 401


def test_a_deactivated_user_is_out_at_once(api, administrator):
    user = accounts.user(username="known")
    pair = _sign_in(api, "known").json()

    services.deactivate(user, reason="left", by=administrator, at=NOON)

    assert api.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {pair['access_token']}").status_code == 401
    assert api.post("/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]}).status_code == 401
    assert _sign_in(api, "known").status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer nonsense", "Bearer e30.e30.e30"])
def test_a_broken_token_is_a_plain_401(api, header):
    answer = api.get("/api/v1/auth/me", HTTP_AUTHORIZATION=header)

    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")


def test_nobody_is_401_and_not_403(api):
    answer = api.get("/api/v1/auth/me")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_session_reads_without_and_writes_only_with_the_csrf_token(resident):
    note = Notification.objects.create(user=resident, created_at=NOON, kind="TEST", title="Hello")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(resident, backend="django.contrib.auth.backends.ModelBackend")

    assert browser.get("/api/v1/auth/me").status_code == 200
    refused = browser.post(f"/api/v1/notifications/{note.pk}/read")
    browser.cookies["csrftoken"] = "a" * 32
    accepted = browser.post(
        f"/api/v1/notifications/{note.pk}/read", content_type="application/json", HTTP_X_CSRFTOKEN="a" * 32
    )

    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert accepted.status_code == 200


def test_notifications_are_ones_own(api_as, resident, faculty):
    mine = Notification.objects.create(user=resident, created_at=NOON, kind="TEST", title="Mine")
    other = Notification.objects.create(user=faculty, created_at=NOON, kind="TEST", title="Other")
    client = api_as(Role.RESIDENT)

    listed = client.get("/api/v1/notifications").json()

    assert [item["id"] for item in listed["items"]] == [str(mine.pk)]
    assert client.post(f"/api/v1/notifications/{mine.pk}/read").json()["read_at"] is not None
    assert client.post(f"/api/v1/notifications/{other.pk}/read").status_code == 404
    assert client.post("/api/v1/notifications/nonsense/read").status_code == 404


def test_an_address_that_is_not_there_is_404_in_json(api):
    answer = api.get("/api/v1/nothing/here")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_wrong_method_is_405_in_json(api_as):
    answer = api_as(Role.RESIDENT).delete("/api/v1/auth/me")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
