"""REST of drafts and stored dates: validate, conflicts, diff, publish, rollback, discard, bulk assign."""

import datetime as dt

import pytest
import time_machine

from accounts.enums import Role
from schedules.enums import ScheduleStatus
from schedules.models import Schedule
from tests.factories import backups, generation, program

AT = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)
START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
MONDAY = "2026-03-16"
RANGE = f"start_date={START}&end_date={END}"
BULK = "/api/v1/assignments/bulk"


pytestmark = pytest.mark.usefixtures("quick_backups")


@pytest.fixture(autouse=True)
def at_eight():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def tiny(db):
    made = program.tiny_program()
    program.policy(require_n1=False, max_violations=100)
    return made


@pytest.fixture
def draft(tiny):
    made = generation.draft(START, END)
    backups.verified_backup()
    return made


def act(client, schedule, name, **body):
    return client.post(f"/api/v1/schedules/{schedule.pk}/{name}", body)


def test_publish_roll_back_and_publish_again(draft, api_as):
    client = api_as(Role.PROGRAM_DIRECTOR)

    published = act(client, draft, "publish")
    second = act(client, draft, "publish")
    back = act(client, draft, "rollback", reason="wrong week")
    again = act(client, draft, "publish")

    assert (published.status_code, published.json()["schedule"]["status"]) == (200, "PUBLISHED")
    assert (second.status_code, second.json()["code"]) == (409, "schedule_state")
    assert (back.status_code, back.json()["schedule"]["status"]) == (200, "SUPERSEDED")
    assert (again.status_code, again.json()["code"]) == (409, "schedule_state")


@pytest.mark.parametrize(
    ("role", "publish", "discard"),
    [
        (Role.RESIDENT, 404, 404),
        (Role.FACULTY, 404, 404),
        (Role.AGENT, 403, 403),
        (Role.COORDINATOR, 403, 200),
        (Role.ARCHITECT, 403, 200),
    ],
)
def test_who_may_not_publish(draft, api_as, role, publish, discard):
    client = api_as(role)

    assert act(client, draft, "publish").status_code == publish
    assert act(client, draft, "rollback").status_code == publish
    assert act(client, draft, "discard").status_code == discard


def test_a_stale_draft_is_409_until_validated_anew(draft, tiny, api_as):
    program.preference(tiny.residents[0])
    client = api_as(Role.PROGRAM_DIRECTOR)

    stale = act(client, draft, "publish")
    anew = act(client, draft, "revalidate")
    published = act(client, draft, "publish")

    assert (stale.status_code, stale.json()["code"]) == (409, "stale_draft")
    assert (anew.status_code, anew.json()["stale"]) == (200, False)
    assert published.status_code == 200


def test_validate_answers_the_validation_object(draft, api_as):
    answer = api_as(Role.RESIDENT).get(f"/api/v1/schedule/validate?{RANGE}")
    own = api_as(Role.COORDINATOR).get(f"/api/v1/schedule/validate?{RANGE}&schedule={draft.pk}")

    assert answer.status_code == 200
    assert {"acgme_compliant", "total_violations", "violations", "coverage_rate", "resilience"} <= answer.json().keys()
    assert own.json()["acgme_compliant"] is True
    assert own.json()["coverage_rate"] > 0.8
    assert api_as(Role.RESIDENT).get(f"/api/v1/schedule/validate?{RANGE}&schedule={draft.pk}").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        "start_date=2026-03-12",
        f"start_date={END}&end_date={START}",
        f"start_date={START}&end_date=2027-06-01",
        "start_date=0001-01-01&end_date=0001-01-02",
        "start_date=9999-12-30&end_date=9999-12-31",
        f"{RANGE}&schedule=x",
    ],
)
def test_a_range_that_makes_no_sense_is_400(tiny, api_as, query):
    assert api_as(Role.COORDINATOR).get(f"/api/v1/schedule/validate?{query}").status_code == 400


