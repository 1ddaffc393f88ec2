"""The page of an approval: for those who see drafts, and for whoever is asked."""

from __future__ import annotations

import pytest

from accounts.enums import Role
from resilience.enums import ApproverPart
from tests.factories import program, resilience

pytestmark = pytest.mark.django_db


def test_a_faculty_member_named_as_clinical_lead_reaches_what_is_asked_of_them(browser_as, user_as):
    program.policy(clinical_lead=user_as(Role.FACULTY))
    asked = resilience.asked(resilience.START, resilience.END, needed=[ApproverPart.CLINICAL_LEAD])
    other = resilience.asked(resilience.START, resilience.END, needed=[ApproverPart.PROGRAM_DIRECTOR], shown="2" * 64)
    client = browser_as(Role.FACULTY)

    answers = [client.get(f"/incidents/approvals/{row.pk}").status_code for row in (asked, other)]

    assert answers == [200, 404]
    assert (
        client.post(f"/incidents/approvals/{asked.pk}/approve").headers["Location"]
        == f"/incidents/approvals/{asked.pk}"
    )


def test_a_faculty_member_who_is_not_named_does_not(browser_as):
    asked = resilience.asked(resilience.START, resilience.END, needed=[ApproverPart.CLINICAL_LEAD])

    assert browser_as(Role.FACULTY).get(f"/incidents/approvals/{asked.pk}").status_code == 404
