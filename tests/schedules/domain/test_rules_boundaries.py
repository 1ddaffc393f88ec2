"""Every rule at its boundary: one short, exactly enough, one over."""

from __future__ import annotations

from collections import Counter

import pytest

from schedules.domain.rules import RULES, Severity, check
from tests.factories.boundary_cases import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_rule_finds_what_the_case_says(case: Case) -> None:
    report = check(case.problem, case.roster, only=[case.rule])

    if case.expected is None:
        assert [finding.rule for finding in report.not_measured] == [case.rule]
        assert report.violations == ()
    else:
        assert tuple(finding.severity for finding in report.violations) == case.expected
        assert report.not_measured == ()


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_a_case_that_fires_and_one_that_does_not(code: str) -> None:
    verdicts = [case.expected for case in CASES if case.rule == code]

    assert any(verdicts), f"{code} fires in no case"
    assert () in verdicts, f"{code} passes in no case"


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.hard])
def test_a_hard_rule_has_a_hard_case(code: str) -> None:
    assert any(Severity.HARD in (case.expected or ()) for case in CASES if case.rule == code)


def test_a_soft_rule_never_finds_anything_hard() -> None:
    found = {
        finding.severity
        for case in CASES
        if not RULES[case.rule].hard
        for finding in check(case.problem, case.roster, only=[case.rule]).violations
    }

    assert Severity.HARD not in found


def test_case_names_are_unique() -> None:
    assert [name for name, number in Counter(case.id for case in CASES).items() if number > 1] == []


@pytest.mark.parametrize("case", [case for case in CASES if case.expected], ids=lambda case: case.id)
def test_a_finding_names_its_dates_and_says_what_to_do(case: Case) -> None:
    known = {person.id for person in case.problem.people}

    for finding in check(case.problem, case.roster, only=[case.rule]).violations:
        assert finding.start <= finding.end
        assert set(finding.people) <= known
        assert finding.message.endswith(".")
        assert str(finding.start.year) in finding.message
        assert all(
            case.problem.person[person].name in finding.message for person in finding.people if len(finding.people) == 1
        )
