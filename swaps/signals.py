"""News that goes upward from swaps; receivers live in the apps beside and above, which know swaps by these alone."""

from __future__ import annotations

from django.dispatch import Signal

swap_executed = Signal()
"""A swap was executed. Sent on commit with `swap` (id)."""

swap_rolled_back = Signal()
"""A swap was rolled back. Sent on commit with `swap` (id) and `automatic` (whether monitoring did it)."""

swap_rollback_failed = Signal()
"""A roll back met rows changed meanwhile. Sent on commit with `swap` (id) and `rows` (how many)."""
