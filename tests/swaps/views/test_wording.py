"""Every state, kind, reason, check and level has a word; times and weeks are said as people say them."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules.domain.rules import RULES
from swaps.domain.candidates import Component
from swaps.domain.tables import CHECKS, Level, Reason, SwapStatus, SwapType, Tier, Verdict
from swaps.enums import Event
from swaps.views import wording

AT = dt.datetime(2026, 2, 20, 18, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("words", "all_of_them"),
    [
        (wording.STATUS, SwapStatus),
        (wording.TYPE, SwapType),
        (wording.REASON, Reason),
        (wording.LEVEL, Level),
        (wording.VERDICT, Verdict),
        (wording.DECIDED_VERDICT, Verdict),
        (wording.TIER, Tier),
        (wording.COMPONENT, Component),
    ],
)
def test_everything_has_a_word(words, all_of_them):
    assert set(words) == set(all_of_them)


def test_every_check_and_every_rule_has_a_title():
    judged = {check.code for check in CHECKS} | set(RULES)

    assert judged - set(wording.CHECK) == set()


def test_every_event_of_the_record_has_a_label():
    assert all(event.label for event in Event)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (dt.timedelta(seconds=-1), ""),
        (dt.timedelta(0), "0 min"),
        (dt.timedelta(minutes=59, seconds=59), "59 min"),
        (dt.timedelta(hours=24), "24 h 0 min"),
        (dt.timedelta(hours=47, minutes=59), "47 h 59 min"),
        (dt.timedelta(hours=48), "2 days 0 h"),
    ],
)
def test_time_left_is_told_to_the_minute_and_from_two_days_on_to_the_hour(left, said):
    assert wording.time_left(AT + left, AT) == said


def test_nothing_is_left_without_an_end():
    assert wording.time_left(None, AT) == ""


def test_moments_are_told_in_the_zone_of_the_program():
    assert wording.moment(AT) == "Fri 20 Feb, 08:00"


@pytest.mark.parametrize(
    ("days", "label"),
    [
        ((dt.date(2026, 3, 13), dt.date(2026, 3, 19)), "Fri 13 – Thu 19 Mar 2026"),
        ((dt.date(2026, 2, 27), dt.date(2026, 3, 5)), "Fri 27 Feb – Thu 5 Mar 2026"),
    ],
)
def test_a_week_names_its_month_once(days, label):
    assert wording.week_label(days) == label
