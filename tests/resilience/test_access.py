"""Who reads names in answers: those who see drafts; others only their own."""

from __future__ import annotations

import pytest

from accounts.models import User
from resilience.access import answer_visible_to
from tests.factories import program

pytestmark = pytest.mark.django_db

OTHER = {"id": "00000000-0000-0000-0000-000000000001", "name": "Somebody"}
ANSWER = {
    "level": "YELLOW",
    "certificate": "ICU needs 2; only 1 available person can do it.",
    "critical": [{"person": OTHER, "uncovered": 3}],
    "groups": [{"people": [OTHER, OTHER], "sessions": 2}],
    "bottleneck": {"posts": ["ICU"], "people": [OTHER]},
}


def test_who_sees_drafts_reads_all(coordinator: User, agent: User):
    assert [answer_visible_to(user, ANSWER) for user in (coordinator, agent)] == [ANSWER, ANSWER]


def test_others_read_figures_and_proofs_without_people(resident: User):
    assert answer_visible_to(resident, ANSWER) == {
        "level": "YELLOW",
        "certificate": "ICU needs 2; only 1 available person can do it.",
        "critical": [],
        "groups": [{"people": [], "sessions": 2}],
        "bottleneck": {"posts": ["ICU"], "people": []},
        "withheld": 4,
    }


def test_everybody_reads_of_themselves(resident: User):
    own = program.resident(user=resident)
    me = {"id": str(own.pk), "name": own.name}
    answer = {"critical": [{"person": me, "uncovered": 1}, {"person": OTHER, "uncovered": 2}], "lost": [OTHER, me]}

    assert answer_visible_to(resident, answer) == {
        "critical": [{"person": me, "uncovered": 1}], "lost": [me], "withheld": 2
    }  # fmt: skip
