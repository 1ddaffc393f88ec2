"""The academic calendar: years of 1 July to 30 June and their thirteen four-week blocks."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from schedules.domain.problem import ONE_DAY, Date, Weekday

BLOCK_DAYS = 28
LAST_BLOCK = 13
LONGEST_BLOCK = 31
"""Days of a rotation period at most: over more than a calendar month its averages would hide what ACGME looks at."""


YEARS = range(1990, 2200)
"""Of dates that anybody means: others are a slip of the keyboard, and some are where the calendar itself ends."""
ODD_YEAR = f"Look at the year again: it lies between {YEARS[0]} and {YEARS[-1]}."


class BlockDates(NamedTuple):
    """Number and dates (inclusive) of a block."""

    number: int
    start: Date
    end: Date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1


def academic_year(day: Date) -> int:
    """The calendar year in which the academic year of a date began."""
    return day.year if day.month >= 7 else day.year - 1


def academic_year_start(day: Date) -> Date:
    """The 1 July on or before a date."""
    return dt.date(academic_year(day), 7, 1)


def standard_blocks(year: int) -> tuple[BlockDates, ...]:
    """Blocks of the academic year that begins in July of `year`, where the program names none of its own.

    T is the first Thursday on or after 1 July; block 0 the days before T (left out where there are none), blocks
    1 to 12 have 28 days each, block 13 the rest to 30 June.
    """
    first, last = dt.date(year, 7, 1), dt.date(year + 1, 6, 30)
    thursday = first + dt.timedelta(days=(Weekday.THU - first.weekday()) % 7)
    blocks = [BlockDates(0, first, thursday - ONE_DAY)] if thursday > first else []
    for number in range(1, LAST_BLOCK + 1):
        start = thursday + dt.timedelta(days=BLOCK_DAYS * (number - 1))
        end = last if number == LAST_BLOCK else start + dt.timedelta(days=BLOCK_DAYS - 1)
        blocks.append(BlockDates(number, start, end))
    return tuple(blocks)
