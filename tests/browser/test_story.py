"""One story of a block through the real browser: no step of it brings a hard finding by changing cells."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.enums import Role
from accounts.models import User
from backups.models import Backup
from resilience.services import fallbacks, incidents, posture
from schedules.domain.pattern import as_lived
from schedules.domain.roster import Slot
from schedules.domain.rules import check
from schedules.enums import AbsenceStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Absence, FmitWeek, GenerationRun, Person
from schedules.services import runs
from swaps.domain.tables import SwapStatus
from swaps.models import SwapRecord
from tests.browser.conftest import SignIn
from tests.factories import generation, program, swaps

pytestmark = pytest.mark.browser

PageOf = Callable[..., Page]
Cells = Mapping[Slot, str]


@dataclass(frozen=True)
class Ward:
    """A block around today, still empty; C leads its fourth FMIT week, B the third one."""

    start: dt.date
    end: dt.date
    attending: dict[str, Person]
    user: dict[str, User]

    def day(self, number: int) -> dt.date:
        """The day of the block by number; 0 is its Thursday."""
        return self.start + dt.timedelta(days=number)

    def hard(self) -> set[str]:
        """Hard findings of what is published, as it is lived."""
        problem = load_problem(self.start, self.end)
        roster = as_lived(problem, load_roster(problem, schedule="published"))
        return {finding.key for finding in check(problem, roster).hard}

    def cells(self) -> Cells:
        """What is published, as it is stored."""
        return dict(load_roster(load_problem(self.start, self.end), schedule="published").cells)

    def state(self) -> tuple[set[str], Cells]:
        return self.hard(), self.cells()

    @contextmanager
    def changed(self) -> Iterator[None]:
        """A step that changes published cells: it brings no hard finding."""
        hard, cells = self.state()
        yield
        assert self.hard() - hard == set()
        assert self.cells() != cells

    @contextmanager
    def kept(self) -> Iterator[None]:
        """A step that changes no published cell and brings no hard finding."""
        hard, cells = self.state()
        yield
        assert self.hard() - hard == set()
        assert self.cells() == cells

    @contextmanager
    def opened(self) -> Iterator[None]:
        """News of the world: no cell is changed, and what somebody held is open from now on."""
        hard, cells = self.state()
        yield
        assert self.hard() - hard != set()
        assert self.cells() == cells


@pytest.fixture
def ward(own_database: str, settings: Any) -> Ward:
    """The tiny program with five attendings who lead the FMIT weeks."""
    settings.BACKUP_VERIFY = "checksum"
    today = timezone.localdate()
    made = program.tiny_program(today - dt.timedelta(days=(today.weekday() - 3) % 7))
    start, end = made.block.start_date, made.block.end_date
    FmitWeek.objects.all().delete()
    people = {letter: program.faculty(name=f"Attending {letter}", excluded_from_call=True) for letter in "ABCDE"}
    for letter, friday in zip("DABCE", swaps.fridays(start), strict=True):
        program.fmit_week(people[letter], friday)
    user = {letter: swaps.account(person, letter) for letter, person in people.items()}
    return Ward(start, end, people, user)


def test_a_block_from_its_generation_to_a_restored_backup(ward: Ward, signed_in: SignIn, page_of: PageOf) -> None:
    office, chief, lead = map(signed_in, (Role.COORDINATOR, Role.PROGRAM_DIRECTOR, Role.ARCHITECT))

    with ward.kept():
        _generated(chief, ward)
    with ward.changed():
        _published(chief)
    with ward.kept():
        _everybody_takes_call(ward)
    with ward.changed():
        _swapped(ward, chief, page_of)
    swapped, backup = ward.state(), _backed_up(chief)

    with ward.changed():
        with ward.opened():
            away = _absent(ward, page_of, office, "B", (11, 12))
        _fallback(away, office, chief)
    covered = ward.state()

    with ward.changed():
        with ward.opened():
            away = _absent(ward, page_of, office, "B", (13, 13))
        _shed(office, chief, lead)
    with ward.kept():
        _cancelled(office, away)
    with ward.changed():
        _brought_back(chief)
    assert ward.state() == covered

    with ward.changed():
        with ward.opened():
            _absent(ward, page_of, office, "E", (25, 26))
        opened = ward.state()
        _generated(chief, ward, repair=True)
        _published(chief)
    _rolled_back(chief)
    assert ward.state() == opened

    _restored(chief, backup)
    assert ward.state() == swapped
    assert (Absence.objects.count(), SwapRecord.objects.get().status) == (0, SwapStatus.EXECUTED)


def _generated(page: Page, ward: Ward, *, repair: bool = False) -> None:
    """A draft of the block, asked for on the page and solved as the worker would."""
    page.goto(f"/generate?start={ward.start}&end={ward.end}")
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Time limit (seconds)").fill("5")
    if repair:
        page.get_by_label("Repair: change as little as possible").check(force=True)
    with generation.worker_present():
        page.get_by_role("button", name="Run the pre-flight checks").click()
        page.get_by_role("button", name="Yes, generate").click()
        expect(page.get_by_role("heading", name="Waiting for a worker")).to_be_visible()
    run = GenerationRun.objects.latest("created_at")
    assert run.repair is repair
    runs.execute(run.pk)
    expect(page.get_by_role("button", name="Publish")).to_be_visible()


def _published(page: Page) -> None:
    why = page.get_by_label("Why publish it although it fails acceptance")
    if why.count():
        why.fill("So few people cannot keep N-1 on every night")
    page.get_by_role("button", name="Publish").click()
    _said(page, "Published")


def _everybody_takes_call(ward: Ward) -> None:
    """Their own nights would have decided which exchanges are possible, and the solver is free to choose them."""
    for person in ward.attending.values():
        person.excluded_from_call = False
        person.save()


def _swapped(ward: Ward, chief: Page, page_of: PageOf) -> None:
    """C gives the fourth week to D for an interview, so the director decides once D has agreed."""
    giver, taker = page_of(ward.user["C"]), page_of(ward.user["D"])
    giver.goto("/swaps/new")
    giver.locator(f'a[href*="week={ward.day(15)}"]').first.click()
    giver.get_by_role("link", name=re.compile("Ask to take over.*Attending D")).click()
    giver.get_by_label("Reason").select_option("job_interview")
    expect(giver.locator("#checks")).to_contain_text("the program director decides")
    giver.get_by_label("In your own words").fill("A clinic in the valley")
    giver.get_by_role("button", name="Send the request").click()
    expect(giver.get_by_text("Attending D is asked to agree until")).to_be_visible()

    taker.goto(f"/swaps/{SwapRecord.objects.get().pk}")
    taker.get_by_role("button", name="Agree").click()
    _said(taker, "You agreed")

    chief.goto("/escalations")
    chief.get_by_role("link", name="Read the report and decide").click()
    chief.get_by_label("Why you decide so").fill("A career is made once")
    chief.get_by_role("button", name="Approve").click()
    expect(chief.get_by_text("Executed on")).to_be_visible()


def _absent(ward: Ward, page_of: PageOf, office: Page, letter: str, days: tuple[int, int]) -> Absence:
    """An absence that its person asks for and the coordinator approves, seen by the worker of resilience."""
    first, last = map(ward.day, days)
    own = page_of(ward.user[letter])
    own.goto("/absences")
    own.get_by_role("link", name="Ask for an absence").click()
    own.get_by_label("Kind").select_option("CONFERENCE")
    own.get_by_label("First day").fill(str(first))
    own.get_by_label("Last day").fill(str(last))
    own.get_by_role("button", name="Send the request").click()
    _said(own, "The request was sent")

    office.goto("/absences")
    office.get_by_role("link", name="See the impact and decide").click()
    office.get_by_role("button", name="Approve").click()
    _said(office, "Approved")
    absence = Absence.objects.get(person=ward.attending[letter], start_date=first)
    posture.evaluate_fully(at=timezone.now())
    incidents.look_at_absence(absence, at=timezone.now())
    return absence


def _cancelled(office: Page, absence: Absence) -> None:
    office.goto(f"/absences/{absence.pk}")
    office.get_by_role("button", name="Cancel the absence").click()
    _said(office, "The absence is cancelled")
    absence.refresh_from_db()
    assert absence.status == AbsenceStatus.CANCELLED


def _fallback(absence: Absence, office: Page, chief: Page) -> None:
    """The plan of the absence's dates: proposed by the office, approved and carried out by the director."""
    plan = fallbacks.make(
        "single_absence", [str(absence.person_id)], absence.start_date, absence.end_date, at=timezone.now()
    )
    office.goto("/resilience/fallbacks")
    office.locator(f'a[href="/resilience/fallbacks/{plan.pk}"]').click()
    office.get_by_role("button", name="Propose to put it in force").click()
    _granted(office, chief)


