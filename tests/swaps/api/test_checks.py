"""Every check code on both sides of its boundary, through the API, with all facts from the database."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from accounts.enums import Role
from swaps.domain.tables import CHECKS, SwapStatus, SwapType, Tier
from tests.factories import swaps
from tests.factories.rosters import day
from tests.factories.stored import ZONE, store
from tests.factories.swap_cases import CASES, SwapCase

pytestmark = pytest.mark.django_db


def asked_at(case: SwapCase) -> dt.datetime:
    return dt.datetime.combine(day(1), dt.time(), ZONE) - dt.timedelta(hours=case.hours_before)


def history(case: SwapCase, stored, colleague, at: dt.datetime) -> None:
    """What happened before: absorbed weeks, failed requests."""
    number = 0
    for giver, weeks in case.given.items():
        for _ in range(weeks):
            number += 1
            past = at - dt.timedelta(days=20 + number)
            swaps.record(
                stored.person[giver],
                colleague,
                source_week=past.date(),
                status=SwapStatus.EXECUTED,
                requested_at=past,
                executed_at=past,
            )
    for turn in range(case.failed):
        past = at - dt.timedelta(days=turn + 1)
        swaps.record(
            stored.person[case.giver],
            colleague,
            source_week=past.date(),
            status=SwapStatus.REJECTED,
            requested_at=past,
        )


def body(case: SwapCase, stored) -> dict[str, object]:
    kind = SwapType.ABSORB if case.target is None else SwapType.ONE_TO_ONE
    return {
        "source_faculty_id": str(stored.person[case.giver].pk),
        "source_week": day(case.places[0][0] if case.places else case.source).isoformat(),
        "target_faculty_id": str(stored.person[case.taker].pk),
        "target_week": None if case.target is None else day(case.target).isoformat(),
        "swap_type": kind.value,
        "reason": case.reason,
        "sessions": [{"date": day(offset).isoformat(), "session": session.value} for offset, session in case.places],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_check_on_both_sides_of_its_boundary(case, api_as):
    stored, at = store(case.made), asked_at(case)
    colleague = stored.person.get("F3") or stored.person[case.taker]
    history(case, stored, colleague, at)

    with time_machine.travel(at, tick=False):
        answer = api_as(Role.PROGRAM_DIRECTOR).post("/api/v1/swaps/validate", body(case, stored), format="json")

    assert answer.status_code == 200, answer.json()
    found = [item for item in answer.json()["findings"] if item["code"] == case.code]
    assert [(item["verdict"], item["level"]) for item in found] == [
        (verdict.name, level.name if level else None) for verdict, level in case.expected
    ]


def test_every_code_beyond_intake_has_a_case_that_passes_and_one_that_does_not():
    reached = {(case.code, bool(case.expected)) for case in CASES}
    codes = {check.code for check in CHECKS if check.tier is not Tier.INTAKE} - {"REST_8"}

    assert {(code, met) for code in codes for met in (True, False)} - reached == set()
