"""Every page in a real browser: no accessibility violation in light or dark, no sideways scroll on a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from accounts.enums import Role
from schedules.models import Person, Schedule
from tests.browser.conftest import PHONE, SignIn
from tests.factories import accounts, program

pytestmark = pytest.mark.browser

STAFF_PAGES = (
    "/dashboard",
    "/schedule",
    "/schedule?view=day",
    "/schedule?view=person",
    "/generate",
    "/absences",
    "/absences/new",
    "/backups",
    "/import",
    "/notifications",
    "/profile",
)
OWN_PAGES = ("/my-schedule", "/my-schedule?view=month", "/schedule", "/schedule?view=day", "/absences", "/absences/new")
AXE_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options=AXE_OPTIONS).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"][:3]]


def _link(role: Role, user: object) -> None:
    person = Person.objects.filter(role="RESIDENT").order_by("pgy_level").first()
    assert person is not None
    person.user = user
    person.save()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_pages_meet_wcag_aa(signed_in: SignIn, published: Schedule, scheme: str) -> None:
    program.absence(program.resident(2), published.start_date, status="REQUESTED")
    page = signed_in(Role.PROGRAM_DIRECTOR, color_scheme=scheme)
    found = {}

    for path in STAFF_PAGES:
        page.goto(path)
        found[path] = _violations(page)

    assert found == {path: [] for path in STAFF_PAGES}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_residents_fit_a_phone_and_meet_wcag_aa(
    signed_in: SignIn, published: Schedule, resident: accounts.User, scheme: str
) -> None:
    _link(Role.RESIDENT, resident)
    page = signed_in(Role.RESIDENT, color_scheme=scheme, viewport=PHONE, has_touch=True, is_mobile=True)
    widths, found = {}, {}

    for path in OWN_PAGES:
        page.goto(path)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
        found[path] = _violations(page)

    assert widths == dict.fromkeys(OWN_PAGES, 390)
    assert found == {path: [] for path in OWN_PAGES}


def test_staff_pages_fit_a_phone(signed_in: SignIn, published: Schedule) -> None:
    page = signed_in(Role.COORDINATOR, viewport=PHONE, has_touch=True, is_mobile=True)
    widths = {}

    for path in STAFF_PAGES:
        page.goto(path)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")

    assert widths == dict.fromkeys(STAFF_PAGES, 390)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_page_meets_wcag_aa(watched, transactional_db: None, scheme: str) -> None:  # type: ignore[no-untyped-def]
    page = watched(color_scheme=scheme, viewport=PHONE).new_page()

    page.goto("/login/")

    assert (_violations(page), page.evaluate("document.documentElement.scrollWidth")) == ([], 390)
