"""Stored rows of resilience for tests: plans and shedding without the calculations behind them."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from typing import Any

from resilience.enums import FallbackScenario, ShedLevelName
from resilience.models import FallbackPlan, SheddingExecution

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
_numbers = itertools.count(1)


def plan(start: dt.date, end: dt.date, **fields: Any) -> FallbackPlan:
    """A plan that changes nothing, made for cells that are no longer so: stale."""
    standard: dict[str, Any] = {
        "key": f"{next(_numbers):064}",
        "scenario": FallbackScenario.SINGLE_ABSENCE,
        "people": [],
        "base": "0" * 64,
        "result": "1" * 64,
        "computed_at": NOON,
        "expires_at": NOON + dt.timedelta(days=60),
    }
    return FallbackPlan.objects.create(start_date=start, end_date=end, **standard | fields)


def execution(start: dt.date, end: dt.date, **fields: Any) -> SheddingExecution:
    """A shedding that took nothing and is not restored."""
    standard: dict[str, Any] = {
        "level": ShedLevelName.YELLOW,
        "base": "0" * 64,
        "result": "1" * 64,
        "executed_at": NOON,
        "approval": uuid.uuid4(),
    }
    return SheddingExecution.objects.create(start_date=start, end_date=end, **standard | fields)
