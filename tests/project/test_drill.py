"""The drill: some days of chance on a copy, with every promise kept and the live database untouched."""

from __future__ import annotations

import datetime as dt
import io
import re
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from importlib import import_module

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import User
from schedules.enums import ScheduleStatus
from schedules.management.commands.drill import seeds
from schedules.models import Absence, Activity, Assignment, Schedule
from schedules.services import drills
from schedules.services.drills.engine import Drill, Play, Promise, Registered
from tests.factories import generation, program

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published(own_database: str) -> Schedule:
    """Block 10 of the tiny program, solved and published."""
    tiny = program.tiny_program()
    made = generation.draft(tiny.block.start_date, tiny.block.end_date)
    with program.open_gate():
        made.status, made.published_at = ScheduleStatus.PUBLISHED, made.created_at
        made.save()
    return made


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts other plays, and other promises where some are named, in place of all that the apps have registered.

    What the apps register is imported first: what is imported during a drill would stand in the replaced tables.
    """
    for module in drills.engine._joined:
        import_module(module)

    def replace(plays: Mapping[str, Play], promises: Mapping[str, Promise] | None = None) -> None:
        registered = {name: Registered(1, name, play) for name, play in plays.items()}
        monkeypatch.setattr(drills.engine, "_plays", registered)
        monkeypatch.setattr(drills.engine, "_upkeep", {})
        monkeypatch.setattr(drills.engine, "_evaluations", {})
        if promises is not None:
            monkeypatch.setattr(drills.engine, "_promises", promises)

    return replace


def play(*arguments: str) -> str:
    out = io.StringIO()
    call_command("drill", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.slow
def test_a_few_days_keep_every_promise_and_leave_the_live_database_alone(published: Schedule) -> None:
    before = (Assignment.objects.count(), Absence.objects.count(), User.objects.count())

    told = play("--seed", "3", "--days", "4", "--log")

    promises = re.findall(r"(\d+)  kept, (\d+) broken: ", told)
    assert len(promises) >= 15
    assert min(int(kept) for kept, _ in promises) > 4
    assert {broken for _, broken in promises} == {"0"}
    assert "BROKEN" not in told
    assert (Assignment.objects.count(), Absence.objects.count(), User.objects.count()) == before
    assert Schedule.objects.get(pk=published.pk).version == published.version


def test_without_enough_published_days_it_says_what_to_do(own_database: str) -> None:
    program.tiny_program()

    with pytest.raises(CommandError, match="Publish more first"):
        play("--days", "4")


def test_a_broken_promise_is_told_and_fails_the_command(published: Schedule, script: Callable[..., None]) -> None:
    script({"nothing": lambda drill: ""}, {"Two and two are five": lambda drill: ["They are four."]})

    with pytest.raises(CommandError, match="promises were broken"):
        play("--days", "1")


def unnoticed(drill: Drill) -> str:
    """Somebody's work is taken away in the dark: through the gate, so that only the promises can tell."""
    cell = Assignment.objects.filter(schedule__status="PUBLISHED", date=drill.coming[0]).earliest(
        "person_id", "session"
    )
    with program.open_gate():
        Assignment.history.filter(id=cell.pk).delete()
        cell.skip_history_when_saving = True
        cell.activity = Activity.objects.exclude(pk=cell.activity_id).earliest("code")
        cell.save()
    return "done"


def too_easy(drill: Drill) -> str:
    """What must be refused is not."""
    return drill.must_refuse("A door without a lock", lambda: None)


@pytest.mark.parametrize(
    ("play_it", "told"),
    [(unnoticed, "The history does not tell"), (too_easy, "A door without a lock was not refused")],
)
def test_a_promise_that_is_really_broken_is_noticed(
    published: Schedule, script: Callable[..., None], play_it: Play, told: str
) -> None:
    script({"mischief": play_it})

    outcome = drills.run(seed=1, days=1, at=dt.datetime(2026, 3, 12, 18, tzinfo=dt.UTC))

    assert outcome.failed.total() > 0
    assert any(told in sentence for sentence in outcome.broken)


@pytest.mark.parametrize("text", ["", "x", "20-1", "1-", "-3"])
def test_seeds_are_a_number_or_a_range(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="like 7 or 1-20"):
        seeds(text)


def test_a_range_of_seeds_holds_both_ends() -> None:
    assert (list(seeds("1-3")), list(seeds("7"))) == ([1, 2, 3], [7])


def test_the_same_seed_plays_the_same_month(published: Schedule, script: Callable[..., None]) -> None:
    script(
        {name: lambda drill, name=name: f"{name} {drill.chance.random():.6f}" for name in ("one", "two")}, promises={}
    )
    at = dt.datetime(2026, 3, 12, 18, tzinfo=dt.UTC)

    logs = [drills.run(seed=seed, days=5, at=at).log for seed in (7, 7, 8)]

    assert logs[0] == logs[1]
    assert logs[0] != logs[2]
