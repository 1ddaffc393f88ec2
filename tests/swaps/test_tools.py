"""Swaps for agents: judged first, asked for with the token of what was shown, carried out on the word of people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from accounts.models import User
from backups.models import Backup
from swaps.models import SwapRecord
from tests.factories import agents, backups, swaps

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Any) -> Iterator[swaps.World]:
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path, "checksum"
    backups.verified_backup()
    with time_machine.travel(swaps.EARLY, tick=False):
        yield swaps.world()


def exchange(world: swaps.World, **fields: Any) -> dict[str, Any]:
    """A's week for B's, which passes every check."""
    standard = {
        "source_faculty_id": str(world.attending["A"].pk),
        "source_week": "2026-03-13",
        "target_faculty_id": str(world.attending["B"].pk),
        "target_week": "2026-03-20",
        "swap_type": "one_to_one",
        "reason": "conference: in Denver",
    }
    return standard | fields


def ask(user: User, order: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = agents.call(user, "execute_swap", **order).structured_content
    return answer


def test_without_a_token_it_is_judged_and_nothing_is_asked_for(world: swaps.World, coordinator: User):
    shown = ask(coordinator, exchange(world))

    assert (shown["status"], shown["outcome"], shown["swap"]) == ("CONFIRMATION_REQUIRED", "EXECUTED", None)
    assert shown["message"] == "Nothing was asked for yet. Once the partner agrees it would be carried out."
    assert not SwapRecord.objects.exists()


def test_with_the_token_it_is_asked_for_and_with_the_consent_carried_out(world: swaps.World, coordinator: User):
    order = exchange(world, partner_consented=True)
    token = ask(coordinator, order)["confirmation_token"]

    done = ask(coordinator, order | {"confirmation_token": token})

    swap = SwapRecord.objects.get()
    assert (done["status"], done["swap"], swap.status) == ("EXECUTED", str(swap.pk), "EXECUTED")
    assert swap.requested_by == coordinator


def test_an_agents_request_waits_for_the_partner_whatever_it_claims(world: swaps.World, agent: User):
    order = exchange(world, partner_consented=True)
    before = world.cells()

    done = ask(agent, order | {"confirmation_token": ask(agent, order)["confirmation_token"]})

    assert (done["status"], SwapRecord.objects.get().consent_at) == ("PENDING", None)
    assert world.cells() == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reason": "pto"}, "confirmation_stale"),
        ({"partner_consented": True}, "confirmation_stale"),
        ({"confirmation_token": "guessed"}, "confirmation_invalid"),
    ],
)
def test_a_token_asks_for_exactly_what_was_shown(
    world: swaps.World, coordinator: User, change: dict[str, Any], code: str
):
    token = ask(coordinator, exchange(world))["confirmation_token"]

    refused = ask(coordinator, exchange(world, confirmation_token=token) | change)

    assert (refused["code"], SwapRecord.objects.count()) == (code, 0)


def test_somebody_elses_token_is_none(world: swaps.World, coordinator: User, director: User):
    token = ask(director, exchange(world))["confirmation_token"]

    assert ask(coordinator, exchange(world, confirmation_token=token))["code"] == "confirmation_invalid"


def test_it_is_refused_without_a_verified_backup(world: swaps.World, coordinator: User):
    token = ask(coordinator, exchange(world))["confirmation_token"]
    Backup.objects.all().delete()

    assert ask(coordinator, exchange(world, confirmation_token=token))["code"] == "no_fresh_backup"
    assert not SwapRecord.objects.exists()


def test_what_would_be_rejected_gets_no_token(world: swaps.World, coordinator: User):
    shown = ask(coordinator, exchange(world, source_week="2026-02-06"))

    assert (shown["status"], shown["outcome"], shown["confirmation_token"]) == ("REJECTED", "REJECTED", "")
    assert shown["message"].startswith("This would be rejected: ")


def test_members_give_their_own_weeks_only(world: swaps.World):
    own, other = world.user["A"], world.user["C"]

    assert ask(own, exchange(world))["status"] == "CONFIRMATION_REQUIRED"
    assert ask(other, exchange(world))["code"] == "forbidden"


def test_candidates_are_those_who_pass_the_best_first(world: swaps.World):
    answer = agents.call(world.user["A"], "analyze_swap_candidates", week="2026-03-13").structured_content

    names = {item["name"] for item in answer["items"]}
    scores = [item["score"] for item in answer["items"]]
    assert "Attending B" in names
    assert (answer["total"], scores) == (len(answer["items"]), sorted(scores, reverse=True))


def test_the_reason_is_told_to_nobody_here(world: swaps.World, coordinator: User):
    shown = ask(coordinator, exchange(world))

    assert "Denver" not in json.dumps(shown)
