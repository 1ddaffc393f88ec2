"""REST of generation: statuses, bodies and rights, as clients rely on them."""

import datetime as dt

import pytest

from accounts.enums import Role
from schedules.enums import RunStatus
from schedules.models import GenerationRun
from schedules.services import runs
from tests.factories import generation, program

URL = "/api/v1/schedule/generate"
BODY = {"start_date": "2026-03-12", "end_date": "2026-04-08", "algorithm": "cp_sat", "timeout_seconds": 120}
AT = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def tiny():
    made = program.tiny_program()
    with generation.worker_present():
        yield made


def test_without_confirm_the_answer_is_the_question(tiny, api_as):
    answer = api_as(Role.COORDINATOR).post(URL, BODY)

    assert answer.status_code == 409
    body = answer.json()
    assert body["code"] == "confirmation_required"
    assert body["preflight"]["label"] == "Block 10"
    assert {"detail", "confirmation_token", "backup_verified_at"} <= body.keys()
    assert GenerationRun.objects.count() == 0


@pytest.mark.parametrize("by_token", [False, True])
def test_confirmed_it_is_accepted(tiny, api_as, by_token):
    client = api_as(Role.COORDINATOR)
    yes = client.post(URL, BODY).json()["confirmation_token"] if by_token else True

    answer = client.post(URL, {**BODY, "confirm": yes})

    assert answer.status_code == 202
    run = GenerationRun.objects.get()
    assert answer.json()["run_id"] == str(run.pk)
    assert (answer.json()["status"], run.confirmed_by.role) == ("QUEUED", Role.COORDINATOR)


def test_a_token_is_used_once(tiny, api_as):
    client = api_as(Role.COORDINATOR)
    token = client.post(URL, BODY).json()["confirmation_token"]
    first = client.post(URL, {**BODY, "confirm": token})
    client.post(f"/api/v1/schedule/runs/{first.json()['id']}/abort")

    again = client.post(URL, {**BODY, "confirm": token})

    assert (again.status_code, again.json()["code"]) == (409, "confirmation_used")


def test_an_agents_run_is_accepted_and_waits_for_a_person(tiny, api_as):
    answer = api_as(Role.AGENT).post(URL, {**BODY, "confirm": True})
    run_url = f"/api/v1/schedule/runs/{answer.json()['id']}"

    assert (answer.status_code, answer.json()["status"]) == (202, "AWAITING_CONFIRMATION")
    assert api_as(Role.AGENT).post(f"{run_url}/confirm", {"confirm": True}).status_code == 403
    confirmed = api_as(Role.COORDINATOR).post(f"{run_url}/confirm", {"confirm": True})
    assert (confirmed.status_code, confirmed.json()["status"]) == (202, "BACKING_UP")


def test_the_idempotency_key(tiny, api_as):
    client = api_as(Role.COORDINATOR)
    first = client.post(URL, {**BODY, "confirm": True}, headers={"Idempotency-Key": "k1"})
    same = client.post(URL, {**BODY, "confirm": True}, headers={"Idempotency-Key": "k1"})
    other = client.post(URL, {**BODY, "confirm": True, "seed": 9}, headers={"Idempotency-Key": "k1"})

    assert (first.status_code, same.status_code, other.status_code) == (202, 202, 422)
    assert same.json()["id"] == first.json()["id"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start_date": "2026-04-08", "end_date": "2026-03-12"}, "detail"),
        ({"end_date": "2026-03-11"}, "detail"),
        ({"end_date": "2027-04-15"}, "detail"),
        ({"start_date": "12.03.2026"}, "start_date"),
        ({"algorithm": "oracle"}, "algorithm"),
        ({"timeout_seconds": 4}, "timeout_seconds"),
        ({"timeout_seconds": 601}, "timeout_seconds"),
        ({"confirm": 7}, "confirm"),
        ({"pgy_levels": ["x"]}, "pgy_levels"),
        ({"rotation_template_ids": ["x"]}, "rotation_template_ids"),
    ],
)
def test_what_makes_no_sense_is_400(tiny, api_as, change, field):
    answer = api_as(Role.COORDINATOR).post(URL, {**BODY, "confirm": True, **change})

    assert answer.status_code == 400
    assert field in answer.json()
    assert GenerationRun.objects.count() == 0


def test_an_overlapping_run_is_409(tiny, api_as):
    client = api_as(Role.COORDINATOR)
    client.post(URL, {**BODY, "confirm": True})

    answer = client.post(URL, {**BODY, "start_date": "2026-04-01", "confirm": True})

    assert (answer.status_code, answer.json()["code"]) == (409, "overlapping_run")


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.RESIDENT, 403),
        (Role.FACULTY, 403),
        (Role.COORDINATOR, 409),
        (Role.ARCHITECT, 409),
        (Role.PROGRAM_DIRECTOR, 409),
        (Role.ADMINISTRATOR, 409),
        (Role.AGENT, 202),
    ],
)
def test_who_may_generate(tiny, api_as, role, status):
    assert api_as(role).post(URL, BODY).status_code == status


def test_nobody_generates_without_signing_in(api):
    assert api.post(URL, BODY).status_code == 401


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (RunStatus.FAILED, 409, "failed"),
        (RunStatus.CANCELLED, 409, "cancelled"),
    ],
)
def test_waiting_answers_how_it_ended(tiny, api_as, coordinator, status, answer, code):
    order = runs.Order(dt.date(2026, 3, 12), dt.date(2026, 4, 8))
    run = runs.request_run(order, by=coordinator, at=AT, confirm=True, idempotency_key="k")
    runs.move(run, status, at=AT, reason="It ended.", finished_at=AT)

    waited = api_as(Role.COORDINATOR).post(
        f"{URL}?wait=true", {**BODY, "confirm": True}, headers={"Idempotency-Key": "k"}
    )

    assert (waited.status_code, waited.json()["code"], waited.json()["detail"]) == (answer, code, "It ended.")


def test_runs_are_listed_newest_first_to_those_who_see_drafts(tiny, api_as):
    client = api_as(Role.COORDINATOR)
    for day in ("2026-03-12", "2026-03-13"):
        client.post(URL, {**BODY, "start_date": day, "end_date": day, "confirm": True})

    listed = client.get("/api/v1/schedule/runs").json()

    assert (listed["total"], [item["start_date"] for item in listed["items"]]) == (2, ["2026-03-13", "2026-03-12"])
    assert api_as(Role.RESIDENT).get("/api/v1/schedule/runs").status_code == 403
    assert api_as(Role.RESIDENT).get(f"/api/v1/schedule/runs/{listed['items'][0]['id']}").status_code == 404


def test_a_failed_run_is_retried_with_a_yes(tiny, api_as, coordinator):
    order = runs.Order(dt.date(2026, 3, 12), dt.date(2026, 4, 8))
    failed = runs.fail(runs.request_run(order, by=coordinator, at=AT, confirm=True), "It broke.", at=AT)
    url = f"/api/v1/schedule/runs/{failed.pk}/retry"

    asked, done = api_as(Role.COORDINATOR).post(url), api_as(Role.COORDINATOR).post(url, {"confirm": True})

    assert (asked.status_code, asked.json()["code"]) == (409, "confirmation_required")
    assert (done.status_code, done.json()["retry_of"]) == (202, str(failed.pk))