def test_the_diff_against_what_is_published(draft, api_as):
    answer = api_as(Role.COORDINATOR).get(f"/api/v1/schedules/{draft.pk}/diff/published").json()

    assert answer["changed"] == draft.assignments.count()
    assert answer["people"][0]["changes"][0]["before"] is None


def test_bulk_assign_by_dry_run_and_token(draft, tiny, api_as):
    client = api_as(Role.COORDINATOR)
    row = {"person": str(tiny.faculty[4].pk), "date": MONDAY, "session": "AM", "activity": "ADM"}

    dry = client.post(BULK, {"schedule": str(draft.pk), "set": [row]})
    without = client.post(BULK, {"schedule": str(draft.pk), "set": [row], "dry_run": False})
    untouched = draft.assignments.get(person=tiny.faculty[4], date=MONDAY, session="AM").activity.code
    done = client.post(
        BULK,
        {
            "schedule": str(draft.pk),
            "set": [row],
            "dry_run": False,
            "confirmation_token": dry.json()["confirmation_token"],
        },
    )

    assert (dry.status_code, dry.json()["dry_run"], dry.json()["rows"][0]["new_violations"]) == (200, True, [])
    assert (without.status_code, without.json()["code"], untouched) == (409, "confirmation_invalid", "OFF")
    assert (done.status_code, done.json()["dry_run"]) == (200, False)
    assert draft.assignments.get(person=tiny.faculty[4], date=MONDAY, session="AM").activity.code == "ADM"


def test_an_agent_may_only_try(draft, tiny, api_as):
    row = {"person": str(tiny.faculty[4].pk), "date": MONDAY, "session": "AM", "activity": "ADM"}
    client = api_as(Role.AGENT)

    dry = client.post(BULK, {"schedule": str(draft.pk), "set": [row]})
    applied = client.post(
        BULK,
        {
            "schedule": str(draft.pk),
            "set": [row],
            "dry_run": False,
            "confirmation_token": dry.json()["confirmation_token"],
        },
    )

    assert (dry.status_code, applied.status_code) == (200, 403)


def test_clearing_is_the_directors_with_the_range_typed(draft, tiny, api_as):
    rows = [{"person": str(p.pk), "date": MONDAY, "session": "AM"} for p in tiny.faculty]
    body = {"schedule": str(draft.pk), "delete": rows}
    client = api_as(Role.PROGRAM_DIRECTOR)
    dry = client.post(BULK, body).json()
    real = {**body, "dry_run": False, "confirmation_token": dry["confirmation_token"]}

    coordinator = api_as(Role.COORDINATOR).post(BULK, real)
    untyped = client.post(BULK, real)
    done = client.post(BULK, {**real, "range": dry["range_to_type"]})

    assert dry["range_to_type"] == "2026-03-16 to 2026-03-16"
    assert (coordinator.status_code, untyped.status_code, done.status_code) == (403, 400, 200)


def test_conflicts_come_with_a_checked_fix_that_can_be_applied(draft, tiny, api_as):
    resident = tiny.residents[0]
    program.absence(resident, dt.date.fromisoformat(MONDAY))
    client = api_as(Role.COORDINATOR)

    found = client.get(f"/api/v1/schedule/conflicts?{RANGE}&schedule={draft.pk}").json()
    absent = next(item for item in found["items"] if item["rule"] == "ABSENT")
    applied = client.post(f"/api/v1/schedule/conflicts/{absent['id']}/apply")
    again = client.post(f"/api/v1/schedule/conflicts/{absent['id']}/apply")

    assert {row["activity"] for row in absent["proposed_fix"]} == {"LV"}
    assert applied.status_code == 200
    assert (again.status_code, again.json()["code"]) == (409, "no_fix")
    rows = Schedule.objects.get(pk=draft.pk).assignments.filter(person=resident, date=MONDAY)
    assert {row.activity.code for row in rows} == {"LV"}


def test_a_superseded_schedule_is_not_there_for_residents(tiny, api_as):
    old = program.schedule(START, END, status=ScheduleStatus.SUPERSEDED)

    assert api_as(Role.RESIDENT).get(f"/api/v1/schedules/{old.pk}/diff/published").status_code == 404
