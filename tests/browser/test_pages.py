"""Every page in a real browser: no accessibility violation in light or dark, no sideways scroll on a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.enums import Role
from schedules.enums import RunStatus
from schedules.models import GenerationRun, Person, Schedule
from schedules.services import conflicts
from tests.browser.conftest import PHONE, SignIn
from tests.factories import accounts, backups, generation, program

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
A3_LANDSCAPE_PX = 1527
"""420 mm less margins of 8 mm, at 96 px per inch."""
AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],  # nothing is told at length of what is in order
}


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


@pytest.fixture
def things(published: Schedule) -> dict[str, str]:
    """Addresses of one thing each: a run with its draft, an absence that touches duties, a backup, a comparison."""
    draft = generation.draft(published.start_date, published.end_date)
    run = GenerationRun.objects.create(
        start_date=draft.start_date,
        end_date=draft.end_date,
        status=RunStatus.DRAFT_READY,
        schedule=draft,
        result={"soft_rules": {"PREFERENCE": {"count": 2, "weight": 30, "points": 60}}},
        progress={"curve": [[0.5, 90, 10], [2, 60, 60]], "elapsed": 2},
    )
    duty = published.assignments.filter(activity__code="CALL").order_by("date")[3]
    absence = program.absence(duty.person, duty.date, status="REQUESTED")
    span = f"start={published.start_date}&end={published.end_date}"
    worked = published.assignments.filter(person=duty.person, activity__code__in=("AT", "C"), date__gt=duty.date)
    program.absence(duty.person, worked.latest("date").date)
    lacks = next(
        item
        for item in conflicts.detect(published.start_date, published.end_date, schedule=published)
        if item.violation.rule == "ABSENT"
    )
    return {
        "fixes": f"/schedule/fixes/{published.pk}/{lacks.violation.key}",
        "no fix": f"/schedule/fixes/{published.pk}/{'0' * 64}",
        "run": f"/generate/{run.pk}",
        "absence": f"/absences/{absence.pk}",
        "backup": f"/backups/{backups.verified_backup().pk}",
        "comparison": f"/schedule?{span}&version={draft.pk}&against=published",
    }


@pytest.mark.parametrize(("scheme", "size"), [("light", None), ("dark", PHONE)])
def test_pages_of_single_things_meet_wcag_aa_and_fit_a_phone(
    signed_in: SignIn, things: dict[str, str], scheme: str, size: dict[str, int] | None
) -> None:
    page = signed_in(Role.PROGRAM_DIRECTOR, color_scheme=scheme, **({"viewport": size} if size else {}))
    found, wide = {}, {}

    for name, path in things.items():
        page.goto(path)
        found[name] = _violations(page)
        wide[name] = page.evaluate("document.documentElement.scrollWidth > innerWidth")

    assert found == {name: [] for name in things}
    assert wide == dict.fromkeys(things, False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_drawer_and_the_preview_of_an_import_meet_wcag_aa(
    signed_in: SignIn, published: Schedule, scheme: str
) -> None:
    page = signed_in(Role.PROGRAM_DIRECTOR, color_scheme=scheme)
    page.goto(f"/schedule?start={published.start_date}&end={published.end_date}")

    page.locator("table.grid button.s").first.click()
    expect(page.locator(".drawer")).to_be_visible()
    drawer = _violations(page)
    page.goto("/import")
    rows = b"name,date\nSpring day,2026-03-20\nNo day,x\n"
    page.set_input_files("#files", {"name": "holidays.csv", "mimeType": "text/csv", "buffer": rows})
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()

    assert (drawer, _violations(page)) == ([], [])


def test_the_grid_prints_on_a_landscape_sheet(signed_in: SignIn, published: Schedule) -> None:
    page = signed_in(Role.COORDINATOR, viewport={"width": A3_LANDSCAPE_PX, "height": 1060})
    page.goto(f"/schedule?start={published.start_date}&end={published.end_date}")

    page.emulate_media(media="print")

    table = page.locator("table.grid").bounding_box()
    assert table is not None
    assert table["x"] + table["width"] <= A3_LANDSCAPE_PX
    assert page.locator("table.grid tbody tr[data-p]").last.is_visible()
    hidden = (".top", ".filters", ".actions", "#findings > .panel")
    assert [page.locator(part).first.is_visible() for part in hidden] == [False] * len(hidden)
