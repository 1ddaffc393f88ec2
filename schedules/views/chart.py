"""The chart of objective and bound over time, as numbers that a template draws as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 10, 36

Point = tuple[float, float]


@dataclass(frozen=True)
class Tick:
    """A line of the scale at `at` (pixels) with its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """Polylines in pixels, and the scales. `gap` is the area between the two lines."""

    objective: str
    bound: str
    gap: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    last_objective: Point | None
    last_bound: Point | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right_edge: int = WIDTH - RIGHT
    top: int = TOP
    bottom_edge: int = HEIGHT - BOTTOM


def chart(curve: Sequence[Sequence[float | None]], *, elapsed: float) -> Chart | None:
    """Steps of ``[seconds, objective or None, bound or None]``; None before the first solution."""
    objective = [(float(t or 0), float(value)) for t, value, _ in curve if value is not None]
    bound = [(float(t or 0), float(value)) for t, _, value in curve if value is not None]
    if not objective:
        return None
    end = max(elapsed, objective[-1][0], 0.1)
    low, high = _range([v for _, v in objective], [v for _, v in bound])
    scale = _Scale(end, low, high)
    upper, lower = scale.steps(objective), scale.steps(bound)
    return Chart(
        objective=_polyline(upper),
        bound=_polyline(lower),
        gap=_polyline(_area(upper, lower)) if lower else "",
        x_ticks=[Tick(scale.x(t), f"{t:g}") for t in _round_steps(0, end)],
        y_ticks=[Tick(scale.y(v), f"{v:,.0f}") for v in _round_steps(low, high)],
        last_objective=upper[-1],
        last_bound=lower[-1] if lower else None,
    )


def _range(objective: list[float], bound: list[float]) -> tuple[float, float]:
    """Values shown: from the lowest useful bound to the first objective, with a margin."""
    floor = min(objective)
    useful = [value for value in bound if value > 0] or [floor]
    low, high = min(floor, *useful), max(objective)
    margin = max((high - low) * 0.06, abs(high) * 0.002, 1.0)
    return low - margin, high + margin


class _Scale:
    """Seconds and points to pixels."""

    def __init__(self, end: float, low: float, high: float) -> None:
        self.end, self.low, self.high = end, low, high

    def x(self, seconds: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(seconds, self.end) / self.end, 1)

    def y(self, value: float) -> float:
        clipped = min(max(value, self.low), self.high)
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (self.high - clipped) / (self.high - self.low), 1)

    def steps(self, points: list[Point]) -> list[Point]:
        """A value holds until the next one is found."""
        line: list[Point] = []
        for seconds, value in points:
            if line:
                line.append((self.x(seconds), line[-1][1]))
            line.append((self.x(seconds), self.y(value)))
        return [*line, (self.x(self.end), line[-1][1])] if line else []


def _area(upper: list[Point], lower: list[Point]) -> list[Point]:
    """The outline of what lies between two step lines, from where both are known."""
    start = max(upper[0][0], lower[0][0])
    return [*_since(upper, start), *reversed(_since(lower, start))]


def _since(line: list[Point], start: float) -> list[Point]:
    held = [y for x, y in line if x <= start]
    return [(start, held[-1]), *(point for point in line if point[0] > start)]


def _polyline(points: list[Point]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _round_steps(low: float, high: float) -> list[float]:
    """Three to six round values inside the range."""
    raw = (high - low) / 4
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw)
    first = math.ceil(low / step) * step
    return [round(first + n * step, 6) for n in range(int((high - first) / step) + 1)]
