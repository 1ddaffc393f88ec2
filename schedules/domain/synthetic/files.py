"""The files of a made-up program, in the import layout."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from schedules.domain.problem import Policy, Weekday, days_between
from schedules.domain.synthetic.curriculum import ACTIVITIES, FIRST_BLOCK, YEAR, Curriculum
from schedules.domain.synthetic.program import (
    CREDENTIALS,
    DAY,
    LEVELS,
    WEEK,
    Duty,
    Leave,
    Options,
    Program,
    federal_holidays,
)

_STANDARD_RESIDENTS = 17
_SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def program_files(options: Options | None = None) -> dict[str, str]:
    """File name -> content (UTF-8 text) of a made-up program in the import layout. Equal options give equal files."""
    program = Program(options or Options())
    made = {
        "airtable_residents.json": _residents_json(program),
        "airtable_faculty.json": _faculty_json(program),
        "airtable_primary_duties.json": _duties_json(program),
        "airtable_credentials.json": _credentials_json(program),
        "airtable_resident_absences.json": _leave_json(program.resident_leave, "resident"),
        "airtable_faculty_absences.json": _leave_json(program.faculty_leave, "faculty"),
        "airtable_rotation_templates.json": _rotations_json(program),
        "airtable_block_schedule.json": _block_schedule_json(program),
        "airtable_blocks.json": _blocks_json(program),
        "airtable_holidays.json": _holidays_json(program),
        "airtable_faculty_inpatient_schedule.json": _fmit_json(program),
        "people_import.csv": _people_csv(program),
        "rotation_weekly_patterns.csv": _patterns_csv(program),
        "activities.csv": _activities_csv(),
        "preferences.csv": _preferences_csv(program),
        "duty_logs.csv": _duty_logs_csv(program),
    }
    if program.options.all_residents > _STANDARD_RESIDENTS:
        made["policy.csv"] = _policy_csv(program)
    return made


def _residents_json(program: Program) -> str:
    return _records((r.id, {"Resident": r.name, "postGraduateYear": r.level}) for r in program.residents)


def _faculty_json(program: Program) -> str:
    return _records(
        (
            member.id,
            {
                "Faculty": member.name,
                "Faculty Type": "Adjunct Faculty" if member.adjunct else "Full-Time Faculty",
                "primaryDuty": [program.id_of("duty", member.duty.name)],
                "excludedFromAutomaticCall": member.excluded,
            },
        )
        for member in program.faculty
    )


def _duties_json(program: Program) -> str:
    duties = {member.duty.name: member.duty for member in program.faculty}
    return _records((program.id_of("duty", duty.name), _duty_fields(duty)) for duty in duties.values())


def _credentials_json(program: Program) -> str:
    core = [member for member in program.faculty if not member.adjunct]
    holders = defaultdict(list)
    for number, member in enumerate(core):
        for place, credential in enumerate(CREDENTIALS[1:]):
            if (number + place) % 3 == 0:
                holders[credential].append(member.id)
        if member.duty.sports[1]:
            holders[CREDENTIALS[0]].append(member.id)
    return _records((program.id_of("credential", c), {"credential": c, "faculty": holders[c]}) for c in CREDENTIALS)


def _curricula() -> dict[str, Curriculum]:
    """Every rotation by name, in the order of the years."""
    return {c.name: c for c in (*FIRST_BLOCK, *(c for level in LEVELS for c in YEAR[level]))}


def _rotations_json(program: Program) -> str:
    return _records((program.id_of("rotation", n), {"rotationName": n, "status": "Active"}) for n in _curricula())


def _block_schedule_json(program: Program) -> str:
    return _records(
        (
            program.id_of("block schedule", (resident.id, block.start)),
            {
                "residentsLink": [resident.id],
                "blocksLink": [program.id_of("block", block.start)],
                "rotationsLink": [program.id_of("rotation", resident.rotations[block.number].name)],
            },
        )
        for resident in program.residents
        for block in program.blocks
    )


def _blocks_json(program: Program) -> str:
    return _records(
        (
            program.id_of("block", block.start),
            {"blockNumber": block.number, "startDate": str(block.start), "endDate": str(block.end)},
        )
        for block in program.blocks
    )


def _holidays_json(program: Program) -> str:
    return _records(
        (program.id_of("holiday", day), {"holiday": name, "holidayDate": str(day)})
        for day, name in federal_holidays(program.options.academic_year)
    )


def _fmit_json(program: Program) -> str:
    weeks = sorted((week, member.id) for member in program.faculty for week in member.weeks)
    return _records(
        (
            program.id_of("fmit", week),
            {"inpatientFaculty": [person], "weekStart": str(week), "weekEnd": str(week + WEEK - DAY)},
        )
        for week, person in weeks
    )


def _people_csv(program: Program) -> str:
    residents = [(r.name, "resident", r.level, "") for r in program.residents]
    faculty = [(m.name, "faculty", "", m.duty.name) for m in program.faculty]
    return _table(("name", "type", "pgy_level", "faculty_role"), [*residents, *faculty])


def _patterns_csv(program: Program) -> str:
    rows = [
        (name, week, _SHORT[day], session.value, code)
        for name, curriculum in _curricula().items()
        for (week, day, session), code in sorted(curriculum.pattern.items())
    ]
    return _table(("rotationName", "week", "weekday", "session", "activity"), rows)


def _preferences_csv(program: Program) -> str:
    """A wish of every third core faculty member and every fourth resident."""
    people = [m.id for m in program.faculty if not m.adjunct][::3] + [r.id for r in program.residents][::4]
    wishes = (("WEEKDAY", -2, "Fri", "PM"), ("WEEKDAY", 2, "Tue", ""), ("WEEKDAY", -1, "Mon", "AM"))
    rows = [(person, *wishes[number % len(wishes)]) for number, person in enumerate(people)]
    return _table(("person", "scope", "weight", "weekday", "session"), rows)


def _duty_logs_csv(program: Program) -> str:
    """Charting from home on clinic months, an hour and a half on a Tuesday evening."""
    rows = []
    for resident in program.residents:
        for block in program.blocks:
            if resident.rotations[block.number].name.startswith("Continuity"):
                day = next(d for d in days_between(block.start, block.end) if d.weekday() == Weekday.TUE)
                rows.append((resident.id, day, "CLINICAL_FROM_HOME", "1.5"))
    return _table(("person", "date", "kind", "hours"), rows)


def _policy_csv(program: Program) -> str:
    """A larger program has a larger clinic: seats in proportion to the residents."""
    standard, size = Policy(), program.options.all_residents
    seats = {
        name: -(-getattr(standard, name) * size // _STANDARD_RESIDENTS)
        for name in ("clinic_capacity", "clinic_comfort")
    }
    return _table(("name", "value"), seats.items())


def _duty_fields(duty: Duty) -> dict[str, Any]:
    bounds = {
        "clinic": duty.clinic,
        "gme": duty.gme,
        "department": duty.department,
        "sportsMedicine": duty.sports,
        "supervision": duty.supervision,
        "inpatientWeeks": duty.weeks,
    }
    fields: dict[str, Any] = {"primaryDuty": duty.name}
    for name, (low, high) in bounds.items():
        fields |= {f"{name}Min": low, f"{name}Max": high}
    return fields | {"vasectomyMax": 0, "botoxMax": 0, "availableDays": list(duty.days)}


def _leave_json(leave: Iterable[Leave], link: str) -> str:
    return _records(
        (
            item.id,
            {
                link: [item.person],
                "absenceStart": str(item.start),
                "absenceEnd": str(item.end),
                "absenceType": item.kind,
                "approved": item.approved,
            },
        )
        for item in leave
    )


def _activities_csv() -> str:
    headings = ["code", "name", "category", "am_hours", "pm_hours", "night_hours", "counts_toward_clinic_capacity"]
    headings += ["supervision", "provides_supervision", "shed_tier"]
    rows = [
        (code, name, category, *hours, seat, kind, supervises, tier)
        for code, name, category, hours, seat, kind, supervises, tier in ACTIVITIES
    ]
    return _table(headings, rows)


def _records(rows: Iterable[tuple[str, dict[str, Any]]]) -> str:
    records = [{"id": key, "fields": fields} for key, fields in rows]
    return json.dumps({"records": records}, ensure_ascii=False, indent=1) + "\n"


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue()
