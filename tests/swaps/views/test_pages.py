"""The pages of swaps: asking in steps, answering, deciding, rolling back, and who is shown what."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from accounts.models import User
from schedules.domain.problem import Session
from schedules.models import Assignment
from swaps import services
from swaps.domain.tables import Level, SwapStatus, SwapType
from swaps.enums import CaseKind, OfferStatus
from swaps.models import Complaint, MarketplaceOffer, SwapPolicy, SwapRecord
from tests.factories import program, swaps

pytestmark = pytest.mark.django_db

SECOND, THIRD = swaps.FRIDAYS[1], swaps.FRIDAYS[2]
"""First days of A's and B's weeks."""

Browsers = Callable[[User], Client]


def _text(answer: HttpResponse) -> str:
    """What a person reads of the page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def _links(answer: HttpResponse) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="([^"]+)"', answer.content.decode())]


def _absorb(world: swaps.World, giver: str, taker: str, week: dt.date, **fields: Any) -> services.Order:
    return services.Order(
        source_person=world.attending[giver].pk,
        source_week=week,
        target_person=world.attending[taker].pk,
        swap_type=SwapType.ABSORB.value,
        **{"reason": "conference: In Denver"} | fields,
    )


def _asked(world: swaps.World, **fields: Any) -> SwapRecord:
    """B asks D to take over the week of 20 March: every check passes."""
    return services.request(_absorb(world, "B", "D", THIRD, **fields), by=world.user["B"], at=swaps.EARLY)


# --- asking ----------------------------------------------------------------------------------------------------------


def test_asking_goes_from_the_week_over_the_partner_to_a_request(world: swaps.World, browser_of: Browsers) -> None:
    browser = browser_of(world.user["B"])
    to_absorb = f"/swaps/new?week={THIRD}&partner={world.attending['D'].pk}&kind=absorb"

    weeks, partners, checked = (browser.get(page) for page in ("/swaps/new", f"/swaps/new?week={THIRD}", to_absorb))
    sent = browser.post(to_absorb, {"code": "conference", "text": "In Denver", "act": "send"})

    made = SwapRecord.objects.get()
    assert f"/swaps/new?week={THIRD}" in _links(weeks)
    assert to_absorb in _links(partners)
    assert "All clear. Attending D is asked to agree within 48 hours, and then it counts at once." in _text(checked)
    assert "0 → 108/80 h" in _text(checked)
    assert sent.headers["Location"] == f"/swaps/{made.pk}"
    assert (made.status, made.reason_code) == (SwapStatus.PENDING, "conference")


def test_an_exchange_is_asked_for_with_a_week_that_was_checked(world: swaps.World, browser_of: Browsers) -> None:
    browser, partner = browser_of(world.user["A"]), world.attending["B"].pk
    chosen = f"/swaps/new?week={SECOND}&partner={partner}&kind=one_to_one&target={THIRD}"

    weeks = browser.get(f"/swaps/new?week={SECOND}&partner={partner}&kind=one_to_one")
    browser.post(chosen, {"code": "pto", "text": "", "act": "send"})

    made = SwapRecord.objects.get()
    assert chosen in _links(weeks)
    assert (made.swap_type, made.target_week) == (SwapType.ONE_TO_ONE, THIRD)


def test_nothing_typed_is_lost_where_the_reason_is_missing(world: swaps.World, browser_of: Browsers) -> None:
    page = f"/swaps/new?week={THIRD}&partner={world.attending['D'].pk}&kind=absorb"

    answer = browser_of(world.user["B"]).post(page, {"code": "", "text": "A long story", "act": "send"})

    assert answer.status_code == 422
    assert "A long story" in answer.content.decode()
    assert not SwapRecord.objects.exists()


def test_checking_with_a_reason_sends_nothing_and_tells_who_decides(world: swaps.World, browser_of: Browsers) -> None:
    page = f"/swaps/new?week={THIRD}&partner={world.attending['D'].pk}&kind=absorb"

    answer = browser_of(world.user["B"]).post(page, {"code": "job_interview", "text": "", "act": "check"})

    assert "the program director decides within 24 hours" in _text(answer)
    assert not SwapRecord.objects.exists()


