"""How findings speak of dates, numbers and people."""

from __future__ import annotations

from collections.abc import Sequence

from schedules.domain.problem import Date, Person

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NAMED = 3
"""So many people are named; more are counted."""


def on(day: Date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def span(start: Date, end: Date) -> str:
    return on(start) if start == end else f"{on(start)} to {on(end)}"


def number(value: float) -> str:
    """At most two decimals, none where the number is whole."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def count(value: int, noun: str) -> str:
    return f"{value} {noun}" if value == 1 else f"{value} {noun}s"


def names(people: Sequence[Person], noun: str = "resident") -> str:
    if len(people) > NAMED:
        return count(len(people), noun)
    return ", ".join(person.name for person in people)
