"""The report of a swap: the fields of the form, for every reader in their words."""

from __future__ import annotations

import datetime as dt

import pytest

from swaps import services
from swaps.domain.tables import Actor
from tests.factories import program
from tests.factories.swaps import EARLY, FRIDAYS

pytestmark = pytest.mark.django_db
HEADINGS = ["### Parties", "### Safety Check Results", "### Decision", "### Audit Trail", "### Next Steps"]


def lines(text: str) -> dict[str, str]:
    """Bold labels -> what stands behind them."""
    found = (line.lstrip("- ").split(":**", 1) for line in text.splitlines() if ":**" in line)
    return {label.lstrip("*"): rest.strip() for label, rest in found}


def test_an_executed_swap_fills_the_whole_form(world, executed):
    text = services.report_markdown(executed, reader=Actor.COORDINATOR, at=EARLY)

    said = lines(text)
    assert [line for line in text.splitlines() if line.startswith("###")] == HEADINGS
    assert (said["Request ID"], said["Type"], said["Status"]) == (str(executed.pk), "ONE_TO_ONE", "EXECUTED")
    assert said["Source Faculty"] == f"Attending A (ID: {world.attending['A'].pk})"
    assert (said["Outcome"], said["Swap ID"]) == ("EXECUTED", str(executed.pk))
    assert [said[f"Tier {tier}"] for tier in ("1 (Hard Constraints)", "2 (Soft Constraints)", "3 (Resilience)")] == [
        "PASS",
        "PASS",
        "PASS",
    ]
    assert "  - Week: 2026-03-13" in text
    assert "  - Current Hours: 108/80" in text
    assert f"- Transaction ID: {executed.transaction_id}" in text


def test_the_window_for_rolling_back_is_24_hours_and_ends_with_it(executed, coordinator):
    shown = services.report_json(executed, reader=Actor.COORDINATOR, at=EARLY)

    until = dt.datetime.fromisoformat(shown["audit_trail"]["rollback_eligible_until"])
    assert until == EARLY + dt.timedelta(hours=24)
    done = services.roll_back(executed, by=coordinator, at=EARLY, reason="A conflict.")
    assert (
        services.report_json(done, reader=Actor.COORDINATOR, at=EARLY)["audit_trail"]["rollback_eligible_until"] is None
    )


def test_a_rejected_request_says_why_and_what_else_is_possible(world, order):
    """E is away; B, C and D are not."""
    program.absence(world.attending["E"], FRIDAYS[1], kind="TDY")
    refused = services.request(order("A", "E"), by=world.user["A"], at=EARLY)

    asked = services.report_json(refused, reader=Actor.COORDINATOR, at=EARLY)
    told = services.report_json(refused, reader=Actor.PARTNER, at=EARLY)

    assert (refused.status, refused.error_code) == ("REJECTED", "ABSENT")
    assert "Attending E is away (TDY)" in asked["checks"]["tier_1"][0]["message"]
    assert "Attending" not in told["checks"]["tier_1"][0]["message"]
    assert len(asked["alternatives"]) >= 3
    assert "Attending E" not in {item["name"] for item in asked["alternatives"]}


def test_an_escalated_request_names_its_level_and_deadline(world, order):
    swap = services.request(order("A", "B", target=2, reason="job_interview"), by=world.user["A"], at=EARLY)

    shown = services.report_json(swap, reader=Actor.COORDINATOR, at=EARLY)

    assert (shown["decision"]["outcome"], shown["decision"]["executed_at"]) == ("ESCALATED", None)
    assert "job_interview" not in str(shown)
    assert any("program director decides until" in step.lower() for step in shown["next_steps"])
    assert "job_interview" in str(services.report_json(swap, reader=Actor.PROGRAM_DIRECTOR, at=EARLY))


def test_what_is_written_about_a_sensitive_request_is_for_those_who_know_its_reason(world, order, director):
    swap = services.request(order("A", "B", target=2, reason="medical"), by=world.user["A"], at=EARLY)
    refused = services.reject(swap, by=director, at=EARLY, rationale="Move the operation.")

    told = {
        reader.value: "operation" in services.report_markdown(refused, reader=reader, at=EARLY)
        for reader in (Actor.REQUESTER, Actor.PARTNER, Actor.COORDINATOR, Actor.PROGRAM_DIRECTOR)
    }

    assert told == {"requester": True, "partner": False, "coordinator": False, "program_director": True}
