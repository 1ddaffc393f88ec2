"""The facts about people that the checks need."""

from __future__ import annotations

import pytest

from swaps import queries
from swaps.domain.tables import SwapPolicy
from tests.factories import program
from tests.factories.swaps import EARLY, executed

pytestmark = pytest.mark.django_db


def test_a_swap_that_was_given_up_and_asked_again_counts_once():
    giver, taker = program.faculty(), program.faculty()
    executed(giver, taker, given_up_at=EARLY)
    executed(giver, taker)
    executed(giver, taker, status="ROLLED_BACK", rolled_back_at=EARLY)

    assert queries.rollback_rate(since=EARLY) == 0.5
    assert queries.balances("FACULTY", at=EARLY, policy=SwapPolicy()) == {str(giver.pk): 1.0, str(taker.pk): -1.0}
