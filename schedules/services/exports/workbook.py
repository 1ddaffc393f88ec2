"""A block as the workbook programs pass around: people down, two columns per day across, nights beside the PM."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Iterator
from itertools import groupby

from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import Cell  # type: ignore[import-untyped]
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]
from openpyxl.worksheet.worksheet import Worksheet  # type: ignore[import-untyped]

from schedules import models
from schedules.domain.codes import LEAVE_CODE
from schedules.domain.problem import (
    HALF_DAYS,
    Activity,
    ActivityCode,
    Category,
    Date,
    Person,
    Problem,
    Session,
    Weekday,
)
from schedules.domain.roster import Roster, Slot
from schedules.mapping import Which, load_problem, load_roster

NIGHT_MARK = " +"
"""Between the PM activity and the night that follows it: "C +CALL"."""

FIRST_DAY_COLUMN = 4
HEADER_ROWS = 3

_FILLS = {
    Category.CLINIC: "C0EAFF",
    Category.PROCEDURE: "D7E1FF",
    Category.SPECIALTY: "EDDAFD",
    Category.INPATIENT: "FFD3D3",
    Category.NIGHT: "AEB9E8",
    Category.EDUCATION: "C8EFCE",
    Category.RESEARCH: "E1E8BB",
    Category.ADMIN: "DDE2E6",
    Category.SUPERVISION: "FEDEAA",
    Category.AWAY: "EEE0D5",
}
_LEAVE = "E3E6E8"
_CLOSED = "EDF0F2"
_HEAD = "33406B"
_THIN = Side(style="thin", color="C5CDD3")
_DAY_EDGE = Side(style="medium", color="8A96A0")
_CENTRE = Alignment(horizontal="center", vertical="center")
_BOLD = Font(bold=True)
_HEAD_FONT = Font(bold=True, color="FFFFFF")


def block_workbook(start: dt.date, end: dt.date, *, schedule: Which = "published", title: str = "") -> bytes:
    """An XLSX file of the dates: sheet "Schedule" (two columns a day) and sheet "Legend".

    Texts are written as texts, so that no name or code is ever run as a formula.
    """
    version = schedule if isinstance(schedule, models.Schedule) else None
    problem = load_problem(start, end, schedule=version)
    roster = load_roster(problem, schedule=schedule)
    book = Workbook()
    sheet = book.active
    sheet.title = "Schedule"
    _header(sheet, problem, title or f"Schedule {start} to {end}")
    last = _people(sheet, problem, roster)
    _page(sheet, problem, last)
    _legend(book.create_sheet("Legend"), problem, {code for _, code in roster})
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _column(problem: Problem, day: Date, session: Session) -> int:
    return FIRST_DAY_COLUMN + 2 * (day - problem.start).days + HALF_DAYS.index(session)


def _write(cell: Cell, text: str) -> Cell:
    cell.value = text
    cell.data_type = "s"
    return cell


def _header(sheet: Worksheet, problem: Problem, title: str) -> None:
    """Title, then the date over its two columns, then AM and PM."""
    _write(sheet.cell(1, 1), title).font = Font(bold=True, size=14)
    for column, text in enumerate(("Name", "Level", "Rotation"), start=1):
        _head(_write(sheet.cell(2, column), text))
        sheet.merge_cells(start_row=2, start_column=column, end_row=3, end_column=column)
    for day in problem.days:
        column = _column(problem, day, Session.AM)
        cell = sheet.cell(2, column, day)
        cell.number_format = "ddd d mmm"
        _head(cell)
        sheet.merge_cells(start_row=2, start_column=column, end_row=2, end_column=column + 1)
        for session in HALF_DAYS:
            _head(_write(sheet.cell(3, _column(problem, day, session)), session.value))


def _head(cell: Cell) -> None:
    cell.font, cell.alignment = _HEAD_FONT, _CENTRE
    cell.fill = PatternFill("solid", fgColor=_HEAD)


def _people(sheet: Worksheet, problem: Problem, roster: Roster) -> int:
    """One line per person with cells, under a line for each level; returns the last line."""
    seen = {slot.person for slot, _ in roster}
    scheduled = [person for person in problem.people if person.id in seen]
    line = HEADER_ROWS
    for group, people in groupby(scheduled, key=_group):
        line += 1
        _write(sheet.cell(line, 1), group).font = _BOLD
        for column in range(1, _column(problem, problem.end, Session.PM) + 1):
            sheet.cell(line, column).fill = PatternFill("solid", fgColor=_CLOSED)
        for person in people:
            line += 1
            _person(sheet, line, problem, roster, person)
    return line


def _group(person: Person) -> str:
    return f"PGY-{person.pgy_level}" if person.is_resident else "Faculty"


def _person(sheet: Worksheet, line: int, problem: Problem, roster: Roster, person: Person) -> None:
    _write(sheet.cell(line, 1), person.name).font = _BOLD
    _write(sheet.cell(line, 2), _group(person))
    _write(sheet.cell(line, 3), ", ".join(_rotations(problem, person)))
    for day in problem.days:
        night = roster.cells.get(Slot(person.id, day, Session.NIGHT))
        for session in HALF_DAYS:
            code = roster.cells.get(Slot(person.id, day, session))
            suffix = f"{NIGHT_MARK}{night}" if night and session is Session.PM else ""
            cell = _write(sheet.cell(line, _column(problem, day, session)), f"{code or ''}{suffix}")
            cell.alignment = _CENTRE
            left = _DAY_EDGE if session is Session.AM else _THIN
            cell.border = Border(left=left, right=_THIN, top=_THIN, bottom=_THIN)
            colour = _fill(problem, day, night if suffix else code)
            if colour:
                cell.fill = PatternFill("solid", fgColor=colour)


def _rotations(problem: Problem, person: Person) -> Iterator[str]:
    """Names of the person's rotations in the range, in order, each once."""
    periods = (problem.assignment_of.get((person.id, day)) for day in problem.days)
    names = [problem.rotations[period.rotation].name for period in periods if period]
    return iter(dict.fromkeys(names))


