"""The page of what could fix a finding: what it shows, what it applies, what it takes back, and what it refuses."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from schedules.enums import ScheduleStatus
from schedules.models import Activity, Person, Schedule
from schedules.services import conflicts
from tests.factories import generation, program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_backups")]

MONDAY = dt.date(2026, 3, 16)


@pytest.fixture
def at_eight() -> Iterator[None]:
    with time_machine.travel(dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def absent(at_eight: None) -> tuple[Schedule, str]:
    """A draft in which a resident works on a day of leave, and the address of what could fix that."""
    tiny = program.tiny_program()
    draft = generation.draft(tiny.block.start_date, tiny.block.end_date)
    program.absence(tiny.residents[0], MONDAY)
    return draft, _address(draft, "ABSENT")


def _address(schedule: Schedule, rule: str) -> str:
    found = conflicts.detect(schedule.start_date, schedule.end_date, schedule=schedule)
    return f"/schedule/fixes/{schedule.pk}/{next(item.violation.key for item in found if item.violation.rule == rule)}"


def _value(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]+)"', page)[1]


def _codes(schedule: Schedule) -> list[str]:
    rows = schedule.assignments.filter(person__absences__start_date=MONDAY, date=MONDAY).order_by("session")
    return [row.activity.code for row in rows]


def _change(rows: Iterable[Model], **fields: Any) -> None:
    with program.open_gate():
        for row in rows:
            for name, value in fields.items():
                setattr(row, name, value)
            row.save()


def test_a_fix_is_shown_with_its_cells_applied_by_a_yes_and_taken_back(
    browser_as: Callable[[Role], Client], absent: tuple[Schedule, str]
) -> None:
    draft, address = absent
    client = browser_as(Role.COORDINATOR)
    before = _codes(draft)

    shown = client.get(address).content.decode()
    applied = client.post(address, {"act": "apply", "shown": _value(shown, "shown")})
    held = _codes(draft)
    undone = client.post(address, {"act": "undo", "undo": _value(applied.content.decode(), "undo")})

    assert "Mon 16 Mar, AM" in shown
    assert (applied.status_code, "Applied: the finding is gone." in applied.content.decode(), held) == (
        200,
        True,
        ["LV", "LV"],
    )
    assert (undone.status_code, _codes(draft)) == (200, before)
    assert "Undone" in undone.content.decode()


def test_a_yes_to_a_fix_that_is_none_any_more_changes_nothing(
    browser_as: Callable[[Role], Client], absent: tuple[Schedule, str]
) -> None:
    draft, address = absent
    client = browser_as(Role.COORDINATOR)
    before = _codes(draft)

    stale = client.post(address, {"act": "apply", "shown": "f" * 64})
    forged = client.post(address, {"act": "undo", "undo": "forged"})
    unknown = client.post(address, {"act": "explode"})

    assert (stale.status_code, forged.status_code, unknown.status_code) == (409, 409, 404)
    assert "has changed since this fix was shown; nothing was changed" in stale.content.decode()
    assert "The time to undo this is over" in forged.content.decode()
    assert _codes(draft) == before


def test_a_finding_that_is_gone_and_one_without_a_fix_lead_on(
    browser_as: Callable[[Role], Client], absent: tuple[Schedule, str]
) -> None:
    draft, address = absent
    client = browser_as(Role.COORDINATOR)
    _change(draft.assignments.filter(date=MONDAY), locked=True)

    gone = client.get(f"/schedule/fixes/{draft.pk}/{'0' * 64}").content.decode()
    without = client.get(address).content.decode()
    refused = client.post(address, {"act": "apply", "shown": "f" * 64})

    assert "This finding is gone" in gone
    assert "No small change was found that mends this" in without
    assert 'href="/generate?start=2026-03-16&amp;end=2026-03-16"' in without
    assert (refused.status_code, "Correct it by hand." in refused.content.decode()) == (409, True)


def test_the_undo_of_a_fix_is_not_offered_where_the_published_schedule_would_break_a_rule_again(
    browser_as: Callable[[Role], Client], absent: tuple[Schedule, str]
) -> None:
    draft, _ = absent
    _change([draft], status=ScheduleStatus.PUBLISHED, published_at=draft.created_at)
    attendings = draft.assignments.filter(date=MONDAY, session="AM", activity__provides_supervision=True)
    _change(attendings, activity=Activity.objects.get(code="ADM"))
    address = _address(draft, "SUPERVISION")
    client = browser_as(Role.COORDINATOR)

    shown = client.get(address).content.decode()
    applied = client.post(address, {"act": "apply", "shown": _value(shown, "shown")}).content.decode()

    assert "Yes, change 1 cell of the published schedule" in shown
    assert ("Applied: the finding is gone." in applied, 'value="undo"' in applied) == (True, False)
    assert "It cannot be undone as it is" in applied


def test_missing_rest_after_a_call_and_an_open_call_are_mended_with_what_the_day_after_owes(
    browser_as: Callable[[Role], Client], absent: tuple[Schedule, str]
) -> None:
    draft, _ = absent
    client = browser_as(Role.COORDINATOR)
    pcat = draft.assignments.filter(date=MONDAY, activity__code="PCAT")
    caller = pcat.get().person
    _change(pcat, activity=Activity.objects.get(code="ADM"))

    rested = client.get(_address(draft, "POST_CALL")).content.decode()
    with program.open_gate():
        draft.assignments.get(person=caller, date=MONDAY - dt.timedelta(days=1), session="NIGHT").delete()
    called = conflicts.examine(draft, _address(draft, "DEMAND_MIN").rpartition("/")[2])

    assert re.findall(r'class="chip [^"]*">(\w+)<', rested) == ["ADM", "PCAT"]
    assert {tuple(change.activity for change in option.fix.rows) for option in called.options} <= {
        ("CALL",),
        ("CALL", "PCAT", "DO"),
    }
    assert called.options


def test_the_grid_and_the_drawer_of_a_cell_lead_to_it_those_who_may_edit(
    browser_as: Callable[[Role], Client], absent: tuple[Schedule, str]
) -> None:
    draft, address = absent
    person = draft.assignments.filter(person__absences__start_date=MONDAY).first().person_id
    coordinator = browser_as(Role.COORDINATOR)
    # Judged anew by any edit: the stored report then knows the absence.
    coordinator.post(
        "/schedule/cell/save",
        {"schedule": draft.pk, "person": person, "date": "2026-03-13", "session": "AM", "activity": "ADM"},
    )
    grid = f"/schedule?start={draft.start_date}&end={draft.end_date}&version={draft.pk}"
    cell = f"/schedule/cell?schedule={draft.pk}&person={person}&date=2026-03-16&session=AM"

    led = [f'href="{address}"' in coordinator.get(page).content.decode() for page in (grid, cell)]
    agent = browser_as(Role.AGENT).get(grid).content.decode()

    assert (led, "schedule/fixes/" in agent) == ([True, True], False)


def test_it_takes_as_many_queries_whatever_it_finds(
    browser_as: Callable[[Role], Client], absent: tuple[Schedule, str]
) -> None:
    _, address = absent
    client = browser_as(Role.COORDINATOR)
    client.get(address)

    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        counts.append(len(captured))
        for person in Person.objects.filter(role="FACULTY"):
            program.absence(person, MONDAY)

    assert counts[0] == counts[1]
