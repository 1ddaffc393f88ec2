"""Incidents and documents over REST: a life from report to review, texts as texts, and what programs may not do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from tests.factories import accounts, agents, resilience

pytestmark = pytest.mark.django_db

URL = "/api/v1"
REPORT = {"title": "Server room flooded", "summary": "The clinic moves.", "severity": "ORANGE"}

Clients = Callable[[Role], APIClient]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[Any]:
    with time_machine.travel(resilience.NOON, tick=False) as moved:
        yield moved


def test_a_life_from_report_to_false_alarm(api_as: Clients):
    coordinator = api_as(Role.COORDINATOR)
    made = coordinator.post(f"{URL}/incidents", REPORT)
    one = f"{URL}/incidents/{made.json()['id']}"

    coordinator.post(f"{one}/acknowledge", {})
    coordinator.post(f"{one}/update", {"text": "The clinic has moved."})
    raised = coordinator.post(f"{one}/set-severity", {"severity": "RED", "reason": "It spreads."})
    ended = coordinator.post(f"{one}/dismiss", {"reason": "It was a drill."})
    timeline = coordinator.get(f"{one}/timeline").json()

    assert (made.status_code, made.json()["state"], "acknowledge" in made.json()["may"]) == (201, "DETECTED", True)
    assert (raised.json()["severity"], raised.json()["highest"]) == ("RED", "RED")
    assert (ended.json()["state"], ended.json()["may"]) == ("FALSE_ALARM", [])
    texts = [line["text"] for line in timeline["items"]]
    assert "The clinic has moved." in texts
    assert timeline["total"] == len(texts)
    assert coordinator.get(f"{URL}/incidents?open=true").json()["total"] == 0


def test_times_to_be_met_are_told(api_as: Clients):
    made = api_as(Role.COORDINATOR).post(f"{URL}/incidents", REPORT).json()

    due = {item["step"]: dt.datetime.fromisoformat(item["due_at"]) for item in made["times"]}

    assert due["ACKNOWLEDGED"] == resilience.NOON + dt.timedelta(minutes=15)


def test_two_become_one(api_as: Clients):
    coordinator = api_as(Role.COORDINATOR)
    first, second = resilience.incident(), resilience.incident()

    merged = coordinator.post(f"{URL}/incidents/{second.pk}/merge", {"into": str(first.pk), "reason": "The same."})

    assert (merged.json()["state"], merged.json()["merged_into"]) == ("MERGED", str(first.pk))


def test_a_report_is_markdown_and_the_same_over_mcp(api_as: Clients, coordinator: User):
    found = resilience.incident()
    client = api_as(Role.COORDINATOR)

    over_rest = client.get(f"{URL}/incidents/{found.pk}/report", HTTP_ACCEPT="text/markdown")
    address = f"scheduler://incidents/{found.pk}/report"
    over_mcp = agents.talk(coordinator, lambda opened: opened.read_resource(address))

    assert over_rest["Content-Type"] == "text/markdown; charset=utf-8"
    assert over_rest.content.decode() == over_mcp.contents[0].text
    assert over_mcp.contents[0].text.startswith("## INCIDENT REPORT")


def test_a_document_is_drafted_reviewed_and_signed_by_different_people(api_as: Clients):
    agent, coordinator, director = map(api_as, (Role.AGENT, Role.COORDINATOR, Role.PROGRAM_DIRECTOR))

    made = agent.post(f"{URL}/resilience/documents", {"kind": "SITREP"})
    one = f"{URL}/resilience/documents/{made.json()['id']}"
    unread = director.post(f"{one}/sign", {})
    reviewed = coordinator.post(f"{one}/review", {"note": "Right."})
    by_agent = agent.post(f"{one}/sign", {})
    signed = director.post(f"{one}/sign", {})

    assert (made.status_code, unread.status_code, by_agent.status_code) == (201, 409, 403)
    assert [version["state"] for version in reviewed.json()["versions"]] == ["DRAFT", "REVIEWED"]
    assert (signed.json()["versions"][-1]["state"], signed.json()["chain_intact"]) == ("SIGNED", True)
    assert signed.json()["may"] == []


def test_documents_come_as_markdown_and_pdf(api_as: Clients):
    director = api_as(Role.PROGRAM_DIRECTOR)
    made = director.post(f"{URL}/resilience/documents", {"kind": "MFR"}).json()
    one = f"{URL}/resilience/documents/{made['id']}"

    text, paper = director.get(f"{one}/markdown"), director.get(f"{one}/pdf", HTTP_ACCEPT="application/pdf")

    assert text.content.decode() == made["text"]
    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")


@pytest.mark.parametrize("accept", ["application/json", "text/markdown", "application/pdf", "*/*"])
def test_a_refusal_is_json_whatever_is_accepted(api_as: Clients, accept: str):
    made = api_as(Role.PROGRAM_DIRECTOR).post(f"{URL}/resilience/documents", {"kind": "MFR"}).json()
    kind = "pdf" if accept == "application/pdf" else "markdown"

    answer = api_as(Role.RESIDENT).get(f"{URL}/resilience/documents/{made['id']}/{kind}", HTTP_ACCEPT=accept)

    assert (answer.status_code, b'"code":"not_found"' in answer.content) == (404, True)


def test_an_agent_reads_and_proposes_and_does_nothing_else(api_as: Clients):
    found = resilience.incident()
    accounts.user(Role.PROGRAM_DIRECTOR)

    shown = api_as(Role.AGENT).get(f"{URL}/incidents/{found.pk}").json()

    assert shown["may"] == ["propose"]
