"""News of resilience, sent on commit; incidents and pages listen."""

from __future__ import annotations

from django.dispatch import Signal

posture_changed = Signal()
"""The posture in force is another one. Sent with `record` (id), `before` and `after` (names of levels)."""

breaker_tripped = Signal()
"""The circuit breaker opened. Sent with `cause` (a BreakerCause), `detail` (a sentence) and `at`."""

breaker_closed = Signal()
"""The circuit breaker closed after its clear time. Sent with `at`."""

breaker_overridden = Signal()
"""Somebody's override lets ordinary changes through. Sent with `by`, `second` (user ids), `reason`, `at`, `until`."""

fallback_activated = Signal()
"""A plan came into force. Sent with `plan` (id), `by` (user id) and `at`."""

shedding_executed = Signal()
"""Work was shed. Sent with `execution` (id), `by` (user id) and `at`."""

shedding_restored = Signal()
"""Shed work is back. Sent with `execution` (id), `by` (user id) and `at`."""
