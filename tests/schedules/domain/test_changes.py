"""Differences of rosters and of findings."""

from __future__ import annotations

from schedules.domain.changes import ChangeKind, compare_findings, differences, new_or_worsened, per_person
from schedules.domain.problem import Session
from schedules.domain.roster import Slot
from schedules.domain.rules import Report, Severity, check
from tests.factories.boundary_cases import one, supervised
from tests.factories.rosters import day, slot

MONDAY = slot("R1", 4)


def judged(rule: str, plan: dict[str, str]) -> Report:
    return check(*one(plan), only=[rule])


def test_cells_are_set_removed_and_changed() -> None:
    _, before = one({"4": "C C"})
    after = before.with_changes(
        {
            MONDAY: "CARD",
            Slot("R1", day(4), Session.PM): None,
            Slot("R1", day(4), Session.NIGHT): "CALL",
            slot("R1", 5): "OFF",
        }
    )

    found = differences(before, after)

    assert [(change.slot.session, change.before, change.after, change.kind) for change in found] == [
        (Session.AM, "C", "CARD", ChangeKind.CHANGED),
        (Session.PM, "C", None, ChangeKind.REMOVED),
        (Session.NIGHT, None, "CALL", ChangeKind.SET),
    ]
    assert per_person(found) == {"R1": found}


def test_equal_rosters_differ_in_nothing() -> None:
    _, roster = one({"4": "C C"})

    assert differences(roster, roster) == ()
    assert per_person(()) == {}


def test_a_finding_that_was_there_before_is_not_new() -> None:
    report = judged("HOURS_80", {"0-16": "D20 D20"})

    assert new_or_worsened(report, report) == ()


def test_more_hours_above_the_limit_are_worse_and_fewer_are_not() -> None:
    less, more = judged("HOURS_80", {"0-16": "D20 D20"}), judged("HOURS_80", {"0-17": "D20 D20"})

    assert [finding.measured for finding in compare_findings(less, more).worsened] == [360]
    assert new_or_worsened(more, less) == ()


def test_a_warning_that_becomes_hard_is_worse() -> None:
    warned, broken = judged("HOURS_80", {"0-15": "D20 D20"}), judged("HOURS_80", {"0-16": "D20 D20"})

    assert [finding.severity for finding in new_or_worsened(warned, broken)] == [Severity.HARD]
    assert new_or_worsened(broken, warned) == ()


def test_warnings_compare_by_how_far_they_are_above_the_early_level() -> None:
    less, more = judged("HOURS_80", {"0-14": "D20 D20", "15": "H1"}), judged("HOURS_80", {"0-15": "D20 D20"})

    assert len(new_or_worsened(less, more)) == 1
    assert new_or_worsened(more, less) == ()


def test_a_finding_that_ended_is_gone() -> None:
    before, after = judged("HOURS_80", {"0-16": "D20 D20"}), judged("HOURS_80", {"0": "C"})

    changes = compare_findings(before, after)

    assert (changes.new, changes.worsened, changes.gone) == ((), (), before.violations)


def test_a_run_of_days_that_grew_is_worse_and_one_that_shrank_is_neither_new_nor_worse() -> None:
    short, long = judged("DAY_FREE_IN_7", {"0-7": "C C"}), judged("DAY_FREE_IN_7", {"0-9": "C C"})

    assert [finding.measured for finding in compare_findings(short, long).worsened] == [10]
    assert compare_findings(long, short) == compare_findings(short, short)


def test_runs_that_share_a_day_are_the_same_finding() -> None:
    early, late = judged("DAY_FREE_IN_7", {"0-7": "C C"}), judged("DAY_FREE_IN_7", {"7-14": "C C"})

    assert new_or_worsened(early, late) == ()
    assert new_or_worsened(late, early) == ()


def test_another_run_elsewhere_is_new() -> None:
    before, after = judged("DAY_FREE_IN_7", {"0-6": "C C"}), judged("DAY_FREE_IN_7", {"14-20": "C C"})

    changes = compare_findings(before, after)

    assert (len(changes.new), len(changes.gone)) == (1, 1)


def test_a_half_day_short_of_supervision_is_the_same_finding_whoever_is_in_clinic() -> None:
    before, after = (check(*supervised(*levels), only=["SUPERVISION"]) for levels in ((1, 0), (0, 1)))

    assert before.violations[0].people == after.violations[0].people == ("R1",)
    assert before.violations[0].key == after.violations[0].key
    assert new_or_worsened(before, after) == ()


def test_more_residents_without_a_supervisor_are_worse() -> None:
    before, after = (check(*supervised(count, 0), only=["SUPERVISION"]) for count in (2, 3))

    assert [finding.limit for finding in compare_findings(before, after).worsened] == [2]
