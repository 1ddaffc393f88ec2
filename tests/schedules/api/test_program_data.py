"""REST of program data: shapes, pages, what each role sees and may write, wrong input."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from common.models import bulk_create_with_history
from schedules import models
from schedules.domain.problem import Session
from schedules.enums import ScheduleStatus
from tests.factories import program

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 3, 12)
WEEK = dt.date(2026, 3, 13)


def _one_of_each(number: int) -> None:
    """One more row for every list."""
    person, clinic = program.resident(), program.rotation({(0, Session.AM): "C"})
    attending = program.faculty()
    period = program.block(number, DAY + dt.timedelta(days=28 * number))
    program.block_assignment(person, period, clinic)
    program.holds(person, program.credential())
    program.duty_log(person, DAY)
    program.preference(person, activity=program.standard_activities()["C"])
    program.fmit_week(attending, WEEK + dt.timedelta(weeks=number))
    program.holiday(DAY + dt.timedelta(days=number))
    program.demand(program.standard_activities()["C"])
    program.absence(person, DAY)
    version = program.schedule(
        DAY + dt.timedelta(days=number), DAY + dt.timedelta(days=number), status=ScheduleStatus.PUBLISHED
    )
    program.assignments(version, [(person, DAY + dt.timedelta(days=number), Session.AM, "C")])


FIELDS = {
    "people": "id name role pgy_level faculty_role is_active",
    "activities": "id code name category am_hours pm_hours night_hours counts_toward_clinic_capacity supervision"
    " provides_supervision shed_tier",
    "absences": "id person start_date end_date kind status",
    "assignments": "id schedule person person_name date session activity rotation source locked",
    "schedules": "id start_date end_date status created_at published_at coverage_rate",
    "blocks": "id academic_year number start_date end_date",
    "block-assignments": "id person block rotation",
    "credentials": "id person credential expires_on",
    "duty-logs": "id person date kind hours",
    "preferences": "id person scope weight",
    "demand": "id activity session minimum desired maximum",
    "holidays": "id date name",
    "fmit-weeks": "id person start_date end_date",
}

QUERIES = dict.fromkeys(FIELDS, 2)
"""Statements of a list at any length: the count and the page."""


@pytest.mark.parametrize("name", FIELDS)
def test_every_list_has_the_promised_shape(api_as, name):
    _one_of_each(0)

    answer = api_as(Role.COORDINATOR).get(f"/api/v1/{name}")

    assert answer.status_code == 200
    body = answer.json()
    assert sorted(body) == ["items", "page", "page_size", "pages", "total"]
    assert (body["page"], body["page_size"]) == (1, 50)
    assert set(FIELDS[name].split()) <= set(body["items"][0])


@pytest.mark.parametrize("name", FIELDS)
def test_lists_cost_the_same_at_one_and_at_three_rows(api_as, name):
    client = api_as(Role.COORDINATOR)
    _one_of_each(0)
    with CaptureQueriesContext(
        connection,
    ) as at_one:
        client.get(f"/api/v1/{name}")
    _one_of_each(1)
    _one_of_each(2)
    with CaptureQueriesContext(connection) as at_three:
        client.get(f"/api/v1/{name}")

    assert (len(at_one), len(at_three)) == (QUERIES[name], QUERIES[name])


def test_rotation_templates_are_a_bare_array_and_one_has_its_pattern(api_as):
    program.standard_activities()
    made = program.rotation({(0, Session.AM): "C"}, weeks=[1])
    client = api_as(Role.RESIDENT)

    listed = client.get("/api/v1/rotation-templates").json()
    one = client.get(f"/api/v1/rotation-templates/{made.pk}").json()

    assert listed == [{"id": str(made.pk), "name": made.name, "kind": "OUTPATIENT", "is_active": True}]
    assert one["pattern"] == [{"week": 1, "weekday": 0, "session": "AM", "activity": "C"}]


def test_the_limit_is_clamped_to_1000_of_10000_rows_and_pages_past_the_end_are_empty(api_as):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO schedules_holiday (id, created_at, updated_at, date, name, source_id) SELECT"
            " gen_random_uuid(), now(), now(), date '2000-01-01' + n, 'Holiday ' || n, ''"
            " FROM generate_series(1, 10000) AS n"
        )
    client = api_as(Role.RESIDENT)

    clamped = client.get("/api/v1/holidays?limit=100000").json()
    last = client.get("/api/v1/holidays?limit=1000&page=10").json()
    past = client.get("/api/v1/holidays?limit=1000&page=11")

    assert (len(clamped["items"]), clamped["page_size"], clamped["total"], clamped["pages"]) == (1000, 1000, 10000, 10)
    assert len(last["items"]) == 1000
    assert (past.status_code, past.json()["items"], past.json()["total"]) == (200, [], 10000)


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "page=0", "page=1.5", "limit=²"])
def test_a_page_that_is_no_number_is_named(api_as, query):
    answer = api_as(Role.RESIDENT).get(f"/api/v1/holidays?{query}")

    assert (answer.status_code, answer.json()) == (400, {query.split("=")[0]: ["Give a whole number from 1."]})


@pytest.mark.parametrize("page", ["99999999999999999999", "4611686018427387905"])
def test_a_page_beyond_all_numbers_is_empty(api_as, page):
    answer = api_as(Role.RESIDENT).get(f"/api/v1/holidays?page={page}")

    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_a_body_that_is_too_large_is_413(api_as):
    answer = api_as(Role.COORDINATOR).post("/api/v1/people", {"name": "x" * 3_000_000})

    assert (answer.status_code, answer.json()) == (
        413,
        {"code": "too_large", "detail": "The body is larger than 2.5 MB. Send less."},
    )


@pytest.mark.parametrize("name", [*sorted(set(FIELDS) - {"assignments"}), "rotation-templates"])
@pytest.mark.parametrize("pk", ["nonsense", "1", "0" * 32])
def test_an_id_that_is_none_is_404(api_as, name, pk):
    answer = api_as(Role.ADMINISTRATOR).get(f"/api/v1/{name}/{pk}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_names_in_any_script_come_back_as_they_are(api_as):
    client = api_as(Role.COORDINATOR)

    made = client.post("/api/v1/people", {"name": "Kāneʻohe Ñandú 李", "role": "RESIDENT", "pgy_level": 1})

    assert (made.status_code, made.json()["name"]) == (201, "Kāneʻohe Ñandú 李")
    found = client.get("/api/v1/people", {"name__icontains": "ñandú"}).json()
    assert [item["id"] for item in found["items"]] == [made.json()["id"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "RESIDENT", "pgy_level": 1}, "name"),
        ({"name": "A", "role": "NURSE"}, "role"),
        ({"name": "A", "role": "RESIDENT", "pgy_level": "one"}, "pgy_level"),
        ({"name": "A", "role": "RESIDENT", "pgy_level": -1}, "pgy_level"),
        ({"name": "A", "role": "RESIDENT"}, "non_field_errors"),
        ({"name": "A", "role": "FACULTY", "pgy_level": 2}, "non_field_errors"),
        ({"name": ["A"], "role": "FACULTY"}, "name"),
        ({"name": "A\u0000", "role": "FACULTY"}, "name"),
        ({"name": "A", "role": "FACULTY", "email": "no"}, "email"),
        ({"name": "A", "role": "FACULTY", "nickname": "B"}, "nickname"),
        ([], "non_field_errors"),
        ("text", "non_field_errors"),
    ],
)
def test_wrong_input_is_400_with_the_field_and_writes_nothing(api_as, body, field):
    answer = api_as(Role.COORDINATOR).post("/api/v1/people", body)

    assert answer.status_code == 400
    assert field in answer.json()
    assert models.Person.objects.count() == 0


def test_a_broken_rule_of_the_database_reads_like_a_sentence(api_as):
    attending = program.faculty()
    program.fmit_week(attending, WEEK)

    answer = api_as(Role.COORDINATOR).post(
        "/api/v1/fmit-weeks", {"person": str(attending.pk), "start_date": "2026-03-19", "end_date": "2026-03-25"}
    )

    assert answer.status_code == 400
    assert answer.json() == {"non_field_errors": ["Another FMIT week covers one of these dates."]}


def test_a_week_that_ends_before_it_begins_says_so(api_as):
    body = {"person": str(program.faculty().pk), "start_date": "2026-03-19", "end_date": "2026-03-18"}

    answer = api_as(Role.COORDINATOR).post("/api/v1/fmit-weeks", body)

    assert (answer.status_code, answer.json()) == (400, {"end_date": ["The last day is before the first day."]})


def test_text_that_is_none_is_refused_before_anything_reads_it(api_as):
    client = api_as(Role.COORDINATOR)
    half = client.post("/api/v1/people", b'{"name": "A", "role": "\\ud800"}', content_type="application/json")
    null = client.post("/api/v1/demand", {"activity": "C\x00", "session": "AM", "minimum": 1})

    assert (half.status_code, half.json()["code"]) == (400, "not_json")
    assert (null.status_code, "activity" in null.json()) == (400, True)


def test_a_change_is_in_the_history_with_who_and_why(api_as, coordinator):
    person = program.resident()

    answer = api_as(Role.COORDINATOR).patch(
        f"/api/v1/people/{person.pk}", {"pgy_level": 2, "reason_of_change": "promoted"}
    )

    assert (answer.status_code, answer.json()["pgy_level"]) == (200, 2)
    latest = person.history.first()
    assert (latest.history_user, latest.history_change_reason, latest.pgy_level) == (coordinator, "promoted", 2)


def test_a_resident_changes_the_own_contact_and_nothing_else(api_as, resident):
    own, other = program.resident(user=resident), program.resident(email="secret@example.org")
    client = api_as(Role.RESIDENT)

    assert client.patch(f"/api/v1/people/{own.pk}", {"phone": "555"}).json()["phone"] == "555"
    assert client.patch(f"/api/v1/people/{own.pk}", {"pgy_level": 3}).status_code == 403
    assert client.patch(f"/api/v1/people/{other.pk}", {"phone": "555"}).status_code == 403
    assert client.get(f"/api/v1/people/{other.pk}").json()["email"] is None
    assert client.get(f"/api/v1/people/{own.pk}").json()["phone"] == "555"


def test_what_is_ones_own_business_is_invisible_to_others(api_as, resident):
    own, other = program.resident(user=resident), program.resident()
    mine, theirs = program.duty_log(own, DAY), program.duty_log(other, DAY)
    client = api_as(Role.RESIDENT)

    assert [item["id"] for item in client.get("/api/v1/duty-logs").json()["items"]] == [str(mine.pk)]
    assert client.get(f"/api/v1/duty-logs/{theirs.pk}").status_code == 404
    assert client.delete(f"/api/v1/duty-logs/{theirs.pk}").status_code == 404
    refused = client.post(
        "/api/v1/duty-logs", {"person": str(other.pk), "date": "2026-03-12", "kind": "MOONLIGHTING", "hours": 5}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_a_resident_logs_hours_and_cannot_give_them_to_somebody_else(api_as, resident):
    own, other = program.resident(user=resident), program.resident()
    client = api_as(Role.RESIDENT)

    made = client.post(
        "/api/v1/duty-logs", {"person": str(own.pk), "date": "2026-03-12", "kind": "MOONLIGHTING", "hours": 5.5}
    )
    moved = client.patch(f"/api/v1/duty-logs/{made.json()['id']}", {"person": str(other.pk)})

    assert (made.status_code, made.json()["hours"]) == (201, 5.5)
    assert moved.status_code == 403
    assert models.DutyLog.objects.get().person == own


@pytest.mark.parametrize("hours", [0, -1, 24.5, "many", None])
def test_hours_of_a_duty_log_fit_a_day(api_as, hours):
    person = program.resident()

    answer = api_as(Role.COORDINATOR).post(
        "/api/v1/duty-logs", {"person": str(person.pk), "date": "2026-03-12", "kind": "HOME_CALL", "hours": hours}
    )

    assert (answer.status_code, list(answer.json())) == (400, ["hours"])


def test_residents_see_published_versions_only(api_as):
    draft = program.schedule(DAY, DAY)
    shown = program.schedule(DAY, DAY, status=ScheduleStatus.PUBLISHED)
    person = program.resident()
    program.assignments(draft, [(person, DAY, Session.AM, "C")])
    program.assignments(shown, [(person, DAY, Session.AM, "LEC")])
    client = api_as(Role.RESIDENT)

    assert [item["id"] for item in client.get("/api/v1/schedules").json()["items"]] == [str(shown.pk)]
    assert client.get(f"/api/v1/schedules/{draft.pk}").status_code == 404
    assert client.get(f"/api/v1/assignments?schedule={draft.pk}").status_code == 404
    assert [item["activity"] for item in client.get("/api/v1/assignments").json()["items"]] == ["LEC"]
    seen = api_as(Role.AGENT).get(f"/api/v1/assignments?schedule={draft.pk}").json()
    assert [item["activity"] for item in seen["items"]] == ["C"]


def test_assignments_are_filtered_by_date_person_and_activity(api_as):
    shown = program.schedule(DAY, DAY + dt.timedelta(days=9), status=ScheduleStatus.PUBLISHED)
    first, second = program.resident(), program.resident()
    program.assignments(
        shown,
        [(person, DAY + dt.timedelta(days=n), Session.AM, "C") for person in (first, second) for n in range(10)],
    )
    client = api_as(Role.FACULTY)

    def total(**query: str) -> int:
        return client.get("/api/v1/assignments", query).json()["total"]

    assert total() == 20
    assert total(start_date="2026-03-14", end_date="2026-03-15") == 4
    assert total(start_date="2026-03-14", person=str(first.pk)) == 8
    assert total(activity="LEC") == 0
    assert total(schedule=str(shown.pk), session="AM") == 20


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("start_date=2026-13-01", "start_date"),
        ("start_date=2026-03-02&end_date=2026-03-01", "end_date"),
        ("schedule=mine", "schedule"),
        ("person=nobody", "person"),
        ("session=NOON", "session"),
    ],
)
def test_a_wrong_filter_is_named(api_as, query, field):
    answer = api_as(Role.RESIDENT).get(f"/api/v1/assignments?{query}")

    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_a_schedule_that_is_not_there_is_404(api_as):
    assert api_as(Role.ADMINISTRATOR).get(f"/api/v1/assignments?schedule={uuid.uuid4()}").status_code == 404


def test_lists_are_ordered_on_request(api_as):
    for name in ("B", "A", "C"):
        program.resident(name=name)

    listed = api_as(Role.RESIDENT).get("/api/v1/people?ordering=-name").json()["items"]

    assert [item["name"] for item in listed] == ["C", "B", "A"]


def test_a_row_that_others_need_is_not_removed(api_as):
    person = program.resident()
    shown = program.schedule(DAY, DAY, status=ScheduleStatus.PUBLISHED)
    program.assignments(shown, [(person, DAY, Session.AM, "C")])

    answer = api_as(Role.COORDINATOR).delete(f"/api/v1/people/{person.pk}")

    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert models.Person.objects.filter(pk=person.pk).exists()


def test_demand_is_edited_by_the_architect_too(api_as):
    row = program.demand(program.standard_activities()["C"], minimum=1, desired=2)
    client = api_as(Role.ARCHITECT)

    assert client.patch(f"/api/v1/demand/{row.pk}", {"minimum": 2}).json()["minimum"] == 2
    refused = client.patch(f"/api/v1/demand/{row.pk}", {"minimum": 3})
    assert (refused.status_code, refused.json()) == (
        400,
        {"non_field_errors": ["The desired number is below the minimum."]},
    )
    assert client.post("/api/v1/holidays", {"date": "2026-03-12", "name": "Day"}).status_code == 403


def test_many_people_fit_one_page(api_as):
    bulk_create_with_history(
        [models.Person(name=f"Resident {number:04}", role="RESIDENT", pgy_level=1) for number in range(120)],
        by=None,
        reason="test",
    )

    page = api_as(Role.RESIDENT).get("/api/v1/people?limit=5").json()

    assert (page["total"], page["pages"], len(page["items"])) == (120, 24, 5)
