"""Many changed rows are written at once: every type of column, each with its history, and nothing beside them."""

from __future__ import annotations

import datetime as dt

import pytest

from common.models import bulk_update_with_history
from schedules.models import FacultyDuty, Person
from tests.factories import program

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_documents_lists_numbers_and_links_are_written_to_their_own_rows():
    one, other, untouched = (program.duty() for _ in range(3))
    one.minimum, one.available_weekdays = {"clinic": 1}, [1, 2]
    other.minimum, other.available_weekdays = {}, []
    untouched.minimum = {"clinic": 9}

    written = bulk_update_with_history([one, other], ["minimum", "available_weekdays"], by=None, reason="x", at=AT)

    stored = {row.pk: (row.minimum, row.available_weekdays, row.updated_at) for row in FacultyDuty.objects.all()}
    assert written == 2
    assert (stored[one.pk], stored[other.pk]) == (({"clinic": 1}, [1, 2], AT), ({}, [], AT))
    assert stored[untouched.pk][0] != {"clinic": 9}
    assert [row.history.filter(history_change_reason="x").count() for row in (one, other, untouched)] == [1, 1, 0]


def test_a_link_may_become_empty_and_several_statements_are_one_write(django_assert_num_queries):
    people = [program.faculty() for _ in range(3)]
    for person in people:
        person.duty, person.name = None, person.name + " O'Neil"

    with django_assert_num_queries(4):
        written = bulk_update_with_history(people, ["duty_id", "name"], by=None, reason="x", at=AT, batch_size=2)

    stored = Person.objects.order_by("name").values_list("name", "duty")
    assert (written, list(stored)) == (3, [(person.name, None) for person in sorted(people, key=lambda p: p.name)])
