"""manage.py generate_schedule: the six steps in a terminal, with a yes or not at all."""

import io
import re

import pytest
from django.core.management import CommandError, call_command

from accounts.enums import Role
from accounts.models import User
from schedules.enums import RunStatus
from schedules.models import Assignment, GenerationRun, Schedule
from tests.factories import accounts, program

THREE_DAYS = ("--start", "2026-03-12", "--end", "2026-03-14")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_backups")]


@pytest.fixture
def administrator():
    program.tiny_program()
    return accounts.user(Role.ADMINISTRATOR)


@pytest.fixture
def nobody_there(monkeypatch):
    """Standard input as a scheduled job has it: at its end at once."""
    monkeypatch.setattr("sys.stdin", io.StringIO())


def run_command(*arguments):
    out = io.StringIO()
    call_command("generate_schedule", *arguments, stdout=out)
    return out.getvalue()


def test_here_with_yes_it_ends_with_a_draft_and_a_report(administrator):
    shown = run_command(*THREE_DAYS, "--algorithm", "greedy", "--here", "--yes", "--label", "Long weekend")

    run = GenerationRun.objects.get()
    assert (run.status, run.confirmed_by, run.schedule.label) == (
        RunStatus.DRAFT_READY,
        administrator,
        "Long weekend",
    )
    lines = dict(re.findall(r"^  (Half-days assigned|Violations|Draft) +(.+)$", shown, re.MULTILINE))
    assert lines["Draft"] == str(run.schedule_id)
    assert lines["Violations"].endswith("(0 of duty hours or supervision)")
    assert "Proceed with schedule generation for 2026-03-12 to 2026-03-14?" in shown


def test_without_a_yes_where_nobody_can_be_asked_nothing_happens(administrator, nobody_there):
    with pytest.raises(CommandError, match=r"^Not confirmed; nothing was done\. Answer yes, or give --yes"):
        run_command(*THREE_DAYS, "--here")

    assert (GenerationRun.objects.count(), Schedule.objects.count()) == (0, 0)


def test_another_answer_than_yes_does_nothing(administrator, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))

    with pytest.raises(CommandError, match="Not confirmed"):
        run_command(*THREE_DAYS, "--here")

    assert GenerationRun.objects.count() == 0


def test_what_ends_without_a_draft_fails_with_the_reason(administrator, settings, tmp_path):
    blocked = tmp_path / "a-file"
    blocked.touch()
    settings.BACKUP_DIR = blocked

    with pytest.raises(CommandError, match="No backup could be made"):
        run_command(*THREE_DAYS, "--algorithm", "greedy", "--here", "--yes")

    assert GenerationRun.objects.get().status == RunStatus.FAILED
    assert Assignment.objects.count() == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--block", "10"], "Give --block and --academic-year, or --start and --end."),
        (["--block", "10", "--academic-year", "1999"], "There is no such block."),
        (["--start", "2026-03-14", "--end", "2026-03-12"], "before it begins"),
        (["--start", "2026-03-12", "--end", "2027-04-15"], "The range has 400 days."),
        ([*THREE_DAYS, "--timeout", "1"], "timeout_seconds must lie between 5 and 600."),
        ([*THREE_DAYS, "--as", "who"], "There is no such active user."),
    ],
)
def test_what_makes_no_sense_is_said(administrator, arguments, sentence):
    with pytest.raises(CommandError, match=re.escape(sentence)):
        run_command(*arguments, "--here", "--yes")

    assert GenerationRun.objects.count() == 0


def test_without_an_administrator_it_asks_for_one():
    program.tiny_program()

    with pytest.raises(CommandError, match="Create an administrator, or name a user with --as"):
        run_command(*THREE_DAYS, "--here", "--yes")

    assert User.objects.count() == 0
