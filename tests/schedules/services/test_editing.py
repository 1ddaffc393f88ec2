"""Editing rows: dry run and token, one cell at once, locks, versions, clearing, and what publishing forbids."""

import datetime as dt

import pytest
import time_machine

from backups.models import Backup
from common.errors import Invalid, NotAllowed
from schedules.domain.problem import Session
from schedules.enums import ScheduleStatus
from schedules.models import Assignment, Schedule
from schedules.services import confirmation, editing, publishing
from tests.factories import backups, generation, program

AT = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)
START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
MONDAY = dt.date(2026, 3, 16)


pytestmark = pytest.mark.usefixtures("quick_backups")


@pytest.fixture(autouse=True)
def at_eight():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def tiny(db):
    return program.tiny_program()


@pytest.fixture
def draft(tiny):
    made = generation.draft(START, END)
    backups.verified_backup()
    return made


def cell(person, day=MONDAY, session=Session.AM, activity="ADM", locked=None):
    return editing.Change(str(person.pk), day, session, activity, locked)


def held(schedule, person, day=MONDAY, session=Session.AM):
    return schedule.assignments.get(person=person, date=day, session=session)


def test_a_cell_is_set_at_once_with_history_and_a_new_version(draft, tiny, coordinator):
    person = tiny.faculty[4]

    shown = editing.set_cell(draft, cell(person), by=coordinator, at=AT, version=1, reason="covers the desk")

    row = held(draft, person)
    draft.refresh_from_db()
    assert (row.activity.code, row.source, draft.version) == ("ADM", "MANUAL", 2)
    assert (row.history.first().history_user, row.history.first().history_change_reason) == (
        coordinator,
        "covers the desk",
    )
    assert shown.refused == ()
    assert draft.validation["total_violations"] >= 0


def test_an_edit_of_an_older_version_is_refused(draft, tiny, coordinator):
    editing.set_cell(draft, cell(tiny.faculty[4]), by=coordinator, at=AT)

    with pytest.raises(editing.NotEditable) as refused:
        editing.set_cell(draft, cell(tiny.faculty[4], activity="OFF"), by=coordinator, at=AT, version=1)

    assert refused.value.code == "version_changed"
    assert held(draft, tiny.faculty[4]).activity.code == "ADM"


def test_the_preview_names_what_a_change_brings(draft, tiny):
    resident = tiny.residents[0]
    program.absence(resident, MONDAY)

    shown = editing.preview(draft, [cell(resident, activity="C"), cell(resident, session=Session.PM, activity="LV")])

    assert "ABSENT" not in {violation.rule for violation in shown.findings.new}
    shown = editing.preview(draft, [cell(resident, activity="LV"), cell(resident, session=Session.PM, activity="LV")])
    assert "ABSENT" in {violation.rule for violation in shown.findings.gone}


def test_a_locked_cell_stays_unless_it_is_unlocked_in_the_same_change(draft, tiny, coordinator):
    person = tiny.faculty[4]
    editing.set_cell(draft, cell(person, locked=True), by=coordinator, at=AT)

    with pytest.raises(editing.LockedCells):
        editing.set_cell(draft, cell(person, activity="OFF"), by=coordinator, at=AT)
    editing.set_cell(draft, cell(person, activity="OFF", locked=False), by=coordinator, at=AT)

    assert (held(draft, person).activity.code, held(draft, person).locked) == ("OFF", False)


def test_a_published_schedule_gets_no_new_duty_hour_violation(tiny, director):
    draft = generation.draft(START, END)
    backups.verified_backup()
    with program.open_gate():
        draft.status, draft.published_at = ScheduleStatus.PUBLISHED, AT
        draft.save()
    unsupervised = [cell(person) for person in tiny.faculty[:4] if held(draft, person).activity.code in {"AT", "PCAT"}]
    changes = [cell(tiny.residents[0], activity="C"), *unsupervised]
    shown, token = editing.offer(draft, changes, by=director, at=AT)

    with pytest.raises(editing.WouldViolate) as refused:
        editing.apply(draft, changes, token=token, by=director, at=AT)

    assert {violation.rule for violation in shown.refused} == {"SUPERVISION"}
    assert refused.value.extra["preview"]["refused"][0]["type"] == "supervision_ratio"
    assert Schedule.objects.get(pk=draft.pk).version == 1


