"""The drill: some days of chance on a copy, with every promise kept and the live database untouched."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import User
from schedules.enums import ScheduleStatus
from schedules.models import Absence, Assignment, Schedule
from schedules.services import drills
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


def play(*arguments: str) -> str:
    out = io.StringIO()
    call_command("drill", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.slow
def test_a_few_days_keep_every_promise_and_leave_the_live_database_alone(published: Schedule) -> None:
    before = (Assignment.objects.count(), Absence.objects.count(), User.objects.count())

    told = play("--seed", "3", "--days", "4", "--log")

    kept = re.findall(r"kept (\d+) times", told)
    assert len(kept) >= 9
    assert min(map(int, kept)) > 4
    assert "BROKEN" not in told
    assert (Assignment.objects.count(), Absence.objects.count(), User.objects.count()) == before
    assert Schedule.objects.get(pk=published.pk).version == published.version


def test_without_enough_published_days_it_says_what_to_do(own_database: str) -> None:
    program.tiny_program()

    with pytest.raises(CommandError, match="Publish more first"):
        play("--days", "4")


def test_a_broken_promise_is_told_and_fails_the_command(published: Schedule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drills.engine, "_joined", [])
    monkeypatch.setattr(drills.engine, "_promises", {"Two and two are five": lambda drill: ["They are four."]})
    monkeypatch.setattr(drills.engine, "_plays", {"nothing": (1, lambda drill: "")})
    monkeypatch.setattr(drills.engine, "_upkeep", {})

    with pytest.raises(CommandError, match="promises were broken"):
        play("--days", "1")


def test_the_same_seed_plays_the_same_month(published: Schedule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drills.engine, "_joined", [])
    plays = {name: (1, lambda drill, name=name: f"{name} {drill.chance.random():.6f}") for name in ("one", "two")}
    monkeypatch.setattr(drills.engine, "_plays", plays)
    monkeypatch.setattr(drills.engine, "_upkeep", {})
    monkeypatch.setattr(drills.engine, "_promises", {})
    at = dt.datetime(2026, 3, 12, 18, tzinfo=dt.UTC)

    logs = [drills.run(seed=seed, days=5, at=at).log for seed in (7, 7, 8)]

    assert logs[0] == logs[1]
    assert logs[0] != logs[2]
