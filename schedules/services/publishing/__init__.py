"""Making a draft current, taking that back, discarding it, and judging a stale one anew."""

from schedules.services.publishing.drafts import (
    StaleDraft,
    compare,
    discard,
    keep_judgement,
    mark_stale,
    revalidate,
    stale_reason,
)
from schedules.services.publishing.publish import AcceptanceFailed, AlreadyDecided, NeverOverridden, publish
from schedules.services.publishing.rollback import (
    ROLLBACK_HOURS,
    RollbackRefused,
    can_roll_back,
    edits_since,
    roll_back,
    rollback_guard,
)

__all__ = [
    "ROLLBACK_HOURS",
    "AcceptanceFailed",
    "AlreadyDecided",
    "NeverOverridden",
    "RollbackRefused",
    "StaleDraft",
    "can_roll_back",
    "compare",
    "discard",
    "edits_since",
    "keep_judgement",
    "mark_stale",
    "publish",
    "revalidate",
    "roll_back",
    "rollback_guard",
    "stale_reason",
]
