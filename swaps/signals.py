"""News that goes upward from swaps; receivers live in the apps beside and above, which know swaps by these alone."""

from __future__ import annotations

from django.dispatch import Signal

from schedules.signals import swap_rollback_failed

__all__ = ["swap_executed", "swap_rollback_failed", "swap_rolled_back"]

swap_executed = Signal()
"""A swap was executed. Sent on commit with `swap` (id)."""

swap_rolled_back = Signal()
"""A swap was rolled back. Sent on commit with `swap` (id) and `automatic` (whether monitoring did it)."""
