"""What is read out of the words of a request, and which weeks its sessions may lie in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from common.errors import Invalid
from schedules.domain.problem import Session
from swaps import services
from swaps.services import reason_of
from tests.factories.swaps import EARLY, FRIDAYS

A_DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("said", "code", "kept"),
    [
        ("conference", "conference", ""),
        ("Conference attendance", "conference", "Conference attendance"),
        ("conference: job fair of the academy", "conference", "conference: job fair of the academy"),
        ("Fellowship interview", "fellowship_interview", ""),
        ("fellowship_interview: at the coast", "fellowship_interview", "fellowship_interview: at the coast"),
        ("I have a fellowship interview", "fellowship_interview", "I have a fellowship interview"),
        ("other: interviewing at a practice", "job_interview", "other: interviewing at a practice"),
        ("PTO for an interview", "job_interview", "PTO for an interview"),
        ("Some medical thing", "medical", "Some medical thing"),
        ("My family needs me", "family", "My family needs me"),
        ("Course of family medicine", "other", "Course of family medicine"),
        ("A concert", "other", "A concert"),
    ],
)
def test_a_code_is_taken_at_its_word_and_other_text_is_searched_for_sensitive_reasons(said, code, kept):
    assert reason_of(said) == (code, kept)


@pytest.mark.django_db
def test_both_sides_of_an_exchange_keep_to_their_week(world, order):
    """Also where both weeks are named by one date."""
    asked = order("A", "B", target=1, sessions=((FRIDAYS[1], Session.AM),))

    with pytest.raises(Invalid):
        services.validate(
            replace(asked, target_sessions=((FRIDAYS[1] + 10 * A_DAY, Session.AM),)), by=world.user["A"], at=EARLY
        )
