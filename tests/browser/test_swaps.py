"""Swaps in a real browser: asked and undone on a phone, decided at a desk, readable for everybody."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.enums import Role
from accounts.models import User
from swaps import services
from swaps.domain.tables import SwapStatus, SwapType
from swaps.models import SwapRecord
from tests.browser.conftest import PHONE, SignIn
from tests.browser.test_pages import AXE_OPTIONS
from tests.factories import backups, swaps

pytestmark = pytest.mark.browser

WEEK = dt.timedelta(weeks=1)
PageOf = Callable[..., Page]


@pytest.fixture
def world(transactional_db: None, settings: Any, tmp_path: Any) -> swaps.World:
    """A published block that begins four weeks from now: nobody has to decide for want of notice."""
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path, "checksum"
    at = timezone.now()
    day = timezone.localtime(at).date() + 4 * WEEK
    made = swaps.world(start=day + dt.timedelta(days=(3 - day.weekday()) % 7), at=at)
    backups.verified_backup()
    return made


def _week(world: swaps.World, number: int) -> dt.date:
    return swaps.fridays(world.schedule.start_date)[number]


def _asked(world: swaps.World, reason: str) -> SwapRecord:
    """B asks D to take over the third week."""
    order = services.Order(
        world.attending["B"].pk, _week(world, 2), world.attending["D"].pk, SwapType.ABSORB.value, reason
    )
    return services.request(order, by=world.user["B"], at=timezone.now())


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_a_week_is_asked_for_agreed_to_and_rolled_back_on_the_phone(world: swaps.World, page_of: PageOf) -> None:
    before = world.cells()
    giver, taker = (
        page_of(world.user[letter], viewport=PHONE, has_touch=True, is_mobile=True) for letter in ("B", "D")
    )
    giver.goto("/my-schedule")
    giver.get_by_role("link", name="Swaps", exact=True).tap()
    giver.get_by_role("link", name="Ask for a swap").first.tap()
    expect(giver.get_by_role("heading", name="Which week do you want to give away?")).to_be_visible()
    _fits(giver)
    giver.locator(f'a[href*="week={_week(world, 2)}"]').tap()
    expect(giver.get_by_role("heading", name="Who could take it?")).to_be_visible()
    _fits(giver)
    giver.get_by_role("link", name=re.compile("Ask to take over.*Attending D")).tap()
    giver.get_by_label("Reason").select_option("job_interview")
    expect(giver.locator("#checks")).to_contain_text("the program director decides")
    giver.get_by_label("Reason").select_option("conference")
    expect(giver.locator("#checks")).to_contain_text("All clear")
    giver.get_by_label("In your own words").fill("A talk in Denver")
    _fits(giver)
    giver.get_by_role("button", name="Send the request").tap()
    expect(giver.get_by_text("Attending D is asked to agree until")).to_be_visible()

    taker.goto("/notifications")
    taker.get_by_role("link", name="You are asked to swap").tap()
    expect(taker.get_by_role("heading", name="Attending B gives to you")).to_be_visible()
    expect(taker.get_by_text("A talk in Denver")).to_have_count(0)
    _fits(taker)
    taker.get_by_role("button", name="Agree").tap()
    expect(taker.locator(".toast")).to_contain_text("You agreed")
    swapped = world.cells()

    giver.goto("/swaps")
    giver.get_by_role("link", name="You give to Attending D").tap()
    expect(giver.get_by_text("left", exact=False).first).to_be_visible()
    _fits(giver)
    giver.get_by_label("Why roll it back").fill("The talk was cancelled")
    giver.get_by_role("button", name="Roll back").tap()
    expect(giver.locator(".toast")).to_contain_text("Rolled back")

    assert SwapRecord.objects.get().status == SwapStatus.ROLLED_BACK
    assert swapped != before == world.cells()


def test_the_director_decides_an_escalation_at_the_desk(world: swaps.World, signed_in: SignIn, page_of: PageOf) -> None:
    made = _asked(world, "fellowship_interview: A place by the sea")
    services.consent(made, by=world.user["D"], at=timezone.now())
    office = signed_in(Role.COORDINATOR)
    office.goto(f"/swaps/{made.pk}")
    expect(office.get_by_text("Only the person who asked and the program director see it.")).to_be_visible()
    expect(office.get_by_text("A place by the sea")).to_have_count(0)
    expect(office.get_by_role("button", name="Approve")).to_have_count(0)

    page = signed_in(Role.PROGRAM_DIRECTOR)
    page.goto("/escalations")
    page.get_by_role("link", name="Read the report and decide").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("A place by the sea")).to_be_visible()
    page.get_by_label("Why you decide so").fill("A career is made once")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Executed on")).to_be_visible()

    made.refresh_from_db()
    assert (made.status, made.rationale) == (SwapStatus.EXECUTED, "A career is made once")


@pytest.mark.parametrize(("scheme", "size"), [("light", PHONE), ("dark", None)])
def test_pages_of_swaps_meet_wcag_aa_and_fit(
    world: swaps.World, page_of: PageOf, director: User, scheme: str, size: dict[str, int] | None
) -> None:
    week, partner = _week(world, 2), world.attending["D"].pk
    waiting = _asked(world, "fellowship_interview: A place by the sea")
    offer = services.offer(world.attending["A"], week=_week(world, 1), by=world.user["A"], at=timezone.now())
    done = swaps.executed(
        world.attending["A"], world.attending["C"], executed_at=timezone.now(), requested_at=timezone.now()
    )
    failed = swaps.executed(world.attending["A"], world.attending["E"], status=SwapStatus.ROLLBACK_FAILED)
    failed.conflicts = [
        {"person": str(partner), "date": str(week), "session": "AM", "left": "FMIT", "now": "ADM", "locked": False}
    ]
    failed.save()
    check = f"/swaps/new?week={_week(world, 1)}&partner={partner}&kind=absorb"
    pages = {
        "D": [f"/swaps/{waiting.pk}", "/swaps", "/swaps/market", f"/swaps/market/{offer.pk}"],
        "A": [check, f"/swaps/{failed.pk}", "/swaps/new", f"/swaps/new?week={_week(world, 1)}", f"/swaps/{done.pk}"],
        "director": ["/escalations", "/swaps?show=all", f"/swaps/{waiting.pk}"],
    }
    # What is written in dark is the same in fewer pages.
    shown = {name: addresses if size else addresses[:2] for name, addresses in pages.items()}
    found, wide = {}, {}

    for name, addresses in shown.items():
        page = page_of(world.user.get(name, director), color_scheme=scheme, **({"viewport": size} if size else {}))
        for address in addresses:
            page.goto(address)
            violations = Axe().run(page, options=AXE_OPTIONS).response["violations"]
            found[address] = [f"{rule['id']}: {n['html'][:160]}" for rule in violations for n in rule["nodes"][:3]]
            wide[address] = page.evaluate("document.documentElement.scrollWidth > innerWidth")

    assert {address: problems for address, problems in found.items() if problems} == {}
    assert [address for address, is_wide in wide.items() if is_wide] == []
