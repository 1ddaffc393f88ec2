"""What pages change: by POST alone, by the right role alone, and with a sentence where it is refused."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from accounts.enums import Role
from accounts.models import User
from schedules.domain.problem import Session
from schedules.enums import AbsenceKind, AbsenceStatus, RunStatus, ScheduleStatus
from schedules.models import Absence, GenerationRun, Person, Schedule
from schedules.services import calendar_links
from tests.factories import generation, program

pytestmark = pytest.mark.django_db

START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
ClientAs = Callable[[Role], Client]


@pytest.fixture
def run() -> GenerationRun:
    """A run whose draft is ready."""
    program.block()
    draft = program.schedule(START, END)
    return GenerationRun.objects.create(
        start_date=START, end_date=END, status=RunStatus.DRAFT_READY, schedule=draft, result={}, progress={}
    )


@pytest.mark.parametrize("act", ["confirm", "stop", "abort", "retry", "publish", "discard", "revalidate", "roll-back"])
def test_nothing_happens_to_a_run_by_get(browser_as: ClientAs, run: GenerationRun, act: str) -> None:
    answer = browser_as(Role.ADMINISTRATOR).get(f"/generate/{run.pk}/{act}")

    assert (answer.status_code, GenerationRun.objects.get().status) == (405, RunStatus.DRAFT_READY)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ARCHITECT])
@pytest.mark.parametrize("act", ["publish", "roll-back"])
def test_publishing_is_for_directors_and_administrators(
    browser_as: ClientAs, run: GenerationRun, role: Role, act: str
) -> None:
    answer = browser_as(role).post(f"/generate/{run.pk}/{act}")

    assert (answer.status_code, Schedule.objects.get().status) == (403, ScheduleStatus.DRAFT)


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.FACULTY])
@pytest.mark.parametrize("address", ["/generate/{run}", "/generate/{run}/live"])
def test_runs_are_hidden_from_members(browser_as: ClientAs, run: GenerationRun, role: Role, address: str) -> None:
    assert browser_as(role).get(address.format(run=run.pk)).status_code == 403


def test_an_unknown_act_and_an_unknown_run_are_not_there(browser_as: ClientAs, run: GenerationRun) -> None:
    client = browser_as(Role.PROGRAM_DIRECTOR)

    codes = [
        client.post(f"/generate/{run.pk}/explode").status_code,
        client.get("/generate/00000000-0000-0000-0000-000000000000").status_code,
    ]

    assert codes == [404, 404]


def test_a_refusal_is_shown_on_the_page_of_the_run(browser_as: ClientAs, run: GenerationRun) -> None:
    answer = browser_as(Role.PROGRAM_DIRECTOR).post(f"/generate/{run.pk}/stop")

    assert answer.status_code == 409
    assert "This generation is draft ready already." in answer.content.decode()


def test_the_live_part_of_an_ended_run_ends_the_polling(browser_as: ClientAs, run: GenerationRun) -> None:
    answer = browser_as(Role.COORDINATOR).get(f"/generate/{run.pk}/live", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Refresh"]) == (286, "true")


def test_a_check_of_dates_that_make_no_sense_names_the_field(browser_as: ClientAs) -> None:
    order = {"start": "2026-04-08", "end": "2026-03-12", "algorithm": "cp_sat", "timeout_seconds": 120, "seed": 1}

    answer = browser_as(Role.COORDINATOR).post("/generate/check", order, headers={"HX-Request": "true"})

    assert '<a href="#id_end">Last day</a>: The last day is before the first day.' in answer.content.decode()


def test_forms_without_the_token_of_their_page_are_refused(user_as: Callable[[Role], User]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_as(Role.COORDINATOR), backend="django.contrib.auth.backends.ModelBackend")

    assert client.post("/backups/create").status_code == 403


@pytest.mark.parametrize(
    ("role", "sees"), [(Role.COORDINATOR, False), (Role.ARCHITECT, False), (Role.PROGRAM_DIRECTOR, True)]
)
def test_sensitive_reasons_are_for_the_director(browser_as: ClientAs, role: Role, sees: bool) -> None:
    absence = program.absence(program.resident(1), START, kind=AbsenceKind.MEDICAL, reason="Knee surgery")

    page = browser_as(role).get(f"/absences/{absence.pk}").content.decode()

    assert ("Knee surgery" in page) is sees


def test_residents_reach_their_own_absences_only(browser_as: ClientAs, resident: User) -> None:
    own = program.absence(program.resident(1, user=resident), START)
    other = program.absence(program.resident(1), START)
    client = browser_as(Role.RESIDENT)

    codes = [client.get(f"/absences/{absence.pk}").status_code for absence in (own, other)]

    assert codes == [200, 404]


def test_a_resident_cannot_file_for_somebody_else(browser_as: ClientAs, resident: User) -> None:
    own, other = program.resident(1, user=resident), program.resident(1)
    form = {"person": str(other.pk), "kind": "LEAVE", "start_date": "2026-03-16", "end_date": "2026-03-17"}

    browser_as(Role.RESIDENT).post("/absences/new", form)

    assert [absence.person for absence in Absence.objects.all()] == [own]


def test_reversed_dates_of_an_absence_are_refused_with_a_sentence(browser_as: ClientAs) -> None:
    person = program.resident(1)
    form = {"person": str(person.pk), "kind": "LEAVE", "start_date": "2026-03-17", "end_date": "2026-03-16"}

    answer = browser_as(Role.COORDINATOR).post("/absences/new", form)

    assert (answer.status_code, Absence.objects.count()) == (422, 0)
    assert "The last day is before the first day." in answer.content.decode()


def test_a_coordinator_decides_and_an_architect_does_not(browser_as: ClientAs) -> None:
    absence = program.absence(program.resident(1), START, status=AbsenceStatus.REQUESTED)

    browser_as(Role.ARCHITECT).post(f"/absences/{absence.pk}", {"decision": "approve"})
    refused = Absence.objects.get().status
    browser_as(Role.COORDINATOR).post(f"/absences/{absence.pk}", {"decision": "reject", "note": "Too few people"})

    assert (refused, Absence.objects.get().status) == (AbsenceStatus.REQUESTED, AbsenceStatus.REJECTED)


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.FACULTY, Role.AGENT])
@pytest.mark.parametrize("address", ["/schedule/cell", "/schedule/cell/check", "/schedule/cell/save"])
def test_cells_are_edited_by_staff_only(browser_as: ClientAs, role: Role, address: str) -> None:
    client = browser_as(role)

    answer = client.get(address) if address.endswith("cell") else client.post(address)

    assert answer.status_code == 403


@pytest.mark.parametrize("broken", [{"session": "EVENING"}, {"date": "soon"}, {"person": "me"}, {"schedule": "latest"}])
def test_a_cell_that_is_none_is_not_there(browser_as: ClientAs, broken: dict[str, str]) -> None:
    person = program.resident(1)
    place = {"schedule": "published", "person": str(person.pk), "date": "2026-03-16", "session": "AM"}

    assert browser_as(Role.COORDINATOR).get("/schedule/cell", place | broken).status_code == 404


def test_the_workbook_and_the_rows_are_downloads(browser_as: ClientAs) -> None:
    program.block()
    person = program.faculty(name="=Formula")
    program.assignments(
        program.schedule(START, END, status=ScheduleStatus.PUBLISHED), [(person, START, Session.AM, "AT")]
    )
    client = browser_as(Role.RESIDENT)

    book, rows = (client.get(f"/schedule/export/{kind}?start={START}&end={END}") for kind in ("xlsx", "csv"))

    assert book.headers["Content-Disposition"] == 'attachment; filename="schedule_2026-03-12_2026-04-08.xlsx"'
    assert load_workbook(io.BytesIO(book.content)).sheetnames == ["Schedule", "Legend"]
    assert "'=Formula" in rows.content.decode()


@pytest.mark.parametrize(
    "address", ["xlsx", "csv?start=2026-04-08&end=2026-03-12", "exe?start=2026-03-12&end=2026-04-08"]
)
def test_downloads_that_make_no_sense_are_not_there(browser_as: ClientAs, address: str) -> None:
    assert browser_as(Role.RESIDENT).get(f"/schedule/export/{address}").status_code == 404


def test_the_calendar_link_is_secret_public_and_replaceable(
    browser_as: ClientAs, client: Client, resident: User
) -> None:
    program.resident(1, user=resident)
    mine = browser_as(Role.RESIDENT)

    mine.post("/my-schedule/calendar-link")
    first = mine.get("/my-schedule").context["feed"]
    feed = client.get(first)
    User.objects.filter(pk=resident.pk).update(is_active=False)
    barred = client.get(first)
    User.objects.filter(pk=resident.pk).update(is_active=True)
    mine.post("/my-schedule/calendar-link")

    assert (feed.status_code, feed.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert (barred.status_code, client.get(first).status_code) == (404, 404)


def test_what_is_stored_of_a_calendar_link_opens_nothing_without_the_installations_key(
    browser_as: ClientAs, client: Client, resident: User, settings: Any
) -> None:
    person = program.resident(1, user=resident)
    browser_as(Role.RESIDENT).post("/my-schedule/calendar-link")
    person.refresh_from_db()
    address, former = f"/calendar/{calendar_links.token_of(person)}.ics", settings.SECRET_KEY

    stored = client.get(f"/calendar/{person.calendar_token}.ics")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key of the installation", [former]
    with_the_former_key = client.get(address)
    settings.SECRET_KEY_FALLBACKS = []

    assert (stored.status_code, with_the_former_key.status_code, client.get(address).status_code) == (404, 200, 404)


def test_an_upload_is_previewed_and_written_only_after_a_yes(browser_as: ClientAs) -> None:
    client = browser_as(Role.COORDINATOR)
    people = b"name,type,pgy_level,faculty_role\nAda Byron,resident,1,\n"

    page = client.post("/import", {"files": SimpleUploadedFile("people_import.csv", people)})
    before = Person.objects.count()
    client.post("/import", {"token": page.context["token"]})

    assert (page.context["report"].may_write, before) == (True, 0)
    assert [name for name, _ in page.context["tables"]] == ["policy", "people"]
    assert [person.name for person in Person.objects.all()] == ["Ada Byron"]


def test_a_file_that_is_not_what_its_name_says_is_explained(browser_as: ClientAs) -> None:
    upload = SimpleUploadedFile("airtable_residents.json", b"{not json")

    answer = browser_as(Role.COORDINATOR).post("/import", {"files": upload})

    assert (answer.context["report"].may_write, answer.context["report"].may_skip) == (False, False)
    page = answer.content.decode()
    assert 0 < page.index("airtable_residents.json") < page.index("Rows per table")  # why comes before how many


def test_a_preview_that_is_gone_asks_for_the_files_again(browser_as: ClientAs) -> None:
    answer = browser_as(Role.COORDINATOR).post("/import", {"token": "unknown"})

    assert (answer.status_code, "Choose the files again." in answer.content.decode()) == (409, True)


def test_a_backup_that_is_not_there_is_not_found_by_those_who_may(browser_as: ClientAs) -> None:
    missing = "00000000-0000-0000-0000-000000000000"
    client = browser_as(Role.COORDINATOR)

    codes = [client.post(f"/backups/{missing}/{act}").status_code for act in ("verify", "restore")]

    assert codes == [404, 403]


def test_mail_preference_is_saved(browser_as: ClientAs, resident: User) -> None:
    answer = browser_as(Role.RESIDENT).post("/profile", {})

    assert ([str(m) for m in get_messages(answer.wsgi_request)], User.objects.get().wants_mail) == (["Saved."], False)


def test_the_filters_of_the_form_reach_the_order_and_the_question_keeps_every_answer(browser_as: ClientAs) -> None:
    tiny = program.tiny_program()
    order = {
        "start": tiny.block.start_date,
        "end": tiny.block.end_date,
        "algorithm": "cp_sat",
        "timeout_seconds": 60,
        "seed": 0,
        "pgy_levels": ["2", "1"],
        "rotations": [str(tiny.clinic.pk)],
    }
    client = browser_as(Role.COORDINATOR)

    with generation.worker_present():
        asked = client.post("/generate/check", order, headers={"HX-Request": "true"})
        hidden = _hidden(asked.content.decode())
        client.post("/generate/check", hidden, headers={"HX-Request": "true"})

    run = GenerationRun.objects.get()
    assert (run.pgy_levels, run.rotation_template_ids, run.seed) == ([1, 2], [str(tiny.clinic.pk)], 0)


def _hidden(page: str) -> dict[str, list[str]]:
    """The hidden fields of a page: name -> values."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page):
        found.setdefault(name, []).append(value)
    return found


