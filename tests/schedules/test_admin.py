"""The admin shows each role what it may see, changes go through services with history, gated rows only show."""

from __future__ import annotations

import datetime as dt

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from accounts.enums import STAFF_ROLES, Role
from backups.models import BackupPolicy
from schedules import models
from schedules.enums import AbsenceKind, ScheduleStatus
from tests.factories import program

pytestmark = pytest.mark.django_db

C, A, P, S = Role.COORDINATOR, Role.ARCHITECT, Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR

# Who may add and change; every staff role may view. Deleting follows changing but for people and policy.
EDITORS = {
    "person": {C, P, S},
    "credential": {C, P, S},
    "personcredential": {C, P, S},
    "facultyduty": {C, P, S},
    "preference": {C, P, S},
    "dutylog": {C, P, S},
    "backuppoolentry": {C, P, S},
    "absence": set(),
    "activity": {C, P, S},
    "rotationtemplate": {C, P, S},
    "rotationpattern": {C, P, S},
    "demand": {C, A, P, S},
    "block": {C, P, S},
    "holiday": {C, P, S},
    "fmitweek": {C, P, S},
    "blockassignment": set(),
    "programpolicy": {P, S},
    "schedule": set(),
    "assignment": set(),
    "generationrun": set(),
    "publication": set(),
    "amendment": set(),
    "breaker": set(),
    "complianceevent": set(),
}
NEVER_DELETED = {"person", "programpolicy"}
OUTSIDERS = sorted(set(Role) - STAFF_ROLES)

DAY = dt.date(2026, 3, 12)
AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def page(name: str, what: str = "changelist", *arguments: object) -> str:
    return reverse(f"admin:schedules_{name}_{what}", args=arguments)


def rows() -> dict[str, object]:
    """One row of every model by its name."""
    tiny = program.tiny_program()
    person, member = tiny.residents[0], tiny.faculty[0]
    schedule = program.schedule(DAY, DAY, status=ScheduleStatus.PUBLISHED)
    ward = program.rotation({(0, "AM"): "FMIT"}, weeks=[1])
    codes = program.standard_activities()
    return {
        "person": person,
        "credential": program.credential(),
        "personcredential": program.holds(member, program.credential()),
        "facultyduty": member.duty,
        "preference": program.preference(member),
        "dutylog": program.duty_log(person, DAY),
        "backuppoolentry": program.standby(member, DAY),
        "absence": program.absence(person, DAY),
        "activity": codes["C"],
        "rotationtemplate": ward,
        "rotationpattern": ward.pattern.first(),
        "demand": models.Demand.objects.first(),
        "block": tiny.block,
        "holiday": program.holiday(DAY),
        "fmitweek": models.FmitWeek.objects.first(),
        "blockassignment": models.BlockAssignment.objects.first(),
        "programpolicy": program.policy(),
        "schedule": schedule,
        "assignment": program.assignments(schedule, [(person, DAY, "AM", "C")])[0],
        "generationrun": models.GenerationRun.objects.create(start_date=DAY, end_date=DAY),
        "publication": models.Publication.objects.create(schedule=schedule, published_at=AT),
        "amendment": models.Amendment.objects.create(
            schedule=schedule, person=person, date=DAY, session="AM", activity=codes["PC"], before=codes["C"]
        ),
        "breaker": models.Breaker.objects.create(pk=1),
        "complianceevent": models.ComplianceEvent.objects.create(
            schedule=schedule, rule="X", severity="HARD", key="k", start_date=DAY, end_date=DAY, message="m", seen_at=AT
        ),
    }


def test_every_model_of_the_app_has_its_page():
    registered = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "schedules"}

    assert registered == set(EDITORS)


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_staff_see_every_list_record_and_history(role, browser_as):
    browser = browser_as(role)

    for name, row in rows().items():
        assert browser.get(page(name)).status_code == 200, name
        assert browser.get(page(name, "change", row.pk)).status_code == 200, name
        expected = 403 if name == "person" and role == A else 200
        assert browser.get(page(name, "history", row.pk)).status_code == expected, name


@pytest.mark.parametrize("role", OUTSIDERS)
def test_others_see_nothing_of_it(role, browser_as):
    browser = browser_as(role)

    answers = {browser.get(page(name)).status_code for name in EDITORS}

    assert answers == {302}


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_who_may_add_change_and_delete(role, user_as, rf):
    request = rf.get("/")
    request.user = user_as(role)

    for name, editors in EDITORS.items():
        site = admin.site._registry[apps.get_model("schedules", name)]
        may = role in editors
        assert site.has_view_permission(request), name
        assert site.has_add_permission(request) is may, name
        assert site.has_change_permission(request) is may, name
        assert site.has_delete_permission(request) is (may and name not in NEVER_DELETED), name