def test_what_cannot_be_offers_three_alternatives_and_no_button(
    clock: Any, fresh_backup: None, browser_of: Browsers
) -> None:
    world = swaps.world("DABAC")
    page = f"/swaps/new?week={THIRD}&partner={world.attending['A'].pk}&kind=absorb"

    answer = browser_of(world.user["B"]).get(page)

    alternatives = [link for link in _links(answer) if f"week={THIRD}&partner=" in link]
    assert "Consecutive FMIT weeks (3) Not possible" in _text(answer)
    assert len(alternatives) >= 3
    assert "Send the request" not in _text(answer)


def test_a_rejected_request_shows_its_alternatives_to_whoever_asked(
    clock: Any, fresh_backup: None, browser_of: Browsers
) -> None:
    world = swaps.world("DABAC")
    made = services.request(_absorb(world, "B", "A", THIRD), by=world.user["B"], at=swaps.EARLY)

    own, partner = (browser_of(world.user[letter]).get(f"/swaps/{made.pk}") for letter in "BA")

    def alternatives(answer: HttpResponse) -> int:
        return sum(f"week={THIRD}&partner=" in link for link in _links(answer))

    assert made.status == SwapStatus.REJECTED
    assert alternatives(own) >= 3
    assert alternatives(partner) == 0


def test_a_rejected_session_is_offered_to_others_as_the_session_it_is(world: swaps.World, browser_of: Browsers) -> None:
    morning = (THIRD + dt.timedelta(days=3), Session.AM)
    for letter in "ACE":
        program.absence(world.attending[letter], morning[0])
    made = services.request(_absorb(world, "B", "A", THIRD, sessions=(morning,)), by=world.user["B"], at=swaps.EARLY)
    page = f"/swaps/new?week={THIRD}&partner={world.attending['A'].pk}&kind=absorb&part={morning[0]}.AM"

    stored, asked = (browser_of(world.user["B"]).get(address) for address in (f"/swaps/{made.pk}", page))

    to_d = f"/swaps/new?week={THIRD}&partner={world.attending['D'].pk}&kind=absorb&part={morning[0]}.AM"
    assert made.status == SwapStatus.REJECTED
    assert to_d in _links(stored)
    assert to_d in _links(asked)


def test_single_sessions_can_be_given_alone(world: swaps.World, browser_of: Browsers) -> None:
    day = THIRD + dt.timedelta(days=2)
    page = f"/swaps/new?week={THIRD}&partner={world.attending['D'].pk}&kind=absorb&part={day}.AM&part={day}.PM"
    browser = browser_of(world.user["B"])

    shown = browser.get(page)
    browser.post(page, {"code": "pto", "text": "", "act": "send"})

    assert "Only 2 sessions of the week" in _text(shown)
    assert SwapRecord.objects.get().source_places == [[str(day), "AM"], [str(day), "PM"]]


def test_the_coordinator_files_for_somebody_whose_partner_has_agreed(
    world: swaps.World, browser_of: Browsers, coordinator: User
) -> None:
    giver, taker = world.attending["B"].pk, world.attending["D"].pk
    page = f"/swaps/new?person={giver}&week={THIRD}&partner={taker}&kind=absorb"

    answer = browser_of(coordinator).post(
        page, {"code": "illness", "text": "", "partner_consented": "on", "act": "send"}, follow=True
    )

    assert "Done: all checks passed, and both schedules are changed." in _text(answer)
    assert SwapRecord.objects.get().status == SwapStatus.EXECUTED


def test_nobody_asks_for_somebody_else_without_the_right(world: swaps.World, browser_of: Browsers) -> None:
    page = f"/swaps/new?person={world.attending['A'].pk}&week={SECOND}&partner={world.attending['E'].pk}&kind=absorb"

    browser_of(world.user["B"]).post(page, {"code": "pto", "text": "", "act": "send"})

    assert not SwapRecord.objects.filter(source_person=world.attending["A"]).exists()


# --- answering, rolling back -----------------------------------------------------------------------------------------


