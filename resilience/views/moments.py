"""From which day a page looks ahead, and the tone of a level."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from accounts.access import SignedInRequest
from resilience.domain.levels import Level
from resilience.services.figures import TONES


def tone(level: Level | str) -> str:
    """The tone of a level, by itself or by name."""
    return TONES.get(level if isinstance(level, Level) else Level[level], "")


@dataclass(frozen=True)
class Moment:
    """What `at` a page's tools are asked with: now, or the morning of a day that the reader chose."""

    at: dt.datetime
    chosen: dt.date | None = None

    @property
    def query(self) -> str:
        """To keep the choice in links of the page."""
        return f"?from={self.chosen}" if self.chosen else ""


def moment(request: SignedInRequest) -> Moment:
    """Now; or the day in `?from=`. What is no date means now."""
    now = timezone.now()
    try:
        chosen = dt.date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return Moment(now)
    return Moment(timezone.make_aware(dt.datetime.combine(chosen, dt.time(8))), chosen)
