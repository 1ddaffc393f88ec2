"""The table of people x days as HTML: rows, cells, legend and coverage lines, built once per request.

Cells are assembled here and not in a template loop: 29 people x 28 days are 1,700 cells, which the template engine
renders in about a second and this in about 10 ms. Every text that comes from the database is escaped.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from schedules.domain.codes import LEAVE_CODE
from schedules.domain.problem import Category, Role, Session
from schedules.models import Activity, Person
from schedules.queries.grid import Cell, CellKey, GridData

SESSION_CSS = {"AM": "am", "PM": "pm", "NIGHT": "nt", "DAY": "day"}
SESSION_NAMES = {"AM": "AM", "PM": "PM", "NIGHT": "Night", "DAY": "AM and PM"}
"""DAY is a morning and an afternoon of the same, painted as one cell."""

CATEGORY_NAMES: Mapping[str, str] = {
    Category.CLINIC: "Clinic",
    Category.PROCEDURE: "Procedure",
    Category.SPECIALTY: "Specialty",
    Category.INPATIENT: "Inpatient, emergency",
    Category.NIGHT: "Night, call",
    Category.SUPERVISION: "Supervision",
    Category.EDUCATION: "Education",
    Category.RESEARCH: "Research",
    Category.ADMIN: "Administration",
    Category.AWAY: "Off-site",
    Category.OFF: "Off",
}
"""Every category in the order of the legend."""


@dataclass(frozen=True)
class Filters:
    """What the reader asked to see; empty = everything."""

    group: str = ""
    person: str = ""
    category: str = ""


@dataclass
class Mark:
    """Findings on one cell."""

    tone: str
    sentences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """One person's line."""

    person: Person
    rotation: str
    html: SafeString
    findings: int
    changes: int


@dataclass(frozen=True)
class RowGroup:
    """Residents of one level, or the faculty."""

    name: str
    rows: list[Row]


@dataclass(frozen=True)
class Day:
    """One column of the header."""

    date: dt.date
    css: str
    holiday: str


def css_class(activity: Activity | None) -> str:
    """The colour class: by category, leave apart from other time off, a program's own colour by code."""
    if activity is None:
        return "hole"
    if activity.code == LEAVE_CODE:
        return "k-leave"
    own = f" a-{activity.pk.hex[:8]}" if activity.colour else ""
    return f"k-{activity.category}{own}"


def days_of(data: GridData, today: dt.date) -> list[Day]:
    """Header columns with weekend, holiday and today marked."""
    return [Day(day, _day_css(data, day, today), data.holidays.get(day, "")) for day in data.days]


def _day_css(data: GridData, day: dt.date, today: dt.date) -> str:
    closed = "closed" if day.weekday() >= 5 or day in data.holidays else ""
    return f"{closed} today".strip() if day == today else closed


def group_name(person: Person) -> str:
    return f"Residents, PGY-{person.pgy_level}" if person.role == Role.RESIDENT else "Faculty"


def shows(person: Person, filters: Filters) -> bool:
    """Whether the filters let a person's row through."""
    if filters.person:
        return str(person.pk) == filters.person
    if filters.group.startswith("pgy"):
        return person.role == Role.RESIDENT and str(person.pgy_level) == filters.group[3:]
    return not filters.group or person.role == filters.group


def build_rows(
    data: GridData,
    *,
    filters: Filters,
    today: dt.date,
    marks: Mapping[CellKey, Mark],
    findings: Mapping[uuid.UUID, int],
    editable: bool,
) -> list[RowGroup]:
    """Rows grouped by level, residents first; `marks` outlines findings, a comparison fades what is equal."""
    painter = _Painter(data, filters, marks, findings, editable)
    columns = [(day, day.isoformat(), _day_css(data, day, today)) for day in data.days]
    groups: dict[str, list[Row]] = {}
    for person in data.people:
        if shows(person, filters):
            groups.setdefault(group_name(person), []).append(painter.row(person, columns))
    return [RowGroup(name, rows) for name, rows in groups.items()]


