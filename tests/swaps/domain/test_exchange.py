"""What swaps do to rosters, and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.domain.problem import DutyLimits, Session, WorkKind
from schedules.domain.roster import Roster
from schedules.domain.rules import check
from swaps.domain.exchange import Kept, RangeTooShort, conflicts, plan, undo, week_request
from swaps.domain.tables import SwapPolicy
from tests.factories.rosters import attending, day, resident, slot, world

POLICY = SwapPolicy()
NIGHT, AM, PM = Session.NIGHT, Session.AM, Session.PM
WEEK_1 = {"1-2": "FMIT FMIT CALL", "3-7": "FMIT FMIT", "8": "PC PC"}
WEEK_2 = {"8-9": "FMIT FMIT CALL", "10-14": "FMIT FMIT", "15": "PC PC"}
PEOPLE = (attending(1), attending(2))


def line(roster: Roster, person: str, *offsets: int) -> list[str]:
    return [" ".join(roster.cells.get(slot(person, offset, session), "-") for session in Session) for offset in offsets]


def request(roster: Roster, source: int, target: int | None = None, giver: str = "F1", taker: str = "F2"):
    return week_request(
        roster,
        giver=giver,
        taker=taker,
        source_day=day(source),
        target_day=None if target is None else day(target),
        policy=POLICY,
    )


def test_an_absorbed_fmit_week_brings_its_calls_and_its_friday_off():
    problem, roster = world(PEOPLE, {"F1": WEEK_1, "F2": {"4-5": "AT C", "8": "AT C"}}, fmit=[("F1", 1, 7)])

    made = plan(problem, roster, request(roster, 5))
    after = made.apply(roster)

    assert line(after, "F2", 1, 2, 3, 4, 7, 8) == [
        "FMIT FMIT CALL",
        "FMIT FMIT CALL",
        *["FMIT FMIT -"] * 3,
        "PC PC -",
    ]
    assert line(after, "F1", 1, 2, 3, 4, 6, 8) == ["OFF OFF -", "W W -", "W W -", "AT C -", "OFF OFF -", "AT C -"]
    assert made.cascaded == (slot("F1", 1, NIGHT), slot("F1", 2, NIGHT))
    assert made.lapsed == ()
    assert (made.people, made.days[0], made.days[-1]) == (("F1", "F2"), day(1), day(8))
    assert [week.person for week in made.replan(problem).fmit_weeks] == ["F2"]


def test_one_to_one_exchanges_both_weeks_and_breaks_nothing():
    problem, roster = world(
        (*PEOPLE, attending(3)), {"F1": WEEK_1, "F2": {"15-16": "FMIT FMIT CALL", "17-21": "FMIT FMIT", "22": "PC PC"}}
    )

    made = plan(problem, roster, request(roster, 1, 15))
    after = made.apply(roster)

    assert line(after, "F2", 1, 7, 8) == ["FMIT FMIT CALL", "FMIT FMIT -", "PC PC -"]
    assert line(after, "F1", 15, 16, 21, 22) == ["FMIT FMIT CALL", "FMIT FMIT CALL", "FMIT FMIT -", "PC PC -"]
    assert check(problem, after).hard == check(problem, roster).hard == ()


def test_weeks_that_follow_each_other_leave_one_friday_off_to_whoever_led_before():
    problem, roster = world(PEOPLE, {"F1": WEEK_1, "F2": WEEK_2})

    after = plan(problem, roster, request(roster, 1, 8)).apply(roster)

    assert line(after, "F2", 7, 8) == ["FMIT FMIT -", "PC PC -"]
    assert line(after, "F1", 8, 14, 15) == ["FMIT FMIT CALL", "FMIT FMIT -", "PC PC -"]


def test_what_the_giver_may_not_hold_lapses_and_the_giver_is_off():
    few = DutyLimits("core", {}, {WorkKind.CLINIC: 1})
    problem, roster = world((attending(1, duty=few), attending(2)), {"F1": WEEK_1, "F2": {"4": "C C", "5": "SM ADM"}})

    made = plan(problem, roster, request(roster, 1))

    assert line(made.apply(roster), "F1", 4, 5) == ["C OFF -", "OFF ADM -"]
    assert made.lapsed == (slot("F2", 4, PM), slot("F2", 5, AM))


def test_the_takers_sunday_call_goes_to_the_giver_with_its_day_after():
    problem, roster = world(PEOPLE, {"F1": WEEK_1, "F2": {"3": "W W CALL", "4": "PCAT DO", "5": "AT AT"}})

    after = plan(problem, roster, request(roster, 1)).apply(roster)

    assert line(after, "F1", 3, 4, 5) == ["W W CALL", "PCAT DO -", "AT AT -"]
    assert line(after, "F2", 3, 4, 5) == ["FMIT FMIT -"] * 3
    assert check(problem, after, only=["POST_CALL", "FMIT_WEEK"]).hard == ()


def test_an_absent_or_excluded_giver_takes_no_call():
    for person, leave in ((attending(1), {"F1": "1-8"}), (attending(1, excluded_from_call=True), {})):
        problem, roster = world((person, attending(2)), {"F1": WEEK_1, "F2": {"3": "W W CALL"}}, leave=leave)

        made = plan(problem, roster, request(roster, 1))

        assert made.lapsed == (slot("F2", 3, NIGHT),)
        assert slot("F1", 3, NIGHT) not in made.apply(roster).cells


def test_a_single_call_frees_the_giver_who_takes_what_the_taker_had():
    problem, roster = world(PEOPLE, {"F1": {"4": "AT AT CALL", "5": "PCAT DO"}, "F2": {"4": "AT AT", "5": "C ADM"}})
    single = request(roster, 4)
    single = replace(single, giver_places=((day(4), NIGHT),))

    made = plan(problem, roster, single)
    after = made.apply(roster)

    assert line(after, "F2", 4, 5) == ["AT AT CALL", "PCAT DO -"]
    assert line(after, "F1", 4, 5) == ["AT AT -", "C ADM -"]
    assert made.lapsed == ()


def test_a_single_friday_brings_its_call():
    problem, roster = world(PEOPLE, {"F1": WEEK_1})
    whole = request(roster, 1)
    friday = replace(whole, giver_places=((day(1), AM), (day(1), PM)))

    made = plan(problem, roster, friday)

    assert line(made.apply(roster), "F2", 1, 2) == ["FMIT FMIT CALL", "W W -"]
    assert made.cascaded == (slot("F1", 1, NIGHT),)
    assert made.weeks == ()


def test_whoever_leads_again_on_the_friday_keeps_the_team():
    problem, roster = world(PEOPLE, {"F1": WEEK_1, "F2": WEEK_2})

    made = plan(problem, roster, request(roster, 1))
    after = made.apply(roster)

    assert line(after, "F2", 7, 8) == ["FMIT FMIT -", "FMIT FMIT CALL"]
    assert made.lapsed == ()


def test_locked_rows_stay_and_are_named():
    problem, roster = world(PEOPLE, {"F1": WEEK_1}, locked=[slot("F1", 4), slot("F2", 5)])

    made = plan(problem, roster, request(roster, 1))

    assert made.kept == {slot("F1", 4): Kept.GIVER_LOCKED, slot("F2", 5): Kept.TAKER_LOCKED}
    assert slot("F1", 4) not in made.changes
    assert slot("F1", 5) not in made.changes


def test_a_residents_protected_education_stays_and_the_rest_after_call_is_theirs():
    problem, roster = world(
        (resident(1), resident(2)), {"R1": {"5": "C C CALL", "6": "PC PC", "13": "C LEC"}, "R2": {"6": "C C"}}
    )

    first = plan(problem, roster, request(roster, 5, giver="R1", taker="R2")).apply(roster)
    second = plan(problem, roster, request(roster, 13, giver="R1", taker="R2")).apply(roster)

    assert line(first, "R1", 5, 6) == ["OFF OFF -", "PC PC -"]
    assert line(first, "R2", 5, 6) == ["C C CALL", "PC PC -"]
    assert line(second, "R1", 13) == ["OFF LEC -"]
    assert line(second, "R2", 13) == ["C OFF -"]


def test_dates_that_are_not_loaded_are_refused():
    problem, roster = world(PEOPLE, {"F1": {"22-23": "FMIT FMIT CALL", "24-28": "FMIT FMIT"}}, known=(0, 30))

    with pytest.raises(RangeTooShort):
        plan(problem, roster, request(roster, 22))


def test_a_row_edited_meanwhile_is_a_conflict():
    problem, roster = world(PEOPLE, {"F1": WEEK_1})
    made = plan(problem, roster, request(roster, 1))
    after = made.apply(roster)

    edited = after.with_changes({slot("F2", 4): "ADM", slot("F2", 20): "ADM"})

    assert conflicts(made, after) == ()
    assert [(change.slot, change.before, change.after) for change in conflicts(made, edited)] == [
        (slot("F2", 4), "FMIT", "ADM")
    ]


FACULTY_LINES = ("AT AT", "C AT", "AT AT CALL", "PCAT DO", "FMIT FMIT", "FMIT FMIT CALL", "PC PC", "SM ADM", "LV LV")
RESIDENT_LINES = ("C C", "IMW IMW", "IMW IMW CALL", "PC PC", "- - NF", "C LEC", "- -")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_executed_and_undone_is_untouched(data: st.DataObject):
    kind, people = data.draw(st.sampled_from(((FACULTY_LINES, PEOPLE), (RESIDENT_LINES, (resident(1), resident(2))))))
    lines = st.lists(st.sampled_from(kind), min_size=28, max_size=28)
    days = {person.id: {str(at): text for at, text in enumerate(data.draw(lines))} for person in people}
    away = data.draw(st.sets(st.integers(0, 27), max_size=5))
    first, second = (person.id for person in people)
    locked = data.draw(st.sets(st.integers(0, 27), max_size=2))
    problem, roster = world(
        people,
        days,
        leave={first: " ".join(map(str, sorted(away)))} if away else {},
        locked=[slot(second, at) for at in locked],
        fmit=[(first, 1, 7), (second, 8, 14)],
    )
    source, target = data.draw(st.integers(8, 17)), data.draw(st.none() | st.integers(8, 17))

    made = plan(problem, roster, request(roster, source, target, first, second))
    after = made.apply(roster)
    back = undo(made)

    assert back.apply(after).digest() == roster.digest()
    assert dict(back.apply(after).cells) == dict(roster.cells)
    assert back.replan(made.replan(problem)).fmit_weeks == problem.fmit_weeks
    assert undo(back).changes == made.changes
    assert not set(made.changes) & roster.locked
    assert all(after.cells[where] == roster.cells[where] for where in roster.cells if where not in made.changes)
