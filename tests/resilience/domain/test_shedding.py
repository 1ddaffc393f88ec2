"""Shedding: the order, only as far as it fills patient care, within the rules, and back again exactly."""

from __future__ import annotations

import datetime as dt

import pytest

from resilience.domain.shedding import ShedLevel, execute, restore, simulate
from schedules.domain.problem import Absence, Session, ShedTier
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import check
from tests.resilience.domain.world import THURSDAY, attendings, demand, ids, problem, roster

FIVE = attendings(5, credentials={f"f{n}": ("ICU",) for n in range(1, 6)})
EVERYBODY = ids(FIVE)
WORK = {"f1": "JC OFF", "f2": "RES OFF", "f3": "LEC OFF", "f4": "C OFF", "f5": "ELEC OFF"}


def plan(minimum, eligible=EVERYBODY, *, target=None, work=None, **fields):
    world = problem(FIVE, demand("ICU", frozenset(eligible), minimum), **fields)
    return simulate(world, roster(**(work or WORK)), target=target)


def shed(found):
    return sorted((change.slot.person, change.before) for change in found.changes)


@pytest.mark.parametrize(
    ("minimum", "level", "given_up"),
    [
        (1, ShedLevel.YELLOW, ["JC"]),
        (2, ShedLevel.ORANGE, ["JC", "RES"]),
        (3, ShedLevel.RED, ["JC", "RES", "LEC"]),
        (4, ShedLevel.BLACK, ["JC", "RES", "LEC", "C"]),
        (5, ShedLevel.CRITICAL, ["JC", "RES", "LEC", "C", "ELEC"]),
    ],
)
def test_more_demand_sheds_the_next_tier(minimum, level, given_up):
    found = plan(minimum)

    assert (found.level, found.smallest, [before for _, before in shed(found)]) == (level, level, given_up)
    assert (found.freed, found.gaps) == ({"ICU": minimum}, ())


def test_a_missing_credential_sheds_a_higher_tier_and_nothing_below_it():
    found = plan(1, EVERYBODY - {"f1", "f2"})

    assert (found.level, shed(found)) == (ShedLevel.RED, [("f3", "LEC")])


def test_an_absence_sheds_the_next_tier():
    away = {"absences": (Absence("f1", THURSDAY, THURSDAY, "SICK"),), "work": WORK | {"f1": "LV LV"}}

    found = plan(1, **away)

    assert (found.level, shed(found)) == (ShedLevel.ORANGE, [("f2", "RES")])


def test_what_each_level_would_restore():
    found = plan(3)

    assert [(effect.level.name, effect.filled, effect.shed, effect.missing) for effect in found.effects] == [
        ("YELLOW", 1, 1, 2),
        ("ORANGE", 2, 2, 1),
        ("RED", 3, 3, 0),
        ("BLACK", 3, 3, 0),
        ("CRITICAL", 3, 3, 0),
    ]


def test_gaps_that_no_level_fills_are_named():
    found = plan(4, {"f1", "f2"})

    assert (found.smallest, found.level) == (None, ShedLevel.ORANGE)
    assert [(gap.label, gap.missing) for gap in found.gaps] == [("ICU attending", 2)]


def test_a_target_below_what_suffices_leaves_gaps():
    found = plan(3, target=ShedLevel.YELLOW)

    assert (found.level, found.smallest, shed(found)) == (ShedLevel.YELLOW, ShedLevel.RED, [("f1", "JC")])


def test_a_high_target_sheds_no_more_than_needed():
    assert shed(plan(1, target=ShedLevel.CRITICAL)) == [("f1", "JC")]


def test_nothing_uncovered_sheds_nothing():
    found = plan(1, work=WORK | {"f1": "ICU OFF"})

    assert (found.level, found.changes, found.effects) == (None, (), ())


def test_a_person_on_patient_care_is_moved_and_their_post_refilled():
    # Only f1 may take the ICU and leads the team; f2 can lead it: research is shed, no patient care.
    world = problem(FIVE, demand("ICU", frozenset({"f1"})), demand("FMIT", EVERYBODY))
    found = simulate(world, roster(**WORK | {"f1": "FMIT OFF"}))

    assert {change.slot.person: (change.before, change.after) for change in found.changes} == {
        "f1": ("FMIT", "ICU"),
        "f2": ("RES", "FMIT"),
    }


def test_time_off_and_patient_care_have_no_level():
    assert ShedLevel.CRITICAL.tiers == frozenset(ShedTier) - {ShedTier.PATIENT_SAFETY, ShedTier.NOTHING}
    assert plan(1, work=dict.fromkeys(WORK, "OFF OFF")).changes == ()


def test_shedding_brings_no_new_hard_finding():
    world, at_work = problem(FIVE, demand("ICU", EVERYBODY, 3)), roster(**WORK)

    after = execute(at_work, simulate(world, at_work))

    assert {finding.key for finding in check(world, after).hard} <= {
        finding.key for finding in check(world, at_work).hard
    }


def test_restore_is_the_exact_inverse():
    world, at_work = problem(FIVE, demand("ICU", EVERYBODY, 3)), roster(**WORK)
    found = simulate(world, at_work)

    assert restore(execute(at_work, found), found) == at_work


def test_restore_begins_with_what_was_shed_last():
    world, at_work = problem(FIVE, demand("ICU", EVERYBODY, 3)), roster(**WORK)
    steps = simulate(world, at_work).restore_steps(world)

    assert [(level.name, [change.after for change in changes]) for level, changes in steps] == [
        ("RED", ["LEC"]),
        ("ORANGE", ["RES"]),
        ("YELLOW", ["JC"]),
    ]


def test_a_changed_schedule_refuses_plan_and_restore():
    world, at_work = problem(FIVE, demand("ICU", EVERYBODY, 3)), roster(**WORK)
    found = simulate(world, at_work)
    changed = at_work.with_changes({Slot("f5", THURSDAY, Session.AM): "ADM"})

    with pytest.raises(ValueError, match="simulate again"):
        execute(changed, found)
    with pytest.raises(ValueError, match="item by item"):
        restore(changed, found)


FRIDAY = THURSDAY + dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("tomorrow", "level"),
    [
        ("OFF OFF", ShedLevel.YELLOW),
        ("ADM ADM", ShedLevel.ORANGE),
        ("ADM LEC", ShedLevel.RED),
        ("AT ADM", ShedLevel.ORANGE),
        ("ADM AT", None),
    ],
)
def test_a_call_costs_the_work_of_the_day_after_it(tomorrow, level):
    one = attendings(1)
    world = problem(one, demand("CALL", ids(one), session=Session.NIGHT), end=FRIDAY)
    cells = {**roster(f1="ADM ADM").cells, **roster(FRIDAY, f1=tomorrow).cells}

    found = simulate(world, Roster(cells))

    assert found.smallest == level
    if level is not None:
        given = {(change.slot.day, change.slot.session): change.after for change in found.changes}
        assert given[THURSDAY, Session.NIGHT] == "CALL"
        assert (given.get((FRIDAY, Session.AM)), given[FRIDAY, Session.PM]) == ("PCAT", "DO")
