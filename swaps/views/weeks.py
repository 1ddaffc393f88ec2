"""Weeks with what is in them, as strips of seven days in the colours of the schedule."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schedules.domain.problem import Category, Session, days_between
from schedules.enums import ScheduleStatus
from schedules.models import Activity, Assignment
from schedules.views.grid import SESSION_CSS, SESSION_NAMES, css_class
from swaps.domain.weeks import DAYS_PER_WEEK
from swaps.views.picture import Square
from swaps.views.wording import week_label

SHOWN_ACTIVITIES = 3

Week = tuple[uuid.UUID, dt.date]
"""A person and the first day of one of their swap weeks."""

Duties = Mapping[tuple[uuid.UUID, dt.date, str], Activity]


@dataclass(frozen=True)
class WeekDay:
    """One day of a strip."""

    date: dt.date
    squares: list[Square]


@dataclass(frozen=True)
class SessionView:
    """One session with duty, which can be given away by itself."""

    value: str
    """``2026-03-13.AM``"""
    label: str
    code: str
    css: str


@dataclass(frozen=True)
class WeekView:
    """A swap week with its published duty in short."""

    first: dt.date
    days: list[WeekDay]
    what: str
    sessions: list[SessionView]

    @property
    def is_published(self) -> bool:
        """Whether every day of it is."""
        return all(day.squares for day in self.days)

    @property
    def last(self) -> dt.date:
        return self.first + dt.timedelta(days=DAYS_PER_WEEK - 1)

    @property
    def label(self) -> str:
        return week_label((self.first, self.last))


def weeks_shown(weeks: Iterable[Week]) -> dict[Week, WeekView]:
    """The published duty of every week, in one query."""
    wanted = list(weeks)
    if not wanted:
        return {}
    start = min(first for _, first in wanted)
    end = max(first for _, first in wanted) + dt.timedelta(days=DAYS_PER_WEEK - 1)
    rows = (
        Assignment.objects.filter(
            person__in={person for person, _ in wanted},
            date__range=(start, end),
            schedule__status=ScheduleStatus.PUBLISHED,
        )
        .select_related("activity")
        .order_by()
    )
    duties = {(row.person_id, row.date, row.session): row.activity for row in rows}
    return {week: _view(week, duties) for week in wanted}


def _view(week: Week, duties: Duties) -> WeekView:
    person, first = week
    days = list(days_between(first, first + dt.timedelta(days=DAYS_PER_WEEK - 1)))
    held = {
        day: {s.value: duties[person, day, s.value] for s in Session if (person, day, s.value) in duties}
        for day in days
    }
    strip = [WeekDay(day, _squares(held[day])) for day in days]
    return WeekView(first, strip, _in_short(held.values()), _sessions(held))


def _sessions(held: Mapping[dt.date, Mapping[str, Activity]]) -> list[SessionView]:
    return [
        SessionView(
            value=f"{day}.{session}",
            label=f"{day:%a} {day.day} {day:%b}, {SESSION_NAMES[session]}",
            code=activity.code,
            css=css_class(activity),
        )
        for day, sessions in held.items()
        for session, activity in sessions.items()
        if activity.category != Category.OFF
    ]


def _squares(held: Mapping[str, Activity]) -> list[Square]:
    """The sessions of a day; a morning and an afternoon of the same are one."""
    shown = dict(held)
    if "AM" in shown and shown.get("PM") == shown["AM"]:
        shown = {"DAY": shown["AM"], **{session: a for session, a in shown.items() if session == "NIGHT"}}
    return [
        Square(
            f"s {SESSION_CSS[session]} {css_class(activity)}",
            activity.code,
            f"{SESSION_NAMES[session]}: {activity.name}",
        )
        for session, activity in shown.items()
    ]


def _in_short(days: Iterable[Mapping[str, Activity]]) -> str:
    """``Inpatient team 14, Overnight call 1``: the most frequent duties by half-days and nights."""
    counts: dict[str, int] = {}
    for activity in (activity for day in days for activity in day.values()):
        if activity.category != Category.OFF:
            counts[activity.name] = counts.get(activity.name, 0) + 1
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    named = ", ".join(f"{name} {counts[name]}" for name in ranked[:SHOWN_ACTIVITIES])
    rest = len(ranked) - SHOWN_ACTIVITIES
    return f"{named} and {rest} more" if rest > 0 else named or "no duty"
