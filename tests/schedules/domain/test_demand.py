"""Demand rules apply on the dates they name and count the residents who are there."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules.domain.demand import DemandRule, derived_rules, expand, team_minimum
from schedules.domain.problem import (
    Absence,
    Activity,
    Block,
    BlockAssignment,
    Category,
    Person,
    Problem,
    Role,
    Rotation,
    Session,
    ShedTier,
)

AM, PM, NIGHT = Session
START = dt.date(2026, 3, 12)  # a Thursday
BLOCK = Block("b", 2025, 10, START, START + dt.timedelta(days=27))
WARD = Rotation("ward", "Ward", "", {(week, day, AM): "FMIT" for week in (1, 2, 3, 4) for day in range(7)})
TABLE = {
    "FMIT": Activity("FMIT", "Team", Category.INPATIENT, 6, 6, shed_tier=ShedTier.PATIENT_SAFETY),
    "ER": Activity("ER", "Emergency", Category.INPATIENT, 5, 5, shed_tier=ShedTier.REQUIRED_EXPERIENCE),
    "NF": Activity("NF", "Nights", Category.NIGHT, night_hours=12, shed_tier=ShedTier.PATIENT_SAFETY),
    "CALL": Activity("CALL", "Call", Category.NIGHT, night_hours=12, shed_tier=ShedTier.PATIENT_SAFETY),
    "C": Activity("C", "Clinic", Category.CLINIC, 5, 5, shed_tier=ShedTier.CONTINUITY),
    "SM": Activity(
        "SM", "Sports", Category.SPECIALTY, 5, 5, credential="sm", credential_roles=frozenset({Role.FACULTY})
    ),
}


def problem(residents: int = 0, days: int = 7, **fields) -> Problem:
    """Residents on the ward and two faculty members, for a week from Thursday."""
    people = [Person(f"r{n}", f"R{n}", Role.RESIDENT, 1) for n in range(residents)]
    people += [Person("f1", "F1", Role.FACULTY, credentials={"sm": START}), Person("f2", "F2", Role.FACULTY)]
    return Problem(
        start=START,
        end=START + dt.timedelta(days=days - 1),
        people=tuple(people),
        activities=TABLE,
        rotations={"ward": WARD},
        blocks=(BLOCK,),
        block_assignments=tuple(BlockAssignment(f"r{n}", BLOCK, "ward") for n in range(residents)),
        **fields,
    )


@pytest.mark.parametrize(("present", "minimum"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_half_of_a_team_rounded_up_and_a_lone_resident_rests(present, minimum):
    assert team_minimum(present) == minimum


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ({}, [12, 13, 14, 15, 16, 17, 18]),
        ({"weekdays": frozenset({3, 4})}, [12, 13]),
        ({"on_holidays": False}, [12, 14, 15, 16, 17, 18]),
        ({"start": dt.date(2026, 3, 17)}, [17, 18]),
        ({"end": dt.date(2026, 3, 12)}, [12]),
        ({"start": dt.date(2026, 3, 19)}, []),
    ],
)
def test_a_rule_applies_on_its_weekdays_and_dates(rule, days):
    holidays = frozenset({dt.date(2026, 3, 13)})

    demands = expand(problem(holidays=holidays), [DemandRule("C", AM, 1, 2, 3, **rule)])

    assert [d.day.day for d in demands] == days
    assert {(d.minimum, d.desired, d.maximum, d.hard) for d in demands} <= {(1, 2, 3, False)}


@pytest.mark.parametrize(("code", "hard"), [("FMIT", True), ("ER", False), ("C", False), ("CALL", True)])
def test_a_minimum_is_hard_where_the_tier_is_patient_safety(code, hard):
    assert expand(problem(days=1), [DemandRule(code, AM, 1, 1)])[0].hard is hard


def test_a_team_counts_those_present_on_the_pattern():
    absences = (Absence("r0", START, START, "LEAVE"), Absence("r0", START, START, "SICK"))
    absences += (Absence("r1", START + dt.timedelta(days=1), START + dt.timedelta(days=1), "LEAVE"),)
    absences += (Absence("r2", START + dt.timedelta(days=1), START + dt.timedelta(days=1), "LEAVE"),)

    demands = expand(problem(3, 3, absences=absences), [DemandRule("FMIT", AM, team=True)])

    assert [(d.day.day, d.minimum, d.desired, d.maximum) for d in demands] == [
        (12, 1, 2, None),
        (13, 0, 1, None),
        (14, 2, 3, None),
    ]


def test_a_team_nobody_is_on_asks_for_nothing():
    assert expand(problem(0), [DemandRule("FMIT", AM, team=True)]) == ()


@pytest.mark.parametrize(
    ("rule", "first", "second"),
    [
        (DemandRule("C", AM, 1, 1), {"r0", "f1", "f2"}, {"r0", "f1", "f2"}),
        (DemandRule("C", AM, 1, 1, roles=frozenset({Role.RESIDENT})), {"r0"}, {"r0"}),
        (DemandRule("SM", AM, 1, 1, roles=frozenset({Role.FACULTY})), {"f1"}, set()),
        (DemandRule("SM", AM, 1, 1), {"r0", "f1"}, {"r0"}),
    ],
)
def test_who_is_eligible_follows_role_and_unexpired_credential(rule, first, second):
    demands = expand(problem(1, 2), [rule])

    assert [d.eligible for d in demands] == [first, second]


def test_a_program_starts_with_these_rules():
    faculty, residents = frozenset({Role.FACULTY}), frozenset({Role.RESIDENT})
    week = frozenset({0, 1, 2, 3, 4})

    assert derived_rules(TABLE.values()) == [
        DemandRule("FMIT", AM, 1, 1, 1, roles=faculty),
        DemandRule("FMIT", PM, 1, 1, 1, roles=faculty),
        DemandRule("CALL", NIGHT, 1, 1, 1, roles=faculty),
        DemandRule("C", AM, 2, 2, weekdays=week, on_holidays=False),
        DemandRule("C", PM, 2, 2, weekdays=week - {2}, on_holidays=False),
        DemandRule("FMIT", AM, team=True, roles=residents),
        DemandRule("FMIT", PM, team=True, roles=residents),
        DemandRule("ER", AM, team=True, roles=residents),
        DemandRule("ER", PM, team=True, roles=residents),
        DemandRule("NF", NIGHT, team=True, roles=residents),
    ]


def test_only_activities_that_exist_get_rules():
    assert derived_rules([TABLE["SM"]]) == []
