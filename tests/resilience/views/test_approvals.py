"""The page of an approval: for those who see drafts, and for whoever is asked."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Notification
from resilience.domain.levels import Level
from resilience.enums import ApprovalState, ApproverPart
from resilience.models import Approval
from resilience.services import approvals, incidents
from tests.factories import accounts, program, resilience
from tests.factories.readers import dead_ends

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


def test_every_notification_leads_its_reader_to_a_page_also_an_attending_whom_the_policy_names(user_as):
    """The deputy, the lead and the second authority may be attendings, who see no drafts otherwise."""
    lead, second, deputy = user_as(Role.FACULTY), accounts.user(Role.FACULTY), accounts.user(Role.FACULTY)
    program.policy(clinical_lead=lead, second_authority=second, deputy=deputy)
    architect, director = user_as(Role.ARCHITECT), user_as(Role.PROGRAM_DIRECTOR)
    ward = resilience.watched_ward(minimum=3)
    at = resilience.MORNING
    made = incidents.report(
        title="Flooded",
        summary="",
        severity=Level.BLACK,
        by=architect,
        at=at,
        people=[ward.id("A")],
        start=resilience.MONDAY,
        end=resilience.MONDAY,
    )
    asked = approvals.propose_shedding(target_level="RED", by=architect, at=at, incident=made)
    approvals.approve_in_emergency(asked, by=director, at=at, reason="Now.")
    incidents.sweep(at + dt.timedelta(hours=2))
    Approval._base_manager.filter(pk=asked.pk).update(state=ApprovalState.USED, used_at=at)
    approvals.sweep(at + dt.timedelta(hours=25))

    told = set(Notification.objects.filter(user__in=(lead, second, deputy)).values_list("user", "kind"))
    assert {kind for user, kind in told if user == lead.pk} >= {"APPROVAL_ASKED", "APPROVAL_REVIEW"}
    assert {kind for user, kind in told if user == second.pk} >= {"APPROVAL_UPWARD"}
    assert {kind for user, kind in told if user == deputy.pk} >= {"INCIDENT"}
    assert dead_ends() == set()


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