@pytest.mark.parametrize("role", OUTSIDERS)
def test_rights_of_others_are_none(role, user_as, rf):
    request = rf.get("/")
    request.user = user_as(role)

    rights = {
        (site.has_view_permission(request), site.has_module_permission(request))
        for model, site in admin.site._registry.items()
        if model._meta.app_label == "schedules"
    }

    assert rights == {(False, False)}


def test_a_change_is_written_with_user_and_reason(browser_as, coordinator):
    row = program.holiday(DAY, name="Before")

    answer = browser_as(C).post(page("holiday", "change", row.pk), {"name": "After", "date": "2026-03-12"})

    assert answer.status_code == 302
    latest = models.Holiday.history.first()
    assert (latest.name, latest.history_user, latest.history_type, latest.history_change_reason) == (
        "After",
        coordinator,
        "~",
        "admin",
    )


def test_a_new_record_and_its_removal_are_in_the_history(browser_as, coordinator):
    browser = browser_as(C)

    browser.post(page("holiday", "add"), {"name": "Founders' Day", "date": "2026-03-13"})
    row = models.Holiday.objects.get()
    browser.post(page("holiday", "delete", row.pk), {"post": "yes"})

    assert not models.Holiday.objects.exists()
    assert list(models.Holiday.history.values_list("history_type", "history_user")) == [
        ("-", coordinator.pk),
        ("+", coordinator.pk),
    ]


def test_selected_records_are_deleted_one_by_one_with_history(browser_as, coordinator):
    row = program.holiday(DAY)

    data = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    browser_as(C).post(page("holiday"), data)

    assert models.Holiday.history.filter(history_type="-", history_user=coordinator).count() == 1


def test_a_wrong_value_is_a_sentence_on_the_page(browser_as):
    program.holiday(DAY)

    answer = browser_as(C).post(page("holiday", "add"), {"name": "Again", "date": "2026-03-12"})

    assert answer.status_code == 200
    assert answer.context["errors"] == [["Holiday with this Date already exists."]]


def test_a_credential_is_added_on_the_page_of_its_holder(browser_as, coordinator):
    person, credential = program.resident(2, name="Zoë"), program.credential()
    form = {
        "name": "Zoë",
        "role": "RESIDENT",
        "pgy_level": "3",
        "is_active": "on",
        "credentials-TOTAL_FORMS": "1",
        "credentials-INITIAL_FORMS": "0",
        "credentials-0-person": str(person.pk),
        "credentials-0-credential": str(credential.pk),
        "credentials-0-expires_on": "2026-06-30",
    }

    answer = browser_as(C).post(page("person", "change", person.pk), form)

    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.pgy_level == 3
    assert models.PersonCredential.history.get().history_user == coordinator
    assert models.PersonCredential.objects.get().expires_on == dt.date(2026, 6, 30)


def test_lists_and_tables_are_edited_as_boxes_and_numbers(browser_as):
    row = program.duty(minimum={"clinic": 1}, maximum={"clinic": 2, "botox": 1})
    kinds = ("clinic", "gme", "department", "sports_medicine", "supervision", "vasectomy", "botox")
    form = {
        "name": row.name,
        "inpatient_weeks_min": "2",
        "inpatient_weeks_max": "4",
        "available_weekdays": ["0", "4"],
        **{f"min_{kind}": "0" for kind in kinds},
        **{f"max_{kind}": "3" for kind in kinds},
    }

    answer = browser_as(C).post(page("facultyduty", "change", row.pk), form)

    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.available_weekdays == [0, 4]
    assert row.minimum == dict.fromkeys(kinds, 0)
    assert row.maximum == dict.fromkeys(kinds, 3)


def test_a_duty_cannot_ask_for_more_than_it_allows(browser_as):
    row = program.duty(minimum={"clinic": 1}, maximum={"clinic": 2})
    kinds = ("clinic", "gme", "department", "sports_medicine", "supervision", "vasectomy", "botox")
    form = {"name": row.name, "inpatient_weeks_min": "0", "inpatient_weeks_max": "0"}
    form |= {f"min_{kind}": "0" for kind in kinds} | {f"max_{kind}": "3" for kind in kinds} | {"min_gme": "4"}

    answer = browser_as(C).post(page("facultyduty", "change", row.pk), form)

    assert answer.context["errors"] == [["The minimum is above the maximum."]]


def test_only_director_and_administrator_change_the_policy(browser_as):
    row = program.policy()
    before = dict(row.weights)
    shown = browser_as(P).get(page("programpolicy", "change", 1)).context["adminform"].form
    assert shown["weight_N1_MARGIN"].label == "Weight of N1_MARGIN"
    assert all(shown[f"weight_{key}"].help_text for key in row.weights)
    form = {name: "" if value is None else value for name, value in shown.initial.items()}
    form |= {f"weight_{key}": str(value) for key, value in row.weights.items()}
    form |= {"clinic_capacity": "9", "weight_FULL_DAYS": "7"}

    assert browser_as(C).post(page("programpolicy", "change", 1), form).status_code == 403
    assert browser_as(P).post(page("programpolicy", "change", 1), form).status_code == 302

    row.refresh_from_db()
    assert (row.clinic_capacity, row.weights) == (9, {**before, "FULL_DAYS": 7})


