"""The page of an approval: for those who see drafts, and for whoever is asked."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

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


def test_a_refusal_without_a_reason_shows_the_page_again_with_the_error_at_the_field(browser_as):
    asked = resilience.asked(
        resilience.START,
        resilience.END,
        proposed_at=timezone.now(),
        expires_at=timezone.now() + dt.timedelta(hours=4),
        facts={
            "level": "BLACK",
            "changes": 9,
            "effects": [{"level": "BLACK", "filled": 11, "shed": 6, "missing": 1}],
            "gaps": [{"date": "2026-11-27", "session": "PM", "post": "FMIT attending", "missing": 1}],
        },
    )

    page = browser_as(Role.PROGRAM_DIRECTOR).post(f"/incidents/approvals/{asked.pk}/refuse", {"reason": " "})

    assert (page.status_code, page.context["refused"].act) == (409, "refuse")
    assert page.context["facts"] == [
        ("Level", ["Black"]),
        ("Fills", ["11 open posts; 1 stay open"]),
        ("Gives up", ["6 half-days of other work, 9 changes in all"]),
        ("Stays open", ["Fri 27 Nov PM FMIT attending: 1 missing"]),
    ]
    assert f'id="refusal-{asked.pk}"' in page.text
