"""What is asked of others: posts, dates and credentials that the program lacks, for exactly those who are gone."""

from __future__ import annotations

import datetime as dt

import pytest

from resilience.domain.contingency import Scenario
from resilience.enums import DocumentKind, IncidentKind
from resilience.services import documents
from resilience.services.forces import requirement, spans
from resilience.services.world import NothingPublished
from tests.factories.resilience import MONDAY, MORNING, incident, ward

pytestmark = pytest.mark.django_db

TUESDAY, FRIDAY = MONDAY + dt.timedelta(1), MONDAY + dt.timedelta(4)
WANTED = "ICU attending, AM: 1 person (attending, credential {}) on 17 Mar to 20 Mar 2026"


def gone(people: list[str], start: dt.date, end: dt.date) -> Scenario:
    return Scenario("deployment", frozenset(people), start, end)


def test_posts_that_nobody_left_may_hold_are_asked_for_with_their_credential():
    made = ward()

    found = requirement(gone([made.id(letter) for letter in "ABC"], TUESDAY, FRIDAY), at=MORNING)

    assert [need.sentence for need in found.needs] == [WANTED.format(made.credential.name)]
    assert (found.posts, found.gap) == (4, "")


def test_what_somebody_of_the_program_takes_over_is_not_asked_for():
    made = ward()

    assert requirement(gone([made.id("A"), made.id("B")], MONDAY, FRIDAY), at=MORNING).needs == ()


def test_dates_beyond_the_published_ones_are_named_as_not_looked_at():
    made = ward()

    found = requirement(gone([made.id("A")], MONDAY, MONDAY + dt.timedelta(60)), at=MORNING)

    assert found.gap == "Nothing is published after 2026-04-08."


def test_without_a_published_schedule_nothing_is_known():
    with pytest.raises(NothingPublished):
        requirement(None, at=MORNING)


def test_the_request_for_forces_names_posts_dates_and_credentials():
    made = ward()
    people = [made.id(letter) for letter in "ABC"]
    known = incident(kind=IncidentKind.REPORTED, people=people, start_date=TUESDAY, end_date=FRIDAY)

    asked = documents.draft(DocumentKind.RFF, by=None, at=MORNING, incident=known)
    unasked = documents.draft(DocumentKind.RFF, by=None, at=MORNING)

    assert f"- {WANTED.format(made.credential.name)}" in documents.newest(asked).content
    assert "3 people of the program are missing." in documents.newest(asked).content
    assert "credential" not in documents.newest(unasked).content


def test_dates_in_words():
    days = [dt.date(2026, 3, day) for day in (16, 17, 18, 20)]

    assert (spans(days), spans(days[:1]), spans([])) == ("16 Mar to 18 Mar, 20 Mar 2026", "16 Mar 2026", "no date")