def test_the_numbers_of_backups_are_changed_by_the_same_two_within_their_bounds(browser_as):
    add = reverse("admin:backups_backuppolicy_add")
    form = {"fresh_minutes": "60", "minimum_kept": "3", "retention_days": "14"}

    assert browser_as(C).post(add, form).status_code == 403
    wrong = browser_as(P).post(add, form | {"fresh_minutes": "0", "minimum_kept": "1"})
    assert browser_as(P).post(add, form).status_code == 302
    assert browser_as(S).get(add).status_code == 403

    assert sorted(error for field in wrong.context["errors"] for error in field) == [
        "A backup stays fresh for 5 minutes to 24 hours (1440 minutes).",
        "At least two backups are always kept.",
    ]
    row = BackupPolicy.objects.get()
    assert (row.fresh_minutes, row.minimum_kept, row.retention_days) == (60, 3, 14)
    assert row.history.get().history_change_reason == "admin"


@pytest.mark.parametrize("name", sorted(name for name, editors in EDITORS.items() if not editors))
def test_rows_that_only_services_change_refuse_every_form(name, browser_as):
    row = rows()[name]
    browser = browser_as(S)

    answers = [
        browser.post(page(name, "change", row.pk), {}).status_code,
        browser.post(page(name, "delete", row.pk), {"post": "yes"}).status_code,
        browser.post(page(name, "add"), {}).status_code,
    ]

    assert answers == [403, 403, 403]


def test_going_back_to_an_old_version_needs_the_right_to_change(browser_as):
    row = program.holiday(DAY, name="Old")
    row.name = "New"
    row.save()
    old = models.Holiday.history.last()
    address = page("holiday", "simple_history", row.pk, old.pk)

    assert browser_as(A).post(address, {"name": "Old", "date": "2026-03-12"}).status_code == 403
    assert models.Holiday.objects.get().name == "New"
    assert browser_as(C).post(address, {"name": "Old", "date": "2026-03-12"}).status_code == 302
    assert models.Holiday.objects.get().name == "Old"


def test_looking_at_pages_changes_nothing(browser_as):
    found, browser = rows(), browser_as(S)
    tracked = [model for model in admin.site._registry if hasattr(model, "history")]
    before = {model: model.history.count() for model in tracked}

    for name, row in found.items():
        for address in (page(name), page(name, "change", row.pk), page(name, "delete", row.pk)):
            browser.get(address)
        browser.get(page(name), {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"})

    assert {model: model.history.count() for model in tracked} == before


@pytest.mark.parametrize(("role", "seen"), [(C, False), (A, False), (S, False), (P, True)])
def test_sensitive_reasons_are_for_the_director(role, seen, browser_as):
    row = program.absence(program.resident(), DAY, kind=AbsenceKind.MEDICAL, reason="Appendectomy")
    browser = browser_as(role)

    shown = "Appendectomy" in browser.get(page("absence", "change", row.pk)).content.decode()
    history = browser.get(page("absence", "history", row.pk)).status_code

    assert (shown, history) == (seen, 200 if seen else 403)


def test_ordinary_reasons_are_for_all_staff(browser_as):
    row = program.absence(program.resident(), DAY, reason="Family visit")

    assert "Family visit" in browser_as(C).get(page("absence", "change", row.pk)).content.decode()


@pytest.mark.parametrize(("role", "seen"), [(C, True), (A, False)])
def test_contact_data_are_for_those_who_edit_people(role, seen, browser_as):
    row = program.resident(email="zoe@example.org")

    assert ("zoe@example.org" in browser_as(role).get(page("person", "change", row.pk)).content.decode()) is seen


def test_an_export_of_people_holds_no_contact_data_and_no_secret(browser_as):
    program.resident(name="Zoë", email="zoe@example.org", calendar_token="secret-of-the-feed")

    answer = browser_as(C).post(
        reverse("admin:schedules_person_export"),
        {"format": "0", "resource": "0"}
        | {
            f"personresource_{name}": "on"
            for name in ("id", "name", "role", "pgy_level", "faculty_role", "adjunct", "duty__name", "is_active")
        },
    )

    text = answer.content.decode()
    assert text.splitlines()[0] == "id,name,role,pgy_level,faculty_role,adjunct,duty__name,is_active"
    assert "Zoë" in text
    assert "example.org" not in text
    assert "secret" not in text


@pytest.mark.parametrize("number", [1, 3])
def test_lists_take_the_same_queries_whatever_their_length(number, browser_as, django_assert_num_queries):
    for _ in range(number):
        program.faculty()
    browser = browser_as(C)
    browser.get(page("person"))

    with django_assert_num_queries(8):
        browser.get(page("person"))
