"""What people do, in a real browser from the first click to the result in the database."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import BrowserContext, Page, expect

from accounts.enums import Role
from accounts.models import User
from backups.models import Backup, RestoreLog
from schedules.enums import AbsenceStatus, ScheduleStatus
from schedules.models import Absence, Assignment, GenerationRun, Person, Schedule
from schedules.services import runs
from tests.browser.conftest import PHONE, SignIn
from tests.factories import accounts, generation, program

pytestmark = pytest.mark.browser


def test_login_refuses_a_wrong_password_and_then_lets_in(
    watched: Callable[..., BrowserContext], director: User, transactional_db: None
) -> None:
    page = watched().new_page()
    page.goto("/generate")

    page.fill("#id_username", director.username)
    page.fill("#id_password", "wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("correct username and password")
    page.fill("#id_password", accounts.PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Generate a schedule")).to_be_visible()


def test_a_cell_is_checked_saved_and_undone_from_the_grid(signed_in: SignIn, published: Schedule) -> None:
    row = published.assignments.get(person__adjunct=True, date="2026-03-17", session="PM", activity__code="OFF")
    page = signed_in(Role.PROGRAM_DIRECTOR)
    page.goto(f"/schedule?start={published.start_date}&end={published.end_date}")
    cell = page.locator(f'tr[data-p="{row.person_id}"] td[data-d="{row.date}"] button').first

    cell.click()
    page.locator(".drawer").get_by_role("link", name="PM").click()
    expect(page.locator(".drawer [aria-current]")).to_have_text("PM")
    page.locator(".drawer").get_by_role("radio", name="ADM, Administration").check(force=True)
    expect(page.locator("#verdict .note-box")).to_be_visible()
    page.locator(".drawer").get_by_role("button", name="Save").click()
    expect(page.locator(".drawer")).to_contain_text("Saved.")
    saved = Assignment.objects.get(pk=row.pk)
    page.locator(".drawer").get_by_role("button", name="Undo").click()
    expect(page.locator(".drawer .choices input:checked")).to_have_value("OFF")

    undone = Assignment.objects.get(pk=row.pk)
    assert (saved.activity.code, saved.source, undone.activity.code) == ("ADM", "MANUAL", "OFF")


def test_arrow_keys_move_through_the_grid_and_escape_closes_the_drawer(signed_in: SignIn, published: Schedule) -> None:
    page = signed_in(Role.COORDINATOR)
    page.goto(f"/schedule?start={published.start_date}&end={published.end_date}")
    page.locator('table.grid button.s[tabindex="0"]').focus()

    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".drawer")).to_contain_text("Friday 13 March")
    page.keyboard.press("Escape")

    expect(page.locator(".drawer")).to_have_count(0)
    assert page.evaluate("document.activeElement.closest('td').dataset.d") == "2026-03-13"


def test_generation_from_the_checklist_to_publish_and_roll_back(signed_in: SignIn, tiny: program.Program) -> None:
    page = signed_in(Role.PROGRAM_DIRECTOR)
    start, end = tiny.block.start_date, tiny.block.end_date
    page.goto(f"/generate?start={start}&end={end}")

    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Time limit (seconds)").fill("5")

    with generation.worker_present():
        page.get_by_role("button", name="Run the pre-flight checks").click()
        expect(page.get_by_text(f"Proceed with schedule generation for Block 10 ({start} to {end})?")).to_be_visible()
        page.get_by_role("button", name="Yes, generate").click()
        expect(page.get_by_role("heading", name="Waiting for a worker")).to_be_visible()
    run = GenerationRun.objects.get()
    runs.execute(run.pk)

    # The page asks each second by itself and shows the result when there is one.
    publish = page.get_by_role("button", name="Publish")
    expect(publish).to_be_visible()
    expect(page.locator("svg.chart polyline.objective")).to_have_count(1)
    # The tiny program cannot keep N-1 on every night: publishing needs a written reason.
    expect(page.locator(".note-box", has_text="It fails acceptance")).to_contain_text("not survive every loss of one")
    page.get_by_label("Why publish it although it fails acceptance").fill("Four faculty are all there are")
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    publish.click()
    expect(page.locator(".toast")).to_contain_text("Published")
    draft = Schedule.objects.get(run=run)
    page.get_by_label("Why roll it back").fill("A trial")
    page.get_by_role("button", name="Roll back").click()
    expect(page.locator(".toast")).to_contain_text("Rolled back")
    expect(page.locator("#run-status")).to_have_text("Rolled back")

    rolled_back = Schedule.objects.get(run=run)
    assert (draft.status, rolled_back.status) == (ScheduleStatus.PUBLISHED, ScheduleStatus.SUPERSEDED)


def test_a_resident_asks_on_the_phone_and_the_coordinator_approves_seeing_the_impact(
    signed_in: SignIn, published: Schedule, resident: User
) -> None:
    person = Person.objects.get(pgy_level=1)
    person.user = resident
    person.save()
    phone = signed_in(Role.RESIDENT, viewport=PHONE, has_touch=True, is_mobile=True)
    phone.goto("/absences")
    phone.get_by_role("link", name="Ask for an absence").click()
    phone.get_by_label("Kind").select_option("MEDICAL")
    phone.get_by_label("First day").fill("2026-03-16")
    phone.get_by_label("Last day").fill("2026-03-17")
    phone.get_by_label("Reason").fill("Surgery on the knee")
    phone.get_by_role("button", name="Send the request").click()
    expect(phone.get_by_text("Surgery on the knee")).to_be_visible()

    office = signed_in(Role.COORDINATOR)
    office.goto("/absences")
    office.get_by_role("link", name="See the impact and decide").click()
    expect(office.get_by_text(re.compile(r"published duties in these days"))).to_be_visible()
    expect(office.get_by_text("Surgery on the knee")).to_have_count(0)
    office.get_by_role("button", name="Approve").click()
    expect(office.locator(".toast")).to_contain_text("Approved")

    assert [a.status for a in Absence.objects.all()] == [AbsenceStatus.APPROVED]


def test_a_backup_is_made_and_verified_and_a_restore_needs_its_name_typed(
    signed_in: SignIn, tiny: program.Program
) -> None:
    page = signed_in(Role.PROGRAM_DIRECTOR)
    page.goto("/backups")
    expect(page.get_by_text("The gate is closed.")).to_be_visible()

    page.get_by_role("button", name="Make a backup now").click()
    expect(page.get_by_text("The gate is open.")).to_be_visible()
    made = Backup.objects.get()
    page.get_by_role("link", name=made.file).click()
    page.get_by_label("Why").fill("A trial")
    page.get_by_label("Type the file name to confirm").fill("something else")
    with page.expect_response(re.compile("/restore")) as answer:
        page.get_by_role("button", name="Restore this backup").click()

    assert (answer.value.status, made.state) == (409, "VERIFIED")
    expect(page.get_by_role("alert")).to_contain_text(made.file)
    assert settings.BACKUP_DIR.joinpath(made.file).is_file()


def test_the_director_restores_a_backup_and_what_came_later_is_gone(signed_in: SignIn, own_database: str) -> None:
    program.resident(name="Kept")
    page = signed_in(Role.PROGRAM_DIRECTOR)
    page.goto("/backups")
    page.get_by_role("button", name="Make a backup now").click()
    expect(page.get_by_text("The gate is open.")).to_be_visible()
    made = Backup.objects.get()
    program.resident(name="Came later")
    connections.close_all()

    page.get_by_role("link", name=made.file).click()
    page.get_by_label("Why").fill("A wrong import")
    page.get_by_label("Type the file name to confirm").fill(made.file)
    page.get_by_role("button", name="Restore this backup").click()
    expect(page.locator(".toast")).to_contain_text(f"The database is as it was in {made.file}")

    assert list(Person.objects.values_list("name", flat=True)) == ["Kept"]
    assert list(RestoreLog.objects.values_list("reason", "succeeded")) == [("A wrong import", True)]


def test_the_choice_of_a_whole_year_reaches_the_pre_flight(signed_in: SignIn, tiny: program.Program) -> None:
    later = program.block(11, tiny.block.end_date + dt.timedelta(days=1))
    page = signed_in(Role.COORDINATOR)
    page.goto("/generate")

    page.get_by_label("Block or year").select_option(label="Whole year 2025-26, block by block")
    page.get_by_role("button", name="Run the pre-flight checks").click()

    expect(page.get_by_role("heading", name="Pre-flight:")).to_be_visible()
    dates = (page.get_by_label("First day").input_value(), page.get_by_label("Last day").input_value())
    assert dates == (str(tiny.block.start_date), str(later.end_date))


def test_a_cell_is_edited_by_keyboard_alone(signed_in: SignIn, published: Schedule) -> None:
    page = signed_in(Role.PROGRAM_DIRECTOR)
    page.goto(f"/schedule?start={published.start_date}&end={published.end_date}")

    page.keyboard.press("Tab")
    skips = page.evaluate("document.activeElement.getBoundingClientRect().top >= 0 && document.activeElement.hash")
    page.keyboard.press("Enter")
    _tab_to(page, "table.grid button.s")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    cell = page.evaluate(
        "document.activeElement.closest('tr').dataset.p + document.activeElement.closest('td').dataset.d"
    )
    page.keyboard.press("Enter")
    expect(page.locator(".drawer input:checked")).to_be_focused()
    before = page.locator(".drawer .choices input:checked").input_value()
    page.keyboard.press("ArrowRight")
    chosen = page.locator(".drawer .choices input:checked").input_value()
    page.keyboard.press("Enter")
    expect(page.locator(".drawer")).to_contain_text(re.compile("Saved|would break"))
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)

    here = page.evaluate(
        "document.activeElement.closest('tr').dataset.p + document.activeElement.closest('td').dataset.d"
    )
    assert (skips, outline, here) == ("#main", "solid", cell)
    assert before != chosen


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until something that the selector matches has the focus."""
    for _ in range(90):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by Tab")
