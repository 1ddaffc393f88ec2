"""Margins over time as numbers that templates draw: the k* chart and the heat map."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resilience.services.answers import MarginPoint
from schedules.domain.problem import SESSIONS, Session

WIDTH, HEIGHT = 960, 220
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 10, 30
TOP_MARGIN = 6
"""Larger margins are drawn at this height: from here on nobody needs to look."""

TONES = ((0, "bad"), (1, "warn"), (2, "mild"))
"""Highest k* that still gets the tone; everything above is fine."""


def tone_of(margin: int | None) -> str:
    """The colour of a k*: below 0 worse than bad, 0 bad, 1 warn, 2 mild, more ok; nothing demanded has none."""
    if margin is None:
        return ""
    if margin < 0:
        return "worst"
    return next((tone for limit, tone in TONES if margin <= limit), "ok")


@dataclass(frozen=True)
class HeatCell:
    """k* of one session; `margin` None where nothing is demanded."""

    day: dt.date
    margin: int | None
    tone: str
    proof: str


@dataclass(frozen=True)
class HeatRow:
    session: Session
    cells: tuple[HeatCell, ...]


def heat_map(timeline: Iterable[MarginPoint], days: Sequence[dt.date]) -> list[HeatRow]:
    """Rows AM, PM, NIGHT by the days given."""
    found = {(point.date, point.session): point for point in timeline}
    return [HeatRow(session, tuple(_cell(found.get((day, str(session))), day) for day in days)) for session in SESSIONS]


def _cell(found: MarginPoint | None, day: dt.date) -> HeatCell:
    if found is None:
        return HeatCell(day, None, "", "nothing is demanded")
    return HeatCell(day, found.margin, tone_of(found.margin), found.certificate)


@dataclass(frozen=True)
class Bar:
    """The lowest k*(safety) of a day: a bar from the line of 0, in pixels."""

    day: dt.date
    margin: int
    tone: str
    x: float
    y: float
    width: float
    height: float
    text_y: float


@dataclass(frozen=True)
class Mark:
    """A text of a scale, at `at` pixels."""

    at: float
    text: str


@dataclass(frozen=True)
class MarginChart:
    """k* by day: bars for safety, one stepped line for everything demanded."""

    bars: tuple[Bar, ...]
    line: str
    levels: tuple[Mark, ...]
    dates: tuple[Mark, ...]
    zero: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right_edge: int = WIDTH - RIGHT
    foot: int = HEIGHT - 8


def lowest_by_day(timeline: Iterable[MarginPoint]) -> dict[dt.date, int]:
    """The smallest k* of each day that demands anything."""
    lowest: dict[dt.date, int] = {}
    for point in timeline:
        lowest[point.date] = min(point.margin, lowest.get(point.date, point.margin))
    return lowest


def margin_chart(
    safety: Mapping[dt.date, int], everything: Mapping[dt.date, int], days: Sequence[dt.date]
) -> MarginChart | None:
    """The chart over the days; None where nothing at all is demanded."""
    values = [*safety.values(), *everything.values()]
    if not values or not days:
        return None
    scale = _Scale(low=min(0, *values), days=days)
    return MarginChart(
        bars=tuple(scale.bar(day, safety[day]) for day in days if day in safety),
        line=scale.line(everything),
        levels=tuple(
            Mark(scale.y(level), f"{level}+" if level == TOP_MARGIN else str(level))
            for level in range(scale.low, TOP_MARGIN + 1)
        ),
        dates=tuple(Mark(scale.x(index), f"{day.day} {day:%b}") for index, day in enumerate(days) if index % 7 == 0),
        zero=scale.y(0),
    )


class _Scale:
    """Days and margins to pixels."""

    def __init__(self, *, low: int, days: Sequence[dt.date]) -> None:
        self.low, self._days = low, days
        self._step = (WIDTH - LEFT - RIGHT) / len(days)

    def x(self, index: int) -> float:
        return round(LEFT + self._step * index, 1)

    def y(self, margin: int) -> float:
        share = (TOP_MARGIN - min(margin, TOP_MARGIN)) / (TOP_MARGIN - self.low)
        return round(TOP + (HEIGHT - TOP - BOTTOM) * share, 1)

    def bar(self, day: dt.date, margin: int) -> Bar:
        top, zero = self.y(margin), self.y(0)
        # A margin of 0 must be seen: it gets a thin bar of its own.
        height = max(abs(zero - top), 3.0)
        y = min(top, zero) if margin else zero - height
        inset = self._step * 0.14
        index = self._days.index(day)
        return Bar(
            day=day,
            margin=margin,
            tone=tone_of(margin),
            x=round(self.x(index) + inset, 1),
            y=round(y, 1),
            width=round(self._step - 2 * inset, 1),
            height=round(height, 1),
            text_y=round(y - 4, 1),
        )

    def line(self, lowest: Mapping[dt.date, int]) -> str:
        """Each day's value holds for the width of the day."""
        points = [
            (x, self.y(lowest[day]))
            for index, day in enumerate(self._days)
            if day in lowest
            for x in (self.x(index), self.x(index + 1))
        ]
        return " ".join(f"{x},{y}" for x, y in points)
