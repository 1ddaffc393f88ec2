"""News that goes upward from schedules; receivers live in the apps above."""

from __future__ import annotations

from django.dispatch import Signal

schedule_published = Signal()
"""A schedule became current, by publish or by roll-back. Sent on commit with `schedule`, `replaced` (ids) and `at`."""

run_failed = Signal()
"""A generation ended FAILED. Sent on commit with `run` (id) and `step`."""

absence_changed = Signal()
"""An absence was asked for, decided or taken back. Sent on commit with `absence` (id), `before` and `after` (statuses;
`before` '' when it is new), `start` and `end`."""

assignments_changed = Signal()
"""Rows of a published schedule were changed otherwise than by a publish. Sent on commit with `start` and `end`."""

rows_restored = Signal()
"""Rows of a published schedule were put back from a backup. Sent on commit with `schedule` (id)."""

program_changed = Signal()
"""Credentials, demand, people or other program data changed. Sent on commit with `start` and `end`; None = any date."""

health_looked_at = Signal()
"""A monitor, an agent or another process asked how the system does, and the database answers. Sent with `at`; be quick.
Whoever must hear of dead workers hears it here, since they cannot say so themselves."""

workers_look_up = Signal()
"""The workers of mail and sweeping are there and have a moment, every few seconds. Sent with `at`; be quick."""

swap_rollback_failed = Signal()
"""A roll back of a swap met rows changed meanwhile. Sent on commit by swaps with `swap` (id) and `rows` (how many):
apps beside swaps cannot import its own signals."""

cover_wanted = Signal()
"""Somebody's work needs a volunteer. Sent inside a transaction with `person` (id), `start`, `end` and `at`; whoever
can post an offer does so and returns a sentence without names for the proposal, others return None."""
