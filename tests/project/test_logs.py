"""Logs: every request has its line, and no line has a name, an address or what somebody searched for."""

from __future__ import annotations

import datetime as dt
import logging

import pytest
import structlog
from django.db import IntegrityError, connection, transaction
from django.urls import path
from rest_framework.test import APIClient
from rest_framework.views import APIView

from common.logs import scrub
from tests.factories import accounts, program

pytestmark = pytest.mark.django_db


class _Broken(APIView):
    """Fails as a bug would, with a database error that quotes a person."""

    def get(self, request):
        person = program.resident(name="Kealoha Secret", source_id="rec-secret")
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO schedules_person SELECT gen_random_uuid(), created_at, updated_at, name, role, pgy_level,"
                " faculty_role, adjunct, excluded_from_call, email, phone, is_active, calendar_token, source_id,"
                " duty_id, user_id FROM schedules_person WHERE id = %s",
                [person.pk],
            )


urlpatterns = [path("api/v1/broken", _Broken.as_view())]


def _lines(caplog: pytest.LogCaptureFixture) -> str:
    """Everything that was logged, formatted as the handler does."""
    formatter = logging.getLogger().handlers[0].formatter
    return "\n".join(str(record.msg) + str(record.args) + (record.exc_text or "") for record in caplog.records) + str(
        formatter
    )


def test_requests_are_logged_by_route_and_user_id(caplog, api_as, resident):
    browser_secret = "?name__icontains=kealoha"
    with caplog.at_level(logging.INFO):
        answer = APIClient().post(
            "/api/v1/auth/login/json", {"username": resident.username, "password": accounts.PASSWORD}
        )
        token = answer.json()["access_token"]
        APIClient().get(f"/api/v1/people{browser_secret}", HTTP_AUTHORIZATION=f"Bearer {token}")

    finished = [record.msg for record in caplog.records if record.msg.get("event") == "request_finished"]
    assert [(line["request"], line["code"]) for line in finished] == [
        ("POST /api/v1/auth/login/json", 200),
        ("GET /api/v1/people", 200),
    ]
    assert finished[1]["user_id"] == str(resident.pk)
    assert "kealoha" not in _lines(caplog).lower()
    assert resident.username not in _lines(caplog)
    assert token not in _lines(caplog)


def test_failed_sign_ins_leave_no_name_and_no_address(caplog):
    accounts.user(username="kealoha", email="kealoha@example.org")
    with caplog.at_level(logging.DEBUG):
        for _ in range(6):
            APIClient().post("/api/v1/auth/login/json", {"username": "kealoha", "password": "wrong-secret"})

    ours = "\n".join(str(record.msg) for record in caplog.records if not record.name.startswith("django.db"))
    assert "request_finished" in ours
    for secret in ("kealoha", "wrong-secret", "127.0.0.1"):
        assert secret not in ours


@pytest.mark.urls("tests.project.test_logs")
def test_a_bug_answers_500_without_a_word_and_is_logged_without_the_person(caplog, api_as):
    from accounts.enums import Role

    with caplog.at_level(logging.INFO):
        answer = api_as(Role.ADMINISTRATOR).get("/api/v1/broken")

    assert answer.status_code == 500
    assert answer.json() == {
        "code": "server_error",
        "detail": "Something went wrong here. It has been recorded; try again later.",
    }
    logged = _lines(caplog)
    assert "request_failed" in logged
    assert "person_source_id_once" in logged
    assert "rec-secret" not in logged
    assert "Kealoha" not in logged


def test_database_details_and_addresses_are_taken_out():
    program.holiday(dt.date(2026, 1, 1))
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        program.holiday(dt.date(2026, 1, 1))
    event = structlog.processors.format_exc_info(None, "error", {"event": "failed", "exc_info": broken.value})

    cleaned = scrub(None, "error", event | {"event": "mail to kai.kealoha@example.org failed"})

    assert "DETAIL" in str(broken.value)
    assert "DETAIL" not in cleaned["exception"]
    assert "duplicate key value" in cleaned["exception"]
    assert cleaned["event"] == "mail to [e-mail] failed"
