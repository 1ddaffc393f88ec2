"""What each role may do, spelled out twice: the permissions, and what every endpoint answers to every role."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, resolve
from rest_framework.test import APIClient

import scheduler_project.api
from accounts.enums import Role
from accounts.permissions import ROLE_TABLE, Permission
from tests.factories import accounts, one_of_each

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


RANGE = "start_date=2026-03-12&end_date=2026-03-12"
ORDER = {"start_date": "2026-03-12", "end_date": "2026-04-08"}
READING_TOOLS = (
    "check_utilization_threshold_tool",
    "get_defense_level_tool",
    "run_contingency_analysis_resilience_tool",
    "get_static_fallbacks_tool",
    "analyze_homeostasis_tool",
    "calculate_blast_radius_tool",
    "analyze_le_chatelier_tool",
    "analyze_hub_centrality_tool",
)
SHEDDING = {"simulate_only": False, "approval": str(uuid.UUID(int=0))}
REPORT = {"title": "A test", "summary": "Nothing.", "severity": "YELLOW"}
ADJUSTMENT = {"area": "P", "rating": 2, "days": 1, "reason": "A test."}
CHANGE = {
    "schedule": "{draft}",
    "set": [{"person": "{adjunct}", "date": "2026-03-12", "session": "AM", "activity": "ADM"}],
}
CLEARING = {
    "schedule": "{draft}",
    "dry_run": False,
    "delete": [{"person": "{person}", "date": "2026-03-12", "session": "AM"}],
}

SWAP = {
    "source_faculty_id": "{attending}",
    "source_week": "2026-03-13",
    "target_faculty_id": "{adjunct}",
    "swap_type": "absorb",
    "reason": "conference",
}

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
    ("patch", "fmit-weeks/{fmit_week}", {"end_date": "2026-05-08"}, (403, 403, 200, 403, 200, 200, 403)),
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
    ("get", "absences/{absence}/impact", None, (404, 404, 200, 403, 200, 200, 403)),
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
    ("get", f"schedule/validate?{RANGE}", None, (200,) * 7),
    ("get", "schedules/{published}/diff/{draft}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "backups", None, (403, 403, 200, 200, 200, 200, 200)),
    ("post", "credentials", {"person": "{attending}", "credential": "BLS"}, (403, 403, 201, 403, 201, 201, 403)),
    (
        "post",
        "duty-logs",
        {"person": "{person}", "date": "2026-03-13", "kind": "MOONLIGHTING", "hours": 2},
        (403, 403, 201, 403, 201, 201, 403),
    ),
    (
        "post",
        "preferences",
        {"person": "{attending}", "scope": "WEEKDAY", "weekday": 1, "weight": 1},
        (403, 403, 201, 403, 201, 201, 403),
    ),
    (
        "post",
        "block-assignments",
        {"person": "{newcomer}", "block": "{block}", "rotation": "{rotation}"},
        (403, 403, 201, 403, 201, 201, 403),
    ),
    (
        "patch",
        "block-assignments/{block_assignment}",
        {"rotation": "{other_rotation}"},
        (403, 403, 200, 403, 200, 200, 403),
    ),
    ("delete", "block-assignments/{block_assignment}", None, (403, 403, 204, 403, 204, 204, 403)),
    (
        "post",
        "fmit-weeks",
        {"person": "{attending}", "start_date": "2026-05-22", "end_date": "2026-05-28"},
        (403, 403, 201, 403, 201, 201, 403),
    ),
    ("post", "schedule/generate", ORDER, (403, 403, 409, 409, 409, 409, 202)),
    ("post", "schedule/generate", {**ORDER, "confirm": True}, (403, 403, 202, 202, 202, 202, 202)),
    ("get", "schedule/runs/{awaiting}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "schedule/runs/{awaiting}/confirm", {"confirm": True}, (404, 404, 202, 202, 202, 202, 403)),
    ("post", "schedule/runs/{failed}/retry", {"confirm": True}, (404, 404, 202, 202, 202, 202, 403)),
    ("post", "schedule/runs/{solving}/stop", None, (404, 404, 202, 202, 202, 202, 202)),
    ("post", "schedule/runs/{solving}/abort", None, (404, 404, 202, 202, 202, 202, 202)),
    ("get", f"schedule/validate?{RANGE}&schedule={{draft}}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("get", f"schedule/conflicts?{RANGE}", None, (403, 403, 200, 200, 200, 200, 200)),
    ("post", "schedule/conflicts/{draft}:nothing/apply", None, (403, 403, 409, 409, 409, 409, 403)),
    ("post", "schedules/{draft}/publish", {"override_reason": "A test."}, (404, 404, 403, 403, 409, 409, 403)),
    ("post", "schedules/{published}/publish", {}, (403, 403, 403, 403, 409, 409, 403)),
    ("post", "schedules/{published}/rollback", {"reason": "A test."}, (403, 403, 403, 403, 409, 409, 403)),
    ("post", "schedules/{draft}/discard", {}, (404, 404, 200, 200, 200, 200, 403)),
    ("post", "schedules/{published}/discard", {}, (403, 403, 409, 409, 409, 409, 403)),
    ("post", "schedules/{draft}/revalidate", {}, (404, 404, 200, 200, 200, 200, 403)),
    ("post", "assignments/bulk", {**CHANGE, "dry_run": True}, (403, 403, 200, 200, 200, 200, 200)),
    ("post", "assignments/bulk", {**CHANGE, "dry_run": False}, (403, 403, 409, 409, 409, 409, 403)),
    # Clearing half-days is the director's; without the range typed the director is asked for it.
    ("post", "assignments/bulk", CLEARING, (403, 403, 403, 403, 400, 403, 403)),
    # One day is published: whoever may ask is told that there is no duty in that week.
    ("get", "swaps", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "swaps/{swap}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "swaps/{swap}/report", None, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "swaps", SWAP, (403, 403, 422, 403, 422, 422, 422)),
    ("post", "swaps/validate", SWAP, (403, 403, 200, 403, 200, 200, 200)),
    ("get", "swaps/candidates?person={attending}&week=2026-03-13", None, (403, 403, 200, 403, 200, 200, 200)),
    ("get", "swaps/escalations", None, (403, 403, 200, 200, 200, 403, 403)),
    ("post", "swaps/{swap}/consent", None, (404, 404, 403, 403, 403, 403, 403)),
    ("post", "swaps/{swap}/decline", {}, (404, 404, 403, 403, 403, 403, 403)),
    ("post", "swaps/{swap}/approve", {"rationale": "A test."}, (404, 404, 200, 403, 403, 403, 403)),
    ("post", "swaps/{swap}/reject", {"rationale": "A test."}, (404, 404, 200, 403, 403, 403, 403)),
    ("post", "swaps/{swap}/cancel", {}, (404, 404, 403, 403, 403, 403, 403)),
    ("post", "swaps/{swap_executed}/rollback", {"reason": "A test."}, (404, 404, 403, 403, 409, 409, 403)),
    ("post", "swaps/{swap_executed}/complain", {"text": "A test."}, (404, 404, 403, 403, 403, 403, 403)),
    ("get", "swaps/offers", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "swaps/offers/{swap_offer}", None, (200, 200, 200, 200, 200, 200, 200)),
    ("post", "swaps/offers", {"person": "{attending}", "week": "2026-03-13"}, (403, 403, 400, 403, 400, 400, 403)),
    ("post", "swaps/offers/{swap_offer}/take", {"person": "{adjunct}"}, (403, 403, 422, 403, 422, 422, 422)),
    ("post", "swaps/offers/{swap_offer}/withdraw", None, (403, 403, 200, 403, 200, 200, 200)),
    ("post", "backups", {}, (403, 403, 201, 201, 201, 201, 201)),
    ("get", "backups/{backup}", None, (403, 403, 200, 200, 200, 200, 200)),
    ("post", "backups/{backup}/verify", None, (403, 403, 200, 200, 200, 200, 403)),
    ("post", "backups/{backup}/restore", {}, (403, 403, 403, 403, 200, 200, 403)),
    ("post", "backups/{backup}/restore", {"confirm": "another.sql.gz"}, (403, 403, 403, 403, 409, 409, 403)),
    *(("get", f"resilience/{name}", None, (200,) * 7) for name in READING_TOOLS),
    ("get", "resilience/assess_cognitive_load_tool", None, (403, 403, 200, 200, 200, 200, 200)),
    ("get", "resilience/calculate_blast_radius_tool?people={person}", None, (403, 403, 200, 200, 200, 403, 200)),
    ("post", "resilience/check_mtf_compliance_tool", {}, (200,) * 7),
    ("post", "resilience/check_mtf_compliance_tool", {"generate_sitrep": True}, (403, 403, 200, 200, 200, 403, 200)),
    ("post", "resilience/execute_sacrifice_hierarchy_tool", {}, (403, 403, 400, 400, 400, 403, 400)),
    ("post", "resilience/execute_sacrifice_hierarchy_tool", SHEDDING, (403, 403, 404, 404, 404, 403, 403)),
    ("get", "resilience/posture", None, (200,) * 7),
    (
        "post",
        "resilience/posture/override",
        {"level": "RED", "hours": 1, "reason": "A test."},
        (403, 403, 403, 403, 409, 403, 403),
    ),
    ("post", "resilience/posture/lower", {"reason": "A test."}, (403, 403, 403, 403, 409, 403, 403)),
    ("get", "resilience/breaker", None, (200,) * 7),
    ("post", "resilience/breaker/trip", {"reason": "A test."}, (403, 403, 403, 403, 200, 403, 403)),
    ("post", "resilience/breaker/clear", {"reason": "A test."}, (403, 403, 403, 403, 409, 403, 403)),
    ("post", "resilience/readiness/adjust", ADJUSTMENT, (403, 403, 400, 400, 400, 403, 403)),
    ("get", "resilience/fallbacks", None, (403, 403, 200, 200, 200, 200, 200)),
    ("get", "resilience/fallbacks/{plan}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "resilience/fallbacks/{plan}/activate", {"approval": "{approval}"}, (404, 404, 409, 409, 409, 403, 403)),
    ("get", "resilience/approvals", None, (403, 403, 200, 200, 200, 200, 200)),
    ("get", "resilience/approvals/{approval}", None, (404, 404, 200, 200, 200, 200, 200)),
    (
        "post",
        "resilience/approvals",
        {"action": "shedding", "target_level": "RED"},
        (403, 403, 400, 400, 400, 403, 400),
    ),
    ("post", "resilience/approvals", {"action": "fallback", "plan": "{plan}"}, (403, 403, 409, 409, 409, 403, 409)),
    (
        "post",
        "resilience/approvals",
        {"action": "override", "hours": 1, "reason": "A test."},
        (403, 403, 403, 403, 409, 403, 403),
    ),
    ("post", "resilience/approvals/{approval}/approve", {}, (404, 404, 409, 409, 409, 403, 403)),
    ("post", "resilience/approvals/{approval}/refuse", {"reason": "A test."}, (404, 404, 409, 409, 409, 403, 403)),
    (
        "post",
        "resilience/approvals/{approval}/approve-in-emergency",
        {"reason": "A test."},
        (404, 404, 409, 409, 409, 403, 403),
    ),
    (
        "post",
        "resilience/approvals/{approval}/review",
        {"agrees": True, "reason": "A test."},
        (404, 404, 409, 409, 409, 403, 403),
    ),
    ("post", "resilience/approvals/{approval}/withdraw", {}, (404, 404, 403, 403, 200, 403, 403)),
    ("post", "resilience/approvals/{approval}/carry-out", {}, (404, 404, 400, 400, 400, 403, 403)),
    ("get", "resilience/absences", None, (403, 403, 200, 200, 200, 200, 200)),
    ("get", "resilience/absences/{analysis}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "resilience/absences/{analysis}/propose", {"key": "none"}, (404, 404, 400, 400, 400, 403, 400)),
    ("get", "incidents", None, (403, 403, 200, 200, 200, 200, 200)),
    ("post", "incidents", REPORT, (403, 403, 201, 201, 201, 403, 403)),
    ("get", "incidents/{incident}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "incidents/{incident}/timeline", None, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "incidents/{incident}/report", None, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "incidents/{incident}/acknowledge", {}, (404, 404, 200, 200, 200, 403, 403)),
    ("post", "incidents/{incident}/update", {"text": "It holds."}, (404, 404, 200, 200, 200, 403, 403)),
    ("post", "incidents/{incident}/note-action", {"text": "Called."}, (404, 404, 200, 200, 200, 403, 403)),
    (
        "post",
        "incidents/{incident}/set-severity",
        {"severity": "RED", "reason": "A test."},
        (404, 404, 200, 200, 200, 403, 403),
    ),
    ("post", "incidents/{incident}/analyse-again", {}, (404, 404, 200, 200, 200, 403, 403)),
    ("post", "incidents/{incident}/propose", {"key": "nothing"}, (404, 404, 400, 400, 400, 403, 400)),
    ("post", "incidents/{incident}/fix-violation", {"key": "nothing"}, (404, 404, 400, 400, 400, 403, 403)),
    ("post", "incidents/{incident}/monitor", {}, (404, 404, 409, 409, 409, 403, 403)),
    ("post", "incidents/{incident}/recover", {}, (404, 404, 409, 409, 409, 403, 403)),
    ("post", "incidents/{incident}/review", {"resolution": "Over."}, (404, 404, 409, 409, 409, 403, 403)),
    ("post", "incidents/{incident}/close", {}, (404, 404, 409, 409, 409, 403, 403)),
    ("post", "incidents/{incident}/dismiss", {"reason": "A test."}, (404, 404, 200, 200, 200, 403, 403)),
    (
        "post",
        "incidents/{incident}/merge",
        {"into": "{other_incident}", "reason": "A test."},
        (404, 404, 200, 200, 200, 403, 403),
    ),
    ("get", "resilience/documents", None, (403, 403, 200, 200, 200, 200, 200)),
    ("post", "resilience/documents", {"kind": "SITREP"}, (403, 403, 201, 201, 201, 403, 201)),
    ("get", "resilience/documents/{document}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "resilience/documents/{document}/markdown", None, (404, 404, 200, 200, 200, 200, 200)),
    ("get", "resilience/documents/{document}/pdf", None, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "resilience/documents/{document}/revise", {"content": "New."}, (404, 404, 200, 200, 200, 403, 403)),
    ("post", "resilience/documents/{document}/review", {}, (404, 404, 200, 200, 200, 403, 403)),
    ("post", "resilience/documents/{document}/sign", {}, (404, 404, 403, 403, 409, 403, 403)),
    ("get", "resilience/shedding", None, (403, 403, 200, 200, 200, 200, 200)),
    ("get", "resilience/shedding/{shedding}", None, (404, 404, 200, 200, 200, 200, 200)),
    ("post", "resilience/shedding/{shedding}/restore", {}, (404, 404, 200, 200, 200, 403, 403)),
]


# These ask for no sign-in; nothing sent, they say what is missing.
PUBLIC = [("post", "auth/login/json"), ("post", "auth/refresh"), ("post", "auth/logout")]


def _routes() -> Iterator[tuple[str, str]]:
    """Method and route of everything below /api/v1/; the last one catches what is not there."""
    for pattern in _flat(scheduler_project.api.urlpatterns[:-1]):
        view = pattern.callback
        for method in {*(getattr(view, "actions", None) or _methods(view.view_class))} - {"head"}:
            yield method, str(pattern.pattern)


def _flat(patterns: list[Any]) -> Iterator[URLPattern]:
    for pattern in patterns:
        yield from _flat(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]


def _methods(view: type) -> list[str]:
    return [method for method in ("get", "post", "put", "patch", "delete") if hasattr(view, method)]


def _route(address: str) -> str:
    """The route of an address of the tables, any id standing for the names in braces."""
    path = re.sub(r"{\w+}", str(uuid.UUID(int=0)), address.partition("?")[0])
    return resolve(f"/api/v1/{path}").route.removeprefix("api/v1/")


def test_every_route_is_in_the_table():
    written = {(method, _route(address)) for method, address, *_ in (*ENDPOINTS, *PUBLIC)}

    assert written == set(_routes())


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
    public = {_ask(api, method, address, {}, things) for method, address in PUBLIC}

    assert (answered, public) == ({401}, {400})


def _ask(client: APIClient, method: str, address: str, body: object, things: dict[str, str]) -> int:
    """The status of one request, whose effects are taken back; refusals have the one shape."""
    # A savepoint by hand: the gate refuses to open inside somebody's transaction block, of which atomic() is one.
    before = transaction.savepoint()
    answer = getattr(client, method)(f"/api/v1/{address.format(**things)}", one_of_each.filled(body, things))
    transaction.savepoint_rollback(before)
    if answer.status_code in {401, 403, 404, 409}:
        assert {"code", "detail"} <= set(answer.json())
    return answer.status_code
