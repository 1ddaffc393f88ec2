"""What a personal like or dislike speaks of: dates, and work."""

from __future__ import annotations

from schedules.domain.problem import Activity, Date, Preference, PreferenceScope


def speaks_of(wish: Preference, day: Date) -> bool:
    """Whether the wish is about that date; which of its sessions is the wish's `session`."""
    if wish.scope is PreferenceScope.WEEKDAY:
        return day.weekday() == wish.weekday
    if wish.scope is PreferenceScope.WEEK:
        return wish.start is not None and wish.end is not None and wish.start <= day <= wish.end
    return True


def is_meant(wish: Preference, activity: Activity | None) -> bool:
    """Whether the activity is the work the wish is about: the one it names, else any duty."""
    if activity is None:
        return False
    return activity.code == wish.activity if wish.activity else activity.is_duty
