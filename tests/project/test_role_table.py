"""What each role may do, spelled out twice: the permissions, and what every endpoint answers to every role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import Notification
from accounts.permissions import ROLE_TABLE, Permission
from schedules.domain.problem import Session
from schedules.enums import ScheduleStatus
from tests.factories import accounts, program

# One letter per role, in this order: resident, faculty, coordinator, architect, program director, administrator, agent.
ROLES = {
    "R": Role.RESIDENT,
    "F": Role.FACULTY,
    "C": Role.COORDINATOR,
    "A": Role.ARCHITECT,
    "D": Role.PROGRAM_DIRECTOR,
    "M": Role.ADMINISTRATOR,
    "P": Role.AGENT,
}

TABLE = {
    "SEE_PUBLISHED": "RFCADMP",
    "SEE_DRAFTS": "CADMP",
    "GENERATE": "CADMP",
    "CONFIRM_RUN": "CADM",
    "EDIT_ASSIGNMENTS": "CADM",
    "CLEAR_RANGE": "D",
    "PUBLISH": "DM",
    "REQUEST_OWN": "RFD",
    "REQUEST_FOR_ALL": "CDM",
    "REQUEST_FOR_NAMED": "P",
    "APPROVE_ABSENCES": "CDM",
    "SEE_SENSITIVE": "D",
    "CREATE_BACKUP": "CADMP",
    "RESTORE_BACKUP": "DM",
    "SEE_BACKUPS": "CADMP",
    "SEE_DASHBOARD": "CADM",
    "READ_RESILIENCE": "RFCADMP",
    "SIMULATE_RESILIENCE": "CADP",
    "APPROVE_RESILIENCE": "CAD",
    "READ_PROGRAM": "RFCADMP",
    "EDIT_PROGRAM": "CDM",
    "EDIT_DEMAND": "CADM",
    "EDIT_POLICY": "DM",
    "DECIDE_COORDINATOR": "C",
    "DECIDE_ARCHITECT": "A",
    "DECIDE_DIRECTOR": "D",
    "MANAGE_USERS": "M",
}


def test_the_role_table_is_this_table():
    written = {
        permission.name: "".join(letter for letter, role in ROLES.items() if permission in ROLE_TABLE[role])
        for permission in Permission
    }

    assert written == TABLE


def test_somebody_deactivated_may_nothing():
    user = SimpleNamespace(is_active=False)

    assert not any(accounts.User.may(user, permission) for permission in Permission)


DAY = dt.date(2026, 3, 12)

# Method, address, body -> what each role (order as in ROLES) gets. Objects in braces are other people's.
ENDPOINTS: list[tuple[str, str, object, tuple[int, ...]]] = [
    ("get", "auth/me", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "notifications", None, (200, 200, 200, 200, 200, 200, 200)),
    ("post", "notifications/{notification}/read", None, (404, 404, 404, 404, 404, 404, 404)),
    ("get", "people", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "people/{person}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("post", "people", {"name": "N", "role": "FACULTY"}, (403, 403, 201, 403, 201, 201, 403)),
    ("patch", "people/{person}", {"phone": "5"}, (403, 403, 200, 403, 200, 200, 403)),
    ("delete", "people/{person}", None, (403, 403, 409, 403, 409, 409, 403)),
    ("get", "credentials", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "credentials/{credential}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("patch", "credentials/{credential}", {"expires_on": None}, (404, 404, 200, 403, 200, 200, 403)),
    ("delete", "credentials/{credential}", None, (404, 404, 204, 403, 204, 204, 403)),
    ("get", "duty-logs", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "duty-logs/{duty_log}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("patch", "duty-logs/{duty_log}", {"hours": 2}, (404, 404, 200, 403, 200, 200, 403)),
    ("delete", "duty-logs/{duty_log}", None, (404, 404, 204, 403, 204, 204, 403)),
    ("get", "preferences", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "preferences/{preference}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("patch", "preferences/{preference}", {"weight": 2}, (404, 404, 200, 403, 200, 200, 403)),
    ("delete", "preferences/{preference}", None, (404, 404, 204, 403, 204, 204, 403)),
    ("get", "activities", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "activities/{activity}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "rotation-templates", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "rotation-templates/{rotation}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "blocks", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "blocks/{block}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "block-assignments", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "block-assignments/{block_assignment}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "fmit-weeks", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "fmit-weeks/{fmit_week}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("patch", "fmit-weeks/{fmit_week}", {"end_date": "2026-03-20"}, (403, 403, 200, 403, 200, 200, 403)),
    ("delete", "fmit-weeks/{fmit_week}", None, (403, 403, 204, 403, 204, 204, 403)),
    ("get", "holidays", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "holidays/{holiday}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("post", "holidays", {"date": "2026-05-01", "name": "N"}, (403, 403, 201, 403, 201, 201, 403)),
    ("patch", "holidays/{holiday}", {"name": "N"}, (403, 403, 200, 403, 200, 200, 403)),
    ("delete", "holidays/{holiday}", None, (403, 403, 204, 403, 204, 204, 403)),
    ("get", "demand", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "demand/{demand}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("post", "demand", {"activity": "C", "session": "AM"}, (403, 403, 201, 201, 201, 201, 403)),
    ("patch", "demand/{demand}", {"note": "N"}, (403, 403, 200, 200, 200, 200, 403)),
    ("delete", "demand/{demand}", None, (403, 403, 204, 204, 204, 204, 403)),
    ("get", "absences", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "absences/{absence}", None, (404, 404, 200, 200, 200, 200, 200)),
    (
        "post",
        "absences",
        {"person": "{person}", "start_date": "2026-03-12", "end_date": "2026-03-12", "kind": "LEAVE"},
        (403, 403, 201, 403, 201, 201, 201),
    ),
    ("post", "absences/{absence}/approve", None, (404, 404, 200, 403, 200, 200, 403)),
    ("post", "absences/{absence}/reject", None, (404, 404, 200, 403, 200, 200, 403)),
    ("post", "absences/{absence}/cancel", None, (404, 404, 200, 403, 200, 200, 403)),
    ("get", "schedules", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "schedules/{published}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "schedules/{draft}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "assignments", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "assignments?schedule={published}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "assignments?schedule={draft}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "schedule/runs", None, (403, 403, 200, 200, 200, 200, 200)),
    ("get", "schedule/validate?start_date=2026-03-12&end_date=2026-03-12", None, (200,) * 7),
    ("get", "schedules/{published}/diff/{draft}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "backups", None, (403, 403, 200, 200, 200, 200, 200)),
]


@pytest.fixture
def things(db: None) -> dict[str, str]:
    """One object of each kind, none of them the caller's own."""
    person, attending = program.resident(), program.faculty()
    codes = program.standard_activities()
    rotation = program.rotation()
    published = program.schedule(DAY, DAY, status=ScheduleStatus.PUBLISHED)
    program.assignments(published, [(person, DAY, Session.AM, "C")])
    block = program.block()
    made = {
        "person": person,
        "credential": program.holds(person, program.credential()),
        "duty_log": program.duty_log(person, DAY),
        "preference": program.preference(person),
        "activity": codes["C"],
        "rotation": rotation,
        "block": block,
        "block_assignment": program.block_assignment(person, block, rotation),
        "fmit_week": program.fmit_week(attending, dt.date(2026, 3, 13)),
        "holiday": program.holiday(DAY),
        "demand": program.demand(codes["C"]),
        "absence": program.absence(person, DAY, status="REQUESTED"),
        "published": published,
        "draft": program.schedule(DAY, DAY),
        "notification": Notification.objects.create(
            user=accounts.user(), created_at=dt.datetime(2026, 3, 12, tzinfo=dt.UTC), kind="TEST", title="T"
        ),
    }
    return {name: str(thing.pk) for name, thing in made.items()}


@pytest.mark.parametrize("letter", ROLES)
def test_every_endpoint_answers_every_role_as_written(
    things: dict[str, str], api_as: Callable[[Role], APIClient], letter: str
):
    client = api_as(ROLES[letter])

    answered = {
        (method, address): _ask(client, method, address, body, things) for method, address, body, _ in ENDPOINTS
    }

    position = "RFCADMP".index(letter)
    assert answered == {(method, address): statuses[position] for method, address, _, statuses in ENDPOINTS}


def test_nobody_gets_nothing(things: dict[str, str], api: APIClient):
    answered = {_ask(api, method, address, body, things) for method, address, body, _ in ENDPOINTS}

    assert answered == {401}


def _ask(client: APIClient, method: str, address: str, body: object, things: dict[str, str]) -> int:
    """The status of one request, whose effects are taken back; refusals have the one shape."""
    if isinstance(body, dict):
        body = {name: value.format(**things) if isinstance(value, str) else value for name, value in body.items()}
    with transaction.atomic():
        answer = getattr(client, method)(f"/api/v1/{address.format(**things)}", body)
        transaction.set_rollback(True)
    if answer.status_code in {401, 403, 404, 409}:
        assert {"code", "detail"} <= set(answer.json())
    return answer.status_code
