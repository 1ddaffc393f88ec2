"""manage.py check_schedule: what is published or one version, judged; exit status 1 on hard violations only."""

import datetime as dt
import io
import json

import pytest
from django.core.management import CommandError, call_command

from schedules.domain.problem import Session
from tests.factories import generation, program

START, END = dt.date(2026, 3, 12), dt.date(2026, 3, 14)
DATES = (START.isoformat(), END.isoformat())

pytestmark = pytest.mark.django_db


def check(*arguments):
    """Exit status and output."""
    out = io.StringIO()
    try:
        call_command("check_schedule", *DATES, *arguments, stdout=out)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def tiny():
    return program.tiny_program()


@pytest.fixture
def overworked(tiny):
    """A published version in which somebody works while on leave."""
    program.absence(tiny.faculty[3], START)
    version = program.schedule(START, END, status="PUBLISHED")
    program.assignments(version, [(tiny.faculty[3], START, Session.AM, "AT")])
    return version


def test_a_schedule_without_hard_violations_exits_0(tiny):
    draft = generation.draft(START, END)

    status, shown = check("--schedule", str(draft.pk))

    assert (status, shown.splitlines()[-1].split(",")[0]) == (0, "0 hard violations")


def test_a_hard_violation_exits_1_and_is_named(overworked):
    status, shown = check()

    assert status == 1
    assert any(line.startswith("hard      ABSENT") for line in shown.splitlines())


def test_json_is_the_figures_of_the_api_with_the_same_exit_status(overworked):
    status, shown = check("--json")

    figures = json.loads(shown)
    assert status == 1
    assert figures.keys() == {
        "total_blocks_assigned",
        "total_blocks",
        "coverage_rate",
        "validation",
        "resilience",
    }
    assert "ABSENT" in {item["rule"] for item in figures["validation"]["violations"]}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((END.isoformat(), START.isoformat()), "END lies before START."),
        ((*DATES, "--schedule", "5f0c2b34-0000-4000-8000-000000000000"), "There is no such schedule."),
        ((*DATES, "--schedule", "block-10"), "argument --schedule: invalid UUID value: 'block-10'"),
        (("12.3.2026", "2026-03-14"), "argument start: '12.3.2026' is no date. Write it like 2026-03-12."),
        (("2026-03-12", "2027-04-15"), "At most 366 days at once."),
    ],
)
def test_what_makes_no_sense_is_said(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("check_schedule", *arguments)
