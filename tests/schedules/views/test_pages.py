"""Every page by role, and the number of queries of the heavy ones, at one and at more rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.enums import Role
from resilience.models import PostureState
from schedules.domain.problem import Session
from schedules.enums import AbsenceStatus, ScheduleStatus
from schedules.models import Schedule
from schedules.queries.dashboard import load_dashboard
from tests.factories import backups, generation, program

pytestmark = pytest.mark.django_db

STAFF = {Role.COORDINATOR, Role.ARCHITECT, Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR}
EVERYBODY = set(Role)

# page -> roles that get it (200); everybody else gets 403
PAGES: dict[str, set[Role]] = {
    "/dashboard": STAFF,
    "/schedule": EVERYBODY,
    "/schedule?view=day": EVERYBODY,
    "/schedule?view=person": EVERYBODY,
    "/schedule/colours.css": EVERYBODY,
    "/my-schedule": EVERYBODY,
    "/generate": STAFF | {Role.AGENT},
    "/absences": EVERYBODY,
    "/backups": STAFF | {Role.AGENT},
    "/backups/prune": {Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR},
    "/import": {Role.COORDINATOR, Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR},
    "/notifications": EVERYBODY,
    "/profile": EVERYBODY,
}


@pytest.fixture
def in_block_10() -> Iterator[None]:
    with time_machine.travel(dt.datetime(2026, 3, 16, 20, 0, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def published() -> Schedule:
    """Block 10 of the tiny program, solved and published."""
    tiny = program.tiny_program()
    made = generation.draft(tiny.block.start_date, tiny.block.end_date)
    with program.open_gate():
        made.status = ScheduleStatus.PUBLISHED
        made.published_at = made.created_at
        made.save()
    return made


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_its_pages_and_no_other(
    browser_as: Callable[[Role], Client], in_block_10: None, role: Role, page: str
) -> None:
    program.block()

    answer = browser_as(role).get(page)

    assert answer.status_code == (200 if role in PAGES[page] else 403)


@pytest.mark.parametrize("page", [page for page in PAGES if "?" not in page])
def test_pages_ask_strangers_to_sign_in(client: Client, page: str) -> None:
    answer = client.get(page)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/login/?next={page}")


@pytest.mark.parametrize("role", list(Role))
def test_the_first_page_is_the_dashboard_for_staff_and_the_own_schedule_for_others(
    browser_as: Callable[[Role], Client], role: Role
) -> None:
    answer = browser_as(role).get("/")

    assert answer.headers["Location"] == ("/dashboard" if role in STAFF else "/my-schedule")


def _queries(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


def test_the_grid_takes_fifteen_queries_at_most_whatever_it_shows(
    browser_as: Callable[[Role], Client], in_block_10: None, published: Schedule
) -> None:
    client = browser_as(Role.PROGRAM_DIRECTOR)
    page = f"/schedule?start={published.start_date}&end={published.end_date}"

    before = _queries(client, page)
    generation.draft(published.start_date, published.end_date)
    program.resident(2)

    assert (before, _queries(client, page)) == (12, 12)


def test_the_dashboard_takes_fourteen_queries_whatever_waits(
    browser_as: Callable[[Role], Client], in_block_10: None, published: Schedule
) -> None:
    client = browser_as(Role.PROGRAM_DIRECTOR)
    now = timezone.now()
    PostureState.objects.create(level="GREEN", since=now, evaluated_at=now)
    before = _queries(client, "/dashboard")

    for number in range(3):
        someone = program.resident(1)
        program.absence(someone, dt.date(2026, 3, 20 + number), status=AbsenceStatus.REQUESTED)
        program.absence(someone, dt.date(2026, 3, 24 + number))
        program.schedule(published.start_date, published.end_date)

    assert (before, _queries(client, "/dashboard")) == (14, 14)


def test_a_stale_draft_asks_to_be_judged_anew(browser_as: Callable[[Role], Client], in_block_10: None) -> None:
    program.block(11, dt.date(2026, 4, 9))
    backups.verified_backup()
    program.schedule(dt.date(2026, 4, 9), dt.date(2026, 5, 6), label="Block 11", stale_since=timezone.now())

    page = browser_as(Role.PROGRAM_DIRECTOR).get("/dashboard").content.decode()

    assert "The draft of Block 11 is stale: have it judged by the present data, or discard it." in page


def test_of_a_year_long_version_the_dashboard_counts_the_findings_of_its_block() -> None:
    today, days = dt.date(2026, 6, 1), (dt.date(2026, 3, 20), dt.date(2026, 4, 20), dt.date(2026, 4, 21))
    program.block(10)
    later = program.block(11, dt.date(2026, 4, 9))
    findings = [{"date": day.isoformat(), "end_date": day.isoformat()} for day in days]
    program.schedule(days[0], days[2], status=ScheduleStatus.PUBLISHED, validation={"violations": findings})

    facts = load_dashboard(at=timezone.now(), today=today)

    assert (facts.block, facts.reports) == (later, [{"violations": findings[1:]}])


def test_the_absence_list_does_not_ask_more_for_more_rows(
    browser_as: Callable[[Role], Client], in_block_10: None
) -> None:
    client = browser_as(Role.COORDINATOR)
    program.absence(program.resident(1), dt.date(2026, 3, 20))
    before = _queries(client, "/absences")

    for _ in range(3):
        program.absence(program.resident(1), dt.date(2026, 3, 20))

    assert _queries(client, "/absences") == before


def test_drafts_are_hidden_from_residents(
    browser_as: Callable[[Role], Client], in_block_10: None, published: Schedule
) -> None:
    draft = program.schedule(published.start_date, published.end_date)
    page = f"/schedule?start={draft.start_date}&end={draft.end_date}&version={draft.pk}"

    assert browser_as(Role.RESIDENT).get(page).status_code == 404
    assert browser_as(Role.COORDINATOR).get(page).status_code == 200


def test_the_grid_shows_every_cell_of_the_published_schedule_and_the_comparison_only_what_differs(
    browser_as: Callable[[Role], Client], in_block_10: None, published: Schedule
) -> None:
    client = browser_as(Role.COORDINATOR)
    other = program.schedule(published.start_date, published.end_date, label="other")
    rows = [
        (row.person, row.date, Session(row.session), row.activity.code)
        for row in published.assignments.select_related("person", "activity")
    ]
    person, day, session, code = next(row for row in rows if row[3] == "C")
    changed = [(*row[:3], "ADM" if row[:3] == (person, day, session) else row[3]) for row in rows]
    program.assignments(other, changed)
    span = f"start={published.start_date}&end={published.end_date}"

    plain = client.get(f"/schedule?{span}").content.decode()
    compared = client.get(f"/schedule?{span}&version={other.pk}&against=published").content.decode()

    assert plain.count('value="NIGHT"') == sum(session is Session.NIGHT for _, _, session, _ in rows)
    assert ("(was " in plain, compared.count(f"(was {code})")) == (False, 1)
    assert "1 change</span>" in compared


def test_filters_are_kept_from_block_to_block_and_back_to_today(
    browser_as: Callable[[Role], Client], in_block_10: None
) -> None:
    program.block()
    later = program.block(number=11, start=dt.date(2026, 4, 9))

    page = browser_as(Role.COORDINATOR).get(f"/schedule?start={later.start_date}&end={later.end_date}&group=pgy2")

    kept = "&amp;group=pgy2&amp;view=grid"
    assert f"?start=2026-03-12&amp;end=2026-04-08{kept}" in page.content.decode()
    assert f"?date=2026-03-16{kept}" in page.content.decode()


def test_colours_of_the_program_get_the_ink_that_contrasts(browser_as: Callable[[Role], Client]) -> None:
    light, dark = program.activity("X1", colour="#ffee88"), program.activity("X2", colour="#203040")

    sheet = browser_as(Role.RESIDENT).get("/schedule/colours.css")

    assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    assert sorted(sheet.content.decode().splitlines()) == sorted(
        [
            f".a-{light.pk.hex[:8]}{{background:#ffee88;color:#000000}}",
            f".a-{dark.pk.hex[:8]}{{background:#203040;color:#ffffff}}",
        ]
    )


def test_names_with_markup_are_shown_as_text(browser_as: Callable[[Role], Client], in_block_10: None) -> None:
    period = program.block()
    mallory = program.faculty(name="<b>Åsa</b>")
    program.assignments(
        program.schedule(period.start_date, period.end_date, status=ScheduleStatus.PUBLISHED),
        [(mallory, period.start_date, Session.AM, "AT")],
    )

    page = browser_as(Role.RESIDENT).get("/schedule").content.decode()

    assert ("&lt;b&gt;Åsa&lt;/b&gt;" in page, "<b>Åsa" in page) == (True, False)


@pytest.mark.parametrize(
    "query",
    [
        "start=2026-04-08&end=2026-03-12",
        "start=x&end=y",
        "start=2026-01-01&end=2026-12-31",
        "person=nobody",
        "view=map",
    ],
)
def test_a_query_that_makes_no_sense_shows_the_current_block(
    browser_as: Callable[[Role], Client], in_block_10: None, query: str
) -> None:
    program.block()

    answer = browser_as(Role.RESIDENT).get(f"/schedule?{query}")

    assert (answer.status_code, "Block 10" in answer.content.decode()) == (200, True)
