"""The model states the rules as the judge does: boundary cases side by side, random tiny rosters, the list of codes."""

from __future__ import annotations

import pytest

from schedules.domain.pattern import base_roster
from schedules.domain.rules import RULES, check
from schedules.solver.constraints import BY_CONSTRUCTION, CONSTRAINTS
from schedules.solver.solve import broken_statements, stated_board
from tests.factories.boundary_cases import CASES, HARD, Case
from tests.schedules.solver.small_worlds import month, random_roster, week


def test_every_hard_rule_is_stated_or_has_a_reason() -> None:
    hard = {code for code, rule in RULES.items() if rule.hard}

    assert hard == CONSTRAINTS.keys() | BY_CONSTRUCTION.keys()
    assert not CONSTRAINTS.keys() & BY_CONSTRUCTION.keys()


@pytest.mark.parametrize("case", [case for case in CASES if case.rule in CONSTRAINTS], ids=lambda case: case.id)
def test_model_breaks_exactly_where_the_judge_finds_a_violation(case: Case) -> None:
    broken = {statement.rule for statement in broken_statements(case.problem, case.roster)}

    assert (case.rule in broken) == (case.expected is not None and HARD in case.expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_model_and_judge_name_the_same_rules(case: Case) -> None:
    broken = {statement.rule for statement in broken_statements(case.problem, case.roster)}

    assert broken == {finding.rule for finding in check(case.problem, case.roster).hard} - BY_CONSTRUCTION.keys()


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("world", [week, month], ids=["week", "month"])
def test_model_and_judge_agree_on_random_rosters(world, seed) -> None:
    problem = world()
    board = stated_board(problem, base=base_roster(problem))
    options = {slot: list(choices) for slot, choices in board.choices.items()}

    roster = random_roster(problem, options, seed)

    broken = {statement.rule for statement in broken_statements(problem, roster)}
    assert broken == {finding.rule for finding in check(problem, roster).hard}
