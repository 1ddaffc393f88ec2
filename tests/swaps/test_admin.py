"""The admin of swaps: who sees and does what, dialogs that post, reasons that stay where they belong."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.enums import STAFF_ROLES, Role
from schedules.enums import BreakerState
from schedules.models import Breaker
from swaps.admin.policy import FIELDSETS, SwapPolicyAdmin
from swaps.domain.tables import Level
from swaps.enums import Event
from swaps.models import Complaint, EscalationCase, SwapAudit, SwapPolicy, SwapRecord
from tests.factories import accounts, program, swaps

pytestmark = pytest.mark.django_db

C, A, P, S = Role.COORDINATOR, Role.ARCHITECT, Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR
EDITORS = {
    "swaprecord": set(),
    "escalationcase": set(),
    "complaint": set(),
    "marketplaceoffer": set(),
    "swapaudit": set(),
    "swappolicy": {P, S},
}
GROWING = {"complaint", "swapaudit"}
"""Append-only, so without history."""

DIALOGS = ("approve", "reject", "cancel", "roll_back")
WHY = {"why": "It is needed.", "_form_submitted": "True"}


def page(name: str, what: str = "changelist", *arguments: object) -> str:
    return reverse(f"admin:swaps_{name}_{what}", args=arguments)


@pytest.fixture
def pending(clock) -> SwapRecord:
    """A swap of two people with accounts, for a sensitive reason, that waits for the coordinator."""
    giver, taker = program.faculty(user=accounts.user(Role.FACULTY)), program.faculty(user=accounts.user(Role.FACULTY))
    made = swaps.record(giver, taker, reason_code="medical", reason_text="Appendectomy")
    swaps.case(made)
    return made


@pytest.fixture
def rows(pending) -> dict[str, object]:
    """One row of every model by its name."""
    return {
        "swaprecord": pending,
        "escalationcase": EscalationCase.objects.get(),
        "complaint": Complaint.objects.create(swap=pending, filed_at=swaps.EARLY, text="Wrong week"),
        "marketplaceoffer": swaps.offer(pending.source_person),
        "swapaudit": SwapAudit.objects.create(swap=pending, event=Event.REQUESTED, at=swaps.EARLY, transaction_id=1),
        "swappolicy": SwapPolicy.objects.create(),
    }


def test_every_page_is_in_the_table():
    registered = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "swaps"}

    assert registered == set(EDITORS)


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_staff_see_every_list_and_record(role, rows, browser_as):
    browser = browser_as(role)

    for name, row in rows.items():
        assert browser.get(page(name)).status_code == 200, name
        assert browser.get(page(name, "change", row.pk)).status_code == 200, name


@pytest.mark.parametrize("role", sorted(set(Role) - STAFF_ROLES))
def test_others_see_nothing_of_it(role, rows, browser_as):
    browser = browser_as(role)

    assert {browser.get(page(name)).status_code for name in EDITORS} == {302}


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_who_may_add_change_and_delete(role, user_as, rf):
    request = rf.get("/")
    request.user = user_as(role)

    for model, site in admin.site._registry.items():
        if model._meta.app_label == "swaps":
            may = role in EDITORS[model._meta.model_name]
            assert site.has_add_permission(request) is may
            assert site.has_change_permission(request) is may
            assert site.has_delete_permission(request) is False


def test_rows_that_only_services_change_refuse_every_form(rows, browser_as):
    browser = browser_as(P)

    for name in set(rows) - {"swappolicy"}:
        assert browser.post(page(name, "change", rows[name].pk), {}).status_code == 403, name
        assert browser.post(page(name, "delete", rows[name].pk), {"post": "yes"}).status_code == 403, name
        assert browser.post(page(name, "add"), {}).status_code == 403, name


@pytest.mark.parametrize(("role", "seen"), [(C, False), (A, False), (S, False), (P, True)])
def test_sensitive_reasons_are_for_the_director(role, seen, rows, browser_as):
    browser, pk, case = browser_as(role), rows["swaprecord"].pk, rows["escalationcase"].pk
    for row in (rows["swaprecord"], rows["escalationcase"]):
        row.rationale, row.rollback_reason = "For the operation", "It went well"
        row.save()

    text = browser.get(page("swaprecord", "change", pk)).content.decode()
    decision = browser.get(page("escalationcase", "change", case)).content.decode()
    histories = [
        browser.get(page(name, "history", row)).status_code
        for name, row in (("swaprecord", pk), ("escalationcase", case))
    ]

    assert ("Appendectomy" in text, "medical" in text.lower()) == (seen, seen)
    assert ["For the operation" in text, "It went well" in text, "For the operation" in decision] == [seen] * 3
    assert histories == [200 if seen else 403] * 2


def test_what_a_complaint_says_is_for_those_who_decide(rows, browser_as):
    address = page("complaint", "change", rows["complaint"].pk)

    told = {role: "Wrong week" in browser_as(role).get(address).content.decode() for role in (C, A, P, S)}

    assert told == {C: True, A: True, P: True, S: False}


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_asking_for_a_dialog_changes_nothing(role, rows, browser_as):
    pk, browser = rows["swaprecord"].pk, browser_as(role)
    before = (SwapRecord.objects.get().status, SwapAudit.objects.count(), SwapRecord.history.count())

    answers = {name: browser.get(page("swaprecord", name, pk), WHY).status_code for name in DIALOGS}

    assert (SwapRecord.objects.get().status, SwapAudit.objects.count(), SwapRecord.history.count()) == before
    # The case waits at the coordinator's; nobody of the staff asked for it.
    assert answers == {"approve": 200 if role == C else 403, "reject": 200 if role == C else 403} | {
        "cancel": 403,
        "roll_back": 403,
    }


def test_a_dialog_without_a_rationale_is_shown_again(rows, browser_as):
    answer = browser_as(C).post(page("swaprecord", "reject", rows["swaprecord"].pk), {"_form_submitted": "True"})

    assert (answer.status_code, SwapRecord.objects.get().status) == (200, "PENDING")
    assert "Fill in “Rationale”." in answer.content.decode()


def test_rejecting_in_the_dialog_decides_the_case(rows, browser_as, coordinator):
    pk = rows["swaprecord"].pk

    answer = browser_as(C).post(page("swaprecord", "reject", pk), WHY)

    found = EscalationCase.objects.get()
    assert answer.headers["HX-Redirect"] == page("swaprecord", "change", pk)
    assert SwapRecord.objects.get().status == "REJECTED"
    assert (found.status, found.decided_by, found.rationale) == ("REJECTED", coordinator, "It is needed.")


def test_another_level_may_not_post_the_dialog(rows, browser_as):
    EscalationCase.objects.get()
    row = rows["escalationcase"]
    row.level = Level.PROGRAM_DIRECTOR
    row.save()

    assert browser_as(C).post(page("swaprecord", "approve", rows["swaprecord"].pk), WHY).status_code == 403


def test_a_refusal_is_a_message_on_the_page(rows, browser_as):
    Breaker.objects.create(pk=1, state=BreakerState.OPEN, cause="a drill")
    browser = browser_as(C)

    answer = browser.post(page("swaprecord", "approve", rows["swaprecord"].pk), WHY)
    shown = browser.get(answer.headers["HX-Redirect"]).content.decode()

    assert "The schedule circuit breaker is open: a drill." in shown
    assert SwapRecord.objects.get().status == "PENDING"


def test_every_number_is_on_the_page():
    form = SwapPolicyAdmin.form(instance=SwapPolicy())

    assert sorted(name for _, names in FIELDSETS for name in names) == sorted(form.fields)


def test_a_new_record_begins_with_the_defaults(browser_as):
    form = browser_as(P).get(page("swappolicy", "add")).context["adminform"].form

    shown = {name: form[name].initial for name in ("fmit_week_starts_on", "other_week_starts_on", "working_days")}
    assert shown == {"fmit_week_starts_on": 4, "other_week_starts_on": 0, "working_days": [0, 1, 2, 3, 4]}
    assert [form[f"points_{kind}"].initial for kind in ("PANEL", "FOLLOW_UP", "TEACHING", "PROCEDURE")] == [2, 3, 1, 2]


def test_only_director_and_administrator_change_the_numbers(rows, browser_as):
    address = page("swappolicy", "change", 1)
    form = dict(browser_as(P).get(address).context["adminform"].form.initial)
    form |= {"points_PANEL": 4, "points_FOLLOW_UP": 3, "points_TEACHING": 1, "points_PROCEDURE": 2}
    form |= {"consent_time": "00:00:05", "working_days": ["0", "6"], "continuity_activities": '{"C": "PANEL"}'}

    refused = browser_as(C).post(address, form)
    changed = browser_as(P).post(address, form)

    row = SwapPolicy.objects.get()
    assert (refused.status_code, changed.status_code) == (403, 302), changed.context["errors"]
    assert (row.consent_time, row.working_days) == (dt.timedelta(seconds=5), [0, 6])
    assert row.continuity_points == {"PANEL": 4, "FOLLOW_UP": 3, "TEACHING": 1, "PROCEDURE": 2}
    assert row.history.first().history_change_reason == "admin"
