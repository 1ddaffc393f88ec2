"""Stored names and sentences as pages write them."""

from __future__ import annotations

import datetime as dt

import pytest

from common.templatetags.wording import breakable, in_words, readable, until


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("3 - SAFETY_SYSTEMS", "3 - Safety systems"),
        ("PREVENTION lacks: a backup.", "Prevention lacks: a backup."),
        ("on_call", "on call"),
        ("k*(safety) within 7 days, AM", "k*(safety) within 7 days, AM"),
    ],
)
def test_identifiers_become_words(stored, shown):
    assert in_words(stored) == shown


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("away from 2026-11-20 to 2026-12-04", "away from 20 Nov 2026 to 4 Dec 2026"),
        ("2026-02-31 is no day", "2026-02-31 is no day"),
        ("run 12026-11-200", "run 12026-11-200"),
    ],
)
def test_dates_in_a_sentence_are_written_out(stored, shown):
    assert readable(stored) == shown


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        (dt.date(2026, 3, 12), dt.date(2026, 4, 8), "12 Mar – 8 Apr 2026"),
        (dt.date(2025, 7, 1), dt.date(2026, 6, 30), "1 Jul 2025 – 30 Jun 2026"),
        (dt.date(2026, 3, 12), dt.date(2026, 3, 12), "12 Mar 2026"),
    ],
)
def test_a_range_of_dates_names_each_year_once(start, end, shown):
    assert until(start, end) == shown


def test_a_file_name_may_break_after_its_underscores():
    assert breakable("pre_<1>.sql.gz") == "pre_<wbr>&lt;1&gt;.sql.gz"