def _fill(problem: Problem, day: Date, code: ActivityCode | None) -> str:
    activity = problem.activities.get(code) if code else None
    if activity is None or activity.category is Category.OFF:
        if code == LEAVE_CODE:
            return _LEAVE
        return _CLOSED if day.weekday() >= Weekday.SAT or day in problem.holidays else ""
    return _FILLS[activity.category]


def _page(sheet: Worksheet, problem: Problem, last: int) -> None:
    """Frozen names and dates; printed landscape, a page wide enough for two weeks, header on every page."""
    sheet.freeze_panes = sheet.cell(HEADER_ROWS + 1, FIRST_DAY_COLUMN)
    widths = {1: 26, 2: 9, 3: 30}
    for column in range(1, _column(problem, problem.end, Session.PM) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = widths.get(column, 7)
    right = get_column_letter(_column(problem, problem.end, Session.PM))
    sheet.print_area = f"A1:{right}{max(last, HEADER_ROWS)}"
    sheet.print_title_rows = f"2:{HEADER_ROWS}"
    sheet.print_title_cols = "A:A"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth = -(-len(problem.days) // 14)
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _legend(sheet: Worksheet, problem: Problem, used: Iterable[ActivityCode]) -> None:
    for column, text in enumerate(("Code", "Activity", "Kind"), start=1):
        _head(_write(sheet.cell(1, column), text))
    for line, activity in enumerate(_used(problem, used), start=2):
        _write(sheet.cell(line, 1), activity.code)
        _write(sheet.cell(line, 2), activity.name)
        _write(sheet.cell(line, 3), activity.category.value.capitalize())
        colour = _FILLS.get(activity.category) or (_LEAVE if activity.code == LEAVE_CODE else "")
        if colour:
            sheet.cell(line, 1).fill = PatternFill("solid", fgColor=colour)
    for letter, width in (("A", 10), ("B", 36), ("C", 16)):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"


def _used(problem: Problem, used: Iterable[ActivityCode]) -> list[Activity]:
    order = list(Category)
    found = (problem.activities[code] for code in set(used))
    return sorted(found, key=lambda activity: (order.index(activity.category), activity.code))
