"""Absences: who asks, who decides, what moves where, who hears of it."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.enums import Role
from accounts.models import Notification
from common.errors import Invalid, NotAllowed
from schedules.enums import ABSENCE_TRANSITIONS, AbsenceKind, AbsenceStatus, ScheduleStatus
from schedules.services import absences
from tests.factories import generation, program

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 1, 20, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2026, 3, 12), dt.date(2026, 3, 14)


def _asked(person, by, **fields):
    return absences.request(
        person, **{"start": FIRST, "end": LAST, "kind": AbsenceKind.LEAVE, "by": by, "at": AT} | fields
    )


def test_a_resident_asks_for_days_and_the_deciders_hear_of_it(resident, coordinator, director, architect):
    person = program.resident(user=resident)

    asked = _asked(person, resident, reason="  family  ")

    assert (asked.status, asked.reason, asked.requested_by, asked.created_at) == ("REQUESTED", "family", resident, AT)
    assert set(Notification.objects.values_list("user", flat=True)) == {coordinator.pk, director.pk}
    assert "family" not in "".join(Notification.objects.values_list("title", flat=True))
    assert asked.history.get().history_user == resident


def test_nobody_asks_for_somebody_else_without_the_right(resident, faculty, architect, coordinator, agent):
    person = program.resident(user=resident)

    for user in (faculty, architect):
        with pytest.raises(NotAllowed):
            _asked(person, user)
    assert _asked(person, coordinator).status == "REQUESTED"
    assert _asked(person, agent).status == "REQUESTED"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"end": FIRST - dt.timedelta(days=1)}, "before the first day"),
        ({"end": FIRST + dt.timedelta(days=366)}, "at most 366 days"),
        ({"start": dt.date(1, 1, 1), "end": dt.date(1, 1, 1)}, "Look at the year again"),
        ({"start": dt.date(9999, 12, 31), "end": dt.date(9999, 12, 31)}, "Look at the year again"),
        ({"kind": "PARTY"}, "no kind of absence"),
    ],
)
def test_what_makes_no_sense_is_refused(coordinator, fields, sentence):
    with pytest.raises(Invalid, match=sentence):
        _asked(program.resident(), coordinator, **fields)


def test_366_days_are_the_longest(coordinator):
    assert _asked(program.resident(), coordinator, end=FIRST + dt.timedelta(days=365)).status == "REQUESTED"


def test_somebody_who_left_asks_for_nothing(coordinator):
    with pytest.raises(Invalid, match="left"):
        _asked(program.resident(is_active=False), coordinator)


def test_an_overlap_is_allowed_and_named(coordinator):
    person = program.resident()
    earlier = program.absence(person, LAST, LAST + dt.timedelta(days=3))
    program.absence(person, FIRST, status=AbsenceStatus.REJECTED)
    program.absence(person, LAST + dt.timedelta(days=5))

    assert absences.overlapping(_asked(person, coordinator)) == [earlier]


def test_the_person_hears_the_decision(resident, coordinator):
    asked = _asked(program.resident(user=resident), resident)

    done = absences.approve(asked, by=coordinator, at=AT, note="enjoy")

    assert (done.status, done.decided_by, done.decided_at, done.decision_note) == ("APPROVED", coordinator, AT, "enjoy")
    heard = Notification.objects.get(user=resident)
    assert (heard.kind, heard.title) == ("ABSENCE_APPROVED", "Your absence 2026-03-12 to 2026-03-14 is approved")


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.FACULTY, Role.ARCHITECT, Role.AGENT])
def test_others_do_not_decide(user_as, coordinator, role):
    asked = _asked(program.resident(), coordinator)

    with pytest.raises(NotAllowed):
        absences.approve(asked, by=user_as(role), at=AT)


def test_nobody_decides_about_the_own_absence(director):
    asked = _asked(program.faculty(user=director), director)

    with pytest.raises(NotAllowed, match="Somebody else"):
        absences.approve(asked, by=director, at=AT)


ACTS = {
    AbsenceStatus.APPROVED: absences.approve,
    AbsenceStatus.REJECTED: absences.reject,
    AbsenceStatus.CANCELLED: absences.cancel,
}


@pytest.mark.parametrize("before", AbsenceStatus)
@pytest.mark.parametrize("to", ACTS)
def test_only_the_moves_of_the_table_happen(coordinator, before, to):
    absence = program.absence(program.resident(), FIRST, LAST, status=before)

    if to in ABSENCE_TRANSITIONS[before]:
        assert ACTS[to](absence, by=coordinator, at=AT).status == to
    else:
        with pytest.raises(absences.AlreadyDecided) as refusal:
            ACTS[to](absence, by=coordinator, at=AT)
        assert refusal.value.extra == {"status": before}


def test_the_person_cancels_until_it_begins_and_staff_at_any_time(resident, coordinator):
    person = program.resident(user=resident)
    begun = dt.datetime(2026, 3, 12, 22, tzinfo=dt.UTC)
    still_the_day_before_here = dt.datetime(2026, 3, 12, 9, tzinfo=dt.UTC)
    first, second = program.absence(person, FIRST, LAST), program.absence(person, FIRST, LAST)

    assert absences.cancel(first, by=resident, at=still_the_day_before_here).status == "CANCELLED"
    with pytest.raises(NotAllowed, match="begun"):
        absences.cancel(second, by=resident, at=begun)
    assert absences.cancel(second, by=coordinator, at=begun).status == "CANCELLED"


def test_others_do_not_cancel_it(faculty, coordinator):
    asked = _asked(program.resident(), coordinator)

    with pytest.raises(NotAllowed):
        absences.cancel(asked, by=faculty, at=AT)


def _published_tiny():
    tiny = program.tiny_program()
    shown = generation.draft(tiny.block.start_date, tiny.block.end_date)
    with program.open_gate():
        shown.status, shown.published_at = ScheduleStatus.PUBLISHED, shown.created_at
        shown.save()
    return tiny, shown


def test_leave_of_the_attending_on_call_leaves_the_night_short():
    _, shown = _published_tiny()
    call = shown.assignments.filter(activity__code="CALL", date=dt.date(2026, 3, 17)).get()
    asked = program.absence(call.person, call.date, status="REQUESTED")

    found = absences.findings_if_approved(asked)

    nights = [(row["rule"], row["severity"]) for row in found if row["session"] == "NIGHT"]
    assert nights == [("DEMAND_MIN", "hard")]
    assert found == sorted(found, key=lambda row: ["hard", "warning", "minor"].index(row["severity"]))
    assert asked.status == "REQUESTED"


def test_leave_of_somebody_without_duties_brings_nothing():
    _published_tiny()
    asked = program.absence(program.faculty(adjunct=True), dt.date(2026, 3, 17), status="REQUESTED")

    assert absences.findings_if_approved(asked) == []


def test_where_nothing_is_published_nothing_is_judged(django_assert_num_queries):
    asked = program.absence(program.resident(), dt.date(2026, 3, 17), status="REQUESTED")

    with django_assert_num_queries(1):
        assert absences.findings_if_approved(asked) == []
