"""An import writes all rows or none, keyed by source id, with history, and a second one writes nothing."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.enums import Role
from accounts.models import User
from backups.models import Backup
from common.errors import NotAllowed
from schedules import models
from schedules.domain.synthetic import Options, program_files
from schedules.services import imports
from schedules.services.imports import Counts, ImportRefused
from schedules.services.imports.plan import LABELS
from tests.factories import program

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
PROGRAM_DATA = Path(os.environ.get("PROGRAM_DATA", Path(__file__).parents[4] / "shared" / "data" / "fm-ay2025"))


def folder(path: Path, **tables: str) -> Path:
    """A folder of CSV tables."""
    for name, text in tables.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def write(path: Path, **tables: str) -> imports.ImportReport:
    return imports.import_program(folder(path, **tables), by=None, at=AT)


def refused(path: Path, **tables: str) -> list[tuple[str, str, str]]:
    with pytest.raises(ImportRefused) as refusal:
        write(path, **tables)
    return [(item.file, item.row, item.reason) for item in refusal.value.report.rejected]


ACTIVITIES = "code,name,category,am_hours,pm_hours,night_hours,shed_tier\n"
RESIDENTS = "id,name,pgy_level\nr1,Zoë Dæmi,1\nr2,Łukasz Przykład,2\n"


# --- one import


@pytest.mark.django_db
def test_people_are_created_with_history_and_user(tmp_path):
    user = User.objects.create(username="coordinator", role=Role.COORDINATOR)

    report = imports.import_program(folder(tmp_path, residents=RESIDENTS), by=user, at=AT)

    assert (report.counts["people"], report.written) == (Counts(created=2), True)
    assert list(models.Person.objects.values_list("name", "role", "pgy_level", "source_id")) == [
        ("Zoë Dæmi", "RESIDENT", 1, "r1"),
        ("Łukasz Przykład", "RESIDENT", 2, "r2"),
    ]
    assert set(
        models.Person.history.values_list("history_type", "history_user", "history_change_reason", "history_date")
    ) == {("+", user.pk, "program import", AT)}


@pytest.mark.django_db
def test_a_second_import_writes_nothing_not_even_history(tmp_path):
    files = program_files(Options(residents=6, faculty=8))
    for name in ("airtable_block_schedule.json",):
        files.pop(name)
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    imports.import_program(tmp_path, by=None, at=AT)
    tracked = list(LABELS)
    before = [model.history.count() for model in tracked]

    report = imports.import_program(tmp_path, by=None, at=AT)

    assert not report.written
    assert (report.total.created, report.total.changed, report.total.removed) == (0, 0, 0)
    assert [model.history.count() for model in tracked] == before


@pytest.mark.django_db
def test_a_changed_value_is_written_once_and_shown(tmp_path):
    write(tmp_path, residents=RESIDENTS)

    report = write(tmp_path, residents=RESIDENTS.replace("Dæmi,1", "Dæmi,2"))

    assert report.counts["people"] == Counts(changed=1, unchanged=1)
    assert [(c.table, c.what, c.column, c.before, c.after) for c in report.changes] == [
        ("people", "Zoë Dæmi", "pgy_level", "1", "2")
    ]
    assert models.Person.history.filter(history_type="~").count() == 1


@pytest.mark.django_db
def test_records_are_keyed_by_source_id_not_name(tmp_path):
    write(tmp_path, residents=RESIDENTS)
    zoe = models.Person.objects.get(source_id="r1").pk

    write(tmp_path, residents="id,name,pgy_level\nr1,Zoë Married,1\n")

    assert models.Person.objects.get(pk=zoe).name == "Zoë Married"
    assert models.Person.objects.count() == 2


@pytest.mark.django_db
def test_someone_entered_by_hand_is_adopted(tmp_path):
    person = program.resident(1, name="Zoë Dæmi")

    report = write(tmp_path, residents=RESIDENTS)

    assert report.counts["people"] == Counts(created=1, changed=1)
    person.refresh_from_db()
    assert person.source_id == "r1"


@pytest.mark.django_db
def test_a_dry_run_writes_nothing(tmp_path):
    report = imports.import_program(folder(tmp_path, residents=RESIDENTS), by=None, at=AT, dry_run=True)

    assert (report.counts["people"], report.written) == (Counts(created=2), False)
    assert not models.Person.objects.exists()


@pytest.mark.django_db
def test_the_preview_says_what_the_import_then_does(tmp_path):
    parsed = imports.read_source(folder(tmp_path, residents=RESIDENTS))

    shown = imports.preview(parsed)
    done = imports.import_program(parsed, by=None, at=AT)

    assert (shown.counts, shown.written, done.written) == (done.counts, False, True)


# --- refusals leave the data as they were


@pytest.mark.django_db
def test_one_bad_row_stops_everything(tmp_path):
    assert refused(tmp_path, residents=RESIDENTS + "r3,Nobody,x\n") == [
        ("residents.csv", "line 4", "postGraduateYear must be a number, not 'x'")
    ]
    assert not models.Person.objects.exists()


@pytest.mark.django_db
def test_bad_rows_can_be_left_out(tmp_path):
    source = folder(tmp_path, residents=RESIDENTS + "r3,Nobody,x\n")

    report = imports.import_program(source, by=None, at=AT, skip_bad=True)

    assert (models.Person.objects.count(), len(report.rejected), report.written) == (2, 1, True)


@pytest.mark.django_db
def test_a_whole_file_is_never_left_out(tmp_path):
    (tmp_path / "faculty.json").write_text("no json")

    with pytest.raises(ImportRefused) as refusal:
        imports.import_program(folder(tmp_path, residents=RESIDENTS), by=None, at=AT, skip_bad=True)

    assert (
        refusal.value.detail
        == "One row or file cannot be imported; nothing was written. Look at the list and correct them."
    )
    assert not models.Person.objects.exists()


ABSENCES = "id,person,start,end,kind,approved\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        (
            {"absences": ABSENCES + "a1,nobody,2026-03-12,2026-03-13,Leave,yes\n"},
            "person 'nobody' names no person that the files or the program hold",
        ),
        (
            {"faculty_absences": ABSENCES + "a1,r1,2026-03-12,2026-03-13,Leave,yes\n"},
            "person 'r1' is no faculty member",
        ),
        (
            {"fmit_weeks": "person,start,end\nr1,2025-07-04,2025-07-10\n"},
            "person 'r1' is no faculty member",
        ),
        (
            {"faculty": "id,name,duty\nf1,Ana,Chief\n"},
            "primaryDuty 'Chief' names no duty that the files or the program hold",
        ),
        (
            {"rotations": "id,name\nx,Ward\n", "patterns": "rotation,week,weekday,session,activity\nWard,1,Mon,AM,C\n"},
            "activity 'C' is none of the activities",
        ),
        (
            {
                "rotations": "id,name\nx,Ward\ny,Ward\n",
                "activities": ACTIVITIES + "C,Clinic,clinic,5,5,0,\n",
                "patterns": "rotation,week,weekday,session,activity\nWard,1,Mon,AM,C\n",
            },
            "rotationName 'Ward' names 2 rotations; use the record id",
        ),
        (
            {"block_assignments": "person,block,rotation\nr1,5,Ward\n"},
            "no file names blocks, and no FMIT week or holiday tells the academic year",
        ),
        ({"policy": "name,value\nclinic_size,3\n"}, "'clinic_size' is no number of the program policy"),
    ],
)
def test_links_that_lead_nowhere_are_refused(tmp_path, tables, reason):
    assert refused(tmp_path, residents=RESIDENTS, **tables)[0][2] == reason
    assert not models.Person.objects.exists()


@pytest.mark.django_db
def test_blocks_that_would_overlap_what_is_there_are_refused(tmp_path):
    program.block(10)

    assert refused(tmp_path, blocks="id,number,start,end\nb,11,2026-04-08,2026-05-05\n") == [
        ("blocks.csv", "line 2", "overlaps Block 10 (2026-03-12 to 2026-04-08), which is there already")
    ]


@pytest.mark.django_db
def test_a_block_longer_than_a_month_is_refused(tmp_path):
    rows = "id,number,start,end\na,1,2025-07-01,2025-07-31\nb,2,2025-08-01,2025-09-01\n"

    assert refused(tmp_path, blocks=rows) == [
        ("blocks.csv", "line 3", "block 2 has 32 days; at most 31: split the block")
    ]
    with pytest.raises(ValidationError, match="32 days; a block has at most 31"):
        models.Block(academic_year=2025, number=2, start_date=dt.date(2025, 8, 1), end_date=dt.date(2025, 9, 1)).clean()


@pytest.mark.django_db
def test_what_hangs_on_a_row_left_out_is_left_out_too(tmp_path):
    program.block(10)
    source = folder(
        tmp_path,
        residents=RESIDENTS,
        rotations="id,name\nx,Ward\n",
        blocks="id,number,start,end\nb,11,2026-04-08,2026-05-05\nc,12,2026-05-06,2026-06-02\n",
        block_assignments="person,block,rotation\nr1,b,Ward\n",
    )

    report = imports.import_program(source, by=None, at=AT, skip_bad=True)

    assert [item.reason for item in report.rejected] == [
        "overlaps Block 10 (2026-03-12 to 2026-04-08), which is there already",
        "block 'b' names no block that the files or the program hold",
    ]
    assert list(models.Block.objects.values_list("number", flat=True)) == [10, 12]
    assert not models.BlockAssignment.objects.exists()


@pytest.mark.django_db
def test_an_fmit_week_cannot_take_another_ones_days(tmp_path):
    program.fmit_week(program.faculty(name="Ana"), dt.date(2025, 7, 4))

    assert refused(tmp_path, fmit_weeks="id,person,start,end\nw,Ana,2025-07-10,2025-07-16\n") == [
        ("fmit_weeks.csv", "line 2", "overlaps FMIT 2025-07-04: Ana, which is there already")
    ]


@pytest.mark.django_db
def test_all_blocks_and_weeks_can_move_at_once(tmp_path):
    head = "id,number,start,end\n"
    weeks = "id,person,start,end\n"
    faculty = "id,name\nf,Ana\n"
    first = "b1,1,2025-07-01,2025-07-30\nb2,2,2025-07-31,2025-08-27\n"
    write(
        tmp_path,
        faculty=faculty,
        blocks=head + first,
        fmit_weeks=weeks + "w1,f,2025-07-04,2025-07-10\nw2,f,2025-07-11,2025-07-17\n",
    )

    later = "b1,1,2025-07-02,2025-08-01\nb2,2,2025-08-02,2025-08-28\n"
    report = write(
        tmp_path, blocks=head + later, fmit_weeks=weeks + "w1,f,2025-07-11,2025-07-17\nw2,f,2025-07-18,2025-07-24\n"
    )

    assert (report.counts["blocks"], report.counts["FMIT weeks"]) == (Counts(changed=2), Counts(changed=2))


@pytest.mark.django_db
def test_a_coordinator_may_import_people_but_not_policy(tmp_path):
    user = User.objects.create(username="coordinator", role=Role.COORDINATOR)
    program.policy()

    with pytest.raises(NotAllowed):
        imports.import_program(folder(tmp_path, policy="name,value\nclinic_capacity,20\n"), by=user, at=AT)

    assert models.ProgramPolicy.objects.get().clinic_capacity == 8


# --- what an import derives


@pytest.mark.django_db
def test_demand_is_derived_once_and_then_the_programs_own(tmp_path):
    lines = ACTIVITIES + "".join(
        (
            "C,Clinic,clinic,5,5,0,continuity\n",
            "FMIT,Team,inpatient,6,6,0,patient_safety\n",
            "NF,Nights,night,0,0,12,patient_safety\n",
            "CALL,Call,night,0,0,12,patient_safety\n",
        )
    )
    write(tmp_path, activities=lines)
    row = models.Demand.objects.get(activity__code="C", session="AM")
    row.minimum = 1
    row.save()

    write(tmp_path, activities=lines)

    assert list(
        models.Demand.objects.order_by("activity__code", "session", "basis").values_list(
            "activity__code", "session", "basis", "minimum", "desired", "maximum", "weekdays", "on_holidays", "roles"
        )
    ) == [
        ("C", "AM", "FIXED", 1, 2, None, [0, 1, 2, 3, 4], False, []),
        ("C", "PM", "FIXED", 2, 2, None, [0, 1, 3, 4], False, []),
        ("CALL", "NIGHT", "FIXED", 1, 1, 1, [], True, ["FACULTY"]),
        ("FMIT", "AM", "FIXED", 1, 1, 1, [], True, ["FACULTY"]),
        ("FMIT", "AM", "TEAM", 0, 0, None, [], True, ["RESIDENT"]),
        ("FMIT", "PM", "FIXED", 1, 1, 1, [], True, ["FACULTY"]),
        ("FMIT", "PM", "TEAM", 0, 0, None, [], True, ["RESIDENT"]),
        ("NF", "NIGHT", "TEAM", 0, 0, None, [], True, ["RESIDENT"]),
    ]


@pytest.mark.django_db
def test_activities_get_work_kind_roles_and_the_sports_credential(tmp_path):
    codes = ("C", "GME", "DFM", "AT", "DO", "SM", "VAS", "FMIT")
    write(tmp_path, activities=ACTIVITIES + "".join(f"{code},Name,specialty,5,5,0,\n" for code in codes))

    found = {
        a.code: (a.work_kind, a.roles, a.credential_id and a.credential.code) for a in models.Activity.objects.all()
    }

    assert found == {
        "C": ("clinic", [], None),
        "GME": ("gme", [], None),
        "DFM": ("department", [], None),
        "AT": ("supervision", ["FACULTY"], None),
        "DO": ("", ["FACULTY"], None),
        "SM": ("sports_medicine", [], "sports-medicine"),
        "VAS": ("vasectomy", [], None),
        "FMIT": ("", [], None),
    }
    assert models.Activity.objects.get(code="SM").credential_roles == ["FACULTY"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"Mon AM": "FMIT", "Mon PM": "FMIT", "Tue AM": "C"}, "INPATIENT"),
        ({"Mon NIGHT": "NF", "Tue AM": "C"}, "NIGHT"),
        ({"Mon AM": "TDY", "Mon PM": "TDY", "Tue AM": "C"}, "OFF_SITE"),
        ({"Mon AM": "LEC", "Mon PM": "LEC", "Tue AM": "C"}, "EDUCATION"),
        ({"Mon AM": "C"}, "OUTPATIENT"),
    ],
)
def test_the_kind_of_a_rotation_is_what_fills_its_pattern(tmp_path, cells, kind):
    program.standard_activities()
    lines = "".join(f"Ward,1,{place.replace(' ', ',')},{code}\n" for place, code in cells.items())

    write(tmp_path, rotations="id,name\nx,Ward\n", patterns="rotation,week,weekday,session,activity\n" + lines)

    assert models.RotationTemplate.objects.get().kind == kind


@pytest.mark.django_db
def test_a_pattern_is_replaced_as_a_whole(tmp_path):
    program.standard_activities()
    head, rotations = "rotation,week,weekday,session,activity\n", "id,name\nx,Ward\n"
    write(tmp_path, rotations=rotations, patterns=head + "Ward,1,Mon,AM,C\nWard,1,Mon,PM,C\n")

    report = write(tmp_path, rotations=rotations, patterns=head + "Ward,1,Mon,AM,FMIT\nWard,2,Mon,AM,C\n")

    assert report.counts["pattern cells"] == Counts(created=1, changed=1, removed=1)
    assert list(models.RotationPattern.objects.values_list("week", "weekday", "session", "activity__code")) == [
        (1, 0, "AM", "FMIT"),
        (2, 0, "AM", "C"),
    ]


@pytest.mark.django_db
def test_the_files_approve_requests_but_never_undo_decisions(tmp_path):
    head = "id,person,start,end,kind,approved\n"

    def status_after(stored: str, approved: str) -> str:
        write(tmp_path, residents=RESIDENTS, absences=head + f"a,r1,2026-03-12,2026-03-13,Leave,{approved}\n")
        row = models.Absence.objects.get()
        if stored:
            row.status = stored
            row.save()
        write(tmp_path, absences=head + "a,r1,2026-03-12,2026-03-13,Leave,yes\n")
        status = models.Absence.objects.get().status
        models.Absence.objects.get().delete()
        return status

    assert status_after("", "no") == "APPROVED"
    assert status_after("CANCELLED", "yes") == "CANCELLED"
    assert status_after("REJECTED", "no") == "REJECTED"


@pytest.mark.django_db
def test_unapproved_absences_are_requests(tmp_path):
    write(tmp_path, residents=RESIDENTS, absences=ABSENCES + "a,r1,2026-03-12,2026-03-13,Leave,no\n")

    assert models.Absence.objects.get().status == "REQUESTED"


@pytest.mark.django_db
def test_two_credentials_of_one_name_get_two_codes(tmp_path):
    write(tmp_path, credentials="id,credential\nc1,Colposcopy\nc2,Colposcopy\n")

    assert list(models.Credential.objects.values_list("code", "source_id")) == [
        ("colposcopy", "c1"),
        ("colposcopy-2", "c2"),
    ]


@pytest.mark.django_db
def test_duty_logs_and_credentials_that_expire_can_be_imported(tmp_path):
    write(
        tmp_path,
        residents=RESIDENTS,
        credentials="id,credential\nc1,Colposcopy\n",
        credential_holders="person,credential,expires_on\nr1,Colposcopy,2026-01-31\n",
        duty_logs="person,date,kind,hours\nr2,2026-03-14,Moonlighting,5.5\n",
        preferences="person,scope,weight,weekday\nr1,weekday,-2,Friday\n",
    )

    assert list(models.PersonCredential.objects.values_list("person__source_id", "expires_on")) == [
        ("r1", dt.date(2026, 1, 31))
    ]
    assert list(models.DutyLog.objects.values_list("person__source_id", "kind", "hours")) == [
        ("r2", "MOONLIGHTING", 5.5)
    ]
    assert list(models.Preference.objects.values_list("person__source_id", "weekday", "weight")) == [("r1", 4, -2)]


@pytest.mark.django_db
def test_an_import_takes_the_same_queries_whatever_its_size(tmp_path, django_assert_num_queries):
    absences = ABSENCES + "".join(
        f"a{n},r1,2026-{n % 12 + 1:02}-01,2026-{n % 12 + 1:02}-02,Leave,yes\n" for n in range(10_000)
    )
    parsed = imports.read_source(folder(tmp_path, residents=RESIDENTS, absences=absences))

    with django_assert_num_queries(14):
        report = imports.preview(parsed)

    assert report.counts["absences"] == Counts(created=10_000)


@pytest.mark.django_db
def test_ten_thousand_rows_are_written_with_history_or_not_at_all(tmp_path):
    rows = "".join(f"a{n},r1,2026-{n % 12 + 1:02}-01,2026-{n % 12 + 1:02}-02,Leave,yes\n" for n in range(10_000))
    unknown = "b1,nobody,2026-01-01,2026-01-02,Leave,yes\n"

    reasons = refused(tmp_path, residents=RESIDENTS, absences=ABSENCES + rows + unknown)
    after_refusal = models.Absence.objects.count()
    report = write(tmp_path, residents=RESIDENTS, absences=ABSENCES + rows)

    assert [(file, row) for file, row, _ in reasons] == [("absences.csv", "line 10002")]
    assert after_refusal == 0
    assert report.counts["absences"] == Counts(created=10_000)
    assert models.Absence.objects.count() == models.Absence.history.count() == 10_000


# --- the gate and the command


@pytest.mark.django_db(transaction=True)
def test_a_whole_program_goes_through_the_gate_behind_its_own_backup(tmp_path, capsys):
    folder_ = tmp_path / "program"
    call_command("make_program", str(folder_), "--residents", "6", "--faculty", "8", "--seed", "7")

    call_command("import_program", str(folder_))

    assert models.BlockAssignment.objects.count() == 6 * 13
    assert [(b.kind, b.label, b.state) for b in Backup.objects.all()] == [("PRE_OPERATION", "import", "VERIFIED")]
    assert "Imported." in capsys.readouterr().out

    call_command("import_program", str(folder_))

    assert "Everything was there already; nothing was written." in capsys.readouterr().out
    assert Backup.objects.count() == 1


@pytest.mark.django_db
def test_the_command_lists_what_it_refuses_and_fails(tmp_path, capsys):
    folder(tmp_path, residents=RESIDENTS + "r3,Nobody,x\n")

    with pytest.raises(CommandError, match="One row or file cannot be imported"):
        call_command("import_program", str(tmp_path))

    assert "residents.csv line 4: postGraduateYear must be a number, not 'x'" in capsys.readouterr().out
    assert not models.Person.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_real_program_is_imported_entirely():
    if not PROGRAM_DATA.is_dir():
        pytest.skip(f"no program data at {PROGRAM_DATA}")

    report = imports.import_program(PROGRAM_DATA, by=None, at=AT, skip_bad=True)

    assert {table: n.created for table, n in report.counts.items() if n.created} == {
        "policy": 1,
        "credentials": 7,
        "duties": 12,
        "activities": 56,
        "people": 29,
        "credential holders": 26,
        "rotations": 62,
        "pattern cells": 2887,
        "blocks": 13,
        "holidays": 11,
        "absences": 171,
        "FMIT weeks": 52,
        "demand": 26,
        "block assignments": 216,
    }
    assert sorted(item.reason for item in report.rejected) == [
        "lacks faculty, absenceStart, absenceEnd",
        "lacks resident",
        "lacks resident",
    ]
    assert sum("overlaps" in notice.message for notice in report.warnings) == 26
    assert len([n for n in report.warnings if "occurs 2 times" in n.message]) == 2
    assert not imports.import_program(PROGRAM_DATA, by=None, at=AT, skip_bad=True).written
