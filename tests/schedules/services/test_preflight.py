"""Pre-flight: what is there, what is missing, what cannot be, with names and dates."""

import datetime as dt

import pytest

from schedules.models import Breaker
from schedules.services.preflight import ItemStatus, preflight
from tests.factories import backups, generation, program

AT = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)
START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)

pytestmark = pytest.mark.django_db


@pytest.fixture
def tiny():
    return program.tiny_program()


def look(**more):
    return preflight(START, END, at=AT, **{"needs_worker": False} | more)


def test_a_sound_program_is_ready(tiny):
    with generation.worker_present():
        shown = look(needs_worker=True)

    assert shown.ok
    assert shown.label == "Block 10"
    assert shown.counts == {
        "residents": 4,
        "faculty": 5,
        "rotations": 3,
        "rotations_in_use": 3,
        "blocks": 1,
        "block_assignments": 4,
        "absences": 0,
        "fmit_weeks": 5,
        "demands": 8,
    }
    assert {item.code for item in shown.items if item.status is ItemStatus.FAIL} == set()


def test_nothing_there_is_named_line_by_line():
    shown = look()

    assert {item.code for item in shown.items if item.blocks} == {"PEOPLE", "ROTATIONS", "BLOCKS", "BLOCK_ASSIGNMENTS"}
    assert all(item.action for item in shown.items if item.blocks)


def test_dates_outside_the_blocks_are_named(tiny):
    shown = preflight(START, END + dt.timedelta(days=2), at=AT, needs_worker=False)

    assert shown.item("BLOCKS").sentence == "No block covers 2026-04-09 to 2026-04-10."


def test_a_worker_is_asked_for(tiny):
    assert look(needs_worker=True).item("WORKER").blocks


def test_the_newest_verified_backup_is_named(tiny):
    assert look().item("BACKUP").sentence == "No fresh verified backup: none, will be made."

    backup = backups.verified_backup()

    assert look().backup_file == backup.file
    assert "Backup verified at" in look().question


def test_an_open_breaker_blocks_unless_overridden(tiny):
    breaker = Breaker.objects.create(id=1, state="OPEN", cause="margins below zero")
    blocked = look().item("BREAKER")
    breaker.override_until = AT + dt.timedelta(hours=1)
    breaker.save()

    assert (blocked.blocks, blocked.sentence) == (True, "The schedule circuit breaker is open: margins below zero.")
    assert look().item("BREAKER").status is ItemStatus.WARN


def test_a_night_that_nobody_can_take_is_proven_with_its_date(tiny):
    for person in tiny.faculty[:4]:
        program.absence(person, dt.date(2026, 3, 16))

    item = look().item("CALL_POSSIBLE")

    assert (item.status, item.blocks) == (ItemStatus.FAIL, False)
    assert (
        item.details[0]
        == "Night of 2026-03-15: nobody is eligible for overnight call and present that day and the next."
    )


def test_two_nights_for_one_person_are_proven(tiny):
    attending = {0: dt.date(2026, 3, 16)}
    for person in tiny.faculty[:3]:
        program.absence(person, attending[0], attending[0] + dt.timedelta(days=2))

    details = look().item("CALL_POSSIBLE").details

    only = tiny.faculty[3].name
    assert f"Nights of 2026-03-16 and 2026-03-17: only {only} could take both" in " ".join(details)


def test_protected_clinic_without_supervisors_is_proven(tiny):
    wednesday = dt.date(2026, 3, 18)
    for person in tiny.faculty[:4]:
        program.absence(person, wednesday)

    item = look().item("SUPERVISION_POSSIBLE")

    name = tiny.residents[0].name
    assert item.details == (f"2026-03-18 AM: {name} in protected clinic need 1 supervisors; 0 can be there (nobody).",)


def test_dates_without_a_present_fmit_attending_are_named(tiny):
    week = tiny.faculty[1]
    program.absence(week, dt.date(2026, 3, 13), dt.date(2026, 3, 14))

    assert look().item("FMIT_REPLACEMENT").details == (
        f"2026-03-13 to 2026-03-14: {week.name} is absent; one replacement leads the inpatient team.",
    )


def test_the_fingerprint_follows_inputs_and_published_rows_of_the_range(tiny):
    before = look().fingerprint
    program.absence(tiny.faculty[0], END + dt.timedelta(days=60))
    elsewhere = look().fingerprint
    program.absence(tiny.faculty[0], START)
    absence = look().fingerprint
    published = program.schedule(START, END, status="PUBLISHED")
    program.assignments(published, [(tiny.faculty[0], START, "AM", "AT")])

    assert before == elsewhere
    assert len({before, absence, look().fingerprint}) == 3


def test_what_is_there_now_is_counted(tiny):
    published = program.schedule(START, END, status="PUBLISHED")
    program.assignments(published, [(tiny.faculty[0], START, "AM", "AT")])

    present = look().present

    assert (present["assignments"], present["drafts"]) == (1, 0)
    assert present["published"][0]["schedule"] == str(published.pk)