def test_a_bulk_edit_needs_the_token_of_its_dry_run(draft, tiny, coordinator):
    changes = [cell(person, activity="ADM") for person in tiny.faculty[:2]]
    shown, token = editing.offer(draft, changes, by=coordinator, at=AT)
    backups_before = Backup.objects.count()

    with pytest.raises(confirmation.ConfirmationRefused):
        editing.apply(draft, changes, token="made up", by=coordinator, at=AT)
    assert Backup.objects.count() == backups_before
    with pytest.raises(confirmation.ConfirmationRefused):
        editing.apply(draft, changes[:1], token=token, by=coordinator, at=AT)
    editing.apply(draft, changes, token=token, by=coordinator, at=AT)

    assert [held(draft, person).activity.code for person in tiny.faculty[:2]] == ["ADM", "ADM"]
    assert [row["person"] for row in shown.as_json()["rows"]] == [str(p.pk) for p in tiny.faculty[:2]]


def test_a_bulk_edit_after_somebody_elses_is_refused_whole(draft, tiny, coordinator):
    changes = [cell(person, activity="ADM") for person in tiny.faculty[:2]]
    _, token = editing.offer(draft, changes, by=coordinator, at=AT)
    editing.set_cell(draft, cell(tiny.faculty[4]), by=coordinator, at=AT)
    before = generation.cells(draft)

    with pytest.raises(confirmation.ConfirmationRefused) as refused:
        editing.apply(draft, changes, token=token, by=coordinator, at=AT)

    assert refused.value.code == "confirmation_stale"
    assert generation.cells(draft) == before


def test_who_looked_at_a_draft_does_not_edit_what_is_published_by_now(draft, tiny, coordinator, director):
    changes = [cell(tiny.faculty[4])]
    _, token = editing.offer(draft, changes, by=coordinator, at=AT)
    publishing.publish(draft, by=director, at=AT, override_reason="a program of few")
    draft.refresh_from_db()

    with pytest.raises(editing.NotEditable) as one:
        editing.set_cell(draft, *changes, by=coordinator, at=AT, version=1)
    with pytest.raises(confirmation.ConfirmationRefused) as many:
        editing.apply(draft, changes, token=token, by=coordinator, at=AT)

    assert (one.value.code, many.value.code) == ("version_changed", "confirmation_stale")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"activity": "NOPE"}, "Row 1: the activity 'NOPE' is not known"),
        ({"day": END + dt.timedelta(days=1)}, "some rows lie outside"),
    ],
)
def test_rows_that_make_no_sense_are_named(draft, tiny, change, sentence):
    with pytest.raises(Invalid, match=sentence):
        editing.preview(draft, [cell(tiny.faculty[0], **change)])


def test_a_slot_named_twice_is_refused(draft, tiny):
    with pytest.raises(Invalid, match="occurs more than once"):
        editing.preview(draft, [cell(tiny.faculty[0]), cell(tiny.faculty[0], activity="OFF")])


def test_more_than_5000_rows_are_refused(draft, tiny):
    with pytest.raises(Invalid, match="at most 5000"):
        editing.preview(draft, [cell(tiny.faculty[0])] * 5001)


def test_clearing_is_for_the_director_with_the_range_typed(draft, tiny, coordinator, director):
    days = [START + dt.timedelta(days=n) for n in range(7)]
    changes = [
        cell(person, day=day, session=session, activity=None)
        for person in (*tiny.residents, *tiny.faculty)
        for day in days
        for session in (Session.AM, Session.PM)
    ]
    _, token = editing.offer(draft, changes, by=director, at=AT)

    with pytest.raises(NotAllowed):
        editing.apply(draft, changes, token=token, by=coordinator, at=AT, typed_range="2026-03-12 to 2026-03-18")
    with pytest.raises(Invalid, match="2026-03-12 to 2026-03-18"):
        editing.apply(draft, changes, token=token, by=director, at=AT, typed_range="yes")
    editing.apply(draft, changes, token=token, by=director, at=AT, typed_range="2026-03-12 to 2026-03-18")

    left = draft.assignments.filter(date__lte=days[-1], session__in=["AM", "PM"])
    assert left.count() == 0
    assert Assignment.history.filter(history_type="-", history_user=director).count() == len(changes)


def test_a_superseded_schedule_is_not_edited(tiny, coordinator):
    old = program.schedule(START, END, status=ScheduleStatus.SUPERSEDED)

    with pytest.raises(editing.NotEditable):
        editing.set_cell(old, cell(tiny.faculty[0]), by=coordinator, at=AT)

    assert Schedule.objects.get(pk=old.pk).version == 1
