"""The table of random swaps: every request has an outcome, nothing is newly broken, everything comes back."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from swaps.models import SwapRecord
from tests.factories import backups, swaps

pytestmark = pytest.mark.django_db


def figures(text: str) -> dict[str, str]:
    """Name -> measured, of the table's lines."""
    lines = (line for line in text.splitlines() if len(line) > 66 and not line.startswith("  "))
    return {line[:52].strip(): line[52:66].strip() for line in lines}


def test_the_table_counts_every_request_and_finds_no_damage(settings, tmp_path):
    """The posts that E's taking of a week leaves open were put before a decider: they are named, and no damage."""
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path, "checksum"
    backups.verified_backup()
    world = swaps.world()
    for friday in swaps.FRIDAYS[1:4]:
        swaps.lonely(world, friday + dt.timedelta(days=4))
    before, out = world.cells(), StringIO()

    call_command("bench_swaps", requests=12, stdout=out)

    found = figures(out.getvalue())
    measured = (
        "posts that deciders let stay open",
        "hard violations that were not there before",
        "rows and weeks that did not come back",
    )
    assert [found[name] for name in measured] == ["2", "0", "0"]
    assert world.cells() == before
    assert SwapRecord.objects.filter(status="ROLLED_BACK").count() == int(found.get("EXECUTED", 0))


def test_nothing_published_is_said():
    with pytest.raises(CommandError, match="Nothing is published"):
        call_command("bench_swaps")