def _shed(office: Page, chief: Page, lead: Page) -> None:
    """Up to core education, as simulated: proposed by the office, approved by director and clinical lead."""
    office.goto("/resilience/shedding")
    office.get_by_label("Up to level").select_option("RED")
    office.get_by_role("button", name="Simulate").click()
    expect(office.get_by_role("heading", name="What level red would change")).to_be_visible()
    office.get_by_role("button", name="Propose exactly this").click()
    _granted(office, lead, chief)


def _granted(office: Page, *voices: Page) -> None:
    """What the office has just proposed: approved by everybody who is asked, carried out by the last of them."""
    _said(office, "Asked")
    for voice in voices:
        voice.goto(office.url)
        voice.get_by_role("button", name="Approve", exact=True).click()
        _said(voice, "Approved, under your name")
    chief = voices[-1]
    chief.goto(office.url)
    chief.get_by_role("button", name="Carry it out now").click()
    _said(chief, "Done: the schedule is changed.")


def _brought_back(chief: Page) -> None:
    chief.goto("/resilience/shedding")
    chief.get_by_role("button", name="Bring it back").click()
    _said(chief, "The work is back as it was.")


def _rolled_back(chief: Page) -> None:
    """The publish whose run the page shows."""
    chief.get_by_label("Why roll it back").fill("A trial")
    chief.get_by_role("button", name="Roll back").click()
    _said(chief, "Rolled back")


def _backed_up(chief: Page) -> str:
    """The file of a backup made by hand."""
    chief.goto("/backups")
    chief.get_by_role("button", name="Make a backup now").click()
    _said(chief, "was made and verified")
    return Backup.objects.latest("created_at").file


def _restored(chief: Page, file: str) -> None:
    connections.close_all()
    chief.goto("/backups")
    chief.get_by_role("link", name=file).click()
    chief.get_by_label("Why").fill("Back to the day of the swap")
    chief.get_by_label("Type the file name to confirm").fill(file)
    chief.get_by_role("button", name="Restore this backup").click()
    _said(chief, f"The database is as it was in {file}")


def _said(page: Page, text: str) -> None:
    """What the page answers to a deed, beside its warnings."""
    expect(page.locator(".toast").filter(has_text=text)).to_be_visible()
