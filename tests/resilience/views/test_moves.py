"""Changed cells as a picture: who has what on which day, and who only loses theirs."""

from __future__ import annotations

import datetime as dt

import pytest

from resilience.services.answers import CellView, PersonRef
from resilience.views.moves import apart
from tests.factories import program

pytestmark = pytest.mark.django_db

ANN, BOB = PersonRef("a", "Ann"), PersonRef("b", "Bob")
FRIDAY, MONDAY = dt.date(2026, 11, 20), dt.date(2026, 11, 23)


def test_a_picture_has_the_touched_days_and_keeps_those_who_are_away_apart():
    program.standard_activities()
    changes = [
        CellView(BOB, MONDAY, "PM", "GME", "AT"),
        CellView(BOB, MONDAY, "AM", None, "C"),
        CellView(BOB, FRIDAY, "NIGHT", "CALL", None),
        CellView(ANN, MONDAY, "AM", "AT", "LV"),
    ]

    others, away = apart(changes)

    assert (others.days, others.count, [row.name for row in others.rows]) == ([FRIDAY, MONDAY], 3, ["Bob"])
    assert [[(m.session, m.before, m.after, m.css) for m in day] for day in others.rows[0].days] == [
        [("NIGHT", "CALL", "–", "hole")],
        [("AM", "–", "C", "k-clinic"), ("PM", "GME", "AT", "k-supervision")],
    ]
    assert (away.days, [row.name for row in away.rows]) == ([MONDAY], ["Ann"])
