"""Resilience and incidents in a real browser: accessible, whole on a phone, and worked on by a program director."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.enums import Role
from resilience.domain.levels import Level
from resilience.enums import DocumentKind
from resilience.models import Approval, FallbackPlan, Incident
from resilience.services import documents, fallbacks, incidents, posture
from schedules.enums import ScheduleStatus
from schedules.models import Person, Schedule
from tests.browser.conftest import PHONE, SignIn
from tests.browser.test_pages import _violations
from tests.factories import accounts, generation, program, resilience

pytestmark = pytest.mark.browser

PAGES = (
    "/resilience",
    "/resilience/what-if",
    "/resilience/fallbacks",
    "/resilience/shedding",
    "/resilience/zones",
    "/resilience/strain",
    "/resilience/readiness",
    "/incidents",
)


@pytest.fixture
def published(transactional_db: None) -> Schedule:
    """A block of the tiny program around today, solved and published."""
    today = timezone.localdate()
    tiny = program.tiny_program(today - dt.timedelta(days=(today.weekday() - 3) % 7))
    made = generation.draft(tiny.block.start_date, tiny.block.end_date)
    with program.open_gate():
        made.status, made.published_at = ScheduleStatus.PUBLISHED, made.created_at
        made.save()
    return made


@pytest.fixture
def incident(published: Schedule) -> Incident:
    """Two attendings are away: analysed, with a plan to propose and a draft."""
    posture.evaluate_fully(at=timezone.now())
    lost = [str(pk) for pk in Person.objects.filter(role="FACULTY").order_by("name").values_list("pk", flat=True)[:2]]
    made = incidents.report(
        title="Two attendings are away",
        summary="Both reported sick.",
        severity=Level.ORANGE,
        by=accounts.user(Role.COORDINATOR),
        at=timezone.now(),
        people=lost,
        start=timezone.localdate(),
        end=published.end_date,
    )
    return incidents.analyse(made, at=timezone.now())


@pytest.fixture
def pages(incident: Incident) -> tuple[str, ...]:
    draft = documents.draft(DocumentKind.SITREP, by=None, at=timezone.now(), incident=incident)
    asked = resilience.asked(
        timezone.localdate(),
        incident.end_date or timezone.localdate(),
        facts={"level": "ORANGE", "gaps": [{"date": "2026-11-27", "session": "PM", "post": "FMIT", "missing": 1}]},
    )
    fallbacks.recompute(at=timezone.now())
    changed = FallbackPlan.objects.exclude(changes=[]).first()
    assert changed is not None
    plan = f"/resilience/fallbacks/{changed.pk}"
    return (
        *PAGES,
        f"/incidents/{incident.pk}",
        f"/incidents/approvals/{asked.pk}",
        f"/documents/{draft.pk}",
        plan,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_resilience_meet_wcag_aa(signed_in: SignIn, pages: tuple[str, ...], scheme: str) -> None:
    page = signed_in(Role.PROGRAM_DIRECTOR, color_scheme=scheme)
    found = {}

    for path in pages:
        page.goto(path)
        found[path] = _violations(page)

    assert found == {path: [] for path in pages}


def test_pages_of_resilience_fit_a_phone(signed_in: SignIn, pages: tuple[str, ...]) -> None:
    page = signed_in(Role.COORDINATOR, viewport=PHONE, has_touch=True, is_mobile=True)
    widths = {}

    for path in pages:
        page.goto(path)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")

    assert widths == dict.fromkeys(pages, 390)


def test_a_director_works_on_an_incident(signed_in: SignIn, incident: Incident) -> None:
    page: Page = signed_in(Role.PROGRAM_DIRECTOR)
    page.goto("/incidents")
    page.get_by_role("link", name="Two attendings are away").click()

    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("You have it: acknowledged.")).to_be_visible()
    page.get_by_label("What is new").fill("The hospital was asked for a locum.")
    page.get_by_role("button", name="Add an update").click()
    expect(page.get_by_text("The hospital was asked for a locum.")).to_be_visible()
    page.get_by_label("Document", exact=True).select_option("MFR")
    page.get_by_role("button", name="Draft it").click()

    expect(page.get_by_role("heading", name="Memorandum for record")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert download.value.suggested_filename.endswith("-v1.pdf")


def test_a_question_of_what_if_is_answered_by_proof_or_witness(signed_in: SignIn, incident: Incident) -> None:
    page: Page = signed_in(Role.COORDINATOR)
    page.goto("/resilience/what-if")

    page.get_by_role("group", name="Who is lost").get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Compute").click()

    expect(page.get_by_role("heading", name="How long the others can carry it")).to_be_visible()
    answer = page.locator(".tag").filter(has_text=re.compile("Safe, with a witness|Leaves a gap|Unknown"))
    expect(answer.first).to_be_visible()


def test_a_plan_shows_its_changes_and_what_it_lacks_to_be_proposed(signed_in: SignIn, incident: Incident) -> None:
    fallbacks.recompute(at=timezone.now())
    page: Page = signed_in(Role.COORDINATOR)
    page.goto("/resilience/fallbacks?scenario=dual_absence")
    page.get_by_role("link", name="All", exact=True).click()
    changed = FallbackPlan.objects.exclude(changes=[]).first()
    assert changed is not None
    page.goto(f"/resilience/fallbacks/{changed.pk}")

    expect(page.get_by_role("heading", name="What it would change")).to_be_visible()
    # Nobody of the plan is away yet: a plan is for an absence that is approved.
    expect(page.get_by_text("no approved absence")).to_be_visible()
    expect(page.get_by_role("button", name="Propose to put it in force")).to_have_count(0)
    assert Approval.objects.count() == 0
