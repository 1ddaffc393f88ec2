"""What the end of a range changes on the published date after it."""

from __future__ import annotations

import pytest

from schedules.domain.edges import EdgeChange, edge_changes
from schedules.domain.problem import Session
from tests.factories.rosters import attending, resident, slot, world

# The range ends on Sunday 3, Wednesday 6, Thursday 7 or Friday 8; the day after it is published.


def changed(last: int, plan: dict[str, str], who: str = "F1", **fields: object) -> dict[str, tuple[str, str]]:
    person = resident(1) if who == "R1" else attending(1)
    problem, roster = world((person,), {who: plan}, span=(0, last), known=(0, last + 1), **fields)  # type: ignore[arg-type]
    return {
        place.session.value: (old.before or "", old.after or "") for place, old in edge_changes(problem, roster).items()
    }


@pytest.mark.parametrize(
    ("who", "last", "plan", "expected"),
    [
        ("F1", 3, {"3": "W W CALL", "4": "C C"}, {"AM": ("C", "PCAT"), "PM": ("C", "DO")}),
        ("F1", 7, {"7": "C C CALL", "8": "AT ADM"}, {"AM": ("AT", "PCAT"), "PM": ("ADM", "DO")}),
        ("F1", 1, {"1": "FMIT FMIT CALL", "2": "FMIT FMIT"}, {}),
        ("F1", 7, {"7": "FMIT FMIT", "8": "C C"}, {"AM": ("C", "PC"), "PM": ("C", "PC")}),
        ("F1", 6, {"6": "FMIT FMIT", "7": "FMIT FMIT"}, {}),
        ("F1", 7, {"7": "FMIT FMIT", "8": "FMIT FMIT CALL"}, {}),
        ("R1", 1, {"1": "IMW IMW CALL", "2": "IMW IMW"}, {"AM": ("IMW", "PC"), "PM": ("IMW", "PC")}),
        ("R1", 3, {"3": "IMW IMW CALL", "4": "PC PC"}, {}),
    ],
    ids=[
        "a shared night",
        "a Thursday night",
        "a Friday night of FMIT",
        "the end of an inpatient week",
        "the middle of an inpatient week",
        "two inpatient weeks in a row",
        "a resident's night",
        "as it is already",
    ],
)
def test_the_last_night_and_week_oblige_the_day_after(
    who: str, last: int, plan: dict[str, str], expected: dict[str, tuple[str, str]]
) -> None:
    assert changed(last, plan, who) == expected


@pytest.mark.parametrize(
    ("last", "plan", "fields", "expected"),
    [
        (3, {"4": "PCAT DO"}, {}, {"AM": ("PCAT", "AT"), "PM": ("DO", "ADM")}),
        (5, {"6": "PCAT DO"}, {}, {"AM": ("PCAT", "AT"), "PM": ("DO", "LEC")}),
        (3, {"4": "PCAT DO"}, {"holidays": (4,)}, {"AM": ("PCAT", "OFF"), "PM": ("DO", "OFF")}),
        (7, {"8": "PC PC"}, {}, {"AM": ("PC", "ADM"), "PM": ("PC", "ADM")}),
        (3, {"4": "PC PC"}, {}, {}),
    ],
    ids=["a call moved away", "before a Wednesday", "before a holiday", "an inpatient week moved away", "no Friday"],
)
def test_post_call_cells_without_their_reason_become_idle_work(
    last: int, plan: dict[str, str], fields: dict[str, object], expected: dict[str, tuple[str, str]]
) -> None:
    assert changed(last, plan, **fields) == expected


def test_a_residents_day_off_after_a_night_moved_away_stays() -> None:
    assert changed(3, {"4": "PC PC"}, "R1") == {}


def test_leave_on_the_day_after_stays() -> None:
    assert changed(3, {"3": "W W CALL", "4": "LV LV"}, leave={"F1": "4"}) == {}


def test_a_day_after_that_is_not_decided_is_nobodys_to_change() -> None:
    problem, roster = world((attending(1),), {"F1": {"3": "W W CALL"}}, span=(0, 3), known=(0, 3))

    assert edge_changes(problem, roster) == {}


def test_a_change_says_why() -> None:
    problem, roster = world((attending(1),), {"F1": {"3": "W W CALL", "4": "C DO"}}, span=(0, 3), known=(0, 4))

    assert edge_changes(problem, roster) == {
        slot("F1", 4, Session.AM): EdgeChange("C", "PCAT", "after the overnight call of 2026-03-15")
    }