def test_a_draft_of_dates_without_a_published_schedule_is_new(browser_as: ClientAs, run: GenerationRun) -> None:
    client = browser_as(Role.PROGRAM_DIRECTOR)

    alone = client.get(f"/generate/{run.pk}").content.decode()
    program.schedule(START, END, status=ScheduleStatus.PUBLISHED)
    beside = client.get(f"/generate/{run.pk}").content.decode()

    sentences = ("nothing is published on these dates yet", "0 changes</span>")
    assert [sentence in alone for sentence in sentences] == [True, False]
    assert [sentence in beside for sentence in sentences] == [False, True]


@pytest.mark.parametrize(
    ("published", "drafts", "opens"),
    [((), (), "3"), ((1,), (), "2"), ((1,), (2,), "3"), ((1, 2, 3), (), "4"), ((2, 3, 4), (), "1")],
)
def test_the_page_opens_on_the_block_that_comes_next(
    browser_as: ClientAs, published: tuple[int, ...], drafts: tuple[int, ...], opens: str
) -> None:
    blocks = {n: program.block(n, dt.date(2026, 1, 5) + dt.timedelta(days=28 * n)) for n in range(1, 5)}
    for numbers, status in ((published, ScheduleStatus.PUBLISHED), (drafts, ScheduleStatus.DRAFT)):
        for number in numbers:
            program.schedule(blocks[number].start_date, blocks[number].end_date, status=status)

    with time_machine.travel(dt.datetime(2026, 4, 1, 20, 0, tzinfo=dt.UTC), tick=False):
        page = browser_as(Role.COORDINATOR).get("/generate")

    assert f"selected>Block {opens} " in page.content.decode()


