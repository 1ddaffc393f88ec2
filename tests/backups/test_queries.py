"""What the pages of backups show beside the catalogue."""

from __future__ import annotations

import pytest

from backups.queries import TableCount


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("schedules_assignment", "Assignments"),
        ("schedules_historicalabsence", "Historical absences"),
        ("table_of_long_ago", "Table of long ago"),
    ],
)
def test_tables_go_by_what_people_call_their_rows(table: str, name: str) -> None:
    assert TableCount(table, now=1, then=2).name == name
