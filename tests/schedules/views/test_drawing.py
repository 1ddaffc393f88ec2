"""The chart of a search, the lines under the grid, and findings marked in place."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules.domain.problem import Session
from schedules.queries.grid import load_grid
from schedules.views.chart import chart
from schedules.views.findings import findings_of_report, marks_of, summary_of
from schedules.views.lines import coverage_lines
from schedules.views.schedule import ink_on
from tests.factories import program

MONDAY = dt.date(2026, 3, 16)


def test_there_is_no_chart_before_the_first_solution() -> None:
    assert chart([[0.5, None, 10.0]], elapsed=1.0) is None


def test_a_value_of_the_chart_holds_until_the_next_one_and_to_the_end() -> None:
    drawn = chart([[0.0, 200.0, 50.0], [5.0, 100.0, 90.0]], elapsed=10.0)

    assert drawn is not None
    assert drawn.objective.count(",") == 4
    assert (drawn.last_objective or (0, 0))[0] == drawn.right_edge
    assert [tick.text for tick in drawn.x_ticks] == ["0", "2.5", "5", "7.5", "10"]
    assert [tick.text for tick in drawn.y_ticks] == ["50", "100", "150", "200"]


def test_nothing_is_shaded_before_a_bound_is_known() -> None:
    drawn = chart([[0.0, 200.0, None], [5.0, 100.0, 90.0]], elapsed=10.0)

    assert drawn is not None
    middle = drawn.gap.split()[0].split(",")[0]
    assert {point.split(",")[0] for point in drawn.gap.split()} == {middle, f"{float(drawn.right_edge)}"}
    assert drawn.objective.startswith(f"{drawn.left}")
    assert not drawn.gap.startswith(f"{drawn.left}")


def test_a_bound_below_zero_does_not_flatten_the_curve() -> None:
    drawn = chart([[1.0, 1000.0, -1e9], [2.0, 900.0, 880.0]], elapsed=3.0)

    assert drawn is not None
    assert [tick.text for tick in drawn.y_ticks] == ["900", "950", "1,000"]


@pytest.mark.parametrize(("colour", "ink"), [("#ffffff", "#000000"), ("#000000", "#ffffff"), ("#767676", "#000000")])
def test_ink_is_the_one_that_contrasts_more(colour: str, ink: str) -> None:
    assert ink_on(colour) == ink


def _report(person: object, **fields: object) -> dict[str, object]:
    finding = {
        "rule": "POST_CALL",
        "severity": "hard",
        "people": [str(person)],
        "date": "2026-03-16",
        "end_date": "2026-03-16",
        "session": "AM",
        "message": "Not post-call.",
    }
    return {"violations": [finding | fields]}


@pytest.mark.django_db
def test_a_finding_outlines_the_cells_it_is_about_and_no_others() -> None:
    person = program.faculty()
    schedule = program.schedule(MONDAY, MONDAY)
    program.assignments(schedule, [(person, MONDAY, Session.AM, "C"), (person, MONDAY, Session.PM, "C")])
    data = load_grid(MONDAY, MONDAY, schedules=[schedule])

    one = marks_of(data, findings_of_report(_report(person.pk)))
    day = marks_of(data, findings_of_report(_report(person.pk, session=None, severity="warning")))
    block = marks_of(data, findings_of_report(_report(person.pk, end_date="2026-04-08", session=None)))
    advice = marks_of(data, findings_of_report(_report(person.pk, severity="advisory")))

    assert {key[2]: mark.tone for key, mark in one.items()} == {"AM": "v"}
    assert {key[2]: mark.tone for key, mark in day.items()} == {"AM": "vw", "PM": "vw"}
    assert (block, advice) == ({}, {})


def test_findings_are_unknown_until_every_version_was_judged() -> None:
    judged = _report("00000000-0000-0000-0000-000000000001")

    known = summary_of([judged])

    assert known is not None
    assert (known.hard, known.counted, known.advisory) == (1, 1, 0)
    assert (summary_of([judged, None]), summary_of([])) == (None, None)


@pytest.mark.django_db
def test_the_lines_count_supervisors_clinic_and_call() -> None:
    program.policy()
    interns = [program.resident(1) for _ in range(3)]
    attending, caller = program.faculty(), program.faculty(name="Ruth")
    schedule = program.schedule(MONDAY, MONDAY)
    rows = [(intern, MONDAY, Session.AM, "C") for intern in interns]
    rows += [(attending, MONDAY, Session.AM, "AT"), (caller, MONDAY, Session.NIGHT, "CALL")]
    rows += [(interns[0], MONDAY, Session.NIGHT, "CALL")]
    program.assignments(schedule, rows)

    lines = coverage_lines(load_grid(MONDAY, MONDAY, schedules=[schedule]))

    assert [(line.name, line.cells[0].text, line.cells[0].tone) for line in lines] == [
        ("Supervisors", "1/2\n0/0", "bad"),
        ("In clinic", "3\n0", ""),
        ("Attending call", "1", ""),
    ]
    assert lines[2].cells[0].title == "16 Mar: Ruth"
