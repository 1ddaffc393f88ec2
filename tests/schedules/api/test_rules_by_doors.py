"""Every rule of the table fires on facts that came in by import and REST."""

import csv
import datetime as dt
import io

import pytest
import time_machine

from accounts.enums import Role
from schedules.domain.rules import RULES
from schedules.models import Person
from schedules.services import imports
from tests.factories import backups, program
from tests.factories.rosters import ACTIVITIES, day, days

AT = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)
START, END = day(0), day(27)
BULK = "/api/v1/assignments/bulk"
SESSIONS = ("AM", "PM", "NIGHT")

RESIDENTS = {"Hours": 2, "Rest": 2, "Call": 2, "Nights": 3, "Intern": 1, "Pattern": 2, "Away": 2}
FACULTY = ("First", "Second", "Third")
TABLES: dict[str, list[dict[str, object]]] = {
    "residents": [{"name": name, "pgy_level": level} for name, level in RESIDENTS.items()],
    "duties": [
        {
            "name": "Core",
            "clinicMin": 2,
            "clinicMax": 3,
            "supervisionMax": 10,
            "sportsMedicineMax": 2,
            "inpatientWeeksMax": 9,
            "availableDays": "Mon;Tue;Wed;Thu;Fri",
        }
    ],
    "faculty": [{"name": name, "duty": "Core"} for name in FACULTY],
    "activities": [
        {
            "code": each.code,
            "name": each.name,
            "category": each.category.value,
            "am_hours": each.am_hours,
            "pm_hours": each.pm_hours,
            "night_hours": each.night_hours,
            "counts_toward_clinic_capacity": "yes" if each.counts_toward_clinic_capacity else "no",
            "supervision": each.supervision.value,
            "provides_supervision": "yes" if each.provides_supervision else "no",
            "shed_tier": each.shed_tier.value if each.shed_tier else "",
        }
        for each in ACTIVITIES.values()
    ],
    "rotations": [{"name": "Clinic"}, {"name": "Elective"}],
    "patterns": [
        {"rotation": "Clinic", "week": week, "weekday": weekday, "session": session, "activity": code}
        for week in (1, 2, 3, 4)
        for weekday, session, code in (("Thu", "AM", "C"), ("Wed", "PM", "LEC"))
    ]
    + [{"rotation": "Elective", "week": 1, "weekday": "Sat", "session": "AM", "activity": "W"}],
    "blocks": [{"number": 10, "start": START, "end": END}],
    "block_assignments": [
        {"person": name, "block": 10, "rotation": "Clinic" if name == "Pattern" else "Elective"} for name in RESIDENTS
    ],
    "absences": [
        {"person": name, "start": day(first), "end": day(last), "kind": "LEAVE", "approved": "yes"}
        for name, first, last in (("Away", 7, 8), ("Third", 12, 13), ("Second", 23, 27))
    ],
    "fmit_weeks": [{"person": "Second", "start": day(1), "end": day(7)}],
    "duty_logs": [
        {"person": "Intern", "date": day(2), "kind": "MOONLIGHTING", "hours": 4},
        {"person": "Intern", "date": day(9), "kind": "HOME_CALL", "hours": 2},
    ],
}
"""A program in the import's layout."""

ROSTER: dict[str, dict[str, str]] = {
    "Hours": {"0-16": "D20 D20", "18": "C"},
    "Rest": {"0": "- - N11", "1": "- C", "4": "IMW IMW N13", "10": "M7 M7 N11", "11": "- - NF", "18": "C"},
    "Call": {"0 3 6 9 12 15 18 21 24 27": "IMW IMW CALL", "1 4 7 10 13 16 19 22 25": "PC PC"},
    "Nights": {"0-6": "- - NF", "18": "C"},
    "Intern": {"18": "C"},
    "Pattern": {"0": "ADM", "6": "- C", "18": "C"},
    "Away": {"7": "C C", "18": "C"},
    "First": {"3 10 17 24": "- - CALL", "4 20": "C - CALL", "5": "SM", "18": "C"},
    "Second": {"1-7": "FMIT FMIT", "18": "C"},
    "Third": {"11 25": "- - CALL", "18": "C AT", "19 20": "C C"},
}
"""Day offsets -> "AM PM NIGHT"; everything else is OFF. Between them they break every rule of the table."""

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_backups")]


def files(folder):
    """The tables as CSV files."""
    for name, rows in TABLES.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        (folder / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")
    return folder


def rows(roster):
    """The body's rows for every half-day of everybody, and for the nights that the roster names."""
    ids = {name: str(pk) for name, pk in Person.objects.values_list("name", "pk")}
    for name, plan in roster.items():
        lines = {offset: line.split() for spec, line in plan.items() for offset in days(spec)}
        for offset in range(28):
            codes = [*lines.get(offset, []), "-", "-", "-"][:3]
            for session, code in zip(SESSIONS, codes, strict=True):
                shown = code if code != "-" else "" if session == "NIGHT" else "OFF"
                if shown:
                    yield {
                        "person": ids[name],
                        "date": str(day(offset)),
                        "session": session,
                        "activity": shown,
                    }


def put(client, draft, cells):
    """Set cells by a dry run and its token."""
    body = {"schedule": str(draft.pk), "set": list(cells)}
    shown = client.post(BULK, body).json()
    done = client.post(
        BULK,
        body | {"dry_run": False, "confirmation_token": shown["confirmation_token"]},
    )
    assert done.status_code == 200, done.json()


def judged(client, draft):
    """Rules that found something, and rules that were not measured."""
    address = f"/api/v1/schedule/validate?start_date={START}&end_date={END}&schedule={draft.pk}"
    answer = client.get(address).json()
    return {found["rule"] for found in answer["violations"]}, {each["rule"] for each in answer["not_measured"]}


@pytest.fixture
def client(api_as):
    with time_machine.travel(AT, tick=False):
        yield api_as(Role.COORDINATOR)


def test_every_rule_fires_on_facts_that_came_in_by_import_and_rest(client, tmp_path):
    imports.import_program(files(tmp_path), by=None, at=AT)
    backups.verified_backup()
    draft = program.schedule(START, END)
    pattern = Person.objects.get(name="Pattern")
    wish = {"person": str(pattern.pk), "scope": "WEEKDAY", "weekday": 0, "weight": -2}
    assert client.post("/api/v1/preferences", wish).status_code == 201

    put(client, draft, rows(ROSTER))
    found, unmeasured = judged(client, draft)

    assert set(RULES) - found == {"DOUBLE_BOOKED"}
    assert unmeasured == set()


def test_two_activities_in_one_session_never_come_in(client):
    person = program.resident()
    draft = program.schedule(START, END)
    cell = {"person": str(person.pk), "date": str(START), "session": "AM"}
    program.standard_activities()

    answer = client.post(BULK, {"schedule": str(draft.pk), "set": [cell | {"activity": code} for code in ("C", "LEC")]})

    assert answer.status_code == 400
    assert "Row 1: this person's AM of 2026-03-12 occurs more than once." in answer.json()["detail"]
