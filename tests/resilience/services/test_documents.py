"""Documents: who drafts, reviews and signs, versions that vouch for each other, and the PDF."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.enums import Role
from common.errors import Invalid, NotAllowed
from resilience.enums import DocumentKind, IncidentKind
from resilience.models import Document, DocumentVersion, Incident
from resilience.services import documents
from resilience.services.documents.versions import DocumentRefused
from tests.factories import resilience

AT = resilience.MORNING
LATER = AT + dt.timedelta(minutes=5)


pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    return Incident.objects.create(
        number=1,
        kind=IncidentKind.REPORTED,
        cause="reported:1",
        severity="ORANGE",
        highest="ORANGE",
        severity_since=AT,
        title="Two attendings are away",
        summary="Two attendings reported sick for the same week.",
        happened_at=AT,
        detected_at=AT,
        impact={"people": ["1", "2"], "coverage": 0.85, "half_days": None},
        recommendations=[{"key": "fallback", "title": "Put the plan for dual absence in force"}],
    )


def states(document: Document) -> list[tuple[int, str, str]]:
    rows = document.versions.order_by("number")
    return list(rows.values_list("number", "state", "author"))


def test_a_document_is_drafted_reviewed_by_another_and_signed_by_the_director(user_as, incident):
    coordinator, director = user_as(Role.COORDINATOR), user_as(Role.PROGRAM_DIRECTOR)
    made = documents.draft(DocumentKind.SITREP, by=coordinator, at=AT, incident=incident)

    documents.review(made, by=director, at=LATER)
    documents.sign(made, by=director, at=LATER, note="for the record")

    assert states(made) == [
        (1, "DRAFT", coordinator.username),
        (2, "REVIEWED", director.username),
        (3, "SIGNED", director.username),
    ]
    assert [line.text for line in incident.timeline.all()] == [
        f"{made.title} drafted.",
        f"{made.title}: reviewed, version 2.",
        f"{made.title}: signed, version 3.",
    ]


def test_nobody_reviews_their_own_draft(user_as):
    director = user_as(Role.PROGRAM_DIRECTOR)
    made = documents.draft(DocumentKind.MFR, by=director, at=AT)

    with pytest.raises(NotAllowed, match="Somebody else"):
        documents.review(made, by=director, at=LATER)


def test_an_unreviewed_draft_is_not_signed_and_a_signed_one_not_changed(user_as):
    coordinator, director = user_as(Role.COORDINATOR), user_as(Role.PROGRAM_DIRECTOR)
    made = documents.draft(DocumentKind.MFR, by=coordinator, at=AT)

    with pytest.raises(DocumentRefused):
        documents.sign(made, by=director, at=LATER)
    documents.review(made, by=director, at=LATER)
    documents.sign(made, by=director, at=LATER)
    with pytest.raises(DocumentRefused):
        documents.revise(made, "Something else", by=coordinator, at=LATER)


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.FACULTY, Role.AGENT])
def test_members_and_programs_sign_nothing(user_as, role):
    made = documents.draft(DocumentKind.RFF, by=None, at=AT)

    assert documents.acts_for(made, user_as(role)) == frozenset()
    with pytest.raises(NotAllowed):
        documents.review(made, by=user_as(role), at=LATER)


def test_a_revised_text_is_a_new_draft_beside_the_first(user_as):
    coordinator, director = user_as(Role.COORDINATOR), user_as(Role.PROGRAM_DIRECTOR)
    made = documents.draft(DocumentKind.WORKSHEET, by=None, at=AT)
    first = documents.newest(made).content
    documents.review(made, by=director, at=LATER)

    documents.revise(made, "# Ours\r\n\r\nIn our words.", by=coordinator, at=LATER, note="shorter")

    assert documents.newest(made).content == "# Ours\n\nIn our words.\n"
    assert made.versions.get(number=1).content == first
    assert [state for _, state, _ in states(made)] == ["DRAFT", "REVIEWED", "DRAFT"]


def test_an_empty_text_is_refused(user_as):
    made = documents.draft(DocumentKind.WORKSHEET, by=None, at=AT)

    with pytest.raises(Invalid, match="never blank"):
        documents.revise(made, " \n ", by=user_as(Role.COORDINATOR), at=LATER)


def test_the_report_has_the_parts_of_the_procedure(incident):
    text = documents.incident_report(incident, at=LATER)

    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == [
        "## INCIDENT REPORT",
        "### Summary",
        "### Impact Assessment",
        "### Analysis Results",
        "### Recommended Actions",
        "### Required Approvals",
        "### Generated Documentation",
    ]
    assert "**Time Detected**: 2026-03-16 18:00 UTC" in text
    assert "- People: 2\n- Coverage: 0.85\n- Half days: UNKNOWN" in text
    assert "1. Put the plan for dual absence in force" in text


def test_an_incident_report_needs_its_incident(user_as):
    with pytest.raises(Invalid, match="Name the incident"):
        documents.draft(DocumentKind.INCIDENT_REPORT, by=user_as(Role.COORDINATOR), at=AT)


def test_the_chain_is_whole_over_all_documents(user_as):
    one = documents.draft(DocumentKind.MFR, by=None, at=AT)
    documents.draft(DocumentKind.RFF, by=None, at=AT)
    documents.revise(one, "Changed.", by=user_as(Role.COORDINATOR), at=LATER)

    rows = list(DocumentVersion.objects.order_by("sequence"))
    assert [row.previous for row in rows] == ["", rows[0].digest, rows[1].digest]
    assert documents.verify() == documents.Chain(intact=True, broken=())


def test_the_database_keeps_versions_as_they_are():
    documents.draft(DocumentKind.MFR, by=None, at=AT)

    with pytest.raises(DatabaseError), transaction.atomic():
        DocumentVersion.objects.update(content="Nothing happened.")
    with pytest.raises(DatabaseError), transaction.atomic():
        DocumentVersion.objects.all().delete()


def test_a_version_altered_behind_the_database_is_found():
    documents.draft(DocumentKind.MFR, by=None, at=AT)
    documents.draft(DocumentKind.RFF, by=None, at=AT)

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE resilience_documentversion SET content = 'Nothing happened.' WHERE sequence = 1")

    assert documents.verify() == documents.Chain(intact=False, broken=(1,))


def test_restricted_text_is_for_those_who_see_sensitive_reasons(user_as):
    made = documents.draft(DocumentKind.MFR, by=None, at=AT)
    version = documents.newest(made)
    version.restricted = "Parental leave."

    assert "Parental leave." in documents.text_for(version, user_as(Role.PROGRAM_DIRECTOR))
    assert "Parental leave." not in documents.text_for(version, user_as(Role.COORDINATOR))


def test_the_pdf_is_one_and_grows_with_its_text(user_as):
    director = user_as(Role.PROGRAM_DIRECTOR)
    made = documents.draft(DocumentKind.MFR, by=None, at=AT)
    short = documents.pdf(documents.newest(made), user=director)
    long = documents.revise(made, "# A < B & C\n\n" + "- **one** line\n" * 120, by=director, at=LATER)

    pages = documents.pdf(long, user=director)

    assert (short[:5], pages[:5]) == (b"%PDF-", b"%PDF-")
    assert (short.count(b"/Type /Page\n"), pages.count(b"/Type /Page\n") > 1) == (1, True)


def test_the_report_says_what_the_tools_found_and_what_is_still_to_be_asked(incident):
    incident.analysis = {
        "run_contingency_analysis_resilience_tool": {
            "n1_compliant": False,
            "n2_compliant": None,
            "scenarios": [{"outcome": "FATAL", "uncovered": 3}],
            "cascade": {"risk": "MEDIUM"},
        },
        "analyze_hub_centrality_tool": {"hubs": [{"uncovered": 2}, {"uncovered": 0}]},
        "analyze_le_chatelier_tool": {"sustainable": False, "exhausted_on": "2026-03-20"},
    }
    incident.recommendations = [
        {"key": "shedding:ORANGE", "title": "Shed work", "effect": "4 half-days given up", "needs_approval": True}
    ]
    lines = documents.incident_report(incident, at=LATER).splitlines()

    assert [line for line in lines if line.startswith(("- N", "- T", "- Ca", "- Hub", "- E", "1.", "- ["))] == [
        "- N-1 Resilience: FAILED",
        "- N-2 Resilience: UNKNOWN",
        "- This loss: FATAL, 3 posts that nobody can fill",
        "- Cascade Risk: MEDIUM",
        "- Hub Centrality: 1 people whose loss alone leaves posts open",
        "- Equilibrium: not sustainable, exhausted on 2026-03-20",
        "1. Shed work (4 half-days given up)",
        "- [ ] Shed work (not asked yet)",
    ]


def test_names_of_the_missing_stand_in_the_restricted_part_alone(user_as, incident):
    ward = resilience.ward()
    incident.people = [ward.id("A")]
    incident.save()

    version = documents.newest(documents.draft(DocumentKind.INCIDENT_REPORT, by=None, at=AT, incident=incident))

    assert "Attending A" not in documents.text_for(version, user_as(Role.COORDINATOR))
    assert "Attending A" in documents.text_for(version, user_as(Role.PROGRAM_DIRECTOR))
