"""The admin page of the numbers of resilience: who edits it, and what becomes of its numbers and cohorts."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.enums import STAFF_ROLES, Role
from resilience.models import ResiliencePolicy
from tests.factories import program
from tests.factories.resilience import policy

pytestmark = pytest.mark.django_db

PAGE = "admin:resilience_resiliencepolicy_change"


@pytest.fixture
def page():
    policy()
    return reverse(PAGE, args=[1])


def values(browser, page):
    form = browser.get(page).context["adminform"].form
    return {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_who_edits_the_policy(browser_as, page, role):
    form = browser_as(role).get(page)

    assert form.status_code == 200
    assert form.context["has_change_permission"] == (role in {Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR})


def test_numbers_and_cohorts_are_stored_with_history(browser_as, page):
    browser, gone = browser_as(Role.PROGRAM_DIRECTOR), program.faculty()
    wanted = values(browser, page) | {"strain_nights": 9, "margin_days": 10, "cohort_deployment": [str(gone.pk)]}

    answer = browser.post(page, wanted)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    stored = ResiliencePolicy.objects.get()
    assert (stored.margin_days, stored.strain_limits["nights"], stored.strain_limits["hours"]) == (10, 9, 70)
    assert stored.cohorts["deployment"] == [str(gone.pk)]
    assert stored.history.count() == 2


def test_a_window_of_no_days_is_refused(browser_as, page):
    browser = browser_as(Role.PROGRAM_DIRECTOR)

    answer = browser.post(page, values(browser, page) | {"safety_days": 0})

    assert answer.context["adminform"].form.errors["safety_days"]
