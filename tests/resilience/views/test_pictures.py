"""The margin pictures: numbers land where they belong."""

from __future__ import annotations

import datetime as dt

import pytest

from resilience.services.answers import MarginPoint
from resilience.views.pictures import HEIGHT, LEFT, RIGHT, WIDTH, heat_map, lowest_by_day, margin_chart, tone_of
from schedules.domain.problem import Session

MONDAY = dt.date(2026, 3, 16)
TUESDAY = dt.date(2026, 3, 17)


def margin(day: dt.date, session: Session, value: int) -> MarginPoint:
    return MarginPoint(day, str(session), value, "a proof")


@pytest.mark.parametrize(
    ("value", "tone"), [(-2, "worst"), (-1, "worst"), (0, "bad"), (1, "warn"), (2, "mild"), (3, "ok"), (None, "")]
)
def test_tone_of_every_margin(value, tone):
    assert tone_of(value) == tone


def test_heat_map_has_a_cell_for_every_session_of_every_day():
    rows = heat_map([margin(MONDAY, Session.AM, 2), margin(TUESDAY, Session.NIGHT, -1)], [MONDAY, TUESDAY])

    assert [(row.session, [cell.margin for cell in row.cells]) for row in rows] == [
        (Session.AM, [2, None]),
        (Session.PM, [None, None]),
        (Session.NIGHT, [None, -1]),
    ]
    assert rows[1].cells[0].proof == "nothing is demanded"


def test_lowest_of_a_day_is_its_smallest_session():
    assert lowest_by_day([margin(MONDAY, Session.AM, 3), margin(MONDAY, Session.PM, 1)]) == {MONDAY: 1}


def test_chart_of_nothing_is_none():
    assert margin_chart({}, {}, [MONDAY]) is None


def test_bars_stand_on_the_line_of_zero_and_hang_below_it():
    chart = margin_chart({MONDAY: 2, TUESDAY: -1}, {MONDAY: 1}, [MONDAY, TUESDAY])

    assert chart is not None
    above, below = chart.bars
    assert above.y + above.height == pytest.approx(chart.zero, abs=0.2)
    assert below.y == pytest.approx(chart.zero, abs=0.2)
    assert above.height == pytest.approx(2 * below.height, abs=0.3)
    assert [mark.text for mark in chart.levels] == ["-1", "0", "1", "2", "3", "4", "5", "6+"]


def test_margin_of_zero_is_seen():
    chart = margin_chart({MONDAY: 0}, {}, [MONDAY])

    assert chart is not None
    assert chart.bars[0].height == 3.0
    assert chart.line == ""


def test_every_bar_is_inside_the_picture():
    days = [MONDAY + dt.timedelta(days=n) for n in range(28)]
    chart = margin_chart({day: n - 3 for n, day in enumerate(days)}, {}, days)

    assert chart is not None
    assert all(bar.x >= LEFT and bar.x + bar.width <= WIDTH - RIGHT for bar in chart.bars)
    assert all(bar.y >= 0 and bar.y + bar.height <= HEIGHT for bar in chart.bars)
