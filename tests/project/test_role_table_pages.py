"""What every page answers to every role, spelled out, with what its forms send."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve

import accounts.urls
import backups.urls
import resilience.urls
import schedules.urls
import swaps.urls
from accounts.enums import Role
from tests.factories import one_of_each
from tests.project.test_role_table import ROLES

CELL = {"schedule": "{draft}", "person": "{adjunct}", "date": "2026-03-12", "session": "AM"}
PLACE = "schedule={draft}&person={adjunct}&date=2026-03-12&session=AM"
ORDER = {"start": "2026-03-12", "end": "2026-04-08", "algorithm": "cp_sat", "timeout_seconds": 120, "seed": 1}
SWAP = "swaps/new?person={attending}&week=2026-03-13&partner={adjunct}&kind=absorb"
ABSENCE = {"person": "{person}", "start_date": "2026-05-11", "end_date": "2026-05-11", "kind": "LEAVE"}
AGENT_TOKEN = {"user": "{agent}", "name": "Night report", "days": "90"}

OVERRIDE = {"posture-level": "ORANGE", "posture-hours": 1, "posture-reason": "A test."}
BREAKER = {"breaker-hours": 1, "breaker-reason": "A test."}
REPORT = {"title": "A test", "severity": "YELLOW"}

# Method, address, form -> what each role gets, in the order of ROLES. After a POST: 302 to the page that tells the end,
# which may be a refusal of the service, or the page again with what was typed (422); 403 and 404 come before that.
PAGES: list[tuple[str, str, dict[str, object], tuple[int, ...]]] = [
    ("get", "", {}, (302,) * 7),
    ("get", "profile", {}, (200,) * 7),
    ("post", "profile", {"wants_mail": "on"}, (302,) * 7),
    ("get", "profile/password", {}, (200,) * 7),
    ("post", "profile/password", {"old_password": "no"}, (422,) * 7),
    ("get", "profile/second-factor", {}, (200,) * 7),
    ("post", "profile/second-factor", {"deed": "begin"}, (302,) * 7),
    ("get", "password-links", {}, (403, 403, 403, 403, 403, 200, 403)),
    ("post", "password-links", {"user": "{account}"}, (403, 403, 403, 403, 403, 200, 403)),
    ("get", "agent-tokens", {}, (403, 403, 403, 403, 403, 200, 403)),
    ("post", "agent-tokens", AGENT_TOKEN, (403, 403, 403, 403, 403, 200, 403)),
    ("post", "agent-tokens/{agent_token}/revoke", {}, (403, 403, 403, 403, 403, 302, 403)),
    ("get", "notifications", {}, (200,) * 7),
    ("post", "notifications/read", {}, (302,) * 7),
    ("post", "notifications/read", {"id": "{notification}"}, (404,) * 7),
    ("get", "dashboard", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("get", "schedule", {}, (200,) * 7),
    ("get", "schedule?version={draft}", {}, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "schedule/colours.css", {}, (200,) * 7),
    ("get", f"schedule/cell?{PLACE}", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("post", "schedule/cell/check", CELL | {"activity": "ADM"}, (403, 403, 200, 200, 200, 200, 403)),
    ("post", "schedule/cell/save", CELL | {"activity": "ADM"}, (403, 403, 200, 200, 200, 200, 403)),
    ("get", "schedule/fixes/{draft}/gone", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("post", "schedule/fixes/{draft}/gone", {"act": "apply"}, (403, 403, 409, 409, 409, 409, 403)),
    ("get", "schedule/export/csv?start=2026-03-12&end=2026-03-12", {}, (200,) * 7),
    (
        "get",
        "schedule/export/xlsx?start=2026-03-12&end=2026-03-12&version={draft}",
        {},
        (404, 404, 200, 200, 200, 200, 200),
    ),
    ("get", "my-schedule", {}, (200,) * 7),
    ("post", "my-schedule/calendar-link", {}, (403,) * 7),
    ("get", "generate", {}, (403, 403, 200, 200, 200, 200, 200)),
    ("post", "generate/check", ORDER, (403, 403, 200, 200, 200, 200, 204)),
    ("get", "generate/{ready}", {}, (403, 403, 200, 200, 200, 200, 200)),
    ("get", "generate/{ready}/live", {}, (403, 403, 286, 286, 286, 286, 286)),
    ("post", "generate/{awaiting}/confirm", {}, (403, 403, 409, 409, 409, 409, 403)),
    ("post", "generate/{failed}/retry", {}, (403, 403, 409, 409, 409, 409, 403)),
    ("post", "generate/{solving}/stop", {}, (403, 403, 302, 302, 302, 302, 302)),
    ("post", "generate/{solving}/abort", {}, (403, 403, 302, 302, 302, 302, 302)),
    ("post", "generate/{ready}/publish", {}, (403, 403, 403, 403, 409, 409, 403)),
    ("post", "generate/{ready}/discard", {}, (403, 403, 302, 302, 302, 302, 403)),
    ("post", "generate/{ready}/revalidate", {}, (403, 403, 302, 302, 302, 302, 403)),
    ("post", "generate/{ready}/roll-back", {}, (403, 403, 403, 403, 409, 409, 403)),
    ("get", "absences", {}, (200,) * 7),
    ("get", "absences/new", {}, (403, 403, 200, 403, 200, 200, 403)),
    ("post", "absences/new", ABSENCE, (403, 403, 302, 403, 302, 302, 403)),
    ("get", "absences/{absence}", {}, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "absences/{absence}", {"decision": "approve"}, (404, 404, 302, 403, 302, 302, 403)),
    ("get", "import", {}, (403, 403, 200, 403, 200, 200, 403)),
    ("post", "import", {}, (403, 403, 422, 403, 422, 422, 403)),
    ("get", "backups", {}, (403, 403, 200, 200, 200, 200, 200)),
    ("post", "backups/create", {}, (403, 403, 302, 302, 302, 302, 302)),
    ("get", "backups/prune", {}, (403, 403, 403, 403, 200, 200, 403)),
    ("post", "backups/prune", {}, (403, 403, 403, 403, 302, 302, 403)),
    ("get", "backups/{backup}", {}, (403, 403, 200, 200, 200, 200, 200)),
    ("get", "backups/{backup}/live", {}, (403, 403, 286, 286, 286, 286, 286)),
    ("post", "backups/{backup}/verify", {}, (403, 403, 302, 302, 302, 302, 403)),
    ("get", "backups/{backup}/restore", {}, (403, 403, 403, 403, 302, 302, 403)),
    ("post", "backups/{backup}/restore", {"confirm": "another.sql.gz"}, (403, 403, 403, 403, 409, 409, 403)),
    ("get", "swaps", {}, (200,) * 7),
    ("get", "swaps/new", {}, (403, 403, 200, 403, 200, 200, 200)),
    ("get", SWAP, {}, (403, 403, 200, 403, 200, 200, 200)),
    ("post", SWAP, {"code": "conference", "act": "send"}, (403, 403, 422, 403, 422, 422, 422)),
    ("get", "swaps/market", {}, (200,) * 7),
    ("post", "swaps/market", {"week": "2026-03-13"}, (403,) * 7),
    ("get", "swaps/market/{swap_offer}", {}, (403,) * 7),
    ("post", "swaps/market/{swap_offer}", {}, (403,) * 7),
    ("post", "swaps/market/{swap_offer}/withdraw", {}, (403, 403, 302, 403, 302, 302, 302)),
    ("get", "swaps/{swap}", {}, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "swaps/{swap}", {"act": "consent"}, (404, 404, 403, 403, 403, 403, 403)),
    ("post", "swaps/{swap}", {"act": "decline"}, (404, 404, 403, 403, 403, 403, 403)),
    ("post", "swaps/{swap}", {"act": "approve", "note": "A test."}, (404, 404, 302, 403, 403, 403, 403)),
    ("post", "swaps/{swap}", {"act": "reject", "note": "A test."}, (404, 404, 302, 403, 403, 403, 403)),
    ("post", "swaps/{swap}", {"act": "cancel"}, (404, 404, 403, 403, 403, 403, 403)),
    ("post", "swaps/{swap_executed}", {"act": "rollback", "note": "A test."}, (404, 404, 403, 403, 409, 409, 403)),
    ("post", "swaps/{swap_executed}", {"act": "complain", "note": "A test."}, (404, 404, 403, 403, 403, 403, 403)),
    ("get", "escalations", {}, (403, 403, 200, 200, 200, 403, 403)),
    ("get", "resilience", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("post", "resilience/posture/override", OVERRIDE, (403, 403, 403, 403, 422, 403, 403)),
    ("post", "resilience/posture/lower", {"lower-reason": "A test."}, (403, 403, 403, 403, 422, 403, 403)),
    ("post", "resilience/breaker/trip", {"trip-reason": "A test."}, (403, 403, 403, 403, 302, 403, 403)),
    ("post", "resilience/breaker/clear", {"clear-reason": "A test."}, (403, 403, 403, 403, 422, 403, 403)),
    ("post", "resilience/breaker/override", BREAKER, (403, 403, 403, 403, 422, 403, 403)),
    ("get", "resilience/what-if", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("get", "resilience/what-if?people={person}", {}, (403, 403, 200, 200, 200, 403, 403)),
    ("get", "resilience/fallbacks", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("get", "resilience/fallbacks/{plan}", {}, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "resilience/fallbacks/{plan}/propose", {}, (404, 404, 302, 302, 302, 302, 302)),
    ("get", "resilience/shedding", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("post", "resilience/shedding/propose", {"level": "RED"}, (403, 403, 302, 302, 302, 403, 302)),
    ("post", "resilience/shedding/{shedding}/restore", {}, (404, 404, 302, 302, 302, 403, 403)),
    ("get", "resilience/zones", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("get", "resilience/strain", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("get", "resilience/readiness", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("post", "resilience/readiness/adjust", {}, (403, 403, 422, 422, 422, 403, 403)),
    ("post", "resilience/readiness/sitrep", {}, (403, 403, 302, 302, 302, 403, 403)),
    ("get", "incidents", {}, (403, 403, 200, 200, 200, 200, 403)),
    ("post", "incidents/report", REPORT, (403, 403, 302, 302, 302, 403, 403)),
    ("get", "incidents/{incident}", {}, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "incidents/{incident}/draft", {"kind": "MFR"}, (404, 404, 302, 302, 302, 403, 302)),
    ("post", "incidents/{incident}/acknowledge", {}, (404, 404, 302, 302, 302, 403, 403)),
    ("get", "incidents/approvals/{approval}", {}, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "incidents/approvals/{approval}/approve", {}, (404, 404, 302, 302, 302, 302, 302)),
    ("get", "documents/{document}", {}, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "documents/{document}.pdf", {}, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "documents/{document}/review", {}, (404, 404, 302, 302, 302, 403, 403)),
    # Last: the client is signed out by it.
    ("post", "logout/", {}, (302,) * 7),
]

# Nobody signs in for these.
PUBLIC = {"login/", "login/code", "password/<str:uidb64>/<str:token>", "calendar/<str:token>.ics"}


@pytest.mark.parametrize("letter", ROLES)
def test_every_page_answers_every_role_as_written(
    things: dict[str, str], browser_as: Callable[[Role], Client], letter: str
):
    client = browser_as(ROLES[letter])

    answered = [(method, address, _ask(client, method, address, form, things)) for method, address, form, _ in PAGES]

    position = "RFCADMP".index(letter)
    assert answered == [(method, address, statuses[position]) for method, address, _, statuses in PAGES]


def test_nobody_is_led_to_the_login_page(things: dict[str, str], client: Client):
    answered = {_ask(client, method, address, form, things) for method, address, form, _ in PAGES}

    assert answered == {302}


def test_every_page_is_in_the_table():
    routes = {
        str(pattern.pattern)
        for app in (accounts.urls, backups.urls, resilience.urls, schedules.urls, swaps.urls)
        for pattern in app.urlpatterns
    }

    assert {_route(address) for _, address, *_ in PAGES} == routes - PUBLIC


def _route(address: str) -> str:
    path = re.sub(r"{\w+}", str(uuid.UUID(int=0)), address.partition("?")[0])
    return resolve(f"/{path}").route


def _ask(client: Client, method: str, address: str, form: dict[str, object], things: dict[str, str]) -> int:
    """The status of one request, whose effects are taken back."""
    before = transaction.savepoint()
    answer = getattr(client, method)(f"/{address.format(**things)}", one_of_each.filled(form, things))
    transaction.savepoint_rollback(before)
    return answer.status_code
