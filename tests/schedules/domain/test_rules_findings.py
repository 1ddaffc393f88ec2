"""What findings say: sentences, figures, what no roster could avoid, and what could not be measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.domain.problem import DutyLogKind, Session
from schedules.domain.roster import Roster
from schedules.domain.rules import RULES, Group, NotMeasured, Severity, Violation, check
from tests.factories.boundary_cases import log, one, supervised
from tests.factories.rosters import BLOCKS, attending, day, demand, resident, residents, slot, world


def only(rule: str, made: tuple[object, Roster]) -> Violation:
    (found,) = check(*made, only=[rule]).violations  # type: ignore[arg-type]
    return found


def unmeasured(rule: str, made: tuple[object, Roster]) -> NotMeasured:
    (found,) = check(*made, only=[rule]).not_measured  # type: ignore[arg-type]
    return found


def test_the_table_holds_every_rule_of_the_specification() -> None:
    assert list(RULES) == [
        "DOUBLE_BOOKED",
        "ABSENT",
        "NOT_ELIGIBLE",
        "HOURS_80",
        "HOURS_80_ROLLING",
        "DAY_FREE_IN_7",
        "REST_8",
        "CONTINUOUS_24",
        "REST_14",
        "CALL_EVERY_3RD",
        "NIGHT_FLOAT_6",
        "PGY1_MOONLIGHTING",
        "HOME_CALL",
        "SUPERVISION",
        "CLINIC_CAPACITY",
        "DEMAND_MIN",
        "FMIT_WEEK",
        "POST_CALL",
        "CALL_CONSECUTIVE",
        "FACULTY_WEEK_MAX",
        "PROTECTED",
        "CALL_BEFORE_LEAVE",
        "PATTERN",
        "FACULTY_WEEK_MIN",
        "CALL_EQUITY",
        "CALL_SPACING",
        "WEEKEND_EQUITY",
        "FULL_DAYS",
        "PREFERENCE",
        "N1_MARGIN",
    ]


def test_only_soft_rules_are_about_fairness() -> None:
    assert [rule.code for rule in RULES.values() if rule.hard and rule.group is Group.FAIRNESS] == []


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError, match="No such rule: HOURS_90"):
        check(*one({}), only=["HOURS_90"])


def test_hours_say_person_period_measure_and_limit() -> None:
    found = only("HOURS_80", one({"0-27": "IMW IMW"}))

    assert found.message == (
        "Resident 1 has 336 h of duty or 84 a week in block 10 (Thu 12 Mar 2026 to Wed 8 Apr 2026); 80 h a week over "
        "28 days without leave are 320 h: take 16 h away."
    )
    assert (found.measured, found.limit) == (336, 320)
    assert found.facts["resident_id"] == "R1"
    assert found.facts["week"] == "2026-03-12"
    assert found.facts["hours"] == 336
    assert (found.start, found.end) == (day(0), day(27))


def test_the_warning_measures_against_the_early_level() -> None:
    found = only("HOURS_80", one({"0-4 7-9 14-17 21-24": "D20 D20"}))

    assert (found.severity, found.measured, found.limit) == (Severity.WARNING, 320, 300)


def test_free_days_say_how_many_are_missing() -> None:
    found = check(*one({"0-26": "C C"}), only=["DAY_FREE_IN_7"]).hard[1]

    assert (found.measured, found.limit) == (1, 4)
    assert "needs 4: give 3 more days of 24 hours without duty" in found.message


def test_supervision_names_residents_supervisors_and_the_figures_clients_know() -> None:
    found = only("SUPERVISION", supervised(3, 1, "AT"))

    assert found.message == (
        "Mon 16 Mar 2026 AM: 3 PGY-1 residents, 1 PGY-2/3 resident (Resident 1, Resident 2, Resident 3, Resident 4) "
        "need 2 supervisors and have 1: add 1 in AT, or move residents out of clinic."
    )
    assert found.facts == {
        "date": "2026-03-16",
        "session": "AM",
        "pgy1_residents": 3,
        "upper_residents": 1,
        "procedures": 0,
        "faculty": 1,
        "faculty_needed": 2,
    }
    assert found.people == ("R1", "R2", "R3", "R4")


def test_the_worst_rolling_window_stands_for_all_that_overlap_it() -> None:
    found = only("HOURS_80_ROLLING", one({"-8-12": "D20 D20"}, known=(-28, 27)))

    assert (found.measured, found.limit) == (420, 320)
    assert found.start <= day(-8)
    assert found.end >= day(12)


# --- unavoidable ---


def test_a_clinic_over_capacity_by_locked_cells_alone_is_unavoidable() -> None:
    people = residents(9)
    plan = {person.id: {"4": "C"} for person in people}
    free = only("CLINIC_CAPACITY", world(people, plan))
    locked = only("CLINIC_CAPACITY", world(people, plan, locked=[slot(person.id, 4) for person in people]))
    nearly = only("CLINIC_CAPACITY", world(people, plan, locked=[slot(person.id, 4) for person in people[:8]]))

    assert (free.unavoidable, nearly.unavoidable, locked.unavoidable) == (False, False, True)
    assert "9 of them are protected or locked, so no roster avoids it" in locked.message
    assert nearly.message.endswith("8 fit: move 1 to another half-day.")


def test_a_clinic_over_capacity_by_protected_cells_alone_is_unavoidable() -> None:
    interns = residents(9, 1)

    found = only("CLINIC_CAPACITY", world(interns, {person.id: {"6": "C"} for person in interns}))

    assert found.unavoidable


@pytest.mark.parametrize(
    ("leave", "locked", "unavoidable"),
    [
        ({}, [], False),
        ({"F1": "4"}, [], False),
        ({"F1": "4", "F2": "4"}, [], True),
        ({"F1": "4"}, [slot("F2", 4)], True),
    ],
)
def test_a_demand_that_nobody_could_fill_is_unavoidable(
    leave: dict[str, str], locked: list[object], unavoidable: bool
) -> None:
    asked = [demand(4, Session.AM, "FMIT", eligible=("F1", "F2"), maximum=1)]
    people = (attending(1), attending(2))

    made = world(people, {"F2": {"4": "AT AT"}}, leave=leave, demands=asked, locked=locked)  # type: ignore[arg-type]

    found = only("DEMAND_MIN", made)

    assert found.unavoidable is unavoidable
    assert ("so no roster avoids it" in found.message) is unavoidable
    assert found.message.endswith("assign 1 more.") is not unavoidable


@pytest.mark.parametrize(
    ("offset", "leave", "unavoidable"),
    [(3, "4", True), (7, "8", True), (3, "5", False), (1, "2", False), (2, "3", False)],
    ids=["Sunday night", "Thursday night", "two days later", "Friday night", "Saturday night"],
)
def test_a_shared_night_of_call_before_everybodys_leave_is_unavoidable(
    offset: int, leave: str, unavoidable: bool
) -> None:
    asked = [demand(offset, Session.NIGHT, "CALL", eligible=("F1", "F2"), maximum=1)]
    people = (attending(1), attending(2))

    found = only("DEMAND_MIN", world(people, {}, demands=asked, leave={"F1": leave, "F2": leave}))

    assert found.unavoidable is unavoidable


def test_a_team_demand_can_be_filled_only_by_residents_whose_pattern_has_it() -> None:
    asked = [demand(4, Session.AM, "IMW", eligible=("R1", "R2"))]
    people = residents(2)
    on_ward, elsewhere = {"R1": {"4": "IMW"}}, {"R1": {"4": "C"}}

    avoidable = world(people, {}, demands=asked, pattern=on_ward)
    unavoidable = world(people, {}, demands=asked, pattern=elsewhere)

    assert only("DEMAND_MIN", avoidable).unavoidable is False
    assert only("DEMAND_MIN", unavoidable).unavoidable is True


def test_dates_without_an_fmit_week_name_the_replacement() -> None:
    asked = [demand(offset, Session.AM, "FMIT", eligible=("F1",), maximum=1) for offset in range(3, 7)]
    made = world((attending(1),), {"F1": {"3-6": "FMIT FMIT"}}, demands=asked)

    found = only("FMIT_WEEK", made)

    assert (found.severity, found.unavoidable, found.people) == (Severity.ADVISORY, True, ("F1",))
    assert found.message == (
        "Sun 15 Mar 2026 to Wed 18 Mar 2026: no FMIT week is planned, so a replacement is forced (Attending 1 "
        "replaces). "
        "Plan the week to avoid it."
    )


# --- not measured ---


@pytest.mark.parametrize("span", [(27, 40), (-7, 0)], ids=["from the block's last day", "to the block's first day"])
def test_a_resident_whose_rotation_only_touches_the_range_and_holds_nothing_is_named(span: tuple[int, int]) -> None:
    problem, nothing = world((resident(1),), {}, known=(0, -1), span=span)
    one_block = tuple(item for item in problem.block_assignments if item.block is BLOCKS[1])

    found = unmeasured("REST_8", (replace(problem, block_assignments=one_block), nothing))

    assert found.reason.startswith("Resident 1: some days of")


def test_two_activities_outside_the_range_are_judged_there() -> None:
    problem, roster = one({"0": "C C"}, span=(1, 27))
    rows = [(*place, code) for place, code in roster]
    twice = Roster.from_rows([*rows, (*slot("R1", 0), "C"), (*slot("R1", 0), "CARD")])

    assert check(problem, twice, only=["DOUBLE_BOOKED"]).violations == ()


def test_without_duty_logs_it_says_that_none_are_entered() -> None:
    without = one({"0": "C"})

    assert "No duty logs are entered" in unmeasured("PGY1_MOONLIGHTING", without).reason
    assert "No duty logs are entered" in unmeasured("HOME_CALL", without).reason


def test_a_home_call_on_a_date_without_assignments_is_not_judged() -> None:
    made = one({"0": "C"}, logs=[log("R1", 3, DutyLogKind.HOME_CALL, 2)], known=(0, 2))

    assert "1 home call on dates without assignments" in unmeasured("HOME_CALL", made).reason


def test_a_period_that_is_not_scheduled_throughout_names_block_and_resident() -> None:
    made = one({"14-20": "C C"}, known=(14, 27), span=(14, 27))

    assert unmeasured("HOURS_80", made).reason == (
        "Block 10 (Thu 12 Mar 2026 to Wed 8 Apr 2026) is not scheduled throughout: up to 14 of 28 days of "
        "Resident 1 hold "
        "no assignments, so the average cannot be taken; what is scheduled is within the limit."
    )


@pytest.mark.parametrize(("span", "block"), [((0, 28), "Block 11"), ((-1, 27), "Block 9")])
def test_a_range_that_touches_a_block_on_one_day_judges_that_period_too(span: tuple[int, int], block: str) -> None:
    assert block in unmeasured("HOURS_80", one({"0": "C"}, known=span, span=span)).reason


def test_an_unfinished_period_that_breaks_the_limit_already_is_found() -> None:
    found = only("HOURS_80", one({"10-27": "D20 D20"}, known=(10, 27), span=(10, 27)))

    assert (found.severity, found.measured) == (Severity.HARD, 360)


def test_days_missing_inside_the_range_are_not_passed_silently() -> None:
    problem, roster = one({"0-9": "C C"})
    holes = Roster(cells={place: code for place, code in roster.cells.items() if place.day < day(20)})

    assert "up to 8 of 28 days" in unmeasured("HOURS_80", (problem, holes)).reason


@pytest.mark.parametrize(
    "rule",
    [
        "HOURS_80",
        "HOURS_80_ROLLING",
        "DAY_FREE_IN_7",
        "REST_8",
        "CONTINUOUS_24",
        "REST_14",
        "CALL_EVERY_3RD",
        "NIGHT_FLOAT_6",
        "PGY1_MOONLIGHTING",
        "HOME_CALL",
        "SUPERVISION",
        "CLINIC_CAPACITY",
        "DEMAND_MIN",
    ],
)
def test_an_empty_roster_passes_no_rule_of_duty_hours_supervision_or_coverage(rule: str) -> None:
    problem, _ = one({"0": "C"})

    report = check(problem, Roster(cells={}), only=[rule])

    assert report.violations == ()
    assert [item.rule for item in report.not_measured] == [rule]


def test_leave_days_need_no_cells_to_be_known() -> None:
    problem, roster = one({"0-4": "C C"}, leave={"R1": "20-27"})
    holes = Roster(cells={place: code for place, code in roster.cells.items() if place.day < day(20)})

    assert check(problem, holes, only=["HOURS_80"]).not_measured == ()


def test_a_resident_on_duty_without_a_block_assignment_is_named() -> None:
    problem, roster = one({"0": "C"})
    unplaced = replace(problem, block_assignments=())

    for rule in ("HOURS_80", "DAY_FREE_IN_7", "CALL_EVERY_3RD"):
        assert "Resident 1 on duty without a block assignment" in unmeasured(rule, (unplaced, roster)).reason


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        ("SUPERVISION", ("AT", "PCAT")),
        ("CLINIC_CAPACITY", ("C", "PR", "VAS", "SM")),
        ("FMIT_WEEK", ("FMIT",)),
        ("POST_CALL", ("CALL",)),
        ("CALL_CONSECUTIVE", ("CALL",)),
        ("CALL_BEFORE_LEAVE", ("CALL",)),
        ("CALL_EQUITY", ("CALL",)),
        ("CALL_SPACING", ("CALL",)),
    ],
)
def test_a_rule_without_its_activities_is_not_measured(rule: str, missing: tuple[str, ...]) -> None:
    problem, roster = one({})
    fewer = {code: activity for code, activity in problem.activities.items() if code not in missing}

    unmeasured(rule, (replace(problem, activities=fewer), roster))


def test_without_patterns_nothing_is_known_to_be_protected() -> None:
    problem, roster = one({})
    plain = {key: replace(rotation, pattern={}) for key, rotation in problem.rotations.items()}

    unmeasured("PROTECTED", (replace(problem, rotations=plain), roster))


def test_a_part_of_a_block_is_judged_with_the_rest_around_it() -> None:
    made = one({"0-16": "D20 D20"}, span=(14, 27))

    found = only("HOURS_80", made)

    assert (found.start, found.end) == (BLOCKS[1].start, BLOCKS[1].end)


def test_somebody_or_something_unknown_may_not_stand_in_a_roster() -> None:
    problem, roster = world((resident(1),), {})
    odd = roster.with_changes({slot("R1", 0): "XYZ", slot("GHOST", 0): "C"})

    found = check(problem, odd, only=["NOT_ELIGIBLE"]).violations

    assert [finding.message for finding in found] == [
        "Person GHOST may not hold C on Thu 12 Mar 2026 AM: the person is not active in the program.",
        "Resident 1 may not hold XYZ on Thu 12 Mar 2026 AM: there is no such activity.",
    ]
    assert check(problem, odd).of("NOT_ELIGIBLE") == found
