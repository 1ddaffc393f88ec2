"""Filled demand and assigned half-days."""

from __future__ import annotations

from dataclasses import replace

from schedules.domain.coverage import Filled, coverage
from schedules.domain.problem import Session
from schedules.domain.roster import Slot
from tests.factories.rosters import attending, day, demand, resident, slot, world

PEOPLE = (resident(1), resident(2), attending(1))
EVERYBODY = ("R1", "R2", "F1")


def test_a_demand_for_2_filled_by_1_counts_one_half() -> None:
    asked = [demand(4, Session.AM, "C", 2, eligible=EVERYBODY)]
    problem, roster = world(PEOPLE, {"R1": {"4": "C"}}, demands=asked)

    found = coverage(problem, roster)

    assert found.demand == Filled(1, 2)
    assert found.rate == 0.5
    assert found.by_session == {(day(4), Session.AM): Filled(1, 2)}


def test_more_people_than_asked_add_nothing() -> None:
    asked = [demand(4, Session.AM, "C", 1, eligible=EVERYBODY), demand(4, Session.NIGHT, "CALL", 1, eligible=("F1",))]
    problem, roster = world(PEOPLE, {"R1": {"4": "C"}, "R2": {"4": "C"}}, demands=asked)

    found = coverage(problem, roster)

    assert found.demand == Filled(1, 2)
    assert found.by_activity == {"C": Filled(1, 1), "CALL": Filled(0, 1)}


def test_people_who_are_not_eligible_do_not_fill() -> None:
    asked = [demand(4, Session.NIGHT, "CALL", 1, eligible=("F1",))]
    problem, roster = world(PEOPLE, {"R1": {"4": "- - CALL"}}, demands=asked)

    assert coverage(problem, roster).rate == 0


def test_a_demand_without_minimum_and_one_outside_the_range_ask_for_nothing() -> None:
    asked = [demand(4, Session.AM, "C", 0, eligible=EVERYBODY), demand(28, Session.AM, "C", 1, eligible=EVERYBODY)]
    problem, roster = world(PEOPLE, {}, demands=asked)

    assert coverage(problem, roster).rate is None


def test_demand_on_the_first_and_the_last_day_counts() -> None:
    asked = [demand(offset, Session.AM, "C", 1, eligible=EVERYBODY) for offset in (0, 27)]

    assert coverage(*world(PEOPLE, {"R1": {"0": "C"}}, demands=asked)).demand == Filled(1, 2)


def test_every_half_day_of_a_full_roster_is_assigned() -> None:
    found = coverage(*world(PEOPLE, {"R1": {"4": "C C NF"}}))

    assert (found.assigned_half_days, found.half_days) == (3 * 56, 3 * 56)
    assert found.assigned_rate == 1


def test_half_days_without_a_cell_and_those_nothing_was_found_for_are_unassigned() -> None:
    problem, roster = world(PEOPLE, {})
    holes = roster.with_changes({slot("R1", 0): None})

    found = coverage(problem, holes, unassigned={slot("F1", 4), Slot("F1", day(4), Session.PM)})

    assert (found.assigned_half_days, found.half_days) == (3 * 56 - 3, 3 * 56)


def test_a_resident_counts_only_while_a_block_assignment_covers_the_date() -> None:
    problem, roster = world(PEOPLE, {})
    fewer = replace(problem, block_assignments=tuple(item for item in problem.block_assignments if item.person != "R2"))

    assert coverage(fewer, roster).half_days == 2 * 56
    assert coverage(fewer, roster).assigned_half_days == 2 * 56


def test_cells_around_the_range_are_not_counted() -> None:
    problem, roster = world(PEOPLE, {}, known=(0, 27), span=(14, 27))

    assert coverage(problem, roster).half_days == 3 * 28
    assert coverage(problem, roster).assigned_half_days == 3 * 28
