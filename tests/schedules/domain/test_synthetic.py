"""Made-up programs: the same for the same seed, whole, obviously made up, and possible by arithmetic."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from collections import Counter, defaultdict

import pytest

from schedules.domain.synthetic import Options, program_files
from schedules.domain.synthetic.names import distinct_names
from schedules.domain.synthetic.program import federal_holidays

DAY = dt.timedelta(days=1)
SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def records(files: dict[str, str], name: str) -> dict[str, dict]:
    return {row["id"]: row["fields"] for row in json.loads(files[f"airtable_{name}.json"])["records"]}


def table(files: dict[str, str], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name])))


def dates(start: str, end: str) -> list[dt.date]:
    first, last = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
    return [first + DAY * n for n in range((last - first).days + 1)]


def test_equal_seeds_give_equal_files_and_others_do_not():
    assert program_files(Options(seed=3)) == program_files(Options(seed=3))
    assert program_files(Options(seed=3)) != program_files(Options(seed=4))


def test_the_next_year_keeps_the_people_and_shares_no_block_or_leave():
    first, second = program_files(Options()), program_files(Options(academic_year=2026))

    assert records(first, "residents") == records(second, "residents")
    assert records(first, "faculty").keys() == records(second, "faculty").keys()
    for kind in ("blocks", "block_schedule", "resident_absences", "faculty_absences"):
        assert records(first, kind).keys() & records(second, kind).keys() == set()


def test_the_demo_program_is_a_whole_year():
    files = program_files()

    sizes = {
        name: text.count('"fields"') if name.endswith("json") else len(table(files, name))
        for name, text in files.items()
    }

    assert {name: sizes[name] for name in sizes if "absences" not in name} == {
        "airtable_residents.json": 17,
        "airtable_faculty.json": 12,
        "airtable_primary_duties.json": 8,
        "airtable_credentials.json": 5,
        "airtable_rotation_templates.json": 29,
        "airtable_block_schedule.json": 221,
        "airtable_blocks.json": 13,
        "airtable_holidays.json": 11,
        "airtable_faculty_inpatient_schedule.json": 53,
        "people_import.csv": 29,
        "rotation_weekly_patterns.csv": 1259,
        "activities.csv": 38,
        "preferences.csv": 9,
        "duty_logs.csv": 28,
    }
    blocks = sorted(records(files, "blocks").values(), key=lambda b: b["startDate"])
    assert (blocks[0]["startDate"], blocks[-1]["endDate"]) == ("2025-07-01", "2026-06-30")
    assert blocks[9] == {"blockNumber": 10, "startDate": "2026-03-12", "endDate": "2026-04-08"}


def test_every_day_has_one_fmit_attending_who_is_not_away():
    files = program_files()
    attending = defaultdict(list)
    for week in records(files, "faculty_inpatient_schedule").values():
        for day in dates(week["weekStart"], week["weekEnd"]):
            attending[day].append(week["inpatientFaculty"][0])
    away = {
        (absence["faculty"][0], day)
        for absence in records(files, "faculty_absences").values()
        for day in dates(absence["absenceStart"], absence["absenceEnd"])
    }

    for day in dates("2025-07-01", "2026-06-30"):
        (person,) = attending[day]
        assert (person, day) not in away
        # The day after the week is off by rule, never leave.
        assert (person, day + DAY) not in away


@pytest.mark.parametrize("seed", range(1, 6))
def test_enough_supervisors_whatever_the_seed(seed):
    """In every half-day the patterns as they stand need fewer supervisors than faculty are there."""
    files = program_files(Options(seed=seed))
    faculty = {key for key, f in records(files, "faculty").items() if f["Faculty Type"] == "Full-Time Faculty"}
    away = Counter(
        day
        for absence in records(files, "faculty_absences").values()
        for day in dates(absence["absenceStart"], absence["absenceEnd"])
    )

    for (day, _), (quarters, seats) in clinic_load(files).items():
        # One leads the ward team, one is off after call.
        assert len(faculty) - away[day] - 2 >= -(-quarters // 4), day
        assert seats <= 11, day


def clinic_load(files: dict[str, str]) -> dict[tuple[dt.date, str], tuple[int, int]]:
    """Per date and session: supervision in quarters of a supervisor, and seats taken in clinic."""
    levels = {key: f["postGraduateYear"] for key, f in records(files, "residents").items()}
    names = {key: f["rotationName"] for key, f in records(files, "rotation_templates").items()}
    patterns = defaultdict(dict)
    for row in table(files, "rotation_weekly_patterns.csv"):
        patterns[row["rotationName"]][int(row["week"]), row["weekday"], row["session"]] = row["activity"]
    blocks = records(files, "blocks")
    holidays = {dt.date.fromisoformat(h["holidayDate"]) for h in records(files, "holidays").values()}
    load: dict[tuple[dt.date, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for item in records(files, "block_schedule").values():
        block = blocks[item["blocksLink"][0]]
        level = levels[item["residentsLink"][0]]
        for number, day in enumerate(dates(block["startDate"], block["endDate"])):
            for session in ("AM", "PM"):
                place = (min(number // 7 + 1, 4), SHORT[day.weekday()], session)
                code = patterns[names[item["rotationsLink"][0]]].get(place)
                if day in holidays or code not in {"C", "CV", "HV", "PR", "SM"}:
                    continue
                need = {"PR": 4, "SM": 0}.get(code, 2 if level == 1 else 1)
                quarters, seats = load[day, session]
                load[day, session] = (quarters + need, seats + (code in {"C", "PR", "SM"}))
    return load


def test_leave_stays_out_of_ward_and_night_rotations():
    files = program_files()
    names = {key: f["rotationName"] for key, f in records(files, "rotation_templates").items()}
    blocks = records(files, "blocks")
    rotation_on = {
        (item["residentsLink"][0], day): names[item["rotationsLink"][0]]
        for item in records(files, "block_schedule").values()
        for day in dates(*(blocks[item["blocksLink"][0]][name] for name in ("startDate", "endDate")))
    }

    on_leave = {
        rotation_on[absence["resident"][0], day]
        for absence in records(files, "resident_absences").values()
        for day in dates(absence["absenceStart"], absence["absenceEnd"])
    }

    assert not {name for name in on_leave if name.startswith(("Ward", "Critical", "Birth"))}


@pytest.mark.parametrize("copies", [3, 10])
def test_large_programs_have_different_names_and_a_larger_clinic(copies):
    files = program_files(Options(copies=copies))
    people = [row["name"] for row in table(files, "people_import.csv")]

    assert len(people) == len(set(people)) == 29 * copies
    assert {row["name"]: int(row["value"]) for row in table(files, "policy.csv")} == {
        "clinic_capacity": 8 * copies,
        "clinic_comfort": 6 * copies,
    }


def test_names_do_not_run_out():
    assert len(set(distinct_names(2000, random.Random(1)))) == 2000


@pytest.mark.parametrize("options", [{"residents": 2}, {"faculty": 7}, {"copies": 0}])
def test_programs_too_small_are_refused(options):
    with pytest.raises(ValueError, match="A program needs at least"):
        Options(**options)


def test_holidays_fall_on_weekdays():
    assert [(day.isoformat(), name) for day, name in federal_holidays(2025)][:3] == [
        ("2025-07-04", "Independence Day"),
        ("2025-09-01", "Labor Day"),
        ("2025-10-13", "Columbus Day"),
    ]
    assert {day.weekday() for year in range(2020, 2030) for day, _ in federal_holidays(year)} <= {0, 1, 2, 3, 4}
