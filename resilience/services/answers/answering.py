"""What every answer says, and the parts that several of them share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from resilience.domain.covering import OpenPost
from resilience.domain.levels import Level


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person as answers name them."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What every tool says. UNKNOWN levels carry their reason in `message`; figures that are unknown are None."""

    level: Level
    message: str
    data_age_seconds: int | None
    """Age of the oldest evaluation that the answer rests on; None = nothing was ever evaluated."""
    start: dt.date | None = None
    end: dt.date | None = None
    """The dates that were looked at, both included; None where the tool looks at none."""

    def as_json(self) -> dict[str, Any]:
        """Plain data: levels and enums by name, dates as ISO text, fractions as numbers."""
        found = plain(self)
        assert isinstance(found, dict)  # noqa: S101 - for the type checker
        return found


def plain(value: Any) -> Any:
    """Dataclasses, enums, numbers, dates and collections as JSON data."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    return next((to_plain(value) for kinds, to_plain in _PLAIN if isinstance(value, kinds)), value)


_PLAIN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (IntEnum, lambda value: value.name),
    (Enum, lambda value: value.value),
    ((Fraction, float), lambda value: round(float(value), 4)),
    (dt.date, lambda value: value.isoformat()),
    (Mapping, lambda value: {str(plain(key)): plain(item) for key, item in value.items()}),
    ((tuple, list), lambda value: [plain(item) for item in value]),
    ((set, frozenset), lambda value: sorted(plain(item) for item in value)),
    (UUID, str),
)
"""The first kind that fits: an IntEnum goes by its name, any other enum by its value."""


# --- parts that several answers share --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MarginPoint:
    """k* of one session."""

    date: dt.date
    session: str
    margin: int
    certificate: str
    people: tuple[PersonRef, ...] = ()
    critical: tuple[PersonRef, ...] = ()


@dataclass(frozen=True, slots=True)
class CellView:
    """One changed cell."""

    person: PersonRef
    date: dt.date
    session: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class OpenView:
    """A post that stays short of people."""

    date: dt.date
    session: str
    post: str
    missing: int


def open_views(posts: Iterable[OpenPost]) -> tuple[OpenView, ...]:
    """Open posts of the core as answers show them."""
    return tuple(OpenView(post.day, post.session.value, post.label, post.missing) for post in posts)
