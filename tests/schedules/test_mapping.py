"""Problems and rosters say what the rows say, in few queries; the fingerprint notices every input."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules import mapping, models
from schedules.domain import problem as core
from schedules.domain.problem import CallTally, Role, Session
from schedules.domain.roster import Roster, Slot, Source
from schedules.enums import AbsenceStatus, ScheduleStatus
from tests.factories import program

pytestmark = pytest.mark.django_db

START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
AM, PM, NIGHT = Session
PUBLISHED = ScheduleStatus.PUBLISHED


def day(offset: int) -> dt.date:
    return START + dt.timedelta(days=offset)


# --- problems


@pytest.mark.parametrize("more_residents", [0, 2])
def test_a_problem_takes_the_same_queries_whatever_its_size(more_residents, django_assert_num_queries):
    tiny = program.tiny_program()
    for _ in range(more_residents):
        program.block_assignment(program.resident(), tiny.block, tiny.clinic)

    with django_assert_num_queries(16):
        problem = mapping.load_problem(START, END)
    with django_assert_num_queries(1):
        mapping.load_roster(problem, schedule="published")


def test_people_come_as_residents_by_level_then_faculty():
    program.faculty(name="Z")
    program.resident(3, name="A")
    program.resident(1, name="B")
    program.resident(1, name="Away", is_active=False)

    people = mapping.load_problem(START, END).people

    assert [(person.name, person.role, person.pgy_level) for person in people] == [
        ("B", Role.RESIDENT, 1),
        ("A", Role.RESIDENT, 3),
        ("Z", Role.FACULTY, None),
    ]


def test_someone_who_left_is_there_for_the_schedule_that_names_them():
    person = program.resident(is_active=False)
    schedule = program.schedule(START, END, status=PUBLISHED)
    program.assignments(schedule, [(person, START, AM, "C")])

    assert mapping.load_problem(START, END).people == ()
    assert [p.id for p in mapping.load_problem(START, END, schedule=schedule).people] == [str(person.pk)]


def test_a_faculty_member_carries_duty_credentials_and_call_exclusion():
    credential = program.credential(code="sports-medicine")
    position = program.duty(name="Lead", minimum={"clinic": 1}, maximum={"clinic": 3}, available_weekdays=[0, 4])
    member = program.faculty(duty=position, excluded_from_call=True, adjunct=True)
    program.holds(member, credential, expires_on=day(3))

    (person,) = mapping.load_problem(START, END).people

    assert person == core.Person(
        id=str(member.pk),
        name=member.name,
        role=Role.FACULTY,
        adjunct=True,
        excluded_from_call=True,
        duty=core.DutyLimits(
            name="Lead",
            minimum={core.WorkKind.CLINIC: 1},
            maximum={core.WorkKind.CLINIC: 3},
            available_weekdays=frozenset({0, 4}),
            inpatient_weeks_min=0,
            inpatient_weeks_max=12,
        ),
        credentials={"sports-medicine": day(3)},
    )


def test_an_activity_keeps_every_field():
    program.activity("AT", credential=program.credential(code="x"), credential_roles=["FACULTY"], pgy_levels=[2, 3])

    assert mapping.load_problem(START, END).activities["AT"] == core.Activity(
        code="AT",
        name="Supervision",
        category=core.Category.SUPERVISION,
        am_hours=5,
        pm_hours=5,
        provides_supervision=True,
        shed_tier=core.ShedTier.PATIENT_SAFETY,
        work_kind=core.WorkKind.SUPERVISION,
        roles=frozenset({Role.FACULTY}),
        pgy_levels=frozenset({2, 3}),
        credential="x",
        credential_roles=frozenset({Role.FACULTY}),
    )


def test_only_rotations_in_use_come_along_with_their_patterns():
    tiny = program.tiny_program()
    program.rotation({(0, AM): "CARD"}, name="Unused")

    problem = mapping.load_problem(START, END)

    assert {r.name for r in problem.rotations.values()} == {"Clinic", "Inpatient team", "Night float"}
    assert problem.rotations[str(tiny.clinic.pk)].pattern[4, 2, PM] == "LEC"


@pytest.mark.parametrize(
    ("status", "start", "end", "counted"),
    [
        (AbsenceStatus.APPROVED, -40, -31, True),
        (AbsenceStatus.APPROVED, -40, -32, False),
        (AbsenceStatus.APPROVED, 58, 60, True),
        (AbsenceStatus.APPROVED, 59, 60, False),
        (AbsenceStatus.REQUESTED, 0, 1, False),
        (AbsenceStatus.REJECTED, 0, 1, False),
        (AbsenceStatus.CANCELLED, 0, 1, False),
    ],
)
def test_approved_absences_of_the_range_and_its_edges_count(status, start, end, counted):
    person = program.resident()
    program.absence(person, day(start), day(end), status=status)

    absences = mapping.load_problem(START, END).absences

    expected = (core.Absence(str(person.pk), day(start), day(end), "LEAVE"),)
    assert absences == (expected if counted else ())


def test_demand_rows_are_expanded_with_teams_of_those_present():
    tiny = program.tiny_program()
    program.absence(tiny.residents[1], START)

    demands = {
        (d.day, d.minimum, d.desired)
        for d in mapping.load_problem(START, START + dt.timedelta(days=1)).demands
        if d.activity == "FMIT" and d.session is AM and str(tiny.residents[2].pk) in d.eligible
    }

    assert demands == {(day(0), 0, 1), (day(1), 1, 2)}


def test_policy_numbers_come_from_the_record_or_the_defaults():
    assert mapping.load_policy() == core.Policy()

    program.policy(clinic_capacity=9, weights={"FULL_DAYS": 4})

    weights = {**core.DEFAULT_WEIGHTS, "FULL_DAYS": 4}
    assert mapping.load_policy() == core.Policy(clinic_capacity=9, weights=weights)


def test_preferences_and_duty_logs_come_along():
    person = program.resident()
    program.preference(person, scope="SESSION", session="PM", weekday=None, weight=2)
    program.preference(person, scope="WEEK", weekday=None, start_date=day(-9), end_date=day(-1))
    program.duty_log(person, START, hours="4.50")

    problem = mapping.load_problem(START, END)

    assert problem.preferences == (core.Preference(str(person.pk), core.PreferenceScope.SESSION, 2, session=PM),)
    assert problem.duty_logs == (core.DutyLog(str(person.pk), START, core.DutyLogKind.MOONLIGHTING, 4.5),)


# --- the year's calls so far


def test_published_calls_of_the_academic_year_are_tallied_by_kind_of_night():
    sunday, monday, holiday, friday = (dt.date(2026, 3, d) for d in (1, 2, 3, 6))
    caller, other, excluded = program.faculty(), program.faculty(), program.faculty(excluded_from_call=True)
    program.holiday(holiday)
    program.absence(other, dt.date(2026, 3, 3))
    schedule = program.schedule(dt.date(2026, 3, 1), dt.date(2026, 3, 11), status=PUBLISHED)
    program.assignments(schedule, [(caller, night, NIGHT, "CALL") for night in (sunday, monday, holiday, friday)])

    history = mapping.load_problem(START, END).call_history

    assert history == {
        str(caller.pk): CallTally(1, 1, 1, 1, 1, 1),
        # Absent on Tuesday: not available for Monday night (no morning after) nor for Tuesday's.
        str(other.pk): CallTally(0, 0, 0, 1, 0, 0, absent_days=1),
    }
    assert str(excluded.pk) not in history


def test_calls_of_the_year_before_do_not_count():
    caller = program.faculty()
    schedule = program.schedule(dt.date(2025, 6, 29), dt.date(2025, 6, 30), status=PUBLISHED)
    program.assignments(schedule, [(caller, dt.date(2025, 6, 29), NIGHT, "CALL")])

    assert mapping.load_problem(dt.date(2025, 7, 1), dt.date(2025, 7, 30)).call_history == {str(caller.pk): CallTally()}


def test_calls_decided_but_not_published_replace_the_published_ones_of_their_dates():
    was, now = program.faculty(), program.faculty()
    sunday = dt.date(2026, 3, 1)
    program.assignments(program.schedule(sunday, sunday, status=PUBLISHED), [(was, sunday, NIGHT, "CALL")])

    problem = mapping.load_problem(START, END, decided={Slot(str(now.pk), sunday, NIGHT): "CALL"})

    assert {person: tally.sunday for person, tally in problem.call_history.items()} == {
        str(was.pk): 0,
        str(now.pk): 1,
    }


# --- rosters


def test_no_schedule_gives_context_without_cells():
    person = program.resident()
    program.assignments(
        program.schedule(day(-40), END, status=PUBLISHED),
        [(person, day(offset), AM, "C") for offset in (-32, -31, -1, 0)],
    )

    roster = mapping.load_roster(mapping.load_problem(START, END))

    assert roster.cells == {}
    assert sorted(slot.day for slot in roster.context) == [day(-31), day(-1)]


def test_published_cells_come_from_whatever_versions_hold_them():
    person = program.resident()
    first = program.schedule(day(-10), day(4), status=PUBLISHED)
    second = program.schedule(day(5), day(40), status=PUBLISHED)
    draft = program.schedule(START, END)
    program.assignments(first, [(person, day(-1), AM, "C"), (person, day(1), AM, "C")])
    program.assignments(second, [(person, day(6), AM, "ADM"), (person, day(28), AM, "ADM")])
    program.assignments(draft, [(person, day(2), AM, "PR")])
    key = str(person.pk)

    roster = mapping.load_roster(mapping.load_problem(START, END), schedule="published")

    assert roster.cells == {Slot(key, day(1), AM): "C", Slot(key, day(6), AM): "ADM"}
    assert roster.context == {Slot(key, day(-1), AM): "C", Slot(key, day(28), AM): "ADM"}


def test_a_draft_is_seen_in_the_midst_of_what_is_published_with_its_amendments():
    person = program.resident()
    program.assignments(
        program.schedule(day(-10), day(60), status=PUBLISHED),
        [(person, day(0), AM, "C"), (person, day(28), AM, "C"), (person, day(28), PM, "C"), (person, day(29), AM, "C")],
    )
    draft = program.schedule(START, END)
    program.assignments(draft, [(person, day(0), AM, "ADM")])
    codes = program.standard_activities()
    for session, code in ((AM, codes["PC"]), (PM, None)):
        models.Amendment.objects.create(
            schedule=draft, person=person, date=day(28), session=session, activity=code, before=codes["C"]
        )
    key = str(person.pk)

    roster = mapping.load_roster(mapping.load_problem(START, END), schedule=draft)

    assert roster.cells == {Slot(key, day(0), AM): "ADM"}
    assert roster.context == {Slot(key, day(28), AM): "PC", Slot(key, day(29), AM): "C"}


def test_locked_rows_and_those_people_decided_are_locked():
    person = program.resident()
    schedule = program.schedule(START, END, status=PUBLISHED)
    program.assignments(schedule, [(person, day(0), AM, "C")], source="SOLVER")
    program.assignments(schedule, [(person, day(0), PM, "C")], source="SOLVER", locked=True)
    program.assignments(schedule, [(person, day(1), AM, "C")], source="MANUAL")
    program.assignments(schedule, [(person, day(1), PM, "C")], source="SWAP")
    program.assignments(schedule, [(person, day(2), AM, "C")], source="PATTERN")

    roster = mapping.load_roster(mapping.load_problem(START, END), schedule=schedule)

    assert {(slot.day, slot.session) for slot in roster.locked} == {(day(0), PM), (day(1), AM), (day(1), PM)}


def test_decided_cells_are_the_context_of_the_next_block():
    person = program.resident()
    key = str(person.pk)
    program.assignments(
        program.schedule(day(-10), day(-1), status=PUBLISHED),
        [(person, day(-2), AM, "C"), (person, day(-1), AM, "C"), (person, day(-1), PM, "C")],
    )

    roster = mapping.load_roster(mapping.load_problem(START, END), decided={Slot(key, day(-1), AM): "NF"})

    assert roster.context == {Slot(key, day(-2), AM): "C", Slot(key, day(-1), AM): "NF"}


# --- rows for writing


def test_rows_carry_rotation_source_and_lock():
    tiny = program.tiny_program()
    intern, attending = tiny.residents[0], tiny.faculty[0]
    schedule = program.schedule(START, END, status=PUBLISHED)
    program.assignments(schedule, [(intern, day(1), AM, "ADM")], source="MANUAL", locked=True)
    problem = mapping.load_problem(START, END)
    kept = mapping.load_roster(problem, schedule=schedule)
    cells = {
        Slot(str(intern.pk), day(0), AM): "C",
        Slot(str(intern.pk), day(0), PM): "ADM",
        Slot(str(intern.pk), day(1), AM): "ADM",
        Slot(str(attending.pk), day(0), AM): "AT",
    }
    roster = Roster(cells=cells, locked=kept.locked)
    draft = program.schedule(START, END)

    marks = mapping.load_marks(problem, schedule=schedule)
    rows = mapping.to_assignment_rows(problem, roster, schedule=draft, marks=marks)

    assert {
        (str(r.person_id), r.date, r.session, r.activity.code, r.rotation_id and str(r.rotation_id), r.source, r.locked)
        for r in rows
    } == {
        (str(intern.pk), day(0), "AM", "C", str(tiny.clinic.pk), "PATTERN", False),
        (str(intern.pk), day(0), "PM", "ADM", str(tiny.clinic.pk), "SOLVER", False),
        (str(intern.pk), day(1), "AM", "ADM", str(tiny.clinic.pk), "MANUAL", True),
        (str(attending.pk), day(0), "AM", "AT", None, "SOLVER", False),
    }


def test_rows_written_and_read_back_are_the_roster():
    tiny = program.tiny_program()
    problem = mapping.load_problem(START, END)
    cells = {Slot(str(tiny.residents[0].pk), day(n), s): "C" for n in range(28) for s in (AM, PM)}
    draft = program.schedule(START, END)
    rows = mapping.to_assignment_rows(problem, Roster(cells=cells), schedule=draft, source=Source.FALLBACK)
    with program.open_gate():
        program.bulk_create_with_history(rows, by=None, reason="test")

    assert mapping.load_roster(problem, schedule=draft).cells == cells


# --- fingerprints


def fingerprint() -> str:
    problem = mapping.load_problem(START, END)
    return mapping.fingerprint(problem, mapping.load_roster(problem, schedule="published"))


def test_equal_inputs_have_equal_fingerprints():
    program.tiny_program()

    first = fingerprint()

    assert fingerprint() == first
    assert len(first) == 64


def test_names_do_not_matter():
    tiny = program.tiny_program()
    before = fingerprint()

    tiny.residents[0].name = "Renamed"
    tiny.residents[0].save()

    assert fingerprint() == before


def test_order_is_that_of_names_whatever_the_ids():
    """Ids differ from database to database: what they order would make another roster of the same program."""
    tiny = program.tiny_program()
    for name, level in (("Zoe", 1), ("Abe", 1)):
        person = program.resident(level, name=name)
        program.absence(person, START, START)
        program.block_assignment(person, tiny.block, tiny.clinic)

    problem = mapping.load_problem(START, END)

    names = {person.id: person.name for person in problem.people}
    for rows in (problem.block_assignments, problem.absences):
        of_them = [names[row.person] for row in rows]
        assert of_them == sorted(of_them)
    assert problem.in_order(frozenset(names)) == list(names)


def _set_level(person: models.Person, level: int) -> None:
    person.pgy_level = level
    person.save()


CHANGES = {
    "an absence": lambda tiny: program.absence(tiny.residents[0], START),
    "a level": lambda tiny: _set_level(tiny.residents[0], 2),
    "a policy number": lambda tiny: program.policy(clinic_capacity=7),
    "a weight": lambda tiny: program.policy(weights={"FULL_DAYS": 9}),
    "a holiday": lambda tiny: program.holiday(day(5)),
    "a demand": lambda tiny: program.demand(models.Activity.objects.get(code="C")),
    "a preference": lambda tiny: program.preference(tiny.faculty[0]),
    "a duty log": lambda tiny: program.duty_log(tiny.residents[0], START),
    "a credential": lambda tiny: program.holds(tiny.faculty[0], program.credential()),
    "a pattern cell": lambda tiny: tiny.clinic.pattern.first().delete(),
    "a person": lambda tiny: program.faculty(),
    "a published row of the range": lambda tiny: program.assignments(
        program.schedule(START, END, status=PUBLISHED), [(tiny.residents[0], START, AM, "C")]
    ),
    "a published row at the edge": lambda tiny: program.assignments(
        program.schedule(day(-5), day(-1), status=PUBLISHED), [(tiny.residents[0], day(-1), AM, "C")]
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_input_changes_the_fingerprint(change):
    tiny = program.tiny_program()
    before = fingerprint()

    CHANGES[change](tiny)

    assert fingerprint() != before


def test_a_lock_changes_the_fingerprint():
    person = program.resident()
    schedule = program.schedule(START, END, status=PUBLISHED)
    (row,) = program.assignments(schedule, [(person, START, AM, "C")], source="SOLVER")
    before = fingerprint()

    with program.open_gate():
        row.locked = True
        row.save()

    assert fingerprint() != before
