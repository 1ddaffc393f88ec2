"""The conditions of acceptance; the limit of violations is one per block, whatever the length of the range."""

import pytest

from schedules.domain.problem import Policy, Session
from schedules.domain.roster import Roster
from schedules.services.validation import judge, violations_by_block
from tests.factories.rosters import BLOCK_DAYS, BLOCKS, attending, demand, world

TWO_BLOCKS = (0, 2 * BLOCK_DAYS - 1)


def judged(unfilled, *, span=TWO_BLOCKS, policy=None):
    """The judgement of a roster that leaves one wished-for clinic of each given day unfilled, and is fine otherwise."""
    someone = attending()
    demands = [demand(offset, Session.AM, "C", eligible=[someone.id], hard=False) for offset in unfilled]
    problem, roster = world(
        [someone], {}, span=span, known=span, demands=demands, policy=policy or Policy(require_n1=False)
    )
    return judge(problem, roster)


def outcome(judgement, code):
    return next(check.ok for check in judgement.acceptance.checks if check.code == code)


@pytest.mark.parametrize(
    ("first", "second", "accepted"),
    [(0, 0, True), (4, 0, True), (4, 4, True), (5, 0, False), (0, 5, False), (5, 5, False)],
)
def test_each_block_may_have_four_violations(first, second, accepted):
    judgement = judged([*range(first), *range(BLOCK_DAYS, BLOCK_DAYS + second)])

    assert len(judgement.report.counted) == first + second
    assert outcome(judgement, "VIOLATIONS") is accepted


def test_violations_count_to_the_block_in_which_they_begin():
    judgement = judged([0, BLOCK_DAYS - 1, BLOCK_DAYS])

    assert violations_by_block(judgement.report, judgement.problem) == {BLOCKS[1]: 2, BLOCKS[2]: 1}


def test_the_sentence_names_the_worst_block_and_the_total():
    check = next(c for c in judged([0, 1, 2, BLOCK_DAYS]).acceptance.checks if c.code == "VIOLATIONS")

    assert check.sentence == "4 violations, at most 3 in a block; fewer than 5 a block are accepted."


def test_within_one_block_the_sentence_speaks_of_no_blocks():
    check = next(c for c in judged([0], span=(0, 6)).acceptance.checks if c.code == "VIOLATIONS")

    assert check.sentence == "1 violation; fewer than 5 are accepted."


@pytest.mark.parametrize(
    ("first", "second", "advice"),
    [
        (4, 4, ""),
        (5, 0, "Correcting it by hand may be quicker than generating again."),
        (10, 10, "Correcting it by hand may be quicker than generating again."),
        (0, 11, "Discarding this draft is recommended."),
    ],
)
def test_discarding_is_recommended_beyond_ten_in_a_block(first, second, advice):
    judgement = judged([*range(first), *range(BLOCK_DAYS, BLOCK_DAYS + second)])

    assert judgement.acceptance.advice == advice


def test_what_could_not_be_measured_is_never_accepted():
    judgement = judged([], policy=Policy(require_n1=True))

    assert (outcome(judgement, "N1"), outcome(judgement, "COVERAGE"), judgement.acceptance.accepted) == (
        None,
        None,
        False,
    )


def test_where_nothing_is_assigned_duty_hours_are_not_judged():
    problem, full = world([attending()], {}, span=(0, 6), known=(0, 6))
    nothing = Roster(cells={}, context={})

    empty, judgement = judge(problem, nothing), judge(problem, full)

    assert (empty.as_json()["acgme_compliant"], outcome(empty, "ACGME")) == (None, None)
    assert (judgement.as_json()["acgme_compliant"], outcome(judgement, "ACGME")) == (True, True)


def test_failing_n1_names_the_weakest_moment_with_its_proof_and_what_to_do():
    someone, other = attending("One"), attending("Other")
    demands = [demand(offset, Session.AM, "C", eligible=[someone.id], hard=True) for offset in (0, 1)]
    demands.append(demand(2, Session.AM, "C", eligible=[someone.id, other.id], hard=True))
    problem, roster = world([someone, other], {}, span=(0, 6), known=(0, 6), demands=demands)

    check = next(check for check in judge(problem, roster).acceptance.checks if check.code == "N1")

    assert check.sentence == (
        "2 sessions do not survive every loss of one person (N-1). Thu 12 Mar 2026 AM: C attending needs 1; only 1"
        " available person can do it."
    )
    assert check.action.startswith("Move clinic or leave away from there")


def test_n1_that_holds_says_how_far_and_asks_for_nothing():
    people = [attending(name) for name in ("One", "Two", "Three")]
    demands = [demand(0, Session.AM, "C", eligible=[person.id for person in people], hard=True)]
    problem, roster = world(people, {}, span=(0, 6), known=(0, 6), demands=demands)

    check = next(check for check in judge(problem, roster).acceptance.checks if check.code == "N1")

    assert (check.ok, check.sentence, check.action) == (True, "Every session survives any loss of 2; 1 is needed.", "")
