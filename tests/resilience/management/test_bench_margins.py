"""bench_margins: figures of what is published, each with its target where one is promised."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from resilience.models import DayMargin
from tests.factories.resilience import ward

pytestmark = pytest.mark.django_db


def test_it_measures_what_is_published():
    ward()
    out = io.StringIO()

    call_command("bench_margins", stdout=out)

    whole, near = (row for row in out.getvalue().splitlines() if " dates" in row)
    assert (whole[:14], "2 s" in whole) == ("the whole year", True)
    assert (near[:17], "100 ms" in near) == ("after one absence", True)
    assert DayMargin.objects.count() == 28


def test_without_a_schedule_it_says_so():
    with pytest.raises(CommandError, match="Nothing is published"):
        call_command("bench_margins")
