"""REST of absences: requests with warnings, decisions with their impact, reasons that stay private."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.enums import Role
from schedules.domain.problem import Session
from schedules.enums import ScheduleStatus
from tests.factories import program

pytestmark = pytest.mark.django_db

FIRST, LAST = dt.date(2026, 3, 12), dt.date(2026, 3, 14)
BODY = {"start_date": "2026-03-12", "end_date": "2026-03-14", "kind": "LEAVE"}


def test_a_resident_asks_for_the_own_person_and_is_told_of_overlaps(api_as, resident):
    person = program.resident(user=resident)
    program.absence(person, LAST, LAST)

    answer = api_as(Role.RESIDENT).post("/api/v1/absences", BODY)

    assert answer.status_code == 201
    assert (answer.json()["person"], answer.json()["status"]) == (str(person.pk), "REQUESTED")
    assert answer.json()["warnings"] == ["Overlaps leave from 2026-03-14 to 2026-03-14."]


def test_an_account_without_a_person_is_told_what_to_do(api_as):
    answer = api_as(Role.RESIDENT).post("/api/v1/absences", BODY)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "Ask your coordinator to link it" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start_date": "12.3.2026"}, "start_date"),
        ({"start_date": None}, "start_date"),
        ({"kind": "PARTY"}, "kind"),
        ({"reason": "x" * 501}, "reason"),
        ({"person": "nobody"}, "person"),
    ],
)
def test_wrong_input_names_the_field(api_as, change, field):
    answer = api_as(Role.COORDINATOR).post("/api/v1/absences", {"person": str(program.resident().pk)} | BODY | change)

    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_reversed_dates_are_a_sentence(api_as):
    body = {"person": str(program.resident().pk)} | BODY | {"end_date": "2026-03-11"}

    answer = api_as(Role.COORDINATOR).post("/api/v1/absences", body)

    assert (answer.status_code, answer.json()) == (
        400,
        {"code": "invalid", "detail": "The last day is before the first day."},
    )


def test_an_approval_names_the_published_duties_and_the_drafts_it_touches(api_as):
    person = program.resident()
    absence = program.absence(person, FIRST, LAST, status="REQUESTED")
    shown = program.schedule(FIRST, LAST, status=ScheduleStatus.PUBLISHED)
    draft = program.schedule(FIRST, LAST)
    program.assignments(
        shown,
        [
            (person, FIRST, Session.AM, "C"),
            (person, FIRST, Session.PM, "OFF"),
            (person, LAST, Session.NIGHT, "NF"),
        ],
    )

    answer = api_as(Role.COORDINATOR).post(f"/api/v1/absences/{absence.pk}/approve", {"note": "fine"})

    assert answer.status_code == 200
    assert answer.json()["status"] == "APPROVED"
    assert answer.json()["impact"] == {
        "colliding_duties": [
            {"date": "2026-03-12", "session": "AM", "activity": "C"},
            {"date": "2026-03-14", "session": "NIGHT", "activity": "NF"},
        ],
        "stale_drafts": [str(draft.pk)],
        "findings": [],
    }


def test_the_impact_is_seen_before_the_decision_and_changes_nothing(api_as, resident):
    person = program.resident(user=resident)
    absence = program.absence(person, FIRST, LAST, status="REQUESTED")
    shown = program.schedule(FIRST, LAST, status=ScheduleStatus.PUBLISHED)
    draft = program.schedule(FIRST, LAST)
    program.assignments(shown, [(person, FIRST, Session.AM, "C")])
    duties = [{"date": "2026-03-12", "session": "AM", "activity": "C"}]

    seen = {
        role: api_as(role).get(f"/api/v1/absences/{absence.pk}/impact").json()
        for role in (Role.COORDINATOR, Role.RESIDENT)
    }

    assert seen == {
        Role.COORDINATOR: {"colliding_duties": duties, "stale_drafts": [str(draft.pk)], "findings": []},
        Role.RESIDENT: {"colliding_duties": duties, "stale_drafts": [], "findings": []},
    }
    absence.refresh_from_db()
    assert absence.status == "REQUESTED"


def test_the_impact_says_what_the_published_schedule_would_lack(api_as):
    tiny = program.tiny_program()
    person = tiny.residents[0]
    shown = program.schedule(FIRST, FIRST, status=ScheduleStatus.PUBLISHED)
    program.assignments(shown, [(person, FIRST, Session.AM, "C")])
    absence = program.absence(person, FIRST, FIRST, status="REQUESTED")
    client = api_as(Role.COORDINATOR)

    before = client.get(f"/api/v1/absences/{absence.pk}/impact").json()
    decided = client.post(f"/api/v1/absences/{absence.pk}/approve").json()["impact"]
    after = client.get(f"/api/v1/absences/{absence.pk}/impact").json()

    assert before == decided
    assert before["findings"] != []
    assert after["findings"] == []


def test_a_second_decision_is_409_with_the_status(api_as):
    absence = program.absence(program.resident(), FIRST, LAST, status="REQUESTED")
    client = api_as(Role.COORDINATOR)

    client.post(f"/api/v1/absences/{absence.pk}/reject")
    again = client.post(f"/api/v1/absences/{absence.pk}/approve")

    assert (again.status_code, again.json()["code"], again.json()["status"]) == (409, "already_decided", "REJECTED")


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.COORDINATOR, None),
        (Role.ARCHITECT, None),
        (Role.ADMINISTRATOR, None),
        (Role.AGENT, None),
        (Role.PROGRAM_DIRECTOR, "surgery"),
    ],
)
def test_a_sensitive_reason_is_for_the_director(api_as, role, seen):
    program.absence(program.resident(), FIRST, LAST, kind="MEDICAL", reason="surgery", decision_note="get well")

    listed = api_as(role).get("/api/v1/absences").json()["items"]

    assert [item["reason"] for item in listed] == [seen]
    assert [item["decision_note"] for item in listed] == [seen and "get well"]


def test_the_person_sees_the_own_sensitive_reason_and_nobody_elses_absence(api_as, resident, faculty):
    program.absence(program.resident(user=resident), FIRST, LAST, kind="MEDICAL", reason="surgery")
    other = program.absence(program.faculty(user=faculty), FIRST, LAST, reason="wedding")
    client = api_as(Role.RESIDENT)

    assert [item["reason"] for item in client.get("/api/v1/absences").json()["items"]] == ["surgery"]
    assert client.get(f"/api/v1/absences/{other.pk}").status_code == 404
    assert client.post(f"/api/v1/absences/{other.pk}/cancel").status_code == 404


def test_dates_are_a_window(api_as):
    program.absence(program.resident(), FIRST, LAST)
    client = api_as(Role.COORDINATOR)

    def total(**query: str) -> int:
        return client.get("/api/v1/absences", query).json()["total"]

    assert total(start_date="2026-03-14") == 1
    assert total(start_date="2026-03-15") == 0
    assert total(end_date="2026-03-12") == 1
    assert total(end_date="2026-03-11") == 0
    assert total(status="REQUESTED") == 0
