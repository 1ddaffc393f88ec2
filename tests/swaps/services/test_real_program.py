"""The real program, two blocks of it solved and published: a simple exchange is executed at once and comes back."""

from __future__ import annotations

import datetime as dt
import os
from itertools import combinations
from pathlib import Path

import pytest

from schedules.domain.rules.report import Severity
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem
from schedules.models import Assignment, Block, FmitWeek
from schedules.services import imports
from schedules.services.validation import validate
from swaps import services
from tests.factories import generation, program

pytestmark = pytest.mark.django_db
PROGRAM_DATA = Path(os.environ.get("PROGRAM_DATA", Path(__file__).parents[4] / "shared" / "data" / "fm-ay2025"))
AT = dt.datetime(2025, 9, 1, 18, tzinfo=dt.UTC)
COLUMNS = ("id", "person_id", "date", "session", "activity__code", "source", "locked", "rotation_id")


@pytest.fixture
def published(fresh_backup):
    """Blocks 5 and 6 as one version."""
    if not PROGRAM_DATA.is_dir():
        pytest.skip(f"no program data at {PROGRAM_DATA}")
    imports.import_program(PROGRAM_DATA, by=None, at=AT, skip_bad=True)
    first, last = Block.objects.get(number=5).start_date, Block.objects.get(number=6).end_date
    problem = load_problem(first, last)
    version = program.schedule(first, last, status=ScheduleStatus.PUBLISHED)
    generation.write(version, problem, generation.solved(problem))
    return version


def broken(version):
    report = validate(version.start_date, version.end_date).report
    return {finding.key for finding in report.violations if finding.severity is Severity.HARD}


def everything():
    return set(Assignment.objects.values_list(*COLUMNS)) | set(FmitWeek.objects.values_list("start_date", "person_id"))


def test_a_simple_exchange_on_the_real_roster_executes_at_once(published, coordinator):
    inside = FmitWeek.objects.filter(start_date__gte=published.start_date, end_date__lt=published.end_date)
    before, known = everything(), broken(published)
    pairs = [pair for pair in combinations(inside.order_by("start_date"), 2) if pair[0].person_id != pair[1].person_id]
    orders = [
        services.Order(
            one.person_id,
            one.start_date,
            other.person_id,
            "one_to_one",
            "Conference attendance",
            other.start_date,
            partner_consented=True,
        )
        for one, other in pairs
    ]
    clean = next(order for order in orders if services.validate(order, by=coordinator, at=AT).outcome == "EXECUTED")

    swap = services.request(clean, by=coordinator, at=AT)

    assert (swap.status, swap.week_changes.count()) == ("EXECUTED", 2)
    assert broken(published) <= known
    services.roll_back(swap, by=coordinator, at=AT, reason="Seen enough.")
    assert everything() == before
