"""Shedding through the gate: executed exactly as simulated, restored exactly, refused where anything changed."""

from __future__ import annotations

import datetime as dt

import pytest

from common.errors import Invalid
from resilience.models import SheddingExecution
from resilience.services import shedding
from schedules.domain.problem import Role
from schedules.domain.rules import check
from schedules.mapping import load_problem, load_roster
from schedules.models import Activity, Breaker, Person
from schedules.services import editing
from tests.factories import program
from tests.factories.resilience import MONDAY, MORNING, granted, watched_ward

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_backups")]

TUESDAY, THURSDAY = MONDAY + dt.timedelta(1), MONDAY + dt.timedelta(3)


@pytest.fixture
def ward():
    made = watched_ward()
    program.absence(made["A"], TUESDAY, THURSDAY)
    return made


def execute(by, level="ORANGE", **more):
    seen = shedding.simulate(at=MORNING, target_level=level)
    approval = granted("shedding", seen.fingerprint, at=MORNING)
    return shedding.execute(target_level=level, shown=seen.fingerprint, approval=approval, by=by, at=MORNING, **more)


def rows(ward):
    """Everything that a restoration must bring back."""
    columns = ("person_id", "date", "session", "activity__code", "source", "locked")
    return {row[:3]: row[3:] for row in ward.schedule.assignments.values_list(*columns)}


def hard(ward):
    problem = load_problem(ward.schedule.start_date, ward.schedule.end_date)
    return [finding.rule for finding in check(problem, load_roster(problem, schedule="published")).hard]


def test_what_is_executed_is_what_was_simulated(ward, director):
    seen = shedding.simulate(at=MORNING)
    before = {key: value[0] for key, value in rows(ward).items()}
    shown = {(change.slot.person, change.slot.day, change.slot.session.value): change.after for change in seen.changes}

    done = execute(director, restore_due=THURSDAY)

    after = {(str(person), day, session): value[0] for (person, day, session), value in rows(ward).items()}
    assert after == {(str(person), day, session): code for (person, day, session), code in before.items()} | shown
    assert (done.level, done.result, done.restore_due, done.gaps) == ("ORANGE", seen.result, THURSDAY, [])
    assert hard(ward) == []


def test_restoring_brings_every_cell_back_with_source_and_lock(ward, director):
    row = ward.schedule.assignments.get(person=ward["B"], date=TUESDAY, session="PM")
    before = rows(ward)
    execution = execute(director)
    assert rows(ward) != before

    restored = shedding.restore(execution, by=director, at=MORNING, confirm=True)

    assert rows(ward) == before
    assert (restored.state, restored.restored_by, row.source) == ("RESTORED", director, "SOLVER")


def test_restoring_into_the_same_shortage_asks_for_a_yes(ward, director):
    execution = execute(director)

    with pytest.raises(shedding.SheddingRefused) as refusal:
        shedding.restore(execution, by=director, at=MORNING)
    ward["A"].absences.all().delete()
    restored = shedding.restore(execution, by=director, at=MORNING)

    assert (refusal.value.code, restored.state) == ("would_open", "RESTORED")


def test_nobody_confirms_that_a_rule_is_broken_by_what_comes_back(ward, director):
    execution = execute(director)
    left = rows(ward)
    shed = Activity.objects.get(code="ADM")
    shed.roles = [Role.RESIDENT]
    shed.save()

    with pytest.raises(shedding.SheddingRefused) as refusal:
        shedding.restore(execution, by=director, at=MORNING, confirm=True)

    assert refusal.value.code == "would_violate"
    assert "nobody can confirm it" in refusal.value.detail
    assert rows(ward) == left


def test_a_simulation_of_another_schedule_is_refused(ward, director):
    seen = shedding.simulate(at=MORNING, target_level="ORANGE")
    change = editing.Change(ward.id("D"), TUESDAY, "PM", "OFF")
    editing.set_cell(ward.schedule, change, by=director, at=MORNING)
    before = rows(ward)

    with pytest.raises(shedding.SheddingRefused, match="changed since"):
        shedding.execute(
            target_level="ORANGE",
            shown=seen.fingerprint,
            approval=granted("shedding", seen.fingerprint, at=MORNING),
            by=director,
            at=MORNING,
        )

    assert (rows(ward), SheddingExecution.objects.count()) == (before, 0)


def test_cells_that_were_edited_since_are_not_restored_over(ward, director):
    execution = execute(director)
    person, day, session, _, _ = next(item for item in execution.changes if item[4] == "ICU")
    change = editing.Change(person, dt.date.fromisoformat(day), session, "ADM")
    Breaker.objects.all().delete()
    editing.set_cell(ward.schedule, change, by=director, at=MORNING)

    with pytest.raises(shedding.SheddingRefused, match="changed since"):
        shedding.restore(execution, by=director, at=MORNING, confirm=True)


def test_shed_work_comes_back_once(ward, director):
    execution = execute(director)
    shedding.restore(execution, by=director, at=MORNING, confirm=True)

    with pytest.raises(shedding.SheddingRefused, match="before"):
        shedding.restore(execution, by=director, at=MORNING, confirm=True)


def test_the_latest_shedding_comes_back_first(ward, director):
    first = execute(director)
    Breaker.objects.all().delete()
    for person in {change[0] for change in first.changes if change[4] == "ICU"}:
        program.absence(Person.objects.get(pk=person), TUESDAY, TUESDAY)
    later = MORNING + dt.timedelta(minutes=5)
    seen = shedding.simulate(at=later, target_level="ORANGE")
    second = shedding.execute(
        target_level="ORANGE",
        shown=seen.fingerprint,
        approval=granted("shedding", seen.fingerprint, at=later),
        by=director,
        at=later,
    )

    with pytest.raises(shedding.SheddingRefused) as refusal:
        shedding.restore(first, by=director, at=later, confirm=True)
    shedding.restore(second, by=director, at=later, confirm=True)
    shedding.restore(first, by=director, at=later, confirm=True)

    assert (refusal.value.code, shedding.in_force()) == ("order", [])


def test_shedding_passes_an_open_breaker(ward, director):
    Breaker.objects.update_or_create(pk=1, defaults={"state": "OPEN", "cause": "A is away"})

    assert execute(director).level == "ORANGE"


def test_nothing_is_shed_for_nothing(director):
    watched_ward()

    with pytest.raises(shedding.SheddingRefused, match="nothing to shed"):
        execute(director)


@pytest.mark.parametrize("level", ["PURPLE", "green"])
def test_levels_come_from_the_table(ward, level):
    with pytest.raises(Invalid):
        shedding.simulate(at=MORNING, target_level=level)


def test_a_restoration_is_due_in_the_future(ward, director):
    with pytest.raises(Invalid):
        execute(director, restore_due=MONDAY - dt.timedelta(1))
