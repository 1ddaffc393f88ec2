"""The swap week of a date."""

from __future__ import annotations

import pytest

from schedules.domain.problem import DutyLog, DutyLogKind
from swaps.domain.tables import SwapPolicy
from swaps.domain.weeks import hours, swap_week, week_of
from tests.factories.rosters import attending, day, world


@pytest.mark.parametrize(("offset", "first"), [(1, 1), (4, 1), (7, 1), (8, 8), (0, -6)])
def test_any_date_names_its_friday_to_thursday(offset, first):
    assert week_of(day(offset), starts_on=4) == tuple(day(first + step) for step in range(7))


def test_whoever_leads_swaps_friday_to_thursday_and_others_monday_to_sunday():
    _, roster = world((attending(1), attending(2)), {"F1": {"1-7": "FMIT FMIT"}})
    policy = SwapPolicy()

    assert swap_week(roster, "F1", day(7), policy)[0] == day(1)
    assert swap_week(roster, "F2", day(7), policy)[0] == day(4)
    assert swap_week(roster, "F1", day(8), policy)[0] == day(4)


def test_an_fmit_week_alone_is_108_hours_and_logged_ones_count():
    log = DutyLog("F1", day(5), DutyLogKind.MOONLIGHTING, 4)
    plan = {"F1": {"1-2": "FMIT FMIT CALL", "3-7": "FMIT FMIT", "8": "AT AT"}}
    week = week_of(day(1), starts_on=4)

    assert hours(*world((attending(1),), plan), "F1", week) == 108
    assert hours(*world((attending(1),), plan, logs=[log]), "F1", week) == 112