class _Painter:
    """Paints cells; holds what is equal for all of them."""

    def __init__(
        self,
        data: GridData,
        filters: Filters,
        marks: Mapping[CellKey, Mark],
        findings: Mapping[uuid.UUID, int],
        editable: bool,
    ) -> None:
        self.data, self.category, self.marks, self.findings = data, filters.category, marks, findings
        self.tag = "button" if editable else "span"
        self.first = ' tabindex="0"' if editable else ""
        self.fragment = cache(self._fragment)

    def row(self, person: Person, columns: Iterable[tuple[dt.date, str, str]]) -> Row:
        parts: list[str] = []
        changes = 0
        for day, iso, css in columns:
            parts.append(f'<td data-d="{iso}" class="{css}">' if css else f'<td data-d="{iso}">')
            cells, changed = self._day(person, day)
            parts += cells
            parts.append("</td>")
            changes += changed
        rotation = self.data.rotations.get(person.pk, "") or person.faculty_role
        html = mark_safe("".join(parts))  # noqa: S308 (every text was escaped in _fragment)
        return Row(person, rotation, html, self.findings.get(person.pk, 0), changes)

    def _day(self, person: Person, day: dt.date) -> tuple[list[str], int]:
        """The cells of one day, a whole day of the same as one, and how many of them differ from the comparison."""
        keys = [(person.pk, day, session.value) for session in Session]
        now = [self.data.cells.get(key) for key in keys]
        if self.data.before is None:
            if now[0] is not None and now[0][:] == (now[1] or ())[:] and not self.marks.keys() & set(keys[:2]):
                whole = self.paint(keys[0], now[0], None, day=True)
                return [whole, *([self.paint(keys[2], now[2], None)] if now[2] else [])], 0
            return [self.paint(k, c, None) for k, c in zip(keys, now, strict=True) if c or k[2] != Session.NIGHT], 0
        was = [self.data.before.get(key) for key in keys]
        changed = [_code(a) != _code(b) for a, b in zip(now, was, strict=True)]
        rows = zip(keys, now, was, changed, strict=True)
        return [self.paint(k, a, b, changed=c) for k, a, b, c in rows if a or b or k[2] != Session.NIGHT], sum(changed)

    def paint(
        self, key: CellKey, cell: Cell | None, was: Cell | None, *, changed: bool = False, day: bool = False
    ) -> str:
        mark = self.marks.get(key)
        html = self.fragment(
            "DAY" if day else key[2],
            _code(cell),
            cell is not None and cell.locked,
            "" if mark is None else mark.tone,
            _code(was) if changed else None,
            self.data.before is not None and not changed,
        )
        if mark is not None:
            html = html.replace('title="', f'title="{escape(" ".join(mark.sentences))} ', 1)
        if self.first:
            html, self.first = html.replace(' tabindex="-1"', self.first, 1), ""
        return html

    def _fragment(  # noqa: PLR0917
        self, session: str, code: str, locked: bool, tone: str, was: str | None, faint: bool
    ) -> str:
        activity = self.data.activities.get(code)
        css = ["s", SESSION_CSS[session], css_class(activity)]
        css += [name for name, on in (("lock", locked), ("faint", faint), ("was", was is not None)) if on]
        css += [tone] if tone else []
        if self.category and (activity is None or activity.category != self.category):
            css.append("dim")
        name = f"{SESSION_NAMES[session]}: {activity.name if activity else 'nothing assigned'}"
        name += ", locked" if locked else ""
        if was is not None:
            name += f" (was {was or 'nothing'})"
        value = "AM" if session == "DAY" else session
        attributes = f' type="button" tabindex="-1" value="{value}"' if self.tag == "button" else ""
        text = escape(code or "–")
        return f'<{self.tag}{attributes} class="{" ".join(css)}" title="{escape(name)}">{text}</{self.tag}>'


def _code(cell: Cell | None) -> str:
    return "" if cell is None else cell.activity


def legend(data: GridData) -> list[dict[str, Any]]:
    """Categories that occur, with their codes and names, in a fixed order."""
    used = {cell.activity for cell in data.cells.values()}
    by_category: dict[str, list[Activity]] = {}
    for code in sorted(used):
        if code in data.activities:
            by_category.setdefault(data.activities[code].category, []).append(data.activities[code])
    return [
        {"category": category, "name": name, "activities": by_category[category]}
        for category, name in CATEGORY_NAMES.items()
        if category in by_category
    ]