def test_the_partner_agrees_it_is_executed_and_the_requester_rolls_it_back(
    world: swaps.World, browser_of: Browsers
) -> None:
    before, made = world.cells(), _asked(world)
    page = f"/swaps/{made.pk}"
    giver, taker = browser_of(world.user["B"]), browser_of(world.user["D"])

    asked = taker.get(page)
    taker.post(page, {"act": "consent"})
    executed, after = giver.get(page), world.cells()
    without = giver.post(page, {"act": "rollback", "note": " "})
    giver.post(page, {"act": "rollback", "note": "The congress was cancelled"})

    made.refresh_from_db()
    assert "Your answer is asked for until" in _text(asked)
    assert "Roll back 24 h 0 min left" in _text(executed)
    assert (without.status_code, "Give a reason" in _text(without)) == (400, True)
    assert made.status == SwapStatus.ROLLED_BACK
    assert after != before == world.cells()


def test_declining_keeps_the_word_and_ends_the_request(world: swaps.World, browser_of: Browsers) -> None:
    made = _asked(world)
    page = f"/swaps/{made.pk}"

    browser_of(world.user["D"]).post(page, {"act": "decline", "note": "I am away myself"})
    shown = _text(browser_of(world.user["B"]).get(page))

    assert "Declined by Attending D" in shown
    assert "I am away myself" in shown


def test_after_the_window_the_button_is_gone_and_the_service_says_why(
    world: swaps.World, browser_of: Browsers, clock: Any
) -> None:
    made = _asked(world)
    services.consent(made, by=world.user["D"], at=swaps.EARLY)
    page = f"/swaps/{made.pk}"

    clock.move_to(swaps.EARLY + dt.timedelta(hours=24))
    at_the_end = _text(browser_of(world.user["B"]).get(page))
    clock.move_to(swaps.EARLY + dt.timedelta(hours=24, seconds=1))
    browser = browser_of(world.user["B"])
    over = _text(browser.get(page))
    answer = browser.post(page, {"act": "rollback", "note": "Too late"})

    assert "Why roll it back" in at_the_end
    assert "Why roll it back" not in over
    assert answer.status_code == 409
    assert "The time for rolling this swap back is over" in _text(answer)


def test_a_row_changed_meanwhile_is_shown_and_nothing_is_put_back(world: swaps.World, browser_of: Browsers) -> None:
    made = _asked(world)
    services.consent(made, by=world.user["D"], at=swaps.EARLY)
    row = Assignment.objects.get(schedule=world.schedule, person=world.attending["D"], date=THIRD, session="AM")
    with program.open_gate():
        row.activity = program.standard_activities()["ADM"]
        row.save()
    page, browser = f"/swaps/{made.pk}", browser_of(world.user["B"])

    answer = browser.post(page, {"act": "rollback", "note": "A mistake"})

    shown = _text(answer)
    assert answer.status_code == 409
    assert "The roll back failed: rows were changed meanwhile" in shown
    assert "Fri 20 Mar AM Attending D" in shown
    assert shown.index("FMIT ADM", shown.index("Rows that were changed")) > 0


def test_a_complaint_is_for_the_deciders_alone(world: swaps.World, browser_of: Browsers, coordinator: User) -> None:
    made = _asked(world)
    services.consent(made, by=world.user["D"], at=swaps.EARLY)
    page = f"/swaps/{made.pk}"

    browser_of(world.user["D"]).post(page, {"act": "complain", "note": "It was another week"})

    assert Complaint.objects.get().text == "It was another week"
    assert "It was another week" in _text(browser_of(coordinator).get(page))
    assert "It was another week" not in _text(browser_of(world.user["B"]).get(page))


def test_an_unknown_act_changes_nothing(world: swaps.World, browser_of: Browsers) -> None:
    made = _asked(world)

    answer = browser_of(world.user["D"]).post(f"/swaps/{made.pk}", {"act": "approve_all"})

    assert answer.status_code == 200
    made.refresh_from_db()
    assert made.status == SwapStatus.PENDING


# --- who reads what --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "knows_code", "knows_text"),
    [
        ("conference: A secret paper", "B D coordinator architect director", "B coordinator"),
        ("fellowship_interview: A secret place", "B director", "B director"),
    ],
)
def test_reason_and_text_are_read_by_those_named_alone(
    world: swaps.World,
    browser_of: Browsers,
    user_as: Callable[[Role], User],
    reason: str,
    knows_code: str,
    knows_text: str,
) -> None:
    made = _asked(world, reason=reason)
    if not made.cases.exists():
        swaps.case(made, Level.COORDINATOR)
    roles = {"coordinator": Role.COORDINATOR, "architect": Role.ARCHITECT, "director": Role.PROGRAM_DIRECTOR}
    readers = {letter: world.user[letter] for letter in "BD"} | {name: user_as(role) for name, role in roles.items()}

    pages = {name: _text(browser_of(user).get(f"/swaps/{made.pk}")) for name, user in readers.items()}

    word = "Conference" if reason.startswith("conference") else "Fellowship interview"
    assert {name for name, page in pages.items() if word in page} == set(knows_code.split())
    assert {name for name, page in pages.items() if "A secret" in page} == set(knows_text.split())


