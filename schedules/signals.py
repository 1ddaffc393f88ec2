"""News that goes upward from schedules; receivers live in the apps above."""

from __future__ import annotations

from django.dispatch import Signal

schedule_published = Signal()
"""A schedule became current, by publish or by roll-back. Sent on commit with `schedule` and `replaced` (ids)."""

run_failed = Signal()
"""A generation ended FAILED. Sent on commit with `run` (id) and `step`."""
