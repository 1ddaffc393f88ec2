"""Workbook, CSV and calendar of a schedule say what its rows say, and no cell is ever a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io

import icalendar
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from openpyxl import load_workbook

from schedules.domain.problem import Session
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.services import exports
from tests.factories import program

pytestmark = pytest.mark.django_db

THU, FRI = dt.date(2026, 3, 12), dt.date(2026, 3, 13)
AM, PM, NIGHT = Session


def published(rows, start=THU, end=FRI):
    schedule = program.schedule(start, end, status=ScheduleStatus.PUBLISHED)
    program.assignments(schedule, rows)
    return schedule


def cells_of(sheet) -> set[tuple[str, dt.date, str, str]]:
    """Read a block sheet back as a coordinator would: name, date over two columns, night after the plus."""
    found = set()
    for row in sheet.iter_rows(min_row=4):
        for cell in row[3:]:
            day = sheet.cell(2, cell.column - (cell.column % 2)).value.date()
            code, _, night = (cell.value or "").partition(" +")
            if code:
                found.add((row[0].value, day, sheet.cell(3, cell.column).value, code))
            if night:
                found.add((row[0].value, day, "NIGHT", night))
    return found


def test_the_workbook_read_back_equals_the_roster():
    intern, attending = program.resident(1, name="Žofie Náhodná"), program.faculty(name="Ana Acaso")
    published(
        [
            (intern, THU, AM, "C"),
            (intern, THU, PM, "FMIT"),
            (intern, FRI, AM, "OFF"),
            (intern, FRI, NIGHT, "NF"),
            (attending, THU, PM, "AT"),
            (attending, THU, NIGHT, "CALL"),
        ]
    )

    book = load_workbook(io.BytesIO(exports.block_workbook(THU, FRI)))

    assert cells_of(book["Schedule"]) == {
        ("Žofie Náhodná", THU, "AM", "C"),
        ("Žofie Náhodná", THU, "PM", "FMIT"),
        ("Žofie Náhodná", FRI, "AM", "OFF"),
        ("Žofie Náhodná", FRI, "NIGHT", "NF"),
        ("Ana Acaso", THU, "PM", "AT"),
        ("Ana Acaso", THU, "NIGHT", "CALL"),
    }


def test_the_workbook_groups_people_and_is_ready_to_print():
    published([(program.resident(2, name="B"), THU, AM, "C"), (program.faculty(name="A"), THU, AM, "AT")])

    sheet = load_workbook(io.BytesIO(exports.block_workbook(THU, FRI, title="Block 10")))["Schedule"]

    assert [sheet.cell(line, 1).value for line in range(1, 8)] == [
        "Block 10",
        "Name",
        None,
        "PGY-2",
        "B",
        "Faculty",
        "A",
    ]
    assert sheet.freeze_panes == "D4"
    assert sheet.page_setup.orientation == "landscape"
    assert sorted(map(str, sheet.merged_cells.ranges)) == ["A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:G2"]
    assert sheet["D5"].fill.fgColor.rgb == "00C0EAFF"


def test_the_legend_lists_the_codes_in_use():
    person = program.resident()
    published([(person, THU, AM, "C"), (person, THU, PM, "LV")])

    sheet = load_workbook(io.BytesIO(exports.block_workbook(THU, FRI)))["Legend"]

    assert [tuple(c.value for c in row) for row in sheet.iter_rows()] == [
        ("Code", "Activity", "Kind"),
        ("C", "Clinic", "Clinic"),
        ("LV", "Leave", "Off"),
    ]


@pytest.mark.parametrize("name", ["=1+1", "+49", "-2+3", "@SUM(A1)", "＝1+1"])
def test_names_that_look_like_formulas_stay_texts(name):
    published([(program.resident(name=name), THU, AM, "C")])

    cell = load_workbook(io.BytesIO(exports.block_workbook(THU, FRI)))["Schedule"]["A5"]
    row = next(csv.DictReader(io.StringIO(exports.rows_csv(THU, FRI))))

    assert (cell.value, cell.data_type) == (name, "s")
    assert row["person"] == f"'{name}"


def test_the_csv_has_one_row_per_person_date_and_session():
    tiny = program.tiny_program()
    intern = tiny.residents[0]
    published([(intern, THU, PM, "C"), (intern, THU, AM, "ADM")])

    rows = list(csv.DictReader(io.StringIO(exports.rows_csv(THU, FRI))))

    assert [tuple(row.values()) for row in rows] == [
        (intern.name, "RESIDENT", "1", "2026-03-12", "AM", "ADM", "Administration", "Clinic", "MANUAL", "no"),
        (intern.name, "RESIDENT", "1", "2026-03-12", "PM", "C", "Clinic", "Clinic", "MANUAL", "no"),
    ]


def test_a_draft_is_exported_by_itself():
    person = program.resident()
    published([(person, THU, AM, "C")])
    draft = program.schedule(THU, FRI)
    program.assignments(draft, [(person, THU, AM, "ADM")])

    rows = list(csv.DictReader(io.StringIO(exports.rows_csv(THU, FRI, schedule=draft))))

    assert [row["activity"] for row in rows] == ["ADM"]


@pytest.mark.parametrize(("name", "hours"), [("Pacific/Honolulu", -10), ("Asia/Tokyo", 9)])
def test_calendar_times_follow_the_clock_rule_in_the_programs_zone(settings, name, hours):
    settings.TIME_ZONE = name
    program.policy(program_name="Demo")
    person = program.resident(name="Þóra Dæmi")
    rows = [(person, THU, AM, "FMIT"), (person, THU, PM, "FMIT"), (person, FRI, PM, "C"), (person, FRI, NIGHT, "NF")]
    published(rows)

    calendar = icalendar.Calendar.from_ical(exports.calendar_of(person, start=THU, end=FRI))

    zone = dt.timezone(dt.timedelta(hours=hours))
    assert [(e["summary"], e.start, e.end) for e in sorted(calendar.events, key=lambda e: e.start)] == [
        ("FMIT Inpatient team", dt.datetime(2026, 3, 12, 6, tzinfo=zone), dt.datetime(2026, 3, 12, 18, tzinfo=zone)),
        ("C Clinic", dt.datetime(2026, 3, 13, 12, tzinfo=zone), dt.datetime(2026, 3, 13, 17, tzinfo=zone)),
        ("NF Night float", dt.datetime(2026, 3, 13, 18, tzinfo=zone), dt.datetime(2026, 3, 14, 6, tzinfo=zone)),
    ]
    assert (calendar["x-wr-calname"], calendar["x-wr-timezone"]) == ("Demo: Þóra Dæmi", name)


def test_leave_is_an_all_day_entry_and_days_off_are_none():
    person = program.resident()
    published([(person, THU, AM, "LV"), (person, THU, PM, "LV"), (person, FRI, AM, "OFF"), (person, FRI, PM, "W")])

    calendar = icalendar.Calendar.from_ical(exports.calendar_of(person, start=THU, end=FRI))

    assert [(e["summary"], e.start, e.end, e["transp"]) for e in calendar.events] == [
        ("LV Leave", THU, FRI, "TRANSPARENT")
    ]


def test_entries_keep_their_uid_when_the_activity_changes():
    person = program.resident()
    schedule = published([(person, THU, PM, "C")])
    before = icalendar.Calendar.from_ical(exports.calendar_of(person, start=THU, end=FRI)).events[0]["uid"]
    with program.open_gate():
        row = schedule.assignments.get()
        row.activity = program.standard_activities()["ADM"]
        row.save()

    after = icalendar.Calendar.from_ical(exports.calendar_of(person, start=THU, end=FRI)).events[0]

    assert (after["uid"], after["summary"]) == (before, "ADM Administration")
    assert before == f"{person.pk}-20260312-PM@residency-scheduler"


def test_a_calendar_holds_nothing_of_drafts_or_others():
    person, other = program.resident(), program.resident()
    published([(other, THU, PM, "C")])
    program.assignments(program.schedule(THU, FRI), [(person, THU, PM, "C")])

    assert icalendar.Calendar.from_ical(exports.calendar_of(person, start=THU, end=FRI)).events == []


def test_the_command_writes_a_file(tmp_path, capsys):
    person = program.resident()
    published([(person, THU, AM, "C")])
    file = tmp_path / "block.csv"

    call_command("export_schedule", "--csv", "--range", "2026-03-12", "2026-03-13", "--output", str(file))

    assert len(file.read_text().splitlines()) == 2
    assert "bytes to" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--csv"], "Name a --block or a --range START END."),
        (["--csv", "--block", "99"], "There is no block 99 in the academic year 2025."),
        (
            ["--csv", "--range", "2026-03-13", "2026-03-12"],
            "The range ends (2026-03-12) before it starts (2026-03-13).",
        ),
        (["--ics", "--range", "2026-03-12", "2026-03-13"], "Name one --person, by id or full name."),
    ],
)
def test_the_command_says_what_is_missing(arguments, sentence):
    with pytest.raises(CommandError, match=sentence.replace("(", r"\(").replace(")", r"\)")):
        call_command("export_schedule", *arguments)


def test_the_workbook_of_the_tiny_program_equals_its_roster():
    """Every cell of a whole block survives the way through the file."""
    tiny = program.tiny_program()
    start, end = tiny.block.start_date, tiny.block.end_date
    days = [start + dt.timedelta(days=n) for n in range(28)]
    rows = [(p, d, s, "C" if d.weekday() < 5 else "W") for p in tiny.residents for d in days for s in (AM, PM)]
    published(rows, start, end)
    problem = load_problem(start, end)

    book = load_workbook(io.BytesIO(exports.block_workbook(start, end)))

    roster = load_roster(problem, schedule="published")
    expected = {(problem.person[s.person].name, s.day, s.session.value, code) for s, code in roster}
    assert cells_of(book["Schedule"]) == expected
    assert len(expected) == 4 * 28 * 2