# --- deciding --------------------------------------------------------------------------------------------------------


def test_the_queue_is_by_deadline_with_what_is_late_marked(
    world: swaps.World, browser_of: Browsers, clock: Any, director: User, coordinator: User
) -> None:
    late, later = (
        swaps.record(world.attending[giver], world.attending["E"], source_week=week)
        for giver, week in (("A", SECOND), ("B", THIRD))
    )
    swaps.case(late, overdue_at=swaps.EARLY, due_at=swaps.EARLY - dt.timedelta(hours=1))
    swaps.case(later, Level.PROGRAM_DIRECTOR)

    mine, theirs = (_text(browser_of(user).get("/escalations")) for user in (director, coordinator))
    every = _text(browser_of(coordinator).get("/escalations?show=open"))

    assert mine.index("Attending A gives") < mine.index("Attending B gives")
    assert "Overdue Attending A gives to Attending E since Fri 20 Feb, 07:00" in mine
    assert ("Attending A gives" in theirs, "Attending B gives" in theirs) == (True, False)
    assert every.count("Read the report and decide") == 1


def test_the_director_decides_with_a_rationale_and_the_partner_consents_after(
    world: swaps.World, browser_of: Browsers, director: User
) -> None:
    made = _asked(world, reason="fellowship_interview: In Boston")
    page, browser = f"/swaps/{made.pk}", browser_of(director)

    without = browser.post(page, {"act": "approve", "note": ""})
    browser.post(page, {"act": "approve", "note": "A career is made once"})
    between = _text(browser.get(page))
    browser_of(world.user["D"]).post(page, {"act": "consent"})
    decided = _text(browser.get("/escalations?show=decided"))

    made.refresh_from_db()
    assert without.status_code == 400
    assert made.status == SwapStatus.EXECUTED
    assert ("Needed a decision" in between, "To decide" in between) == (True, False)
    assert "A career is made once" in decided
    assert "A career is made once" not in _text(browser_of(world.user["D"]).get(page))


def test_a_decision_is_about_what_the_page_showed(world: swaps.World, browser_of: Browsers, director: User) -> None:
    made = _asked(world, reason="fellowship_interview: In Boston")
    page, browser = f"/swaps/{made.pk}", browser_of(director)
    shown = re.search(r'name="shown" value="(\w+)"', browser.get(page).content.decode())
    assert shown
    SwapPolicy.objects.create(imminent_escalate_days=60)

    stale = browser.post(page, {"act": "approve", "note": "A career is made once", "shown": shown[1]})

    made.refresh_from_db()
    again = re.search(r'name="shown" value="(\w+)"', stale.content.decode())
    assert again
    assert (stale.status_code, made.status, again[1] != shown[1]) == (409, SwapStatus.PENDING, True)
    assert "Read the report again, then decide." in _text(stale)
    assert browser.post(page, {"act": "approve", "note": "Still", "shown": again[1]}).status_code == 302


# --- marketplace -----------------------------------------------------------------------------------------------------


def test_a_week_is_offered_taken_by_another_and_executed(world: swaps.World, browser_of: Browsers) -> None:
    giver, taker = browser_of(world.user["B"]), browser_of(world.user["D"])

    giver.post("/swaps/market", {"week": str(THIRD), "note": "Happy to return the favour"})
    offer = MarketplaceOffer.objects.get()
    listed = taker.get("/swaps/market")
    checked = taker.get(f"/swaps/market/{offer.pk}")
    taken = taker.post(f"/swaps/market/{offer.pk}", follow=True)

    assert "Happy to return the favour" in _text(listed)
    assert f"/swaps/market/{offer.pk}" in _links(listed)
    assert "All clear. It counts at once." in _text(checked)
    assert "It is yours now." in _text(taken)
    assert SwapRecord.objects.get().status == SwapStatus.EXECUTED


