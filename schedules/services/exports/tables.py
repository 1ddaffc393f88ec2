"""Assignments as CSV, one row per person, date and session; and the one guard against formulas in cells."""

from __future__ import annotations

import csv
import datetime as dt
import io

from schedules import models
from schedules.mapping import Which, load_marks, load_problem

COLUMNS = (
    "person",
    "role",
    "pgy_level",
    "date",
    "session",
    "activity",
    "activity_name",
    "rotation",
    "source",
    "locked",
)

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the beginning of a formula; the last four are the full-width forms of the first."""


def rows_csv(start: dt.date, end: dt.date, *, schedule: Which = "published") -> str:
    """CSV text (UTF-8, header line) of the stored cells from `start` to `end`, by date, person and session."""
    version = schedule if isinstance(schedule, models.Schedule) else None
    problem = load_problem(start, end, schedule=version)
    place = {person.id: number for number, person in enumerate(problem.people)}
    marks = load_marks(problem, schedule=schedule)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for slot in sorted((s for s in marks if s.person in place), key=lambda s: (s.day, place[s.person], s.session)):
        person, mark = problem.person[slot.person], marks[slot]
        period = problem.assignment_of.get((slot.person, slot.day))
        writer.writerow(
            (
                harmless(person.name),
                person.role.value,
                person.pgy_level or "",
                slot.day.isoformat(),
                slot.session.value,
                harmless(mark.activity),
                harmless(problem.activities[mark.activity].name),
                harmless(problem.rotations[period.rotation].name) if period else "",
                mark.source.value,
                "yes" if mark.locked else "no",
            )
        )
    return text.getvalue()


def harmless(text: str) -> str:
    """Text that no spreadsheet runs: what would begin a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
