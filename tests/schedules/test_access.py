"""What colleagues may know of each other: findings of reports by reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from schedules import access
from schedules.enums import ScheduleStatus
from schedules.models import Person
from tests.factories import program

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 3, 12)


def _row(message: str, *people: Person, rule: str = "PREFERENCE") -> dict[str, Any]:
    ids, names = [str(p.pk) for p in people], [p.name for p in people]
    return {
        "rule": rule,
        "severity": "advisory",
        "people": ids,
        "names": names,
        "date": DAY.isoformat(),
        "message": message,
    }


@pytest.fixture
def own(resident: User) -> Person:
    return program.resident(1, name="Ida Own", user=resident)


@pytest.fixture
def rows(own: Person) -> list[dict[str, Any]]:
    other = program.faculty(name="Otto Other")
    return [
        _row("Ida Own works 2 sessions against a stated dislike.", own),
        _row("Otto Other works 4 sessions against a stated dislike.", other),
        _row("Ida Own and Otto Other are in clinic.", own, other, rule="CLINIC_CAPACITY"),
        _row("Nobody is on call.", rule="DEMAND_MIN"),
        _row("The planned attending Otto Other is absent.", rule="FMIT_WEEK"),
    ]


def _messages(rows: list[Any]) -> list[str]:
    return [row["message"] for row in rows]


def test_members_read_findings_without_the_names_of_others(rows: list[dict[str, Any]], resident: User) -> None:
    shown = access.findings_visible_to(resident, rows)

    assert _messages(shown) == [
        "Ida Own works 2 sessions against a stated dislike.",
        "Ida Own and a colleague are in clinic.",
        "Nobody is on call.",
    ]


def test_a_member_reads_what_the_own_half_day_lacks_without_the_names_of_colleagues(
    own: Person, resident: User
) -> None:
    others = [program.faculty(name=name) for name in ("Otto Other", "Otto Other Junior", "Ann Also")]
    row = _row("9 people in clinic (Otto Other Junior, Ann Also, Ida Own, Otto Other), 8 fit: move 1.", own, *others)

    [shown] = access.findings_visible_to(resident, [row | {"rule": "CLINIC_CAPACITY"}])

    assert shown["message"] == "9 people in clinic (2 colleagues, Ida Own, a colleague), 8 fit: move 1."
    assert (shown["people"], shown["names"]) == ([str(own.pk)], ["Ida Own"])


def test_a_wish_that_names_a_colleague_too_stays_withheld(own: Person, resident: User) -> None:
    other = program.faculty(name="Otto Other")

    assert access.findings_visible_to(resident, [_row("Ida Own and Otto Other asked for it.", own, other)]) == []


def test_staff_read_every_finding(rows: list[dict[str, Any]], coordinator: User) -> None:
    assert access.findings_visible_to(coordinator, rows) == rows


def test_an_account_without_a_person_reads_findings_about_nobody(
    rows: list[dict[str, Any]], user_as: Callable[[Role], User]
) -> None:
    assert _messages(access.findings_visible_to(user_as(Role.FACULTY), rows)) == ["Nobody is on call."]


def test_the_schedule_page_of_a_member_holds_no_findings_about_others(
    rows: list[dict[str, Any]], browser_as: Callable[[Role], Client]
) -> None:
    published = program.schedule(DAY, DAY, status=ScheduleStatus.PUBLISHED, validation={"violations": rows})

    page = {
        role: browser_as(role).get(f"/schedule?start={published.start_date}&end={published.end_date}").content.decode()
        for role in (Role.RESIDENT, Role.COORDINATOR)
    }

    others = "Otto Other works 4 sessions against a stated dislike."
    assert (others in page[Role.RESIDENT], others in page[Role.COORDINATOR]) == (False, True)
    assert "Ida Own works 2 sessions" in page[Role.RESIDENT]


def test_validate_withholds_findings_about_others_and_names_nobody_in_the_margins(
    own: Person, api_as: Callable[[Role], APIClient]
) -> None:
    tiny = program.tiny_program()
    asked = f"/api/v1/schedule/validate?start_date={tiny.block.start_date}&end_date={tiny.block.end_date}"
    shown = program.schedule(tiny.block.start_date, tiny.block.end_date, status=ScheduleStatus.PUBLISHED)
    other = tiny.residents[0]
    program.assignments(shown, [(other, tiny.block.start_date, "AM", "C")])

    mine, office = (api_as(role).get(asked).json() for role in (Role.RESIDENT, Role.COORDINATOR))

    assert other.name in str(office)
    assert other.name not in str(mine)
    assert mine["withheld"] == len(office["violations"]) - len(mine["violations"]) > 0
    assert [moment["critical"] for moment in mine["resilience"]["weakest"] if moment["critical"]] == []