def test_a_week_that_the_system_offers_for_an_absence_is_checked_and_taken(
    world: swaps.World, browser_of: Browsers
) -> None:
    offer = services.offer(world.attending["B"], week=THIRD, by=None, at=swaps.EARLY)
    taker = browser_of(world.user["D"])

    checked = taker.get(f"/swaps/market/{offer.pk}")
    taken = taker.post(f"/swaps/market/{offer.pk}", follow=True)

    assert ("Take it" in _text(checked), "It is yours now." in _text(taken)) == (True, True)


def test_an_offer_is_withdrawn_by_its_owner_alone(world: swaps.World, browser_of: Browsers) -> None:
    offer = services.offer(world.attending["B"], week=THIRD, by=world.user["B"], at=swaps.EARLY)

    other = browser_of(world.user["D"]).post(f"/swaps/market/{offer.pk}/withdraw")
    own = browser_of(world.user["B"]).post(f"/swaps/market/{offer.pk}/withdraw")

    offer.refresh_from_db()
    assert (other.status_code, own.status_code, offer.status) == (403, 302, OfferStatus.WITHDRAWN)


# --- lists -----------------------------------------------------------------------------------------------------------


def test_mine_is_sorted_by_what_waits_for_whom(world: swaps.World, browser_of: Browsers) -> None:
    _asked(world)

    giver, taker, other = (_text(browser_of(world.user[letter]).get("/swaps")) for letter in "BDE")

    assert "Waiting for others" in giver
    assert "You give to Attending D" in giver
    assert "Waiting for your answer 1" in taker
    assert "Attending B gives to you" in taker
    assert "No swaps yet" in other


def test_staff_filter_all_swaps_by_status_and_person(
    world: swaps.World, browser_of: Browsers, coordinator: User
) -> None:
    _asked(world)
    swaps.executed(world.attending["A"], world.attending["C"])
    browser = browser_of(coordinator)

    def shown(query: str) -> tuple[bool, bool]:
        page = _text(browser.get(f"/swaps?show=all{query}"))
        return "Attending B gives to Attending D" in page, "Attending A gives to Attending C" in page

    assert shown("") == (True, True)
    assert shown("&status=EXECUTED") == (False, True)
    assert shown(f"&person={world.attending['D'].pk}") == (True, False)
    assert shown("&status=nonsense") == (True, True)


