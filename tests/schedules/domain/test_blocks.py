"""The academic calendar of any year: block 0 to the first Thursday, twelve blocks of 28 days, the rest to 30 June."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest

from schedules.domain.blocks import BlockDates, academic_year, academic_year_start, standard_blocks


@pytest.mark.parametrize(
    ("year", "first", "last_days"),
    [
        (2025, BlockDates(0, dt.date(2025, 7, 1), dt.date(2025, 7, 2)), 27),
        (2026, BlockDates(0, dt.date(2026, 7, 1), dt.date(2026, 7, 1)), 28),
        (2021, BlockDates(1, dt.date(2021, 7, 1), dt.date(2021, 7, 28)), 29),
        (2027, BlockDates(1, dt.date(2027, 7, 1), dt.date(2027, 7, 28)), 30),
        (2022, BlockDates(0, dt.date(2022, 7, 1), dt.date(2022, 7, 6)), 23),
    ],
)
def test_the_first_and_last_block_take_up_the_odd_days(year, first, last_days):
    blocks = standard_blocks(year)

    assert blocks[0] == first
    assert (blocks[-1].number, blocks[-1].end, blocks[-1].days) == (13, dt.date(year + 1, 6, 30), last_days)


@pytest.mark.parametrize("year", range(2020, 2031))
def test_blocks_follow_one_another_thursday_to_wednesday(year):
    blocks = standard_blocks(year)

    assert blocks[0].start == dt.date(year, 7, 1)
    for before, after in pairwise(blocks):
        assert after.start == before.end + dt.timedelta(days=1)
    for block in blocks:
        if 1 <= block.number <= 12:
            assert (block.days, block.start.weekday(), block.end.weekday()) == (28, 3, 2)


def test_block_10_of_2025():
    assert standard_blocks(2025)[10] == BlockDates(10, dt.date(2026, 3, 12), dt.date(2026, 4, 8))


@pytest.mark.parametrize(
    ("day", "year"), [(dt.date(2025, 6, 30), 2024), (dt.date(2025, 7, 1), 2025), (dt.date(2026, 1, 1), 2025)]
)
def test_the_academic_year_begins_in_july(day, year):
    assert (academic_year(day), academic_year_start(day)) == (year, dt.date(year, 7, 1))
