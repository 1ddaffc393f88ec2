"""Whatever is in a file, reading it gives rows, or a sentence that names the file, the row and the reason."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from decimal import Decimal

import pytest
from openpyxl import Workbook

from schedules.services.imports import Rejection, read_source
from schedules.services.imports.files import MAX_FILES


class Upload(io.BytesIO):
    """A file as a browser sends it."""

    def __init__(self, name: str, content: bytes | str) -> None:
        super().__init__(content.encode() if isinstance(content, str) else content)
        self.name = name


def airtable(*rows: dict) -> str:
    return json.dumps({"records": [{"id": f"rec{n}", "fields": row} for n, row in enumerate(rows, start=1)]})


def archive(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return data.getvalue()


def workbook(**sheets: list[list[object]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def read(name: str, content: bytes | str):
    return read_source([Upload(name, content)])


def refused(name: str, content: bytes | str) -> list[tuple[str, str]]:
    return [(item.row, item.reason) for item in read(name, content).rejected]


# --- one table in every format


def test_airtable_json_is_read_by_record_id():
    parsed = read("airtable_residents.json", airtable({"Resident": "Ñandú Örnek", "postGraduateYear": 2}))

    assert [(row.key, dict(row.values)) for row in parsed.rows("residents")] == [
        ("rec1", {"name": "Ñandú Örnek", "pgy_level": 2, "email": ""})
    ]
    assert (parsed.rejected, parsed.warnings) == ((), ())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("residents.csv", "\ufeffid,Name,PGY level\nrec1,Zoë Dæmi,1\n"),
        ("program.xlsx", workbook(residents=[["id", "name", "pgy_level"], ["rec1", "Zoë Dæmi", 1]])),
        ("residents.xlsx", workbook(Sheet1=[["id", "name", "pgy_level"], ["rec1", "Zoë Dæmi", 1.0]])),
        ("all.zip", archive(**{"residents.csv": "id,name,pgy_level\nrec1,Zoë Dæmi,1\n"})),
    ],
    ids=["csv", "xlsx-by-sheet", "xlsx-by-name", "zip"],
)
def test_the_same_table_as_csv_xlsx_and_zip(name, content):
    parsed = read(name, content)

    assert [(row.key, row.values["name"], row.values["pgy_level"]) for row in parsed.rows("residents")] == [
        ("rec1", "Zoë Dæmi", 1)
    ]


def test_rows_without_record_id_are_known_by_their_own_columns():
    parsed = read("absences.csv", "person,start,end,kind,approved\nZoë,2026-03-12,2026-03-13,Leave,yes\n")

    (row,) = parsed.rows("absences")

    assert row.key == "Zoë|2026-03-12|2026-03-13|LEAVE"
    assert dict(row.values) == {
        "person": "Zoë",
        "start": dt.date(2026, 3, 12),
        "end": dt.date(2026, 3, 13),
        "kind": "LEAVE",
        "approved": True,
        "reason": "",
    }


def test_dates_of_a_workbook_are_dates():
    data = workbook(holidays=[["holiday", "date"], ["New Year", dt.datetime(2026, 1, 1)]])  # noqa: DTZ001

    assert read("a.xlsx", data).rows("holidays")[0].values["date"] == dt.date(2026, 1, 1)


def test_decomposed_letters_are_the_same_name():
    parsed = read("residents.csv", "name,pgy_level\nZoe\u0308,1\nZo\u00eb,2\n")

    assert [row.values["name"] for row in parsed.rows("residents")] == ["Zo\u00eb"]
    assert [item.reason for item in parsed.rejected] == ["has the same record id as line 2 of residents.csv"]


def test_activities_carry_hours_and_flags():
    line = "code,name,category,am_hours,counts_toward_clinic_capacity,supervision\nC,Clinic,clinic,4.5,1,by_pgy\n"

    values = read("activities.csv", line).rows("activities")[0].values

    assert (values["am_hours"], values["night_hours"]) == (Decimal("4.50"), Decimal("0.00"))
    assert (values["counts_toward_clinic_capacity"], values["supervision"]) == (True, "by_pgy")


# --- whole files that cannot be read


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("residents.json", b'[{"name": "M\xfcller"}]', "The file is not UTF-8 text: save it as UTF-8."),
        ("residents.json", "not json", "The file is not JSON: export it again from Airtable."),
        (
            "residents.json",
            "[1, 2]",
            'The file is no Airtable export: it must be {"records": [{"id", "fields"}, ...]}.',
        ),
        ("residents.json", "[" * 100_000, "The file is not JSON: export it again from Airtable."),
        ("residents.csv", b"name,pgy_level\nZo\xeb,1\n", "The file is not UTF-8 text: save it as 'CSV UTF-8'."),
        ("residents.csv", "", "The file is empty: its first line must hold the column headings."),
        ("residents.csv", "name\nZoë\n", "The file lacks the column postGraduateYear."),
        ("residents.csv", "name,name,pgy\n", "The file has the column name twice."),
        ("a.xlsx", "no workbook", "The file a.xlsx is damaged or not the kind of file its name says."),
        ("a.xlsx", archive(x="y"), "The file is not a readable XLSX workbook."),
        ("a.zip", "no archive", "a.zip is damaged or not the kind of file its name says."),
        ("a.exe", "", "a.exe is no JSON, CSV, XLSX or ZIP file."),
    ],
    ids=range(12),
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(name, content, reason):
    assert refused(name, content) == [("", reason)]


def test_a_missing_folder_is_said(tmp_path):
    assert read_source(tmp_path / "nowhere").rejected == (
        Rejection("source", "", "nowhere is neither a folder nor a file."),
    )


def test_files_outside_the_layout_are_left_out_with_a_warning(tmp_path):
    (tmp_path / "notes.csv").write_text("a,b\n")
    (tmp_path / "README.md").write_text("ignored")
    (tmp_path / "residents.csv").write_text("name,pgy_level\nZoë,1\n")

    parsed = read_source(tmp_path)

    assert [(n.file, n.message) for n in parsed.warnings] == [
        ("notes.csv", "is not part of the import layout and was left out")
    ]
    assert parsed.rejected == ()


# --- uploads that mean harm


@pytest.mark.parametrize(
    "path", ["../residents.csv", "/etc/residents.csv", "a/../../residents.csv", "C:/residents.csv"]
)
def test_an_archive_that_points_outside_is_refused(path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr(path, "name,pgy_level\nZoë,1\n")

    parsed = read("a.zip", data.getvalue())

    assert [r.reason for r in parsed.rejected] == [
        "a.zip holds a file that points outside the archive; nothing was unpacked."
    ]
    assert parsed.tables == {}


def test_a_zip_bomb_is_refused_while_unpacking():
    bomb = archive(**{"residents.csv": "0" * 40_000_000})

    assert len(bomb) < 100_000
    assert refused("a.zip", bomb) == [("", "a.zip holds more than 30 MB.")]


def test_a_workbook_bomb_is_refused_before_unpacking():
    bomb = archive(**{f"xl/sheet{n}.xml": "0" * 25_000_000 for n in range(3)})

    assert refused("a.xlsx", bomb) == [("", "The file unpacks to more than 60 MB.")]


def test_too_many_files_are_refused():
    files = {f"f{n}.csv": "a\n" for n in range(MAX_FILES + 1)}

    assert refused("a.zip", archive(**files)) == [("", f"a.zip holds more than {MAX_FILES} files.")]


# --- rows that cannot be read


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Zoë,", "lacks postGraduateYear"),
        (",1", "lacks Resident"),
        ("Zoë,first", "postGraduateYear must be a number, not 'first'"),
        ("Zoë,9", "postGraduateYear must lie between 1 and 5, not '9'"),
        ("Zoë,1.5", "postGraduateYear must be a whole number, not 1.5"),
        ("Zoë,nan", "postGraduateYear must lie between 1 and 5, not 'nan'"),
        ('"=HYPERLINK(""x"")",1', "Resident holds a formula; write the value itself"),
        ("@SUM(A1),1", "Resident holds a formula; write the value itself"),
        ("+cmd,1", "Resident holds a formula; write the value itself"),
        (f"{'x' * 121},1", "Resident is longer than 120 characters"),
        ("Zo\x00e,1", "Resident holds control characters"),
        ("Zoë,1,more,cells", "cannot be read: it has the wrong shape"),
    ],
)
def test_a_bad_cell_refuses_its_row_alone(line, reason):
    parsed = read("residents.csv", f"name,pgy_level\nBefore,1\n{line}\nAfter,2\n")

    assert [(item.row, item.reason) for item in parsed.rejected] == [("line 3", reason)]
    assert [row.values["name"] for row in parsed.rows("residents")] == ["Before", "After"]


def test_a_formula_in_a_workbook_is_refused():
    data = workbook(residents=[["name", "pgy_level"], ["Zoë", "=1+1"]])

    assert refused("a.xlsx", data) == [("line 2", "postGraduateYear must be a number, not '=1+1'")]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"Resident": 7, "postGraduateYear": []}, "lacks postGraduateYear"),
        ({"Resident": {"a": 1}, "postGraduateYear": 1}, "Resident must be text"),
        ({"Resident": "Zoë", "postGraduateYear": True}, "postGraduateYear must be a number"),
        ({"Resident": "Zoë", "postGraduateYear": {"x": 1}}, "postGraduateYear must be a number, not '{'x': 1}'"),
    ],
)
def test_wrong_types_in_json_refuse_the_record(fields, reason):
    assert refused("residents.json", airtable(fields)) == [("rec1", reason)]


def test_a_record_that_is_none_is_refused_by_its_place():
    assert refused("residents.json", '{"records": [5]}') == [("record 1", "cannot be read: it has the wrong shape")]


ABSENCE = {"resident": ["r"], "absenceType": "Leave", "absenceStart": "2026-03-12", "absenceEnd": "2026-03-13"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"absenceEnd": "2026-03-11"}, "ends (2026-03-11) before it starts (2026-03-12)"),
        ({"absenceStart": "12.3.2026"}, "absenceStart must be a date like 2026-03-12, not '12.3.2026'"),
        ({"absenceStart": 5}, "absenceStart must be a date like 2026-03-12, not '5'"),
        ({"absenceStart": "0001-01-01"}, "absenceStart lies outside 2000 to 2100: 0001-01-01"),
        ({"resident": ["r", "s"]}, "resident must name exactly one record, not 2"),
        ({"resident": []}, "lacks resident"),
        ({"approved": "perhaps"}, "approved must be yes or no, not 'perhaps'"),
    ],
)
def test_a_bad_absence_says_what_is_wrong(change, reason):
    assert refused("airtable_resident_absences.json", airtable(ABSENCE | change)) == [("rec1", reason)]


def test_an_unknown_kind_of_absence_becomes_other_and_is_named():
    parsed = read("airtable_resident_absences.json", airtable(ABSENCE | {"absenceType": "Jury duty"}))

    assert [(r.values["kind"], r.values["reason"]) for r in parsed.rows("resident_absences")] == [
        ("OTHER", "Jury duty")
    ]
    assert [n.message for n in parsed.warnings] == ["has the unknown kind 'Jury duty'; it is taken as Other"]


# --- rows against one another


def test_the_same_person_twice_is_refused():
    text = "id,name,pgy_level\nrec1,Zoë,1\nrec2,Zoë,2\nrec1,Other,1\n"

    assert refused("residents.csv", text) == [
        ("line 4", "has the same record id as line 2 of residents.csv"),
        ("line 3", "is the same person as line 2 of residents.csv: give them different names"),
    ]


def test_overlapping_absences_of_one_person_are_a_warning():
    days = (("01", "05"), ("04", "08"), ("08", "09"), ("20", "21"))
    rows = [{**ABSENCE, "absenceStart": f"2026-03-{a}", "absenceEnd": f"2026-03-{b}"} for a, b in days]
    parsed = read("airtable_resident_absences.json", airtable(*rows))

    assert len(parsed.rows("resident_absences")) == 4
    assert [(n.row, n.message) for n in parsed.warnings] == [
        (
            "rec2",
            "2026-03-04 to 2026-03-08 overlaps rec1 (2026-03-01 to 2026-03-05) of the same person;"
            " every day of both counts once",
        ),
        (
            "rec3",
            "2026-03-08 to 2026-03-09 overlaps rec2 (2026-03-04 to 2026-03-08) of the same person;"
            " every day of both counts once",
        ),
    ]


def test_overlapping_blocks_are_refused():
    text = "number,start,end\n1,2025-07-01,2025-07-30\n2,2025-07-30,2025-08-27\n"

    assert refused("blocks.csv", text) == [("line 3", "overlaps line 2 (2025-07-01 to 2025-07-30)")]


def test_fmit_weeks_that_are_no_weeks_or_leave_days_open_are_warnings():
    text = "person,start,end\na,2025-07-04,2025-07-10\nb,2025-07-12,2025-07-17\n"

    assert [n.message for n in read("fmit_weeks.csv", text).warnings] == [
        "2025-07-12 to 2025-07-17 is not Friday to Thursday",
        "1 days before 2025-07-12 have no FMIT attending",
    ]


def test_names_that_occur_twice_are_kept_apart_and_named():
    parsed = read("rotation_templates.json", airtable({"rotationName": "Absence"}, {"rotationName": "Absence"}))

    assert [row.key for row in parsed.rows("rotations")] == ["rec1", "rec2"]
    assert [(n.row, n.message) for n in parsed.warnings] == [
        ("rec2", "'Absence' occurs 2 times; the rows are kept apart by their record ids")
    ]


def test_a_duty_that_asks_for_more_than_it_allows_is_refused():
    duty = airtable({"primaryDuty": "Lead", "clinicMin": 3, "clinicMax": 2})

    assert refused("primary_duties.json", duty) == [("rec1", "asks for more clinic (3) than it allows (2)")]


def test_ten_thousand_rows_are_read_in_a_moment():
    text = "person,start,end,kind\n" + "".join(
        f"Person {n},2026-03-{n % 28 + 1:02},2026-03-{n % 28 + 1:02},Leave\n" for n in range(10_000)
    )

    parsed = read("absences.csv", text)

    assert (len(parsed.rows("absences")), parsed.rejected) == (10_000, ())