def _queries(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


@pytest.mark.parametrize("page", ["/swaps?show=all", "/swaps?show=mine", "/swaps/market", "/escalations?show=open"])
def test_lists_take_fifteen_queries_at_most_whatever_they_show(
    world: swaps.World, browser_of: Browsers, director: User, page: str
) -> None:
    director.person = world.attending["E"]
    world.attending["E"].user = director
    world.attending["E"].save()
    client = browser_of(director)

    def one_more(giver: str, number: int) -> None:
        week = SECOND + dt.timedelta(weeks=number)
        made = swaps.record(world.attending[giver], world.attending["E"], source_week=week)
        swaps.case(made)
        swaps.executed(world.attending["E"], world.attending[giver], source_week=week)
        swaps.offer(world.attending[giver], week=week, week_end=week + dt.timedelta(days=6))

    one_more("A", 0)
    few = _queries(client, page)
    for number, giver in enumerate("BCD"):
        one_more(giver, number)

    assert few == _queries(client, page) <= 15


def test_the_dashboard_lists_cases_that_wait_and_marks_what_is_late(
    world: swaps.World, browser_of: Browsers, architect: User, coordinator: User
) -> None:
    late = swaps.record(world.attending["A"], world.attending["E"])
    swaps.case(late, overdue_at=swaps.EARLY, due_at=swaps.EARLY - dt.timedelta(hours=1))
    browser = browser_of(architect)

    dashboard, own = browser.get("/dashboard"), _text(browser_of(coordinator).get("/dashboard"))

    assert "Overdue A swap for the coordinator, overdue since Fri 20 Feb 07:00" in _text(dashboard)
    assert f"/swaps/{late.pk}" in _links(dashboard)
    assert "Next: A swap for the coordinator, overdue waits for your decision, until Fri 20 Feb 07:00." in own
    assert "waits for your decision" not in _text(dashboard)
    assert _queries(browser, "/dashboard") <= 15


def test_choosing_a_week_takes_no_more_queries_for_more_weeks(world: swaps.World, browser_of: Browsers) -> None:
    few, many = (_queries(browser_of(user), "/swaps/new") for user in (world.user["A"], world.user["B"]))
    person = world.residents[0]
    swaps.account(person, "many", Role.RESIDENT)

    weeks = services.own_weeks(person, at=swaps.EARLY)

    assert len(weeks) > 3
    assert few == many == _queries(browser_of(person.user), "/swaps/new") <= 15


def test_a_swap_that_a_new_version_does_not_hold_says_so_to_the_coordinator(
    world: swaps.World, browser_of: Browsers, coordinator: User
) -> None:
    made = swaps.executed(world.attending["A"], world.attending["E"])
    swaps.case(made, kind=CaseKind.CARRY_OVER, codes=["NOT_CARRIED"])

    page = _text(browser_of(coordinator).get(f"/swaps/{made.pk}"))

    assert "A newly published version does not hold this swap. The coordinator decides until" in page
    assert "Why you decide so" in page


def test_after_the_window_the_director_is_led_to_the_reverse_swap(
    world: swaps.World, browser_of: Browsers, director: User
) -> None:
    people = world.attending
    made = swaps.executed(people["A"], people["E"], executed_at=swaps.EARLY - dt.timedelta(hours=25))
    reverse = f"/swaps/new?person={people['E'].pk}&week={SECOND}&partner={people['A'].pk}&kind=absorb"

    director_page, own_page = (browser_of(user).get(f"/swaps/{made.pk}") for user in (director, world.user["A"]))

    assert reverse in _links(director_page)
    assert "File the reverse swap" not in _text(own_page)


def test_an_offered_week_is_taken_against_a_week_of_ones_own(world: swaps.World, browser_of: Browsers) -> None:
    offer = services.offer(world.attending["A"], week=SECOND, by=world.user["A"], at=swaps.EARLY)
    browser, page = browser_of(world.user["B"]), f"/swaps/market/{offer.pk}?target={THIRD}"

    checked = _text(browser.get(page))
    browser.post(page)

    made = SwapRecord.objects.get()
    assert "All clear. It counts at once." in checked
    assert (made.status, made.target_week) == (SwapStatus.EXECUTED, THIRD)


def test_a_partner_without_an_account_is_named_as_such(world: swaps.World, browser_of: Browsers) -> None:
    world.attending["D"].user = None
    world.attending["D"].save()
    page = f"/swaps/new?week={THIRD}&partner={world.attending['D'].pk}&kind=absorb"

    before = _text(browser_of(world.user["B"]).get(page))
    after = _text(browser_of(world.user["B"]).get(f"/swaps/{_asked(world).pk}"))

    assert "This colleague has no account here" in before
    assert "Attending D has no account here and cannot answer: take the request back" in after


def test_what_was_refused_at_intake_claims_no_check_that_did_not_run(world: swaps.World, browser_of: Browsers) -> None:
    _asked(world)
    page = f"/swaps/new?week={THIRD}&partner={world.attending['D'].pk}&kind=absorb"

    shown = _text(browser_of(world.user["B"]).get(page))

    assert "One request for a week Not possible" in shown
    assert "Tier 1" not in shown


def test_a_request_that_the_schedule_has_overtaken_says_so_before_anybody_agrees(
    world: swaps.World, browser_of: Browsers
) -> None:
    made = _asked(world)
    program.absence(world.attending["D"], THIRD, THIRD + dt.timedelta(days=6))

    page = _text(browser_of(world.user["D"]).get(f"/swaps/{made.pk}"))

    assert "As the schedule is now, the checks would refuse this swap" in page
    assert "Absences Not possible" in page


def test_whoever_was_declined_is_led_to_somebody_else(world: swaps.World, browser_of: Browsers) -> None:
    made = _asked(world)
    services.decline(made, by=world.user["D"], at=swaps.EARLY)

    own, partner = (browser_of(world.user[letter]).get(f"/swaps/{made.pk}") for letter in "BD")

    assert f"/swaps/new?week={THIRD}" in _links(own)
    assert "Ask somebody else" not in _text(partner)