@pytest.mark.parametrize(
    ("absences", "opens"),
    [
        ([], "April 2026"),
        ([("APPROVED", "2026-03-30", "2026-04-02"), ("REQUESTED", "2026-06-08", "2026-06-12")], "April 2026"),
        ([("APPROVED", "2026-03-10", "2026-03-12"), ("APPROVED", "2026-06-08", "2026-06-12")], "June 2026"),
        ([("REQUESTED", "2025-09-29", "2025-10-03"), ("APPROVED", "2026-03-10", "2026-03-12")], "September 2025"),
        ([("APPROVED", "2025-09-29", "2025-10-03"), ("REJECTED", "2026-06-08", "2026-06-12")], "September 2025"),
    ],
)
def test_the_month_of_absences_opens_where_there_are_some(
    browser_as: ClientAs, absences: list[tuple[str, str, str]], opens: str
) -> None:
    person = program.resident(1)
    for status, first, last in absences:
        program.absence(person, dt.date.fromisoformat(first), dt.date.fromisoformat(last), status=status)

    with time_machine.travel(dt.datetime(2026, 4, 15, 20, 0, tzinfo=dt.UTC), tick=False):
        page = browser_as(Role.COORDINATOR).get("/absences")

    assert f">{opens}<" in page.content.decode()


def test_the_list_of_absences_begins_with_what_lasts_and_comes(browser_as: ClientAs) -> None:
    person = program.resident(1)
    for first in ("2026-06-08", "2026-04-13", "2026-03-10", "2025-09-29"):
        day = dt.date.fromisoformat(first)
        program.absence(person, day, day + dt.timedelta(days=3))

    with time_machine.travel(dt.datetime(2026, 4, 15, 20, 0, tzinfo=dt.UTC), tick=False):
        page = browser_as(Role.COORDINATOR).get("/absences")

    assert [str(absence.start_date) for absence in page.context["page"].object_list] == [
        "2026-04-13",
        "2026-06-08",
        "2026-03-10",
        "2025-09-29",
    ]
